"""A CFD: its details, where its market data is to be had, and what it refuses."""

from __future__ import annotations

from decimal import Decimal

import pytest

from pytest_ibkr.wire.messages.contract import Contract, ContractData, ReqContractDetails
from pytest_ibkr.wire.messages.depth import MarketDepthL2, ReqMarketDepth
from pytest_ibkr.wire.messages.history import HistoricalData
from pytest_ibkr.wire.messages.market_data import TickPrice
from pytest_ibkr.wire.messages.place_order import PlaceOrder
from pytest_ibkr.wire.messages.special_ticks import RerouteMarketData, RerouteMarketDepth
from pytest_ibkr.wire.messages.symbols import ReqMatchingSymbols, SymbolSamples
from pytest_ibkr.wire.versions import NEWEST, OLDEST
from tests.sim.added_bench import added_peer, listed
from tests.sim.data_bench import SPY, errors, history, normal_world, only

CFD = Contract(symbol="SPY", sec_type="CFD", exchange="SMART", currency="USD")
STOCK = normal_world().book.by_symbol("SPY")
assert STOCK is not None


@pytest.mark.parametrize("version", [OLDEST, NEWEST])
def test_who_asks_for_its_market_data_is_told_to_ask_for_the_stocks(version: int) -> None:
    client = added_peer("SPY.CFD", version=version)
    found = client.send(client.market_data(contract=CFD), wait_s=15)
    assert found == [RerouteMarketData(request_id=7, con_id=STOCK.con_id, exchange="SMART")]
    again = Contract(con_id=STOCK.con_id, exchange="SMART")
    assert only(client.send(client.market_data(contract=again)), TickPrice)


@pytest.mark.parametrize("version", [OLDEST, NEWEST])
def test_who_asks_for_its_depth_is_told_to_ask_for_the_stocks(version: int) -> None:
    client = added_peer("SPY.CFD", version=version)
    found = client.send(ReqMarketDepth(request_id=7, contract=CFD, rows=5, smart_depth=True))
    assert found == [RerouteMarketDepth(request_id=7, con_id=STOCK.con_id, exchange="SMART")]
    again = Contract(con_id=STOCK.con_id, exchange="SMART")
    asked = ReqMarketDepth(request_id=7, contract=again, rows=5, smart_depth=True)
    assert only(client.send(asked), MarketDepthL2)


def test_details_name_the_stock_it_is_written_on() -> None:
    client = added_peer("SPY.CFD")
    [row] = only(client.send(ReqContractDetails(request_id=5, contract=CFD)), ContractData)
    assert (row.sec_type, row.symbol, row.exchange, row.currency) == ("CFD", "SPY", "SMART", "USD")
    assert (row.under_con_id, row.under_symbol, row.under_sec_type) == (STOCK.con_id, "SPY", "STK")
    assert row.con_id == listed("SPY.CFD").con_id != STOCK.con_id
    assert (row.multiplier, row.expiry, row.min_tick) == ("", "", 0.01)


def test_the_stock_stays_what_its_symbol_means() -> None:
    client = added_peer("SPY.CFD")
    [row] = only(client.send(ReqContractDetails(request_id=5, contract=SPY)), ContractData)
    assert row.con_id == STOCK.con_id
    assert client.engine.world.book.by_symbol("SPY") is STOCK


def test_the_symbol_search_shows_it_with_the_stock() -> None:
    client = added_peer("SPY.CFD")
    [answer] = only(client.send(ReqMatchingSymbols(request_id=4, pattern="SPY")), SymbolSamples)
    [row] = answer.samples
    assert (row.sec_type, [each.value for each in row.derivatives]) == ("STK", ["CFD", "OPT"])


def test_history_has_its_quotes_and_no_trades() -> None:
    client = added_peer("SPY.CFD")
    [middle] = only(client.send(history(contract=CFD, what_to_show="MIDPOINT")), HistoricalData)
    [stock] = only(client.send(history(request_id=13)), HistoricalData)
    whole = [bar.close for bar in middle.bars[:-1]]
    assert whole == pytest.approx([bar.close for bar in stock.bars[: len(whole)]], abs=0.01)
    [(_, code, text)] = errors(client.send(history(request_id=14, contract=CFD)))
    assert (code, text.partition(":")[2]) == (
        162,
        "No historical market data for SPY/CFD@SMART Last 300",
    )


def test_it_takes_no_orders() -> None:
    client = added_peer("SPY.CFD")
    order = PlaceOrder(
        order_id=1, contract=CFD, action="BUY", quantity=Decimal(1), order_type="MKT"
    )
    assert [code for _, code, _ in errors(client.send(order))] == [387]


def test_its_quotes_follow_the_stock_where_they_are_looked_up() -> None:
    engine = added_peer("SPY.CFD").engine
    quote, stock = (engine.market.quote(each, engine.now_s) for each in (listed("SPY.CFD"), STOCK))
    assert abs(quote.bid - stock.bid) <= 0.02
    assert (quote.last, quote.volume) == (None, None)
