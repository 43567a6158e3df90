"""Futures in the account: cash moves by P&L and commission, never by what is bought."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from pytest_ibkr.sim.account_values import account_rows, ledger_rows
from pytest_ibkr.sim.engine import DEFAULT_CASH
from pytest_ibkr.sim.margin import Valuation, standing
from pytest_ibkr.sim.positions import Ledger, Trade
from pytest_ibkr.sim.scripted_market import Change
from pytest_ibkr.wire.messages.account import PortfolioValue, ReqAccountUpdates
from pytest_ibkr.wire.messages.place_order import PlaceOrder
from pytest_ibkr.wire.messages.pnl import Pnl, PnlSingle, ReqPnl, ReqPnlSingle
from tests.sim.added_bench import ES, added_peer, listed
from tests.sim.data_bench import Peer, errors, only

FUTURE = listed("ES")
FEE = Decimal("0.62")
START = Decimal(100_000)


def _at(price: str) -> Valuation:
    return Valuation(lambda _i: Decimal(price), lambda _i: None)


def _booked(*trades: tuple[int, str]) -> Ledger:
    books = Ledger(START)
    for quantity, price in trades:
        fee = FEE * abs(quantity)
        books.book(Trade(FUTURE, Decimal(quantity), Decimal(price), fee))
    return books


def _order(order_id: int, action: str, quantity: int = 2) -> PlaceOrder:
    return PlaceOrder(
        order_id=order_id,
        contract=ES,
        action=action,
        quantity=Decimal(quantity),
        order_type="MKT",
    )


def _filled(*orders: PlaceOrder) -> Peer:
    client = added_peer("ES")
    for order in orders:
        client.send(order, wait_s=10)
    return client


@pytest.mark.parametrize("quantity", [2, -2])
def test_a_fill_takes_its_commission_and_nothing_else(quantity: int) -> None:
    books = _booked((quantity, "7500"))
    now = standing(books, _at("7500"))
    assert books.cash == START - 2 * FEE
    assert now.net_liquidation == now.equity_with_loan == START - 2 * FEE
    assert (now.futures_pnl, now.stock_value, now.gross_value) == (0, 0, 0)


@pytest.mark.parametrize(("quantity", "gained"), [(2, 1000), (-2, -1000)])
def test_what_it_gained_is_in_net_liquidation_before_it_is_cash(quantity: int, gained: int) -> None:
    books = _booked((quantity, "7500"))
    now = standing(books, _at("7510"))
    assert now.futures_pnl == gained
    assert now.net_liquidation == START - 2 * FEE + gained
    assert now.unrealized == gained - 2 * FEE
    assert now.cash == START - 2 * FEE


def test_closing_brings_the_gain_into_cash() -> None:
    books = _booked((2, "7500"), (-1, "7510"), (-3, "7490"))
    assert books.cash == START + 500 - 500 - 6 * FEE  # short two of those now
    assert books.holdings[FUTURE.con_id].unpaid == -2 * 7490 * 50
    books.book(Trade(FUTURE, Decimal(2), Decimal(7480), 2 * FEE))
    assert books.cash == START + books.realized == START + 1000 - 8 * FEE


def test_an_order_looked_at_beforehand_needs_margin_and_no_cash() -> None:
    trade = Trade(FUTURE, Decimal(2), Decimal(7500), 2 * FEE)
    now = standing(Ledger(START), _at("7500"), [trade])
    assert now.available_funds == START - 2 * FEE - 2 * 7500 * 50 * Decimal("0.07")
    closing = replace(trade, quantity=Decimal(-2))
    assert standing(_booked((2, "7500")), _at("7500"), [closing]).available_funds == START - 4 * FEE


def test_a_position_from_before_moves_neither_cash_nor_equity() -> None:
    books = Ledger(START)
    books.adopt(FUTURE, Decimal(1), average_cost=Decimal(7500 * 50))
    assert standing(books, _at("7500")).net_liquidation == books.start == START


def test_a_holding_without_a_price_counts_at_its_cost() -> None:
    nothing = Valuation(lambda _i: None, lambda _i: None)
    assert standing(_booked((2, "7500")), nothing).net_liquidation == START


def test_the_ledger_tells_the_gain_until_it_is_realized() -> None:
    client = _filled(_order(1, "BUY"))
    accounts, market = client.engine.accounts, client.engine.market
    entry = accounts.ledger.holdings[FUTURE.con_id].unpaid / 100
    change = Change({"bid": float(entry) + 10, "ask": float(entry) + 10.5})
    market.write(FUTURE, change, at_s=client.engine.now_s)
    rows = {row.key: row.value for row in ledger_rows(accounts.figures(), "BASE")}
    assert rows["FuturesPNL"] == "1025.00"
    assert rows["StockMarketValue"] == "0.00"
    assert rows["CashBalance"] == f"{DEFAULT_CASH - 2 * FEE}"
    assert rows["UnrealizedPnL"] == f"{1025 - 2 * FEE}"
    client.send(_order(2, "SELL"), wait_s=10)
    rows = {row.key: row.value for row in ledger_rows(accounts.figures(), "BASE")}
    assert (rows["FuturesPNL"], rows["RealizedPnL"]) == ("0.00", f"{1000 - 4 * FEE}")
    assert rows["CashBalance"] == f"{DEFAULT_CASH + 1000 - 4 * FEE}"


def test_pnl_streams_and_portfolio_agree_with_net_liquidation() -> None:
    client = _filled(_order(1, "BUY"), _order(2, "SELL", 1))
    accounts = client.engine.accounts
    account = accounts.figures().account_id
    still = Change({"bid": 7600.0, "ask": 7600.5})
    client.engine.market.write(FUTURE, still, at_s=client.engine.now_s)
    found = [
        *client.send(ReqPnl(request_id=1, account=account, model="")),
        *client.send(
            ReqPnlSingle(request_id=2, account=account, model="", con_id=FUTURE.con_id), wait_s=3
        ),
    ]
    whole, single = only(found, Pnl)[-1], only(found, PnlSingle)[-1]
    gained = accounts.standing().net_liquidation - DEFAULT_CASH
    assert whole.daily == single.daily == gained
    assert whole.unrealized + whole.realized == gained
    assert single.value == accounts.mark(FUTURE) * 50
    [row] = only(client.send(ReqAccountUpdates(subscribe=True)), PortfolioValue)
    assert (row.position, row.market_value) == (1, single.value)
    assert row.unrealized_pnl == single.unrealized


def test_what_futures_require_lies_in_the_commodities_segment() -> None:
    client = _filled(_order(1, "BUY"))
    figures = client.engine.accounts.figures()
    rows = {row.key: row.value for row in account_rows(figures)}
    needed = figures.standing.futures_initial
    assert Decimal(rows["InitMarginReq-C"]) == Decimal(rows["InitMarginReq"]) == needed > 0
    assert Decimal(rows["InitMarginReq-S"]) == 0
    assert Decimal(rows["NetLiquidation-C"]) == needed
    assert Decimal(rows["AvailableFunds-C"]) == 0
    for key in (key for key in rows if f"{key}-S" in rows and f"{key}-C" in rows):
        if key != "SettledCashByDate":
            parts = [Decimal(rows[f"{key}-{segment}"]) for segment in "CPS"]
            assert abs(Decimal(rows[key]) - sum(parts)) < Decimal("1E-6"), key


def test_a_future_beyond_the_funds_is_rejected_by_net_liquidation() -> None:
    client = added_peer("ES")
    client.engine.accounts.set_cash(Decimal(1000))
    seen = client.send(_order(1, "BUY"), wait_s=2)
    [(_, code, text)] = errors(seen)
    assert code == 201
    assert text.startswith(
        "Order rejected - reason:YOUR ORDER IS NOT ACCEPTED. IN ORDER TO OBTAIN THE DESIRED"
        " POSITION YOUR NET LIQ ["
    )
    assert "USD] MUST EXCEED THE MARGIN REQ [" in text
