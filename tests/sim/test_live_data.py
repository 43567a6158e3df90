"""What the families of live data share: ids, lines, pokes, rerouting, delta-neutral contracts."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pytest_ibkr.sim.engine import Engine
from pytest_ibkr.sim.listing import Listing, Walks
from pytest_ibkr.sim.scripted_market import Change
from pytest_ibkr.wire.messages.depth import MarketDepth, MarketDepthL2, ReqMarketDepth
from pytest_ibkr.wire.messages.market_data import TickPrice, TickReqParams, TickSnapshotEnd
from pytest_ibkr.wire.messages.real_time_bars import RealTimeBar, ReqRealTimeBars
from pytest_ibkr.wire.messages.special_ticks import (
    DeltaNeutralValidation,
    RerouteMarketData,
    RerouteMarketDepth,
)
from pytest_ibkr.wire.messages.tick_by_tick import ReqTickByTick, TickByTick
from tests.sim.added_bench import ES, EURO, added_peer
from tests.sim.data_bench import SPY, TEN, errors, normal_world, only, option, peer

STOCK = normal_world().book.resolve(SPY)
CALL = option()


def test_a_set_quote_is_in_every_family_of_live_data():
    client = peer()
    client.send(client.market_data(1), wait_s=0)
    client.send(ReqMarketDepth(request_id=2, contract=SPY, rows=3, smart_depth=True), wait_s=0)
    client.send(ReqTickByTick(request_id=3, contract=SPY, kind="BidAsk"), wait_s=0)
    client.send(ReqRealTimeBars(request_id=4, contract=SPY, what_to_show="BID"), wait_s=1.01)
    client.engine.market.write(
        STOCK, Change(prices={"bid": 700.0, "ask": 700.1}), at_s=client.engine.now_s
    )
    client.engine.streams.poke(STOCK)
    at_once = client.wait(0)
    assert 700.0 in {t.price for t in only(at_once, TickPrice)}
    assert 700.0 in {t.price for t in only(at_once, MarketDepthL2)}
    client.wait(4)
    assert 700.0 in {t.bid for t in only(client.seen, TickByTick)}
    [bar] = only(client.seen, RealTimeBar)
    assert (bar.low, bar.close) == (700.0, 700.0)
    assert bar.high > 740


@pytest.mark.parametrize("kind", ["Last", "AllLast"])
def test_a_set_last_price_is_a_trade(kind):
    client = peer()
    client.send(ReqTickByTick(request_id=3, contract=SPY, kind=kind))
    client.engine.market.write(STOCK, Change(prices={"last": 700.0}), at_s=client.engine.now_s)
    client.engine.streams.poke(STOCK)
    [trade] = only(client.wait(0), TickByTick)
    assert (trade.price, trade.at_s) == (700.0, int(client.engine.now_s))
    assert trade.size > 0


def test_a_set_middle_is_sent_at_once_and_once():
    client = peer()
    client.send(ReqTickByTick(request_id=3, contract=SPY, kind="MidPoint"))
    change = Change(prices={"bid": 700.0, "ask": 700.1})
    client.engine.market.write(STOCK, change, at_s=client.engine.now_s)
    client.engine.streams.poke(STOCK)
    assert [t.mid_point for t in only(client.wait(0), TickByTick)] == [700.05]
    assert not only(client.wait(5), TickByTick)


def test_a_poke_reaches_options_on_the_instrument_and_no_others():
    client = peer()
    lines = {1: SPY, 2: CALL.contract(), 3: replace(SPY, symbol="QQQ")}
    for number, contract in lines.items():
        client.send(client.market_data(number, contract), wait_s=0)
    client.wait(1)
    market = client.engine.market
    market.write(STOCK, Change(prices={"bid": 900.0, "ask": 900.1}), at_s=client.engine.now_s)
    client.engine.streams.poke(STOCK)
    assert {message.request_id for message in client.wait(0)} <= {1, 2}
    market.write(CALL, Change(prices={"bid": 9.0, "ask": 9.1}), at_s=client.engine.now_s)
    client.engine.streams.poke(CALL)
    assert {message.request_id for message in client.wait(0)} == {2}


def test_a_delta_neutral_contract_is_confirmed_with_present_values():
    client = peer()
    asked = client.market_data(
        5, CALL.contract(), delta_neutral=True, delta_neutral_con_id=STOCK.con_id
    )
    [answer] = only(client.send(asked), DeltaNeutralValidation)
    assert (answer.request_id, answer.con_id) == (5, STOCK.con_id)
    assert 0 < answer.delta < 1
    quote = client.engine.market.quote(STOCK, TEN)
    assert quote.bid - 1 < answer.price < quote.ask + 1


def test_a_delta_neutral_contract_keeps_the_values_it_came_with():
    client = peer()
    asked = client.market_data(
        5,
        CALL.contract(),
        delta_neutral=True,
        delta_neutral_con_id=STOCK.con_id,
        delta_neutral_delta=0.4,
        delta_neutral_price=700.0,
    )
    [answer] = only(client.send(asked), DeltaNeutralValidation)
    assert (answer.delta, answer.price) == (0.4, 700.0)


@pytest.mark.parametrize("con_id", [0, 999_999_999])
def test_a_delta_neutral_contract_nobody_knows_is_refused(con_id):
    client = peer()
    asked = client.market_data(5, CALL.contract(), delta_neutral=True, delta_neutral_con_id=con_id)
    assert [code for _, code, _ in errors(client.send(asked))] == [200]
    assert client.engine.streams.lines_in_use() == 0


def _listing(family: str, sec_type: str, underlying: str = "") -> Listing:
    """One made-up stock, or a CFD on one."""
    return Listing(
        family=family,
        symbol=family,
        sec_type=sec_type,
        source=Walks(50.0),
        exchange="SMART",
        currency="USD",
        local_symbol=family,
        trading_class=family,
        long_name=family,
        min_tick=0.01,
        time_zone="US/Eastern",
        spread=0.01,
        size=100,
        underlying=underlying,
    )


def test_a_cfd_is_rerouted_to_what_it_is_written_on():
    world = normal_world().extended((_listing("IBUS", "STK"), _listing("IBUS.CFD", "CFD", "IBUS")))
    client = peer(engine=Engine(world, start_s=TEN))
    stock, cfd = world.book.by_symbol("IBUS"), world.book.by_symbol("IBUS.CFD")
    found = client.send(client.market_data(5, cfd.contract()), wait_s=20)
    assert found == [RerouteMarketData(request_id=5, con_id=stock.con_id, exchange="SMART")]
    book = ReqMarketDepth(request_id=6, contract=cfd.contract(), rows=3, smart_depth=True)
    assert client.send(book, wait_s=20) == [
        RerouteMarketDepth(request_id=6, con_id=stock.con_id, exchange="SMART")
    ]
    assert client.engine.streams.lines_in_use() == 0


def test_a_currency_pair_has_no_exchange_map_and_neither_last_nor_volume():
    client = added_peer("EUR.USD")
    found = client.send(client.market_data(contract=EURO))
    [parameters] = only(found, TickReqParams)
    assert (parameters.min_tick, parameters.bbo_exchange) == (0.00001, "")
    assert parameters.snapshot_permissions == 0
    assert {t.tick for t in only(found, TickPrice)} == {1, 2, 6, 7, 9}
    snapshot = client.send(client.market_data(8, EURO, snapshot=True))
    assert [end.request_id for end in only(snapshot, TickSnapshotEnd)] == [8]


def test_a_future_has_the_book_of_its_exchange_and_ticks():
    client = added_peer("ES")
    found = client.send(ReqMarketDepth(request_id=6, contract=ES, rows=5), wait_s=5)
    rows = only(found, MarketDepth)
    assert len(rows) >= 10
    assert all(row.price % 0.25 == 0 for row in rows)
    client.send(ReqTickByTick(request_id=7, contract=ES, kind="AllLast"), wait_s=20)
    assert only(client.seen, TickByTick)
