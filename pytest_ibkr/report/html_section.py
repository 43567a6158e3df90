"""The part of the HTML page that is ours, from results.json. Pure, but for the plots.

Semantic headings and tables with scopes; colours follow the reader's light or dark preference.
"""

from __future__ import annotations

from html import escape
from pathlib import Path

from pytest_ibkr.report import plots
from pytest_ibkr.report.accounts import masked
from pytest_ibkr.report.facts import (
    ADVICE,
    BAD,
    WORDS,
    banner,
    counts_of,
    gateway_rows,
    has_gate,
    left_out,
    limit_word,
    moment,
    origins_of,
    wire_of,
)
from pytest_ibkr.report.html_parts import grid, pairs, tone_of
from pytest_ibkr.report.html_tests import anchor, wire_of_tests
from pytest_ibkr.report.html_totals import pacing, relay, requirements
from pytest_ibkr.report.model import Results, TestRow
from pytest_ibkr.report.tables import UNKNOWN, number, seconds

_HERE = Path(__file__).parent
_OF_A_SNAPSHOT = ("Captured", "SHA-256")  # told once, however many gateways serve it
_TONE = {"PASSED": "good", "FAILED": "bad", "REHEARSAL-FAILED": "bad"}


def style() -> str:
    """Return the style element that goes with the section and makes the page readable."""
    return f"<style>{(_HERE / 'report.css').read_text(encoding='utf-8')}</style>"


def script() -> str:
    """Return the script element that gives pytest-html's page a language, labels and keys."""
    return f"<script>{(_HERE / 'report.js').read_text(encoding='utf-8')}</script>"


def section(results: Results, *, link_prefix: str) -> str:
    """Return the section; ``link_prefix`` leads from the page to the run's directory."""
    warning = banner(results)
    parts = [
        '<section class="ibkr" aria-label="Summary of the run">',
        f'<p class="ibkr-banner" role="note"><strong>{escape(warning)}</strong></p>'
        if warning
        else "",
        _counts(results),
        _gate(results) if has_gate(results) else "",
        f'<div class="ibkr-columns">{_run(results)}{_gateways(results)}</div>',
        _markets(results),
        _measures(results),
        _failures(results, link_prefix),
        relay(results),
        pacing(results),
        requirements(results),
        wire_of_tests(results, link_prefix=link_prefix),
        "</section>",
    ]
    return "\n".join(part for part in parts if part)


def _counts(results: Results) -> str:
    told = ", ".join(
        f'<span class="ibkr-{tone_of(outcome)}">{escape(words)}</span>'
        for outcome, words in counts_of(results)
    )
    return f'<p class="ibkr-counts"><strong>{told or "no test"}{left_out(results)}</strong></p>'


def _gate(results: Results) -> str:
    verdict = results.gate.verdict
    items = "".join(f"<li>{escape(reason)}</li>" for reason in results.gate.reasons)
    reasons = f"<ul>{items}</ul>" if items else ""
    head = f'<h2 class="ibkr-{_TONE.get(verdict, "warn")}">Gate: {escape(verdict)}</h2>'
    return f"{head}{reasons}<p>{escape(ADVICE[verdict])}</p>"


def _run(results: Results) -> str:
    run = results.run
    executed = f"{results.gate.executed} of {results.gate.tests}"
    rows = [
        ("Started", moment(run.started_at)),
        ("Duration", seconds(run.duration_s)),
        ("Complete", "yes" if run.complete else f"no: {run.incomplete_because}"),
        *([("Gate tests executed", executed)] if has_gate(results) else []),
        ("pytest-ibkr", run.product_version),
        ("pytest", run.pytest_version),
        ("Python", f"{run.python_version}, {run.platform}"),
        ("Directory", run.directory),
    ]
    return f"<div><h3>Run</h3>{pairs('Run', rows)}</div>"


def _gateways(results: Results) -> str:
    told = ""
    served: set[str] = set()
    for gateway in results.gateways:
        rows = gateway_rows(gateway, results)
        if gateway.snapshot is not None:
            if gateway.snapshot.sha256 in served:
                rows = [row for row in rows if row[0] not in _OF_A_SNAPSHOT]
            served.add(gateway.snapshot.sha256)
        told += f"<h3>Gateway, {gateway.kind}</h3>{pairs('Gateway', rows)}"
    return f"<div>{told or '<h3>Gateway</h3><p>No gateway was met.</p>'}</div>"


def _markets(results: Results) -> str:
    """Return where each market came from; several gateways may serve one."""
    served = {g.snapshot.sha256: g for g in results.gateways if g.snapshot is not None}
    told = ""
    for gateway in served.values():
        head, origins = origins_of(gateway)
        if origins and gateway.snapshot is not None:
            title = f"Where {gateway.snapshot.name} came from"
            told += f"<h3>{escape(title)}</h3>{grid(title, head, origins)}"
    return told


def _measures(results: Results) -> str:
    if not results.metrics:
        return "<h3>Metrics</h3><p>No test recorded a metric.</p>"
    rows = [
        [plots.caption(m), str(len(m.values))]
        + [number(value) for value in (m.median, m.p95, m.worst, m.limit)]
        + [limit_word(m)]
        for m in results.metrics
    ]
    head = ["Metric", "n", "Median", "p95", "Max", "Limit", "Kept"]
    text = f"<h3>Metrics</h3>{grid('Metrics over all tests', head, rows)}"
    if not plots.available():
        return f"{text}<p>For plots: <code>pip install pytest-ibkr[report]</code></p>"
    return f'{text}<div class="ibkr-plots">{"".join(map(plots.plot, results.metrics))}</div>'


def _failures(results: Results, link_prefix: str) -> str:
    files = [
        (test, name)
        for test in results.tests
        if test.outcome in BAD
        for name in (test.timeline, *test.journals)
        if name is not None
    ]
    if not files:
        return ""
    items = "".join(
        f'<li><a href="{escape(link_prefix + name, quote=True)}">{escape(Path(name).name)}</a>,'
        f" {escape(WORDS[test.outcome])}: {escape(test.id)}</li>"
        for test, name in files
    )
    return f"<h3>Wire timelines and journals of failed tests</h3><ul>{items}</ul>"


def cells_of(test: TestRow | None) -> list[str]:
    """Return the cells our columns add to a row of pytest-html's table."""
    if test is None:
        return [f'<td class="ibkr-req">{UNKNOWN}</td>', f'<td class="ibkr-wire">{UNKNOWN}</td>']
    wire = wire_of(test)
    told = UNKNOWN
    if wire.frames_in is not None:
        told = f"{wire.frames_in:,} in / {wire.frames_out:,} out"
        if wire.bytes_in is not None and wire.bytes_out is not None:
            told += f", {_size(wire.bytes_in + wire.bytes_out)}"
        if wire.peak_messages_per_s is not None:
            told += f", peak {wire.peak_messages_per_s}/s"
    ids = escape(", ".join(test.requirements)) or UNKNOWN
    return [f'<td class="ibkr-req">{ids}</td>', f'<td class="ibkr-wire">{told}</td>']


def link_to(test: TestRow | None, *, link_prefix: str) -> str:
    """Return the links to a test's place above and to its wire timeline, as far as there are."""
    if test is None or not test.sessions:
        return ""
    links = f'<a class="col-links__extra" href="#{anchor(test.id)}">on the wire</a>'
    if test.timeline is not None:
        target = escape(link_prefix + test.timeline, quote=True)
        links += f' <a class="col-links__extra url" href="{target}">wire timeline</a>'
    return links


def masked_logs(logs: list[str]) -> list[str]:
    """Return captured output with account ids masked."""
    return [masked(text) for text in logs]


def _size(count: int) -> str:
    return f"{count / 1024:,.1f} KiB" if count >= 1024 else f"{count} B"
