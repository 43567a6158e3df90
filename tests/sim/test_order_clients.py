"""Orders across clients: entered by hand, bound by client 0, followed by the master client."""

from __future__ import annotations

from decimal import Decimal

import pytest

from pytest_ibkr.sim.order_state import Order, Status
from pytest_ibkr.wire.messages.completed_order import CompletedOrder
from pytest_ibkr.wire.messages.exercise import ExerciseOptions, OrderBound
from pytest_ibkr.wire.messages.order import (
    OrderStatus,
    ReqAllOpenOrders,
    ReqAutoOpenOrders,
    ReqCompletedOrders,
    ReqOpenOrders,
)
from pytest_ibkr.wire.messages.place_order import PlaceOrder
from tests.sim.orders_bench import Bench, Desk

pytestmark = pytest.mark.req("XC-001")
RESTING = ["5:PreSubmitted", "3:PreSubmitted 0/10", *["5:Submitted", "3:Submitted 0/10"] * 2]


@pytest.fixture
def bench() -> Bench:
    return Bench()


def enter(bench: Bench, price: str = "700.00") -> Order:
    """Somebody enters a limit buy of 10 in TWS."""
    terms = PlaceOrder(
        order_id=0,
        contract=bench.spy_contract,
        action="BUY",
        quantity=Decimal(10),
        order_type="LMT",
        limit_price=Decimal(price),
        tif="DAY",
    )
    order = bench.engine.orders.enter(terms, bench.spy)
    bench.run(1)
    return order


def ids(client: Desk) -> set[tuple[int, int]]:
    found = client.receive()
    return {(m.client_id, m.order_id) for m in found if isinstance(m, OrderStatus)}


def test_client_0_is_told_of_orders_entered_by_hand_and_nobody_else(bench: Bench) -> None:
    zero, other = bench.start(200, client_id=0), bench.start(200, client_id=1)
    enter(bench)
    assert zero.script() == RESTING
    assert other.script() == []
    assert {(m.client_id, m.order_id) for m in zero.seen if isinstance(m, OrderStatus)} == {(0, 0)}
    for asking, known in ((zero, {(0, 0)}), (other, set())):
        asking.send(ReqOpenOrders())
        bench.run(1)
        assert ids(asking) == known
    other.send(ReqAllOpenOrders())
    bench.run(1)
    assert ids(other) == {(0, 0)}


def test_bound_orders_get_negative_ids_and_can_be_changed_and_cancelled(bench: Bench) -> None:
    zero = bench.start(200, client_id=0)
    zero.send(ReqAutoOpenOrders(bind=True))
    assert zero.receive() == []
    order = enter(bench)
    assert zero.script() == ["100", *RESTING]
    (bound,) = (m for m in zero.seen if isinstance(m, OrderBound))
    assert (bound.client_id, bound.order_id, bound.perm_id) == (0, -1, order.perm_id)
    zero.place(-1, "BUY", 20, limit_price="701.00")
    bench.run(1)
    assert zero.script() == ["5:Submitted", "3:Submitted 0/20"]
    zero.cancel(-1)
    bench.run(1)
    assert zero.script() == ["3:PendingCancel 0/20", "3:Cancelled 0/20", "202"]


def test_binding_ends_with_the_client_that_asked(bench: Bench) -> None:
    zero = bench.start(200, client_id=0)
    zero.send(ReqAutoOpenOrders(bind=True))
    bench.engine.gone(zero.client, "")
    assert enter(bench).order_id == 0


def test_two_orders_by_hand_are_two_orders(bench: Bench) -> None:
    zero = bench.start(200, client_id=0)
    enter(bench)
    enter(bench, "701.00")
    assert len(bench.engine.orders.open_orders()) == 2
    zero.receive()
    zero.cancel(0)
    assert zero.script() == ["10149"]


@pytest.mark.parametrize(("api_only", "rows"), [(False, 2), (True, 1)])
def test_completed_orders_may_leave_out_what_was_entered_by_hand(
    bench: Bench, *, api_only: bool, rows: int
) -> None:
    client = bench.start(200)
    enter(bench, "756.00")
    client.place(1, "BUY", 10)
    bench.run(1)
    client.receive()
    client.send(ReqCompletedOrders(api_only=api_only))
    bench.run(1)
    found = [m for m in client.receive() if isinstance(m, CompletedOrder)]
    assert [m.completed_status for m in found] == ["Filled Size: 10"] * rows


def test_the_master_client_follows_everybodys_orders(bench: Bench) -> None:
    bench.engine.conditions.master_client_id = 9
    master, client = bench.start(200, client_id=9), bench.start(200, client_id=1)
    client.place(1, "BUY", 100)
    bench.run(1)
    told = client.script()
    assert master.script() == told[:-1]  # all but the commission report
    assert told[-1] == "59"
    client.place(2, "BUY", 100, limit_price="700.001")
    assert (client.script(), master.script()) == (["110"], [])
    master.place(1, "BUY", 5, limit_price="700.00")
    bench.run(1)
    assert (len(master.receive()), client.receive()) == (6, [])


# Exercise, where the gateway serves it


def exercise(bench: Bench, action: int = 1, quantity: int = 1, *, override: bool = False) -> Desk:
    """What the holder of two contracts is told of an exercise request."""
    bench.engine.conditions.exercise = "served"
    bench.engine.accounts.add_position(bench.option, Decimal(2), average_cost=Decimal(100))
    client = bench.start(200)
    client.send(
        ExerciseOptions(
            request_id=12,
            contract=bench.option_contract,
            action=action,
            quantity=quantity,
            override=override,
        )
    )
    bench.run(1)
    return client


PSEUDO = ["5:PreSubmitted", "3:PreSubmitted 0/1", "5:Filled", "3:Filled 1/0"]


def test_a_served_exercise_delivers_and_reports_a_pseudo_order(bench: Bench) -> None:
    client = exercise(bench, override=True)
    assert client.script() == PSEUDO
    shares = 100 if bench.option.right == "C" else -100
    assert bench.engine.accounts.quantities() == {bench.option.con_id: 1, bench.spy.con_id: shares}
    assert bench.engine.orders.book.all() == []
    assert bench.engine.orders.next_order_id(1) == 13


def test_out_of_the_money_only_an_override_exercises(bench: Bench) -> None:
    strike = bench.option.strike
    away = strike - 50 if bench.option.right == "C" else strike + 50
    bench.market.set(bench.spy, away, away + 0.05)
    assert exercise(bench).script() == ["322"]


def test_a_served_lapse_gives_the_right_up_at_expiry(bench: Bench) -> None:
    client = exercise(bench, action=2)
    assert client.script() == PSEUDO
    assert bench.option.con_id in bench.engine.expiry.lapsed
    assert bench.engine.accounts.quantities() == {bench.option.con_id: 2}


def test_more_than_is_held_is_not_exercised(bench: Bench) -> None:
    assert exercise(bench, quantity=3, override=True).script() == ["322"]


def test_adaptive_orders_are_worked_as_their_base_order_where_they_are(bench: Bench) -> None:
    bench.engine.conditions.adaptive_algo = "worked"
    client = bench.start(200)
    client.place(1, "BUY", 10, algo_strategy="Adaptive")
    bench.run(1)
    assert client.order(1).status is Status.FILLED
    client.place(2, "BUY", 10, algo_strategy="Adaptive", order_type="STP", aux_price="760")
    assert client.script()[-1] == "442"
