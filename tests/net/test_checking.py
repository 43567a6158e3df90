"""What the gateway check asks, of a simulated gateway and with nothing between."""

from __future__ import annotations

import socket
from decimal import Decimal

import pytest

from pytest_ibkr.errors import GatewayError
from pytest_ibkr.net.checking import Quoted, observe
from pytest_ibkr.session.session import Session

ORDER_REQUESTS = {"PlaceOrder", "CancelOrder", "ReqGlobalCancel", "ExerciseOptions"}


def asked_of(session: Session) -> set[str]:
    """Class names of everything the gateway was sent."""
    return {type(e.message).__name__ for e in session.journal.entries() if e.direction == "in"}


def test_a_quiet_account_with_live_data_is_seen_whole(ibkr: Session) -> None:
    found = observe(ibkr.host, ibkr.port)
    assert found.problems == {}
    assert (found.orders, found.positions) == ((), ())
    assert found.net_liquidation == Decimal(1_000_000)
    assert found.currency == "USD"
    assert found.spy.data_type == 1
    assert found.spy.price is not None
    assert found.spy.price > 100
    assert found.vix.price is not None
    assert 5 < found.vix.price < 100


def test_no_request_touches_an_order_and_every_line_is_given_back(ibkr: Session) -> None:
    observe(ibkr.host, ibkr.port)
    assert not asked_of(ibkr) & ORDER_REQUESTS
    assert ibkr.pacing()["lines_in_use"] == 0


def test_positions_and_orders_of_others_are_found(ibkr: Session) -> None:
    ibkr.account.add_position("SPY", 100, average_cost=Decimal(700))
    found = observe(ibkr.host, ibkr.port)
    assert found.positions == ("100 SPY",)


def test_delayed_data_is_told_from_live(ibkr: Session) -> None:
    ibkr.configure(entitlement="delayed")
    found = observe(ibkr.host, ibkr.port)
    assert found.spy.data_type == 3
    assert found.problems == {}


def test_what_is_not_entitled_is_a_problem_and_the_rest_is_asked(ibkr: Session) -> None:
    ibkr.configure(entitlement="none")
    found = observe(ibkr.host, ibkr.port)
    assert found.spy == Quoted()
    assert "SPY" in found.problems
    assert found.net_liquidation == Decimal(1_000_000)


def test_a_question_that_is_refused_is_unknown_and_the_rest_is_asked(ibkr: Session) -> None:
    with ibkr.faults.refuse("reqAccountSummary", 322, "too many of them"):
        found = observe(ibkr.host, ibkr.port)
    assert found.net_liquidation is None
    assert "322: too many of them" in found.problems["account"]
    assert found.orders == ()


def test_nobody_there_is_an_error() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = int(listener.getsockname()[1])
    with pytest.raises(GatewayError, match="cannot be reached"):
        observe("127.0.0.1", port)
