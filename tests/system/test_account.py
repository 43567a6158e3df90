"""Balances and positions: complete answers, moved by fills to the cent, outside trades seen."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest

from bot.broker import RequestTimeoutError
from pytest_ibkr.wire.messages.account import AccountSummary, Position, ReqPositions
from pytest_ibkr.wire.messages.executions import CommissionReport
from tests.system.bench import CALL, SPY, executions, limit, market, pass_time
from tests.system.variants import answer, positions_unmoved, silence

CENT = Decimal("0.01")


def quantity_of(broker, con_id: int) -> Decimal:
    """Signed holding in one contract, as the broker reports it."""
    rows = [row for row in broker.get_positions() if row.contract.con_id == con_id]
    return sum((row.quantity for row in rows), Decimal(0))


@pytest.mark.req("LV-009")
def test_balances_are_the_rows_of_a_completed_summary(ibkr, broker):
    balance = broker.get_account_balance()
    rows = {row.tag: row for row in ibkr.journal.answers(AccountSummary)}
    assert balance.total_cash_value == Decimal(rows["TotalCashValue"].value) == ibkr.account.cash()
    assert balance.net_liquidation == Decimal(rows["NetLiquidation"].value)
    assert balance.buying_power == Decimal(rows["BuyingPower"].value) > balance.net_liquidation
    assert balance.currency == "USD"
    assert {row.account for row in rows.values()} == {ibkr.account.id}
    assert broker.get_account_type() == rows["AccountType"].value


def test_summaries_can_be_asked_for_again_and_again(ibkr, broker):
    """Gateways serve two summaries at once and may keep a cancelled one's place."""
    for _time in range(5):
        assert broker.get_account_balance().net_liquidation > 0
    assert len(ibkr.journal.requests("reqAccountSummary")) == 5
    assert ibkr.journal.errors()[-1].code != 322


@pytest.mark.req("LV-010")
def test_an_empty_account_is_an_answer_and_a_missing_end_is_not(ibkr, broker):
    assert broker.get_positions() == []
    answer(ibkr, ReqPositions, silence)
    with pytest.raises(RequestTimeoutError, match="positions: no complete answer"):
        broker.get_positions(timeout_s=3)
    assert broker.is_authenticated()


def moved_by_what_was_bought(ibkr, broker) -> None:
    """On top of two contracts held before, one bought makes three."""
    call = broker.qualify_contract(CALL)
    ibkr.faults.external_trade(call.con_id, 2)
    before = quantity_of(broker, call.con_id)
    order_id = broker.place_order(CALL, market("BUY", 1))
    broker.wait_for_order(order_id, {"Filled"}, 30)
    assert quantity_of(broker, call.con_id) - before == 1
    assert ibkr.account.positions()[call.con_id] == 3


@pytest.mark.req("LV-017")
def test_a_fill_moves_the_position_by_what_was_bought(ibkr, broker):
    moved_by_what_was_bought(ibkr, broker)
    [row] = broker.get_positions()
    assert row.avg_cost == row.avg_price * 100
    assert (row.right, row.symbol, row.contract.exchange) == ("C", "SPY", "SMART")


@pytest.mark.req("LV-017", counter_proof="the gateway keeps its position rows to itself")
def test_counter_proof_positions_that_do_not_move_are_noticed(ibkr, broker):
    positions_unmoved(ibkr)
    broker.reconnect()
    with pytest.raises(AssertionError, match="== 1"):
        moved_by_what_was_bought(ibkr, broker)


def outside_trade_is_seen(ibkr, broker) -> None:
    """What somebody else trades on the account is in the very next answer."""
    spy = broker.qualify_contract(SPY)
    for quantity, expected in ((100, 100), (-30, 70), (-70, 0)):
        ibkr.faults.external_trade("SPY", quantity)
        assert quantity_of(broker, spy.con_id) == expected
    assert broker.orders == ()


def test_a_trade_from_elsewhere_is_in_the_next_positions(ibkr, broker):
    outside_trade_is_seen(ibkr, broker)
    broker.server_time()
    assert len(ibkr.journal.requests("reqPositions")) == 3
    assert len(ibkr.journal.requests("cancelPositions")) == 3
    assert [row.position for row in ibkr.journal.answers(Position)][:1] == [100]


def test_counter_proof_remembered_positions_are_noticed(ibkr, broker, monkeypatch):
    remembered = broker.get_positions()
    monkeypatch.setattr(broker, "get_positions", lambda: remembered)
    with pytest.raises(AssertionError, match="== 100"):
        outside_trade_is_seen(ibkr, broker)


@pytest.mark.req("LV-019")
def test_cash_after_a_round_trip_is_fills_and_commissions_to_the_cent(ibkr, broker):
    before = broker.get_account_balance().total_cash_value
    for action in ("BUY", "SELL"):
        order_id = broker.place_order(CALL, market(action, 3))
        broker.wait_for_order(order_id, {"Filled"}, 30)
    ibkr.journal.wait_for(lambda e: isinstance(e.message, CommissionReport))
    pass_time(ibkr, broker, 1)
    fills = broker.executions()
    paid = sum(
        (fill.price * fill.quantity * 100 * (1 if fill.side == "BUY" else -1) for fill in fills),
        Decimal(0),
    )
    fees = sum((fill.commission for fill in fills), Decimal(0))
    assert {fill.commission_currency for fill in fills} == {"USD"}
    after = broker.get_account_balance().total_cash_value
    assert abs(before - paid - fees - after) <= CENT
    assert abs(ibkr.account.cash() - (before - paid - fees)) < Decimal("0.000001")
    sold = [fill for fill in fills if fill.side == "SELL"]
    bought = [fill for fill in fills if fill.side == "BUY"]
    assert all(fill.realized_pnl is None for fill in bought)
    profit = sum((fill.realized_pnl for fill in sold), Decimal(0))
    assert abs(profit - (-paid - fees)) <= CENT
    assert broker.get_positions() == []


@pytest.mark.req("LV-020")
def test_positions_that_come_late_are_not_taken_for_the_next_answer(ibkr, broker):
    with ibkr.faults.delay("reqPositions", 5, times=1):
        with pytest.raises(RequestTimeoutError):
            broker.get_positions(timeout_s=1)
        ibkr.faults.external_trade("SPY", 100)
        assert [row.quantity for row in broker.get_positions()] == [100]
        pass_time(ibkr, broker, 6)
    ibkr.faults.external_trade("SPY", 50)
    assert [row.quantity for row in broker.get_positions()] == [150]
    assert len(ibkr.journal.requests("reqPositions")) == 4  # in doubt once: asked twice


def test_questions_without_an_id_are_answered_to_every_thread(ibkr, broker):
    """Positions, summaries and order lists can be asked for once at a time only."""
    ibkr.faults.external_trade("SPY", 100)
    questions = [
        lambda: [row.quantity for row in broker.get_positions()] == [100],
        lambda: broker.get_account_balance().total_cash_value == ibkr.account.cash(),
        lambda: broker.open_orders() == [],
        lambda: broker.completed_orders() == [],
        lambda: abs((broker.server_time() - ibkr.clock.now()).total_seconds()) < 60,
    ]
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda ask: ask(), questions * 8))
    assert answers == [True] * 40
    assert len(ibkr.journal.requests("reqPositions")) == 8


def test_a_commission_is_unknown_until_its_report(ibkr, broker):
    ibkr.call(lambda: setattr(ibkr.engine.conditions.latency, "commission_s", 0.0))
    order_id = broker.place_order(CALL, market("BUY", 1))
    broker.wait_for_order(order_id, {"Filled"}, 30)
    pass_time(ibkr, broker, 1)
    [report] = ibkr.journal.answers(CommissionReport)
    [fill] = executions(ibkr, order_id)
    state = broker.get_order_status(order_id)
    assert report.exec_id == fill.exec_id == state.executions[0].exec_id
    assert state.commission == report.commission
    assert state.avg_fill_price == fill.price


def test_a_resting_order_moves_neither_cash_nor_positions(ibkr, broker):
    before = ibkr.account.cash()
    order_id = broker.place_order(CALL, limit("BUY", "0.05", 10))
    broker.wait_for_order(order_id, {"Submitted"}, 5)
    assert broker.get_account_balance().total_cash_value == before == ibkr.account.cash()
    assert broker.get_positions() == []
