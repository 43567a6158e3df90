"""A small options bot on ib_async works a morning against the served market."""

from __future__ import annotations

import sys

import pytest

from pytest_ibkr.snapshot.model import Snapshot
from tests.cli.served import Served, environment
from tests.foreign.facts import block_of, daily_bars, expiries, traded_range
from tests.foreign.programs import HERE, seen_by

pytestmark = [pytest.mark.ci, pytest.mark.timeout(180)]


def test_a_bot_sells_a_put_by_delta_and_guards_its_shares(served: Served, market: Snapshot) -> None:
    seen = seen_by(served, sys.executable, HERE / "ib_async_bot.py", env=environment())

    spy = block_of(market, "SPY")
    low, high = traded_range(spy)
    assert seen["account"] == [served.facts["account"]]
    assert seen["version"] == min(178, served.facts["server_version"])
    assert seen["details"] == {"conId": spy.con_id, "name": spy.long_name, "tick": spy.min_tick}
    told = [tuple(bar) for bar in seen["bars"]]
    assert told[:2] == daily_bars(spy)[-3:-1]
    assert told[2][:2] == ("20260710", spy.open)
    assert low <= seen["price"] <= high

    leg = seen["leg"]
    [row] = [row for row in spy.option_chain if row.con_id == leg["conId"]]
    assert (row.strike, row.expiry, row.right) == (leg["strike"], expiries(spy)[1], "P")
    assert leg["delta"] == pytest.approx(-0.3, abs=0.05)

    sold, guarded = seen["sold"], seen["bracket"]
    assert sold["status"] == guarded["entry"] == "Filled"
    assert sold["price"] == pytest.approx(sold["bid"], abs=0.1)
    assert 0 < sold["commission"] < 2
    assert low <= guarded["paid"] <= high
    assert guarded["guards"] == [["LMT", "Submitted"], ["STP", "PreSubmitted"]]
    assert guarded["after"] == ["Cancelled", "Cancelled"]
    assert seen["positions"] == {str(leg["conId"]): -1, str(spy.con_id): 10}
    assert seen["accountType"] == "INDIVIDUAL"
    assert 0 < seen["marginChange"] < 100 * high
    assert seen["told"] == [202, 202]
