"""What a test did to its session is remembered as it was said, and changes nothing."""

from __future__ import annotations

import inspect
from decimal import Decimal

import pytest

from pytest_ibkr.errors import FaultNeverFired, UsageError
from pytest_ibkr.session.facts import SCRIPTS, ScriptLog, added_contracts, conditions_of
from pytest_ibkr.session.session import Session


@pytest.fixture
def log(ibkr: Session) -> ScriptLog:
    return ScriptLog(ibkr)


def said(log: ScriptLog) -> list[tuple[str, str]]:
    return [(act.kind, act.what) for act in log.acts]


def test_calls_are_told_as_a_test_writes_them(ibkr: Session, log: ScriptLog) -> None:
    quote = ibkr.market.quote("SPY", bid=700, ask=700.02)
    assert quote.bid == 700
    ibkr.account.set_cash(Decimal("5000.25"))
    assert said(log) == [
        ("market", "market.quote('SPY', bid=700, ask=700.02)"),
        ("account", "account.set_cash(5000.25)"),
    ]


def test_reading_is_no_act(ibkr: Session, log: ScriptLog) -> None:
    ibkr.market.quote("SPY")
    ibkr.market.bid("SPY")
    ibkr.orders.all()
    assert log.acts == []


def test_what_raised_did_nothing(ibkr: Session, log: ScriptLog) -> None:
    with pytest.raises(UsageError):
        ibkr.market.halt("NOSUCH")
    assert log.acts == []


def test_acts_carry_the_virtual_moment(ibkr: Session, log: ScriptLog) -> None:
    ibkr.market.halt("SPY")
    ibkr.clock.sleep(30)
    ibkr.market.resume("SPY")
    first, second = (act.at_s for act in log.acts)
    assert 30 <= second - first < 60


def test_a_fault_that_nothing_met_says_so(ibkr: Session, log: ScriptLog) -> None:
    with pytest.raises(FaultNeverFired), ibkr.faults.delay("reqCurrentTime", 2):
        pass
    [act] = log.acts
    assert (act.what, act.fired) == ("faults.delay('reqCurrentTime', 2)", 0)


def test_conditions_off_their_default_are_told_by_name(ibkr: Session) -> None:
    assert ibkr.call(lambda: conditions_of(ibkr)) == {}
    ibkr.configure(entitlement="none", max_messages_per_s=10)
    ibkr.market.halt("SPY")
    ibkr.engine.conditions.latency.ack_s = 3.0
    assert ibkr.call(lambda: conditions_of(ibkr)) == {
        "halted": "SPY",
        "entitlement": "none",
        "latency": "ack_s=3.0",
        "max_messages_per_s": "10",
    }


def test_added_contracts_come_with_what_they_follow(ibkr: Session) -> None:
    assert ibkr.call(lambda: added_contracts(ibkr)) == []
    ibkr.contracts.add("EUR.USD")
    [(name, source)] = ibkr.call(lambda: added_contracts(ibkr))
    assert name.startswith("EUR.USD (CASH, conId ")
    assert source


def test_every_method_that_changes_a_session_is_watched(ibkr: Session) -> None:
    """A new method must be put among the acts or among what only reads."""
    reading = {
        "market": {"bid", "ask", "last"},
        "orders": {"status", "all", "find"},
        "account": {"cash", "position", "positions"},
        "news": set(),
        "contracts": {"added"},
        "faults": {"waive", "close"},
    }
    for part, only_reads in reading.items():
        public = inspect.getmembers(type(getattr(ibkr, part)), inspect.isfunction)
        names = {name for name, _ in public if not name.startswith("_")}
        assert names - only_reads == set(SCRIPTS[part]), part
