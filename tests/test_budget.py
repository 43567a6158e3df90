"""What the marker ``ibkr_budget`` may say, and what a session used beyond it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pytest_ibkr.budget import Budget, budget_of
from pytest_ibkr.gateway import Gateway
from pytest_ibkr.report.overdrawn import overdrawn
from pytest_ibkr.session.session import Session
from pytest_ibkr.snapshot.store import load
from pytest_ibkr.wire.messages.contract import Contract
from pytest_ibkr.wire.messages.history import ReqHistoricalData
from pytest_ibkr.wire.messages.market_data import CancelMarketData, ReqMarketData
from tests.net.raw_client import RawClient

SNAPSHOTS = Path(__file__).resolve().parents[1] / "fixtures" / "ibkr_snapshots"
SPY = Contract(symbol="SPY", sec_type="STK", exchange="SMART", currency="USD")
BARS = {"bar_size": "1 hour", "duration": "1 D", "use_rth": True, "what_to_show": "TRADES"}


@pytest.fixture
def session() -> Iterator[Session]:
    """Two lines were held at one time, one is still; one request for bars."""
    with Gateway(load("normal", directory=SNAPSHOTS)) as gateway:
        met = gateway.new_session("budget")
        with RawClient(met, highest=178).start(7) as client:
            quotes = [ReqMarketData(request_id=number, contract=SPY) for number in (1, 2)]
            client.send(*quotes, CancelMarketData(request_id=1))
            client.send(ReqHistoricalData(request_id=3, contract=SPY, **BARS))
            met.clock.sleep(2)
            yield met


@pytest.mark.parametrize(
    ("most", "said"),
    [
        (Budget(lines=1), "2 market-data lines at one time, lines=1 allowed"),
        (Budget(requests=4), "5 messages of clients, requests=4 allowed"),
        (Budget(messages_per_s=0), "messages of one client within a second"),
        (Budget(historical=0), "1 historical requests, historical=0 allowed"),
        (Budget(left_open=0), "left open: reqMktData SPY"),
    ],
)
def test_what_was_used_beyond_the_budget_is_said(session, most: Budget, said: str) -> None:
    over = overdrawn(session, most)

    assert over is not None
    assert said in over
    assert "fix:" in over


def test_a_session_within_its_budget_is_fine(session) -> None:
    whole = Budget(messages_per_s=5, requests=5, lines=2, historical=1, left_open=1, output_kb=0)
    assert overdrawn(session, whole) is None


@pytest.mark.parametrize(
    ("args", "given"),
    [((), {}), ((3,), {}), ((), {"line": 1}), ((), {"lines": -1}), ((), {"lines": True})],
)
def test_arguments_that_are_none_are_refused(args: tuple[Any, ...], given: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"marker ibkr_budget got .*; accepted: ibkr_budget\("):
        budget_of(args, given)
