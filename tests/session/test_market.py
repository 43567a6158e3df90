"""What a test may do to the market of its session, over real sockets."""

from __future__ import annotations

from decimal import Decimal
from types import SimpleNamespace

import pytest

from pytest_ibkr.errors import UsageError
from pytest_ibkr.wire.messages.contract import Contract
from pytest_ibkr.wire.messages.market_data import ReqMarketData, TickGeneric, TickPrice
from pytest_ibkr.wire.messages.order import OrderStatus
from pytest_ibkr.wire.messages.place_order import PlaceOrder
from tests.net.raw_client import RawClient

SPY = Contract(symbol="SPY", sec_type="STK", exchange="SMART", currency="USD")
BID, ASK, HALTED = 1, 2, 49


def buy(order_id: int, price: str) -> PlaceOrder:
    return PlaceOrder(
        order_id=order_id,
        contract=SPY,
        action="BUY",
        quantity=Decimal(5),
        order_type="LMT",
        limit_price=Decimal(price),
        tif="DAY",
    )


@pytest.fixture
def client(ibkr):
    with RawClient(ibkr).start(ibkr.client_id) as client:
        yield client


def ticks(client: RawClient, tick: int) -> list[float]:
    return [message.price for message in client.of(TickPrice) if message.tick == tick]


def test_a_written_quote_reaches_the_stream_and_is_read_back(ibkr, client):
    client.send(ReqMarketData(request_id=7, contract=SPY, legs=()))
    client.wait_for(TickPrice, lambda m: m.tick == ASK)
    shown = ibkr.market.quote("SPY", bid=Decimal("600.01"), ask=600.03, ask_size=300)
    client.wait_for(TickPrice, lambda m: (m.tick, m.price, m.size) == (ASK, 600.03, 300))
    assert (shown.bid, shown.ask, shown.ask_size) == (600.01, 600.03, 300)
    assert (ibkr.market.bid("SPY"), ibkr.market.ask("SPY")) == (600.01, 600.03)
    ibkr.market.withdraw("SPY", "bid")
    client.wait_for(TickPrice, lambda m: (m.tick, m.price) == (BID, -1.0))
    assert ibkr.market.bid("SPY") is None
    ibkr.market.clear()
    assert ibkr.market.bid("SPY") > 700
    assert ibkr.market.last("SPY") > 700


def test_a_resting_order_fills_when_the_opposite_side_reaches_it(ibkr, client):
    client.send(buy(3, "700.00"))
    ibkr.assert_order_reaches(3, "Submitted")
    ibkr.clock.sleep(1)  # an order first looks at the market some 0.25 s after that
    ibkr.market.quote("SPY", bid=700.01, ask=700.02)
    assert ibkr.orders.status(3).filled == 0
    ibkr.market.quote("SPY", ask=700.00, bid=699.99, ask_size=2)
    assert ibkr.orders.status(3).filled == 2, "no more than what is offered"
    ibkr.market.quote("SPY", ask=699.98, bid=699.97, ask_size=100)
    state = ibkr.orders.status(3)
    assert (state.status, state.filled) == ("Filled", 5)
    assert state.average_price == (2 * Decimal("700.00") + 3 * Decimal("699.98")) / 5


def test_a_move_takes_its_time(ibkr):
    before = ibkr.market.last("SPY")
    with_call = next(
        each for each in ibkr.engine.world.book.chain("SPY") if ibkr.market.bid(each.con_id)
    )
    ibkr.clock.hold()
    call = ibkr.market.bid(with_call)
    ibkr.market.move("SPY", pct=-3, over_s=60)
    ibkr.clock.sleep(30)
    half = ibkr.market.last("SPY")
    ibkr.clock.sleep(31)
    assert before * 0.97 < half < before * 0.995
    assert ibkr.market.last("SPY") == pytest.approx(before * 0.97, rel=2e-3)
    assert ibkr.market.bid(with_call) != call


def test_a_halt_holds_orders_until_its_end(ibkr, client):
    client.send(ReqMarketData(request_id=7, contract=SPY, legs=()))
    client.wait_for(TickGeneric)
    ibkr.market.halt("SPY")
    client.wait_for(TickGeneric, lambda m: (m.tick, m.value) == (HALTED, 1.0))
    client.send(buy(3, "770.00"))
    ibkr.assert_order_reaches(3, "PreSubmitted")
    ibkr.clock.sleep(3)
    assert ibkr.orders.status(3).filled == 0
    ibkr.market.resume("SPY")
    client.wait_for(TickGeneric, lambda m: (m.tick, m.value) == (HALTED, 0.0))
    assert ibkr.orders.status(3).status == "Filled"
    assert client.wait_for(OrderStatus, lambda m: m.status == "Filled")


def test_an_instrument_is_named_by_symbol_id_or_any_contract(ibkr):
    row = ibkr.engine.world.book.chain("SPY")[0]
    theirs = SimpleNamespace(
        conId=0,
        symbol="SPY",
        secType="OPT",
        lastTradeDateOrContractMonth=row.expiry,
        strike=row.strike,
        right=row.right,
        multiplier="100",
        currency="USD",
        localSymbol="",
        tradingClass="SPY",
    )
    named = [row.con_id, row, SimpleNamespace(conId=row.con_id), theirs, row.contract()]
    ibkr.clock.hold()
    assert len({ibkr.market.quote(each) for each in named}) == 1
    assert ibkr.market.quote(SimpleNamespace(conId=0, symbol="SPY")) == ibkr.market.quote("SPY")
    unset = SimpleNamespace(conId=0, symbol="SPY", strike=1.7976931348623157e308)
    assert ibkr.market.quote(unset) == ibkr.market.quote("SPY")


BAD = [
    (lambda m: m.quote("XYZ", bid=1), "'XYZ' is not in the snapshot: SPY"),
    (lambda m: m.quote(1), "conId 1 is not in the snapshot: SPY"),
    (lambda m: m.quote(SimpleNamespace(conId=0, symbol="XYZ")), "is not in the snapshot: SPY"),
    (lambda m: m.quote(SimpleNamespace(conId=0, symbol="SPY", secType="OPT")), "instruments"),
    (lambda m: m.quote("SPY", bid=-1), "bid cannot be -1"),
    (lambda m: m.quote("SPY", ask=0), "ask cannot be 0"),
    (lambda m: m.quote("SPY", last=float("nan")), "last cannot be nan"),
    (lambda m: m.quote("SPY", bid="7"), "bid cannot be '7': a price in dollars"),
    (lambda m: m.quote("SPY", bid=700.005), "moves in steps of 0.01"),
    (lambda m: m.quote("SPY", bid_size=1.5), "bid_size cannot be 1.5"),
    (lambda m: m.quote("VIX", bid=20), "VIX is an index that nobody bids for"),
    (lambda m: m.withdraw("SPY", "last"), "cannot withdraw 'last'"),
    (lambda m: m.move("SPY", pct=-100), "pct cannot be -100"),
    (lambda m: m.move("SPY", pct="3"), "a number of per cent"),
    (lambda m: m.move("SPY", pct=1, over_s=-1), "over_s cannot be -1"),
    (lambda m: m.halt("XYZ"), "'XYZ' is not in the snapshot"),
]


@pytest.mark.parametrize(("call", "text"), BAD, ids=[text for _, text in BAD])
def test_what_cannot_be_is_refused_at_the_call(ibkr, call, text):
    before = ibkr.market.quote("VIX")
    with pytest.raises(UsageError) as caught:
        call(ibkr.market)
    assert text in str(caught.value)
    assert ibkr.market.quote("VIX").bid == before.bid
    assert not ibkr.engine.market.scripted


def test_an_option_does_not_move_alone(ibkr):
    row = ibkr.engine.world.book.chain("SPY")[0]
    with pytest.raises(UsageError, match="it follows its underlying"):
        ibkr.market.move(row.con_id, pct=1)


@pytest.mark.market_closed
def test_a_market_that_is_over_does_not_move(ibkr):
    with pytest.raises(UsageError, match="the snapshot's market is over"):
        ibkr.market.move("SPY", pct=1)
