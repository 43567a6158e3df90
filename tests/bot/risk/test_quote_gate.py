"""No decision is made on a quote that is stale, partial, crossed or not live."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from bot.domain.quotes import Quote
from bot.risk.quote_gate import reasons_not_to_trade

NOW = datetime(2026, 7, 10, 14, 30, tzinfo=UTC)


def reasons(*, age_s=1.0, bid="10.00", ask="10.02", kind=1):
    quote = Quote(
        time=NOW - timedelta(seconds=age_s),
        time_source="exchange",
        bid=None if bid is None else Decimal(bid),
        ask=None if ask is None else Decimal(ask),
        market_data_type=kind,
    )
    return reasons_not_to_trade(quote, now=NOW, max_age_s=5)


def test_a_fresh_two_sided_live_quote_is_fit():
    assert reasons() == ()


@pytest.mark.parametrize("age_s", [0.0, 5.0, -2.0])
def test_the_limits_themselves_are_acceptable(age_s):
    assert reasons(age_s=age_s) == ()


@pytest.mark.req("LV-022", "LV-039")
@pytest.mark.parametrize(
    ("quote", "reason"),
    [
        ({"age_s": 5.1}, "stale: 5.1 s old"),
        ({"age_s": -2.1}, "clock drift: the quote is 2.1 s in the future"),
        ({"bid": None}, "no bid"),
        ({"bid": "0"}, "no bid"),
        ({"ask": None}, "no ask"),
        ({"bid": "10.03"}, "crossed"),
        ({"kind": 3}, "not live: market data type 3"),
        ({"kind": 2}, "not live: market data type 2"),
    ],
)
def test_each_defect_is_a_reason(quote, reason):
    [found] = reasons(**quote)
    assert found.startswith(reason)


def test_a_locked_market_is_legal():
    assert reasons(bid="10.02", ask="10.02") == ()


def test_every_reason_is_given():
    assert len(reasons(age_s=60, bid=None, ask=None, kind=4)) == 4
