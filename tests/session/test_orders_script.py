"""Orders handled by a test: filled, refused, cancelled, held; positions put into the account."""

from __future__ import annotations

from decimal import Decimal

import pytest

from pytest_ibkr.errors import UsageError
from pytest_ibkr.wire.messages.account import Position, PositionEnd, ReqPositions
from pytest_ibkr.wire.messages.contract import Contract
from pytest_ibkr.wire.messages.executions import CommissionReport, ExecutionData
from pytest_ibkr.wire.messages.exercise import OrderBound
from pytest_ibkr.wire.messages.order import OrderStatus, ReqAutoOpenOrders
from pytest_ibkr.wire.messages.order_echo import OpenOrder
from pytest_ibkr.wire.messages.place_order import PlaceOrder
from pytest_ibkr.wire.messages.session import ErrorNotice
from tests.net.raw_client import RawClient

SPY = Contract(symbol="SPY", sec_type="STK", exchange="SMART", currency="USD")
ABOUT_AN_ORDER = (OpenOrder, OrderStatus, ExecutionData, CommissionReport, ErrorNotice)


def order(order_id: int = 3, **terms: object) -> PlaceOrder:
    values: dict[str, object] = {
        "order_id": order_id,
        "contract": SPY,
        "action": "BUY",
        "quantity": Decimal(10),
        "order_type": "LMT",
        "limit_price": Decimal("700.00"),
        "tif": "DAY",
        **terms,
    }
    return PlaceOrder(**values)


@pytest.fixture
def client(ibkr):
    with RawClient(ibkr).start(ibkr.client_id) as client:
        yield client


def told(client: RawClient) -> list[str]:
    """What came about orders, short, in order."""
    shown = []
    for message in client.received:
        if isinstance(message, OrderStatus):
            shown.append(f"3 {message.status} {message.filled:f}/{message.remaining:f}")
        elif isinstance(message, ErrorNotice) and message.request_id > 0:
            shown.append(f"{message.code} {message.text}")
        elif isinstance(message, ABOUT_AN_ORDER) and not isinstance(message, ErrorNotice):
            shown.append(str(message.MSG_ID))
    return shown


def test_a_fill_comes_in_the_gateways_order(ibkr, client):
    client.send(order())
    ibkr.assert_order_reaches(3, "Submitted")
    ibkr.clock.hold(answers=False)
    state = ibkr.orders.fill(3, 4, 699.5)
    assert (state.status, state.filled, state.average_price) == ("Submitted", 4, Decimal("699.5"))
    ibkr.orders.fill(3)
    ibkr.clock.sleep(1)
    client.wait_for(CommissionReport, lambda _m: len(client.of(CommissionReport)) == 2)
    assert told(client) == [
        *("5", "3 PreSubmitted 0/10", "5", "3 Submitted 0/10", "5", "3 Submitted 0/10"),
        *("11", "5", "3 Submitted 4/6", "11", "5", "3 Filled 10/0"),
        *("5", "3 Filled 10/0", "59", "5", "3 Filled 10/0", "59"),
    ]
    assert [m.price for m in client.of(ExecutionData)] == [Decimal("699.5"), Decimal("700.00")]
    assert ibkr.account.position("SPY") == 10


def test_an_order_on_its_way_is_acknowledged_first(ibkr, client):
    client.send(order())
    assert ibkr.orders.fill(3).status == "Filled"
    ibkr.clock.hold(answers=False)
    client.send(order(4))
    with pytest.raises(UsageError, match="wait for its acknowledgement"):
        ibkr.orders.fill(4)
    ibkr.clock.resume()


def test_a_market_order_fills_at_the_other_side_unless_a_price_is_given(ibkr, client):
    ibkr.market.quote("SPY", bid=750.00, ask=750.01)
    with ibkr.orders.hold():
        client.send(order(order_type="MKT", limit_price=None))
        assert ibkr.orders.fill(3).average_price == Decimal("750.01")


def test_without_a_quote_a_price_must_be_given(ibkr, client):
    ibkr.market.withdraw("SPY")
    client.send(order(order_type="MKT", limit_price=None))
    with pytest.raises(UsageError, match="no two-sided quote: give a price"):
        ibkr.orders.fill(3)
    assert ibkr.orders.fill(3, price=751).status == "Filled"


def test_a_rejection_is_inactive_the_error_and_inactive(ibkr, client):
    client.send(order())
    assert ibkr.orders.reject(3, 201, "Order rejected - reason:so").status == "Inactive"
    client.wait_for(ErrorNotice, lambda m: m.code == 201)
    client.wait_for(OrderStatus, lambda _m: client.of(OrderStatus)[-1].status == "Inactive")
    while [m.status for m in client.of(OrderStatus)].count("Inactive") < 2:
        client.read()
    assert told(client)[-3:] == [
        "3 Inactive 0/10",
        "201 Order rejected - reason:so",
        "3 Inactive 0/10",
    ]
    with pytest.raises(UsageError, match="order 3 is Inactive: nothing left to reject"):
        ibkr.orders.reject(3)


def test_the_broker_cancels_with_its_reason(ibkr, client):
    client.send(order())
    assert ibkr.orders.cancel(3, "we do not like it").status == "Cancelled"
    client.wait_for(ErrorNotice, lambda m: m.code == 202)
    assert told(client)[-2:] == [
        "3 Cancelled 0/10",
        "202 Order Canceled - reason:we do not like it",
    ]
    with pytest.raises(UsageError, match="nothing left to cancel"):
        ibkr.orders.cancel(3)


def test_held_orders_are_acknowledged_and_fill_at_the_release(ibkr, client):
    ibkr.orders.hold()
    client.send(order(limit_price=Decimal("760.00")))
    ibkr.assert_order_reaches(3, "Submitted")
    ibkr.clock.sleep(5)
    assert ibkr.orders.status(3).filled == 0
    ibkr.orders.release()
    assert ibkr.orders.status(3).status == "Filled"


def test_order_ids_belong_to_a_client(ibkr, client):
    with RawClient(ibkr).start(9) as other, RawClient(ibkr).start(10) as third:
        other.send(order(5))
        assert ibkr.orders.status(5).client_id == 9
        third.send(order(5))
        with pytest.raises(UsageError, match=r"several clients have an order 5: 9, 10"):
            ibkr.orders.fill(5)
        assert ibkr.orders.fill(5, client_id=10).client_id == 10
        client.send(order(5))
        assert ibkr.orders.status(5).client_id == ibkr.client_id
        states = ibkr.orders.all()
    assert [(s.client_id, s.order_id, s.symbol) for s in states] == [
        (9, 5, "SPY"),
        (10, 5, "SPY"),
        (ibkr.client_id, 5, "SPY"),
    ]


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda o: o.fill(9), "has no order 9; orders: .*/3 "),
        (lambda o: o.fill(3, 11), "cannot fill 11: it is Submitted with 10 remaining"),
        (lambda o: o.fill(3, 1.5), "quantity cannot be 1.5"),
        (lambda o: o.fill(3, 1, float("nan")), "price cannot be nan"),
        (lambda o: o.fill(3, 1, -1), "price cannot be -1"),
        (lambda o: o.fill("3"), "an order id cannot be '3'"),
        (lambda o: o.reject(3, -1), "an error code cannot be -1"),
        (lambda o: o.reject(3, 201, None), "an error text cannot be None"),
    ],
)
def test_what_cannot_be_is_refused_at_the_call(ibkr, client, call, text):
    client.send(order())
    ibkr.assert_order_reaches(3, "Submitted")
    with pytest.raises(UsageError, match=text):
        call(ibkr.orders)
    assert ibkr.orders.status(3).filled == 0


def rows(client: RawClient) -> list[Decimal]:
    return [row.position for row in client.of(Position)]


def test_a_position_put_in_is_listed_once_to_who_asks_next(ibkr, client):
    client.send(ReqPositions())
    client.wait_for(PositionEnd)
    ibkr.clock.hold()
    ibkr.account.add_position("SPY", 5, average_cost=Decimal(700))
    client.send(ReqPositions())
    client.wait_for(PositionEnd, lambda m: m is not client.of(PositionEnd)[0])
    ibkr.clock.sleep(2)
    client.send(ReqPositions())
    client.wait_for(PositionEnd, lambda m: len(client.of(PositionEnd)) == 3)
    assert rows(client) == [5, 5], "one row a list, and none beside"


def test_who_watches_positions_is_told_once(ibkr, client):
    client.send(ReqPositions())
    client.wait_for(PositionEnd)
    ibkr.account.add_position("SPY", 5, average_cost=Decimal(700))
    ibkr.account.add_position("SPY", 1, average_cost=Decimal(700))
    client.wait_for(Position)
    ibkr.clock.sleep(2)
    client.send(ReqPositions())
    client.wait_for(PositionEnd, lambda m: len(client.of(PositionEnd)) == 2)
    assert rows(client) == [6, 6]
    assert ibkr.account.position("SPY") == 6
    assert ibkr.account.position("QQQ") == 0


def test_an_immediate_order_is_held_with_the_market(ibkr, client):
    with ibkr.orders.hold():
        client.send(order(order_type="MKT", limit_price=None, tif="IOC"))
        ibkr.assert_order_reaches(3, "PreSubmitted")
        ibkr.clock.sleep(2)
        state = ibkr.orders.fill(3, 4)
        assert (state.status, state.remaining) == ("Submitted", 6)
    ibkr.assert_order_reaches(3, "Filled")


@pytest.mark.parametrize("halted", [False, True])
def test_an_immediate_order_goes_when_the_hold_ends_and_nothing_fills_it(ibkr, client, halted):
    with ibkr.orders.hold():
        client.send(order(tif="IOC"))
        ibkr.assert_order_reaches(3, "Submitted")
        ibkr.clock.sleep(2)
        if halted:
            ibkr.market.halt("SPY")
        assert ibkr.orders.status(3).status == "Submitted"
    assert ibkr.orders.status(3).status == "Cancelled"


@pytest.mark.parametrize("text", ["two\nlines", "two\u2028lines", "", None])
def test_a_headline_is_one_line(ibkr, text):
    with pytest.raises(UsageError, match="one line of text is expected"):
        ibkr.news.publish(text, symbols="SPY")


def test_the_day_of_an_event_is_a_date(ibkr):
    with pytest.raises(UsageError, match="a day cannot be '2026-07-10'"):
        ibkr.news.calendar_event("SPY", "wshe_ed", "2026-07-10")


@pytest.mark.parametrize(
    ("terms", "price"),
    [
        ({}, 900),
        ({}, 700.01),
        ({}, 0),
        ({"action": "SELL", "limit_price": Decimal(800)}, 799.99),
        ({"order_type": "STP", "limit_price": None, "aux_price": Decimal(790)}, 0),
    ],
)
def test_no_exchange_fills_at_nothing_or_beyond_the_limit(ibkr, client, terms, price):
    client.send(order(**terms))
    with pytest.raises(UsageError, match=r"order 3 cannot fill at .*: it (buy|sell)s"):
        ibkr.orders.fill(3, 1, price)
    assert ibkr.orders.status(3).filled == 0


def test_a_fill_may_be_better_than_the_limit_and_between_two_ticks(ibkr, client):
    client.send(order())
    assert ibkr.orders.fill(3, 1, 699.9951).average_price == Decimal("699.9951")


def test_what_was_not_transmitted_can_neither_fill_nor_be_rejected(ibkr, client):
    client.send(order(transmit=False))
    for act in (ibkr.orders.fill, ibkr.orders.reject):
        with pytest.raises(UsageError, match="transmit=False: IB does not have it yet"):
            act(3)
    client.send(order())
    ibkr.assert_order_reaches(3, "Submitted")


def test_an_order_entered_by_hand_is_client_0s(ibkr):
    with RawClient(ibkr).start(0) as zero:
        zero.send(ReqAutoOpenOrders(bind=True))
        ibkr.journal.wait_for(ReqAutoOpenOrders)
        entered = ibkr.orders.enter("BUY", 10, "SPY", limit_price=700)
        assert (entered.client_id, entered.order_id, entered.status) == (0, -1, "PendingSubmit")
        bound = zero.wait_for(OrderBound)
    assert (bound.client_id, bound.order_id) == (0, -1)


def test_nobody_enters_an_order_off_the_price_grid(ibkr):
    with pytest.raises(UsageError, match="nobody can enter this order by hand: 110"):
        ibkr.orders.enter("BUY", 10, "SPY", limit_price=700.001)
    assert ibkr.orders.all() == []
