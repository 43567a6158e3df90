"""How faults are armed: at the call, with or without a block, with values that can be."""

from __future__ import annotations

from decimal import Decimal

import pytest

from pytest_ibkr.errors import FaultNeverFired, UsageError
from pytest_ibkr.wire.messages.session import CurrentTime, ErrorNotice, ReqCurrentTime
from tests.net.raw_client import RawClient


@pytest.fixture
def session(ibkr_gateway):
    """A session that this module closes itself."""
    return ibkr_gateway.new_session("faults")


def test_a_fault_is_in_force_from_the_call_on(session):
    fault = session.faults.refuse("reqCurrentTime", 504, "not now")
    with RawClient(session).start() as client:
        client.send(ReqCurrentTime())
        assert client.wait_for(ErrorNotice, lambda notice: notice.code == 504)
        assert client.of(CurrentTime) == []
    assert fault.fired == 1
    session.close()


def test_a_fault_without_a_block_that_nothing_met_fails_the_session(session):
    session.faults.cut("startApi")
    with pytest.raises(FaultNeverFired, match=r"cut at startApi: nothing(.|\n)*outside a with bl"):
        session.close()


def test_a_fault_may_be_taken_back(session):
    with RawClient(session).start() as client:
        session.faults.refuse("reqCurrentTime", 504, "not now").disarm()
        client.send(ReqCurrentTime())
        assert client.wait_for(CurrentTime)
    session.close()


def test_what_was_sent_inside_the_block_meets_the_fault(session):
    with RawClient(session).start() as client, session.faults.refuse("reqCurrentTime", 504, "no"):
        client.send(ReqCurrentTime())
    session.close()


BAD = [
    ("delay", ("reqHistoricalData", -3), {}, "delay cannot be -3 s"),
    ("delay", ("reqHistoricalData", "3"), {}, "delay cannot be '3': a number of seconds"),
    ("delay", ("reqHistoricalData", float("nan")), {}, "delay cannot be nan s"),
    ("delay", ("reqHistoricalData", 0), {}, "delays nothing"),
    ("delay", ("reqHistoricData", 3), {}, "did you mean 'reqHistoricalData'?"),
    ("delay", ("updateConfig", 3), {}, "updateConfig is not simulated by pytest-ibkr"),
    ("refuse", ("reqIds", "162", "no"), {}, "an error code cannot be '162'"),
    ("refuse", ("reqIds", 162, None), {}, "an error text cannot be None"),
    ("refuse", ("reqIds", 162, "no"), {"times": 0}, "times cannot be 0"),
    ("freeze", ("XYZ",), {}, "'XYZ' is not in the snapshot: SPY"),
    ("cut", ("reqIds",), {"keep": -1}, "keep cannot be -1"),
    ("external_trade", ("SPY", 0), {}, "quantity cannot be 0"),
    ("external_trade", ("SPY", 1.5), {}, "quantity cannot be 1.5"),
    ("external_trade", ("SPY", Decimal("1.5")), {}, "quantity cannot be 1.5"),
    ("external_trade", ("VIX", 1), {}, "VIX is an index"),
    ("external_trade", (1, 1), {}, "conId 1 is not in the snapshot: SPY"),
    ("external_trade", ("SPY", 1, 700.5), {}, "price cannot be 700.5: a Decimal"),
    ("external_trade", ("SPY", 1, Decimal(-1)), {}, "price cannot be -1"),
]


@pytest.mark.parametrize(("fault", "given", "options", "text"), BAD)
def test_what_cannot_be_is_refused_at_the_call(ibkr, fault, given, options, text):
    with pytest.raises(UsageError) as caught:
        getattr(ibkr.faults, fault)(*given, **options)
    assert text in str(caught.value)
    assert ibkr.faults.standing == []


@pytest.mark.parametrize(
    ("change", "text"),
    [
        (lambda account: account.set_cash("5000"), "cash cannot be '5000'"),
        (lambda account: account.set_cash(Decimal("NaN")), "cash cannot be NaN"),
        (lambda a: a.add_position("SPY", 0, average_cost=Decimal(1)), "quantity cannot be 0"),
        (lambda a: a.add_position("VIX", 1, average_cost=Decimal(1)), "VIX is an index"),
        (lambda a: a.add_position("SPY", 1, average_cost=1.5), "average_cost cannot be 1.5"),
    ],
)
def test_an_account_takes_only_what_an_account_can_have(ibkr, change, text):
    with pytest.raises(UsageError) as caught:
        change(ibkr.account)
    assert text in str(caught.value)
