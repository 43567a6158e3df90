"""A data recorder on ib_insync, the library ib_async grew out of, follows the served market."""

from __future__ import annotations

import sys
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from pytest_ibkr.snapshot.model import Snapshot
from tests.cli.served import Served
from tests.foreign.facts import bars, block_of, traded_range
from tests.foreign.programs import HERE, ib_insync_environment, seen_by

pytestmark = [pytest.mark.ci, pytest.mark.timeout(300)]
ZONE = ZoneInfo("America/New_York")
DAY_BEFORE = "20260709"


def test_a_recorder_keeps_what_the_market_did(served: Served, market: Snapshot) -> None:
    script = HERE / "ib_insync" / "recorder.py"
    seen = seen_by(served, sys.executable, "-S", script, env=ib_insync_environment())

    symbols = ("SPY", "QQQ", "AAPL")
    assert seen["conIds"] == {symbol: market.symbols[symbol].con_id for symbol in symbols}
    for symbol in symbols:
        low, high = traded_range(block_of(market, symbol))
        quotes = seen["quotes"][symbol]
        assert all(low <= bid < ask <= high for bid, ask in quotes)
        assert len({tuple(quote) for quote in quotes}) > 1
    spy = block_of(market, "SPY")
    low, high = traded_range(spy)
    assert all(low <= price <= high for price in seen["trades"])
    assert all(low <= bar[0] <= min(bar[1:3]) <= max(bar[1:3]) <= bar[3] <= high
               for bar in seen["bars"])  # fmt: skip
    assert seen["vix"] == market.symbols["VIX"].con_id
    assert seen["zone"] == "US/Eastern"
    assert spy.con_id in seen["found"]
    assert seen["account"] == served.facts["account"]
    assert seen["dailyPnL"] == 0
    assert [s for s in seen["statuses"] if s != "PendingSubmit"][-1] == "Cancelled"
    assert "Submitted" in seen["statuses"]
    assert seen["codes"] == [202]
    first_day = min(bar.start for bar in spy.bars["1 day"])
    assert datetime.fromtimestamp(seen["head"], ZONE) == first_day.replace(hour=9, minute=30)
    assert hours_of(seen["hourly"]) == [
        bar for bar in bars(spy, "1 hour") if bar[0].startswith(DAY_BEFORE)
    ]


def hours_of(told: list[list[float]]) -> list[tuple[Any, ...]]:
    """Return the bars of the day before, which are finished, as facts have them."""
    dated = [(f"{datetime.fromtimestamp(at_s, ZONE):%Y%m%d %H%M}", *rest) for at_s, *rest in told]
    return [bar for bar in dated if bar[0].startswith(DAY_BEFORE)]
