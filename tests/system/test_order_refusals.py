"""Orders that are refused, and messages that look like refusals and are none."""

from __future__ import annotations

from decimal import Decimal

import pytest

from bot.broker import OrderRejectedError
from bot.domain.contracts import stock
from bot.domain.orders import OrderTicket
from pytest_ibkr.wire.messages.order import OrderStatus
from pytest_ibkr.wire.messages.place_order import PlaceOrder
from tests.system.bench import (
    CALL,
    NICKEL_CALL,
    SPY,
    error_codes,
    executions,
    limit,
    market,
    pass_time,
    scripted,
)
from tests.system.variants import answer


def refused(broker, contract, ticket) -> OrderRejectedError:
    """Place an order that has to be refused; return the refusal."""
    order_id = broker.place_order(contract, ticket)
    with pytest.raises(OrderRejectedError) as raised:
        broker.wait_for_order(order_id, {"Submitted", "Filled"}, 10)
    assert raised.value.request_id == order_id
    assert broker.get_order_status(order_id).is_rejected
    return raised.value


@pytest.mark.parametrize(
    ("contract", "price"), [(CALL, "1.765"), (NICKEL_CALL, "3.77"), (SPY, "700.001")],
    ids=lambda value: getattr(value, "label", value),
)  # fmt: skip
def test_a_price_off_the_grid_is_refused_before_the_order_exists(ibkr, broker, contract, price):
    refusal = refused(broker, contract, limit("BUY", price))
    assert refusal.code == 110
    assert error_codes(ibkr, refusal.request_id) == [110]
    assert ibkr.journal.answers(OrderStatus) == []
    assert broker.open_orders() == []


def test_the_same_price_in_cents_is_good_below_three_dollars(ibkr, broker):
    order_id = broker.place_order(NICKEL_CALL, limit("BUY", "2.97"))
    assert broker.wait_for_order(order_id, {"Submitted"}, 5).status == "Submitted"
    assert error_codes(ibkr, order_id) == []


def test_a_modification_off_the_grid_leaves_the_old_order_working(ibkr, broker):
    order_id = broker.place_order(NICKEL_CALL, limit("BUY", "2.97"))
    broker.wait_for_order(order_id, {"Submitted"}, 5)
    broker.modify_order(order_id, limit("BUY", "3.02"))
    pass_time(ibkr, broker, 2)
    assert error_codes(ibkr, order_id) == [110]
    assert broker.get_order_status(order_id).ticket.limit_price == Decimal("2.97")
    [listed] = broker.open_orders()
    assert (listed.status, listed.error_code) == ("Submitted", 110)
    assert listed.ticket.limit_price == Decimal("2.97")
    assert broker.cancel_order(order_id).status == "Cancelled"


def funds_refusal_ends_it(ibkr, broker) -> None:
    """Too little money: one refusal, one message, and nothing more is sent."""
    refusal = refused(broker, SPY, market("BUY", 100_000))
    assert refusal.code == 201
    assert "MUST EXCEED THE INITIAL MARGIN" in refusal.message
    pass_time(ibkr, broker, 60)
    assert [order.order_id for order in ibkr.journal.orders()] == [refusal.request_id]


@pytest.mark.req("LV-033")
def test_a_rejection_for_funds_is_final_and_not_sent_again(ibkr, broker):
    funds_refusal_ends_it(ibkr, broker)
    [order] = broker.orders
    assert (order.status, order.error_code) == ("Inactive", 201)
    assert error_codes(ibkr, order.order_id) == [201]
    words = [m.status for m in ibkr.journal.answers(OrderStatus)]
    assert words == ["Inactive", "Inactive"]
    assert executions(ibkr, order.order_id) == []


@pytest.mark.req("LV-033", counter_proof="a refused order is sent once more")
def test_counter_proof_a_repeated_order_after_a_rejection_is_noticed(ibkr, broker, monkeypatch):
    place = broker.place_order

    def twice(contract, ticket):
        place(contract, ticket)
        return place(contract, ticket)

    monkeypatch.setattr(broker, "place_order", twice)
    with pytest.raises(AssertionError, match=r"\[1, 2\] == \[2\]"):
        funds_refusal_ends_it(ibkr, broker)


def test_cash_for_an_option_is_checked_with_what_is_pending(ibkr, broker):
    refusal = refused(broker, CALL, limit("BUY", "1.70", 10_000))
    assert refusal.code == 201
    assert "CASH NEEDED" in refusal.message
    assert ibkr.account.positions() == {}


def test_both_sides_of_one_option_are_refused_and_the_first_order_works_on(ibkr, broker):
    first = broker.place_order(CALL, limit("BUY", "0.50"))
    broker.wait_for_order(first, {"Submitted"}, 5)
    refusal = refused(broker, CALL, limit("SELL", "9.00"))
    assert refusal.code == 201
    assert "both sides" in refusal.message
    assert [order.order_id for order in broker.open_orders()] == [first]


@pytest.mark.req("LV-024")
@pytest.mark.parametrize("quantity", ["0", "-1", "NaN"])
def test_a_quantity_that_is_not_positive_never_reaches_the_wire(ibkr, broker, quantity):
    with pytest.raises(ValueError, match="invalid quantity"):
        broker.place_order(CALL, OrderTicket(action="BUY", quantity=quantity, limit_price=1))
    broker.server_time()
    assert ibkr.journal.orders() == []


@pytest.mark.parametrize(("contract", "code"), [(CALL, 10318), (SPY, 10243)], ids=["OPT", "STK"])
def test_a_fraction_is_refused_by_the_gateway(ibkr, broker, contract, code):
    ticket = OrderTicket(action="BUY", quantity=Decimal("1.5"), limit_price=Decimal("0.50"))
    assert refused(broker, contract, ticket).code == code
    assert ibkr.journal.orders()[0].quantity == Decimal("1.5")


def test_an_order_for_an_unknown_contract_is_refused(ibkr, broker):
    refusal = refused(broker, stock("INVALID_SYMBOL_XYZ"), market("BUY"))
    assert refusal.code == 200
    assert error_codes(ibkr) == [*error_codes(ibkr, -1), 200]


def test_a_rejection_by_the_exchange_of_a_working_order_ends_it(ibkr, broker):
    order_id = broker.place_order(CALL, limit("BUY", "0.50"))
    broker.wait_for_order(order_id, {"Submitted"}, 5)
    order = scripted(ibkr, order_id)
    text = "Order rejected - reason:The exchange is closed."
    ibkr.call(lambda: ibkr.engine.orders.reject(order, 201, text))
    with pytest.raises(OrderRejectedError, match="exchange is closed"):
        broker.wait_for_order(order_id, {"Filled"}, 10)
    assert broker.open_orders() == []


def test_a_gateway_in_read_only_mode_refuses_orders_and_queries_with_321(ibkr, broker):
    ibkr.configure(read_only=True)
    assert refused(broker, CALL, limit("BUY", "0.50")).code == 321
    with pytest.raises(Exception, match="Read-Only") as raised:
        broker.open_orders(timeout_s=5)
    assert raised.value.code == 321
    assert broker.get_positions() == []


NOTICES = [
    (399, "Order Message:\nBUY 1 SPY\nWarning: your order will not be placed until tomorrow"),
    (404, "Shares for this order are not immediately available for short sale."),
    (2109, "Order Event Warning:Attribute 'Outside Regular Trading Hours' is ignored"),
    (10349, "Order TIF was set to DAY based on order preset."),
]


@pytest.mark.parametrize(("code", "text"), NOTICES, ids=lambda value: str(value)[:5])
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_notice_about_an_order_does_not_kill_it(ibkr, broker, code, text, when):
    def place(client, message, original):
        if when == "before":
            client.error(message.order_id, code, text)
        original(client, message)
        if when == "after":
            later = lambda: client.error(message.order_id, code, text)  # noqa: E731
            ibkr.engine.owe(client, 1.0, later)

    answer(ibkr, PlaceOrder, place)
    order_id = broker.place_order(CALL, limit("BUY", "0.50"))
    broker.wait_for_order(order_id, {"Submitted"}, 5)
    pass_time(ibkr, broker, 2)
    state = broker.get_order_status(order_id)
    assert error_codes(ibkr, order_id) == [code]
    assert (state.status, state.error_code) == ("Submitted", None)
    assert any(warning.startswith(f"{code}:") for warning in state.warnings)
    assert [order.order_id for order in broker.open_orders()] == [order_id]


@pytest.mark.market_closed
def test_an_order_placed_at_night_waits_with_a_warning(ibkr, broker):
    order_id = broker.place_order(SPY, limit("BUY", "700.00"))
    state = broker.wait_for_order(order_id, {"PreSubmitted"}, 5)
    pass_time(ibkr, broker, 1)
    assert error_codes(ibkr, order_id) == [399]
    assert state.status == "PreSubmitted"
    assert broker.cancel_order(order_id).status == "Cancelled"
