"""Small inline SVG plots of measures. Imports matplotlib, lazily; without it there is no plot."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING

from pytest_ibkr.report.model import Metric
from pytest_ibkr.report.tables import number

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Painted with stand-ins, which the page then replaces by its own light and dark colours.
_INK, _POINT, _LIMIT = "#010203", "#040506", "#070809"
_VARIABLES = {_INK: "currentColor", _POINT: "var(--ibkr-accent)", _LIMIT: "var(--ibkr-bad)"}
_SIZE_IN = (4.4, 1.7)
_MOST_POINTS = 500


def available() -> bool:
    """Whether matplotlib is installed."""
    from importlib.util import find_spec

    return find_spec("matplotlib") is not None


def plot(metric: Metric) -> str:
    """Return a figure element: the values in the order of the run, median and limit as lines.

    Raises:
        ImportError: matplotlib is not installed (``pip install pytest-ibkr[report]``).
    """
    svg = _drawn(metric)
    said = escape(described(metric), quote=True)
    svg = svg.replace("<svg ", f'<svg role="img" aria-label="{said}" ', 1)
    return f"<figure>{svg}<figcaption>{escape(caption(metric))}</figcaption></figure>"


def caption(metric: Metric) -> str:
    """Return the measure's name in words, its unit last."""
    name, _, unit = metric.name.rpartition("_")
    known = {"ms": "ms", "s": "s", "pct": "%"}
    if unit not in known or not name:
        return metric.name.replace("_", " ")
    return f"{name.replace('_', ' ').capitalize()}, {known[unit]}"


def described(metric: Metric) -> str:
    """Return what the plot shows, for those who do not see it."""
    text = (
        f"{caption(metric)}: {len(metric.values)} values, median {number(metric.median)},"
        f" 95th percentile {number(metric.p95)}, maximum {number(metric.worst)}"
    )
    return text if metric.limit is None else f"{text}, limit {number(metric.limit)}"


def _drawn(metric: Metric) -> str:
    import matplotlib as mpl
    from matplotlib.figure import Figure

    # Text stays text (searchable, small); the salt keeps the file the same from run to run.
    with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": metric.name, "font.size": 9}):
        figure = Figure(figsize=_SIZE_IN, layout="constrained")
        axes = figure.add_subplot()
        values = _thinned(metric.values)
        axes.plot(range(1, len(values) + 1), values, "o", color=_POINT, markersize=4, clip_on=False)
        lines = [("median", metric.median, _INK, "--")]
        if metric.limit is not None and metric.limit <= 5 * metric.worst:
            lines.append(("limit", metric.limit, _LIMIT, "-"))
        top = 1.12 * max(*values, *(at for _, at, _, _ in lines)) or 1.0
        axes.set_ylim(min(0.0, *values), top)
        _rule(axes, lines)
        axes.set_xlim(0.5, len(values) + 0.5)
        axes.set_xticks(range(1, len(values) + 1, -(-len(values) // 10)))
        axes.set_xlabel("measurement", color=_INK)
        axes.tick_params(colors=_INK, labelsize=8)
        for side, spine in axes.spines.items():
            spine.set_color(_INK)
            spine.set_visible(side in ("left", "bottom"))
        target = io.StringIO()
        metadata = {"Date": None, "Creator": None, "Format": None, "Type": None}
        figure.savefig(target, format="svg", transparent=True, metadata=metadata)
    return _themed(target.getvalue(), metric.name)


def _rule(axes: Axes, lines: Sequence[tuple[str, float, str, str]]) -> None:
    """Draw lines right across with their names at the end, the higher name above its line."""
    highest = max(at for _, at, _, _ in lines)
    for name, at, colour, dashes in lines:
        axes.axhline(at, color=colour, linewidth=1, linestyle=dashes)
        above = "bottom" if at == highest else "top"
        place = axes.get_yaxis_transform()
        axes.text(1.01, at, name, color=colour, fontsize=8, va=above, transform=place)


def _thinned(values: Sequence[float]) -> list[float]:
    step = -(-len(values) // _MOST_POINTS)
    return list(values[::step])


def _themed(text: str, name: str) -> str:
    """Leave the svg element only, with the page's colours and ids that are unique in it."""
    svg = text[text.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    mark = re.sub(r"[^A-Za-z0-9]+", "-", name)
    svg = re.sub(r'\bid="([^"]+)"', rf'id="{mark}-\1"', svg)
    svg = re.sub(r'href="#([^"]+)"', rf'href="#{mark}-\1"', svg)
    svg = re.sub(r"url\(#([^)]+)\)", rf"url(#{mark}-\1)", svg)
    for stand_in, variable in _VARIABLES.items():
        svg = svg.replace(stand_in, variable)
    return svg
