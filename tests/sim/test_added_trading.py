"""Market data, history, orders and positions in made-up instruments."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from pytest_ibkr.wire.messages.account import Position, ReqPositions
from pytest_ibkr.wire.messages.contract import Contract
from pytest_ibkr.wire.messages.history import HistoricalData
from pytest_ibkr.wire.messages.market_data import TickOptionComputation, TickPrice, TickSize
from pytest_ibkr.wire.messages.order import OrderStatus
from pytest_ibkr.wire.messages.place_order import PlaceOrder
from tests.sim.added_bench import ES, EURO, SPX, added_peer, listed
from tests.sim.data_bench import TEN, errors, history, only


def _buy(contract, quantity=2):
    return PlaceOrder(
        order_id=1, contract=contract, action="BUY", quantity=Decimal(quantity), order_type="MKT"
    )


def test_a_future_streams_bid_ask_and_last_on_its_grid():
    client = added_peer("ES")
    found = client.send(client.market_data(contract=ES), wait_s=20)
    assert errors(found) == []
    prices = only(found, TickPrice)
    assert {1, 2, 4} <= {each.tick for each in prices}
    assert all(each.price % 0.25 == 0 for each in prices)
    assert len({each.price for each in prices if each.tick == 1}) > 1
    assert only(found, TickSize)


def test_a_currency_pair_streams_bid_and_ask_only():
    client = added_peer("EUR.USD")
    found = client.send(client.market_data(contract=EURO), wait_s=30)
    ticks = {each.tick for each in only(found, TickPrice)}
    assert {1, 2} <= ticks
    assert not {4, 14} & ticks


def test_index_options_stream_with_computations():
    client = added_peer("SPX")
    asked = Contract(
        symbol="SPX",
        sec_type="OPT",
        exchange="SMART",
        expiry="20260717",
        strike=7530.0,
        right="C",
    )
    found = client.send(client.market_data(contract=asked), wait_s=3)
    model = [each for each in only(found, TickOptionComputation) if each.tick == 13]
    assert 0.05 < model[0].implied_vol < 0.5
    assert 7000 < model[0].under_price < 8000


def test_an_index_has_a_value_and_no_quote():
    client = added_peer("SPX")
    prices = only(client.send(client.market_data(contract=SPX)), TickPrice)
    assert {each.price > 7000 for each in prices if each.tick == 4} == {True}
    assert {each.price for each in prices if each.tick in (1, 2)} <= {-1.0}


def test_history_of_the_next_future_agrees_with_its_quotes():
    client = added_peer("ES")
    [answer] = only(client.send(history(contract=ES)), HistoricalData)
    last = float(answer.bars[-1].close)
    quote = client.engine.market.quote(listed("ES"), TEN)
    assert answer.bars
    assert last == pytest.approx(quote.last, rel=1e-4)


def test_a_market_order_for_a_future_fills_and_makes_a_position():
    client = added_peer("ES")
    before = client.engine.accounts.cash
    found = client.send(_buy(ES), wait_s=10)
    assert [each.status for each in only(found, OrderStatus)][-1] == "Filled"
    [row] = only(client.send(ReqPositions()), Position)
    assert (row.contract.local_symbol, row.position) == ("ESU6", 2)
    assert row.contract.exchange == ""  # live: futures come without
    price = client.engine.market.quote(listed("ES"), TEN).ask
    assert float(row.average_cost) == pytest.approx(price * 50, rel=1e-3)
    assert client.engine.accounts.cash < before


def test_a_price_off_the_grid_of_a_future_is_refused():
    client = added_peer("ES")
    order = PlaceOrder(
        order_id=1,
        contract=ES,
        action="BUY",
        quantity=Decimal(1),
        order_type="LMT",
        limit_price=Decimal("7500.10"),
    )
    assert [code for _, code, _ in errors(client.send(order))] == [110]


def test_positions_and_streams_go_on_when_more_is_added():
    from tests.sim.added_bench import world_with

    client = added_peer("ES")
    client.send(_buy(ES), wait_s=10)
    client.send(client.market_data(contract=ES), wait_s=5)
    client.engine.use_world(world_with("ES", "SPX"))
    assert only(client.wait(20), TickPrice)
    [row] = only(client.send(ReqPositions()), Position)
    assert row.contract.con_id == listed("ES").con_id
    assert errors(client.send(client.market_data(8, SPX))) == []


@pytest.mark.parametrize(
    ("name", "contract"),
    [
        ("EUR.USD", EURO),
        ("SPX", SPX),
        ("US-T", Contract(symbol="US-T", sec_type="BOND", exchange="SMART")),
        ("ES", Contract(symbol="ES", sec_type="CONTFUT", exchange="CME")),
    ],
)
def test_what_cannot_be_ordered_is_refused_by_type(name, contract):
    client = added_peer(name)
    assert [code for _, code, _ in errors(client.send(_buy(contract)))] == [387]
    known = listed(name)
    if known.sec_type != "FUT":
        by_id = Contract(con_id=known.con_id, exchange=known.exchange)
        order = replace(_buy(by_id), order_id=2)
        assert [code for _, code, _ in errors(client.send(order))] == [387]


def test_a_future_costs_commission_and_margin_by_the_contract():
    client = added_peer("ES")
    client.send(_buy(ES), wait_s=10)
    accounts = client.engine.accounts
    assert accounts.ledger.commissions == Decimal("1.24")
    price = client.engine.market.quote(listed("ES"), TEN).last
    standing = accounts.standing()
    assert float(standing.initial_margin) == pytest.approx(price * 50 * 2 * 0.07, rel=1e-3)


def test_history_of_a_later_future_is_its_own():
    client = added_peer("ES")
    asked = Contract(symbol="ES", sec_type="FUT", exchange="CME", expiry="202612")
    [answer] = only(client.send(history(contract=asked)), HistoricalData)
    quote = client.engine.market.quote(listed("ES", "ESZ6"), TEN)
    assert float(answer.bars[-1].close) == pytest.approx(quote.last, rel=1e-4)
