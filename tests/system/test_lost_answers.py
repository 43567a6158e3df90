"""Answers that never come, come late or cannot be read: they cost their own question only."""

from __future__ import annotations

from decimal import Decimal

import pytest

from bot.broker import BrokerError, RequestTimeoutError
from pytest_ibkr.wire.messages.account import Position, PositionEnd, ReqPositions
from pytest_ibkr.wire.messages.executions import ExecutionData
from pytest_ibkr.wire.messages.order import ReqCompletedOrders, ReqOpenOrders
from pytest_ibkr.wire.messages.session import ReqCurrentTime
from tests.system.bench import CALL, market, pass_time
from tests.system.variants import answer, replaced, rewrite

UNSET = 1.7976931348623157e308
QUESTIONS = {
    "time": (ReqCurrentTime, lambda broker: broker.server_time(timeout_s=3)),
    "positions": (ReqPositions, lambda broker: broker.get_positions(timeout_s=3)),
    "open orders": (ReqOpenOrders, lambda broker: broker.open_orders(timeout_s=3)),
    "completed orders": (ReqCompletedOrders, lambda broker: broker.completed_orders(timeout_s=3)),
}


@pytest.fixture
def rewriting(ibkr, connect):
    """Connect a broker to a gateway that rewrites one kind of message."""

    def connected(kind, change):
        rewrite(ibkr, kind, change)
        return connect()

    return connected


@pytest.mark.parametrize("question", QUESTIONS)
def test_an_answer_that_is_lost_costs_its_own_question_only(ibkr, broker, question):
    kind, ask = QUESTIONS[question]
    lost = []

    def lose_the_first(client, message, original):
        if lost:
            original(client, message)
        lost.append(message)

    answer(ibkr, kind, lose_the_first)
    with pytest.raises(RequestTimeoutError, match=r"no complete answer within 3 s"):
        ask(broker)
    ibkr.faults.external_trade("SPY", 100)
    first, second = ask(broker), ask(broker)
    if question == "positions":
        assert [row.quantity for row in (*first, *second)] == [100, 100]


def test_a_late_answer_that_arrives_before_the_next_one_is_not_taken_for_it(ibkr, broker):
    """The old answer's rows (here: none) speak of a time before the question."""
    met = []

    def late(client, message, original):
        met.append(message)
        if len(met) == 2:
            client.send(PositionEnd())
        if len(met) > 1:
            original(client, message)

    answer(ibkr, ReqPositions, late)
    with pytest.raises(RequestTimeoutError):
        broker.get_positions(timeout_s=1)
    ibkr.faults.external_trade("SPY", 100)
    assert [row.quantity for row in broker.get_positions()] == [100]


def test_a_position_without_quantity_fails_the_question_and_is_not_missing(ibkr, rewriting):
    broker = rewriting(Position, lambda row: replaced(row, position=Decimal(str(UNSET))))
    ibkr.faults.external_trade("SPY", 100)
    with pytest.raises(BrokerError, match="has no quantity"):
        broker.get_positions()
    assert "has no quantity" in broker.faults[0]
    assert broker.is_authenticated()


def test_an_unknown_cost_is_none(ibkr, rewriting):
    broker = rewriting(Position, lambda row: replaced(row, average_cost=UNSET))
    ibkr.faults.external_trade("SPY", 100)
    [row] = broker.get_positions()
    assert (row.quantity, row.avg_cost, row.avg_price) == (100, None, None)


@pytest.mark.parametrize("field", ["shares", "price"])
def test_an_execution_without_price_or_quantity_fails_the_question(ibkr, rewriting, field):
    value = UNSET if field == "price" else Decimal(str(UNSET))
    broker = rewriting(ExecutionData, lambda fill: replaced(fill, **{field: value}))
    order_id = broker.place_order(CALL, market("BUY"))
    broker.wait_for_order(order_id, {"Filled"}, 30)
    pass_time(ibkr, broker, 1)
    with pytest.raises(BrokerError, match="has no quantity or no price"):
        broker.executions()
    assert broker.get_order_status(order_id).executions == ()
    assert broker.get_order_status(order_id).filled == 1
