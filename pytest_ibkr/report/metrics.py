"""Measures that tests recorded, summed up over the run. Pure, standard library only."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Mapping

from pytest_ibkr.report.model import Metric, TestRow

PREFIX = "ibkr:"  # record_property("ibkr:quote_freshness_s", 0.4)
# The validation plan's targets; a limit here colours a table, the test itself asserts.
LIMITS: Mapping[str, float] = {
    "connection_latency_ms": 100.0,
    "quote_freshness_s": 5.0,
    "order_fill_time_s": 30.0,
    "critical_failures": 0.0,
}


def metrics_in(properties: Iterable[tuple[str, object]]) -> dict[str, list[float]]:
    """Return the finite numbers recorded under the prefix, in order, by name."""
    found: dict[str, list[float]] = {}
    for name, value in properties:
        if not name.startswith(PREFIX) or isinstance(value, bool):
            continue
        if isinstance(value, int | float) and math.isfinite(value):
            found.setdefault(name.removeprefix(PREFIX), []).append(float(value))
    return found


def summed_up(tests: Iterable[TestRow], limits: Mapping[str, float]) -> list[Metric]:
    """Return one row per measure, by name."""
    values: dict[str, list[float]] = {}
    for test in tests:
        for name, numbers in test.metrics.items():
            values.setdefault(name, []).extend(numbers)
    return [_metric(name, numbers, limits.get(name)) for name, numbers in sorted(values.items())]


def _metric(name: str, values: list[float], limit: float | None) -> Metric:
    ordered = sorted(values)
    worst = ordered[-1]
    return Metric(
        name=name,
        values=values,
        median=statistics.median(ordered),
        p95=ordered[math.ceil(0.95 * len(ordered)) - 1],
        worst=worst,
        limit=limit,
        within_limit=None if limit is None else worst <= limit,
    )
