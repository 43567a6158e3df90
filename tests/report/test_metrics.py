"""Metrics: what counts as one, and how they are summed up."""

from __future__ import annotations

import math

import pytest

from pytest_ibkr.report.metrics import metrics_in, summed_up
from tests.report.build import row


def test_numbers_under_the_prefix_are_metrics_and_nothing_else_is() -> None:
    recorded: list[tuple[str, object]] = [
        ("ibkr:quote_freshness_s", 1),
        ("ibkr:quote_freshness_s", 2.5),
        ("other:quote_freshness_s", 9),
        ("ibkr:text", "fast"),
        ("ibkr:flag", True),
        ("ibkr:unknown", math.nan),
        ("ibkr:endless", math.inf),
    ]
    assert metrics_in(recorded) == {"quote_freshness_s": [1.0, 2.5]}


def test_values_of_all_tests_are_summed_up_by_name() -> None:
    slow, fast = row(metrics={"x_s": [5.0, 1.0]}), row(metrics={"x_s": [2.0], "a_ms": [7.0]})
    first, second = summed_up([slow, fast], {"x_s": 4.0})
    assert (first.name, first.median, first.p95, first.limit) == ("a_ms", 7.0, 7.0, None)
    assert first.within_limit is None
    assert (second.values, second.median, second.worst) == ([5.0, 1.0, 2.0], 2.0, 5.0)
    assert second.within_limit is False


@pytest.mark.parametrize(("count", "p95"), [(1, 1.0), (19, 19.0), (20, 19.0), (100, 95.0)])
def test_p95_is_the_nearest_rank(count: int, p95: float) -> None:
    values = [float(n) for n in range(count, 0, -1)]
    [metric] = summed_up([row(metrics={"x_s": values})], {})
    assert metric.p95 == p95


def test_a_value_at_its_limit_keeps_it() -> None:
    [metric] = summed_up([row(metrics={"x_s": [5.0]})], {"x_s": 5.0})
    assert metric.within_limit is True
