"""Faults: each happens, each proves that it happened, each ends with its block."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from pytest_ibkr.errors import FaultNeverFired, UsageError
from pytest_ibkr.wire.messages.account import Position, PositionEnd, ReqPositions
from pytest_ibkr.wire.messages.contract import Contract, ContractDataEnd, ReqContractDetails
from pytest_ibkr.wire.messages.history import (
    CancelHistoricalData,
    HistoricalData,
    HistoricalDataEnd,
    ReqHistoricalData,
)
from pytest_ibkr.wire.messages.market_data import (
    CancelMarketData,
    ReqMarketData,
    TickPrice,
    TickSize,
)
from pytest_ibkr.wire.messages.session import CurrentTime, ErrorNotice, ReqCurrentTime
from tests.net.raw_client import RawClient

SPY = Contract(con_id=756733, symbol="SPY", sec_type="STK", exchange="SMART", currency="USD")


@pytest.fixture
def client(ibkr):
    with RawClient(ibkr).start() as client:
        yield client


def test_a_refused_request_gets_the_code_and_nothing_else(ibkr, client):
    with ibkr.faults.refuse("reqContractDetails", 504, "Not connected") as fault:
        client.send(ReqContractDetails(request_id=9, contract=SPY), ReqCurrentTime())
        client.wait_for(CurrentTime)
    assert fault.fired == 1
    assert (9, 504, "Not connected") in [
        (n.request_id, n.code, n.text) for n in client.of(ErrorNotice)
    ]
    assert client.of(ContractDataEnd) == []


def test_after_its_block_a_fault_is_gone(ibkr, client):
    with ibkr.faults.refuse("reqContractDetails", 504, "Not connected"):
        client.send(ReqContractDetails(request_id=9, contract=SPY))
        client.wait_for(ErrorNotice, lambda notice: notice.code == 504)
    client.send(ReqContractDetails(request_id=10, contract=SPY))
    assert client.wait_for(ContractDataEnd).request_id == 10


def test_a_fault_may_fire_only_so_often(ibkr, client):
    with ibkr.faults.refuse("reqCurrentTime", 504, "once", times=1):
        client.send(ReqCurrentTime(), ReqCurrentTime())
        client.wait_for(CurrentTime)
    assert [n.code for n in client.of(ErrorNotice)].count(504) == 1


def test_a_fault_may_be_for_one_symbol_only(ibkr, client):
    with ibkr.faults.refuse("reqContractDetails", 200, "gone", symbol="QQQ"):
        qqq = Contract(symbol="QQQ", sec_type="STK", exchange="SMART", currency="USD")
        client.send(ReqContractDetails(request_id=1, contract=SPY))
        client.send(ReqContractDetails(request_id=2, contract=qqq))
        assert client.wait_for(ContractDataEnd).request_id == 1
        client.wait_for(ErrorNotice, lambda notice: notice.request_id == 2)


@pytest.mark.parametrize("fault", ["delay", "refuse", "cut", "freeze"])
def test_a_fault_that_nothing_met_fails_the_test(ibkr, fault):
    arguments = {
        "delay": ("reqHistoricalData", 5),
        "refuse": ("reqHistoricalData", 162, "no"),
        "cut": ("reqHistoricalData",),
        "freeze": ("SPY",),
    }[fault]
    with (
        pytest.raises(FaultNeverFired, match="nothing met this fault"),
        getattr(ibkr.faults, fault)(*arguments),
    ):
        pass


def test_the_tests_own_exception_is_never_masked(ibkr):
    with pytest.raises(ZeroDivisionError), ibkr.faults.refuse("reqIds", 1, "x"):
        raise ZeroDivisionError


def test_a_cut_closes_the_socket_without_a_word(ibkr, client):
    with ibkr.faults.cut("reqCurrentTime"):
        client.send(ReqCurrentTime())
        client.read_to_end()
    assert client.of(CurrentTime) == []


def test_a_cut_may_tear_a_frame(ibkr, client):
    with ibkr.faults.cut("reqCurrentTime", keep=5):
        client.send(ReqCurrentTime())
        client.read_to_end()
    assert client.of(CurrentTime) == []
    assert any("cut" in getattr(e.message, "text", "") for e in ibkr.journal.entries())


def history(request_id: int = 4) -> ReqHistoricalData:
    return ReqHistoricalData(
        request_id=request_id,
        contract=SPY,
        bar_size="5 mins",
        duration="1 D",
        use_rth=True,
        what_to_show="TRADES",
    )


def in_order(client, *messages) -> None:
    """Send, and a question about the time behind it; both have been dealt with afterwards."""
    asked = len(client.of(CurrentTime))
    client.send(*messages, ReqCurrentTime())
    while len(client.of(CurrentTime)) == asked:
        client.read()


def test_a_cancel_finds_a_delayed_request_pending(ibkr, client):
    with ibkr.faults.delay("reqHistoricalData", 30):
        in_order(client, history())
        ibkr.clock.sleep(10)
        in_order(client, CancelHistoricalData(request_id=4))
        ibkr.clock.sleep(40)
        in_order(client)
    told = [notice.code for notice in client.of(ErrorNotice) if notice.request_id == 4]
    assert told == [162]
    assert client.of(HistoricalData) == []


def test_what_a_delayed_request_sends_comes_late_whole_and_in_order(ibkr, client):
    with ibkr.faults.delay("reqHistoricalData", 30):
        in_order(client, replace(history(4), end="20260709 16:00:00"))  # without a zone: 2174
        in_order(client, replace(history(5), bar_size="7 mins"))
        ibkr.clock.sleep(29)
        in_order(client)
        assert not [m for m in client.received if getattr(m, "request_id", -1) in (4, 5)]
        ibkr.clock.sleep(2)
        client.wait_for(HistoricalData)
    late = [m for m in client.received if getattr(m, "request_id", -1) in (4, 5)]
    assert [getattr(m, "code", type(m).__name__) for m in late] == [
        *(2174, 321, "HistoricalData", "HistoricalDataEnd")
    ]


def test_a_delayed_stream_can_be_cancelled_before_its_first_tick(ibkr, client):
    with ibkr.faults.delay("reqMktData", 5):
        in_order(client, ReqMarketData(request_id=1, contract=SPY))
        in_order(client, CancelMarketData(request_id=1))
        ibkr.clock.sleep(10)
        in_order(client)
    assert not [m for m in client.received if getattr(m, "request_id", -1) == 1]


def test_a_cut_tears_the_answer_it_was_armed_for_and_no_other(ibkr, client):
    in_order(client, ReqMarketData(request_id=1, contract=SPY))
    client.wait_for(TickPrice)
    ibkr.clock.hold(answers=False)
    with ibkr.faults.cut("reqHistoricalData", keep=40):
        in_order(client, history())
        in_order(client)
        assert not client.ended, "other answers pass whole"
        ibkr.clock.sleep(0.5)
        client.read_to_end()
    assert client.of(HistoricalData) == []
    sent = [e.message for e in ibkr.journal.entries() if e.direction == "out"]
    assert isinstance(sent[-2], HistoricalData), "what was torn"
    assert isinstance(sent[-1], HistoricalDataEnd), "and what would have followed"
    assert len(client.of(TickPrice)) == len([m for m in sent if isinstance(m, TickPrice)])


def test_a_gateway_that_dies_drops_everybody(ibkr, client):
    ibkr.faults.cut_now()
    client.read_to_end()


def test_a_frozen_symbol_does_not_tick_and_others_do(ibkr, client):
    qqq = Contract(symbol="QQQ", sec_type="STK", exchange="SMART", currency="USD")
    with ibkr.faults.freeze("SPY"):
        client.send(ReqMarketData(request_id=1, contract=SPY))
        client.send(ReqMarketData(request_id=2, contract=qqq))
        client.wait_for(TickPrice, lambda tick: tick.request_id == 2)
        client.wait_for(TickPrice, lambda tick: tick.request_id == 1)
        ibkr.clock.sleep(1)
        before = ticks(ibkr, 1)
        ibkr.clock.sleep(10)
        assert ticks(ibkr, 1) == before
        assert ticks(ibkr, 2) > 10
    ibkr.clock.sleep(10)
    assert ticks(ibkr, 1) > before, "after the block it moves again"


def ticks(ibkr, request_id: int) -> int:
    """Price and size ticks sent for a request."""
    sent = ibkr.journal.answers(TickPrice) + ibkr.journal.answers(TickSize)
    return len([tick for tick in sent if tick.request_id == request_id])


def test_somebody_elses_trade_changes_positions_and_cash(ibkr, client):
    cash = ibkr.account.cash()
    ibkr.faults.external_trade("SPY", 10, Decimal("700.00"))
    assert ibkr.account.positions() == {756733: 10}
    assert cash - ibkr.account.cash() >= 7000
    client.send(ReqPositions())
    client.wait_for(PositionEnd)
    [row] = client.of(Position)
    assert (row.contract.symbol, row.position) == ("SPY", 10)


def test_a_trade_in_an_unknown_symbol_names_the_known_ones(ibkr):
    with pytest.raises(UsageError, match="'XYZ' is not in the snapshot: SPY"):
        ibkr.faults.external_trade("XYZ", 1)
