"""A cancel and a fill that meet: whatever comes first, the bot ends with the truth."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest

from bot.broker import OrderNotFoundError, RequestTimeoutError
from pytest_ibkr.wire.messages.order import CancelOrder, ReqOpenOrders
from pytest_ibkr.wire.messages.place_order import PlaceOrder
from pytest_ibkr.wire.messages.session import ErrorNotice
from tests.system.bench import CALL, error_codes, executions, fill, limit, market, pass_time
from tests.system.variants import answer, cancel_order_ignored


@pytest.fixture
def resting(ibkr, broker):
    """The id of a working order that the market leaves alone."""
    ibkr.call(ibkr.engine.orders.hold)
    order_id = broker.place_order(CALL, limit("BUY", "1.77", 4))
    broker.wait_for_order(order_id, {"Submitted"}, 5)
    return order_id


@pytest.mark.req("LV-035")
def test_a_fill_on_the_way_of_a_cancel_is_accepted_as_a_fill(ibkr, broker, resting):
    """The cancel is under way to the exchange when the order fills: 10148 comes back."""

    def filled_first(client, message, original):
        original(client, message)
        fill(ibkr, message.order_id, 4, "1.77")

    answer(ibkr, CancelOrder, filled_first)
    state = broker.cancel_order(resting)
    assert (state.status, state.filled, state.remaining) == ("Filled", 4, 0)
    pass_time(ibkr, broker, 1)
    assert error_codes(ibkr, resting) == [10148]
    assert broker.get_order_status(resting).is_filled
    assert broker.get_positions()[0].quantity == 4


@pytest.mark.req("LV-035")
def test_cancelling_an_order_known_to_be_filled_sends_nothing(ibkr, broker):
    order_id = broker.place_order(CALL, market("BUY"))
    broker.wait_for_order(order_id, {"Filled"}, 30)
    assert broker.cancel_order(order_id).is_filled
    broker.server_time()
    assert ibkr.journal.requests("cancelOrder") == []


@pytest.mark.req("LV-035")
@pytest.mark.parametrize("code", [161, 10147, 10148])
def test_a_refused_cancel_is_settled_by_asking_what_became_of_the_order(
    ibkr, broker, resting, code
):
    """The fill's own messages are lost: only the questions bring it to light."""

    def refuse(client, message, _original):
        send = client.send
        client.send = lambda *sent: send(*[m for m in sent if isinstance(m, ErrorNotice)])
        fill(ibkr, message.order_id, 4, "1.77")
        client.error(message.order_id, code, "cannot be cancelled")

    def listed(client, message, original):
        del client.send  # what it is asked for it tells
        original(client, message)

    answer(ibkr, CancelOrder, refuse)
    answer(ibkr, ReqOpenOrders, listed)
    state = broker.cancel_order(resting)
    assert (state.status, state.filled) == ("Filled", 4)
    assert len(ibkr.journal.requests("reqOpenOrders")) == 1
    [asked] = ibkr.journal.requests("reqExecutions")
    [execution] = executions(ibkr, resting)
    assert execution.request_id == asked.request_id


def test_a_partial_fill_before_the_cancel_keeps_its_quantity(ibkr, broker, resting):
    def partly_first(client, message, original):
        fill(ibkr, message.order_id, 1, "1.77")
        original(client, message)

    answer(ibkr, CancelOrder, partly_first)
    state = broker.cancel_order(resting)
    assert (state.status, state.filled, state.remaining) == ("Cancelled", 1, 3)
    assert error_codes(ibkr, resting) == [202]
    assert ibkr.account.positions() == {state.contract.con_id: 1}


def test_a_cancel_right_behind_its_order_cannot_overtake_it(ibkr, broker):
    order_id = broker.place_order(CALL, limit("BUY", "0.50"))
    assert broker.cancel_order(order_id).status == "Cancelled"
    assert [type(m) for m in ibkr.journal.requests() if getattr(m, "order_id", 0) == order_id] == [
        PlaceOrder,
        CancelOrder,
    ]


def test_a_cancel_that_is_swallowed_is_reported_with_the_orders_state(ibkr, broker, resting):
    cancel_order_ignored(ibkr)
    with pytest.raises(RequestTimeoutError, match=f"order {resting} is still Submitted 10 s after"):
        broker.cancel_order(resting)
    assert [order.order_id for order in broker.open_orders()] == [resting]


def test_an_unknown_order_is_not_cancelled_on_the_wire(ibkr, broker):
    with pytest.raises(OrderNotFoundError, match="order 99"):
        broker.cancel_order(99)
    broker.server_time()
    assert ibkr.journal.requests("cancelOrder") == []


def test_eight_threads_place_orders_under_ids_of_their_own(ibkr, broker):
    prices = [f"0.{cents}" for cents in range(10, 34)]

    def place(price):
        order_id = broker.place_order(CALL, limit("BUY", price))
        return order_id, broker.wait_for_order(order_id, {"Submitted"}, 30)

    with ThreadPoolExecutor(8) as pool:
        placed = list(pool.map(place, prices))
    sent = {order.order_id: order.limit_price for order in ibkr.journal.orders()}
    assert len(sent) == len(prices)
    for price, (order_id, state) in zip(prices, placed, strict=True):
        assert sent[order_id] == state.ticket.limit_price == Decimal(price)
    assert len(broker.open_orders()) == len(prices)
    assert len(broker.cancel_all_orders()) == len(prices)
    assert broker.open_orders() == []


def test_repeated_messages_of_a_fill_are_counted_once(ibkr, broker, resting):
    fill(ibkr, resting, 4, "1.77")
    broker.wait_for_order(resting, {"Filled"}, 5)
    for _time in range(2):
        assert sum(fill.quantity for fill in broker.executions()) == 4
    assert len(executions(ibkr, resting)) == 3  # once live, twice asked for
    assert len(broker.get_order_status(resting).executions) == 1
