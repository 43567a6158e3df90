"""What children and groups may cost and take: buying power of children, sizes in OCA groups."""

from __future__ import annotations

from decimal import Decimal

import pytest

from pytest_ibkr.sim.order_state import Status
from tests.sim.orders_bench import Bench, Desk

pytestmark = pytest.mark.req("XC-001")
TOO_MANY = 1_000_000  # far beyond what a million dollars carries


@pytest.fixture
def bench() -> Bench:
    return Bench()


@pytest.fixture
def client(bench: Bench) -> Desk:
    return bench.start()


@pytest.mark.parametrize(
    ("action", "contract"),
    [("BUY", "spy"), ("SELL", "spy"), ("SELL", "option")],
    ids=["same-side", "more-than-the-parent", "another-contract"],
)
def test_a_child_beyond_its_parents_close_needs_funds(
    bench: Bench, client: Desk, *, action: str, contract: str
) -> None:
    child = bench.spy_contract if contract == "spy" else bench.option_contract
    limit = "755.00" if contract == "spy" else "2.50"
    client.place(1, "BUY", 1, limit_price="754.95", transmit=False)
    client.place(2, action, TOO_MANY, contract=child, limit_price=limit, parent_id=1)
    bench.run(30)
    assert client.order(1).status is Status.FILLED
    assert (client.order(2).status, client.order(2).filled) == (Status.INACTIVE, 0)
    assert bench.engine.accounts.cash > 0
    assert bench.engine.accounts.quantities() == {bench.spy.con_id: Decimal(1)}


def test_a_child_that_closes_its_parent_needs_none(bench: Bench, client: Desk) -> None:
    client.place(1, "BUY", 2600, limit_price="754.95", transmit=False)  # nearly all there is
    client.place(2, "SELL", 2600, limit_price="760.00", parent_id=1, transmit=False)
    client.place(3, "SELL", 2600, order_type="STP", aux_price="750.00", parent_id=1)
    bench.run(1)
    assert [client.order(i).is_open for i in (1, 2, 3)] == [True] * 3


@pytest.mark.parametrize("case", ["same-side", "another-contract"])
def test_a_child_of_its_parents_size_that_closes_nothing_is_refused_at_once(
    bench: Bench, client: Desk, case: str
) -> None:
    client.place(1, "BUY", 2000, limit_price="700.00", transmit=False)
    if case == "same-side":
        client.place(2, "BUY", 2000, limit_price="700.00", parent_id=1)
    else:
        option = {"contract": bench.option_contract, "limit_price": "2.50"}
        client.place(2, "SELL", 2000, parent_id=1, **option)
    bench.run(1)
    assert [client.order(i).status for i in (1, 2)] == [Status.SUBMITTED, Status.INACTIVE]


def test_a_child_that_closes_its_parent_frees_nothing_for_other_orders(
    bench: Bench, client: Desk
) -> None:
    client.place(1, "BUY", 2000, limit_price="700.00", transmit=False)
    client.place(2, "SELL", 2000, limit_price="760.00", parent_id=1)
    client.place(3, "BUY", 2000, limit_price="700.00")
    bench.run(1)
    assert [client.order(i).is_open for i in (1, 2, 3)] == [True, True, False]


def test_what_a_child_opens_beyond_its_parent_is_pending_for_other_orders(
    bench: Bench, client: Desk
) -> None:
    client.place(1, "BUY", 10, limit_price="700.00", transmit=False)
    client.place(2, "BUY", 2000, limit_price="700.00", parent_id=1)
    client.place(3, "BUY", 2000, limit_price="700.00")
    bench.run(1)
    assert [client.order(i).status for i in (1, 2)] == [Status.SUBMITTED, Status.PRE_SUBMITTED]
    assert client.order(3).status is Status.INACTIVE


def test_a_child_is_looked_at_again_when_its_parent_has_filled(bench: Bench, client: Desk) -> None:
    bench.market.set(bench.spy, 754.90, 754.95, ask_size=5000)
    client.place(1, "BUY", 2000, transmit=False)
    client.place(2, "SELL", 2000, limit_price="760.00", parent_id=1)
    bench.run(0.2)
    assert client.order(2).why_held == "child"
    # Somebody sold the shares and the cash left: the child would open a short sale now.
    bench.engine.orders.external_trade(bench.spy, Decimal(-2000), Decimal("754.90"))
    bench.engine.accounts.set_cash(Decimal(1_520_000))
    bench.run(1)
    assert client.order(1).status is Status.FILLED
    assert client.order(2).status is Status.INACTIVE


@pytest.mark.parametrize("oca_type", [2, 3])
def test_a_whole_fill_takes_its_size_off_a_larger_sibling(
    bench: Bench, client: Desk, oca_type: int
) -> None:
    client.place(1, "BUY", 1, limit_price="755.00", oca_group="g", oca_type=oca_type)
    client.place(2, "BUY", 5, limit_price="700.00", oca_group="g", oca_type=oca_type)
    bench.run(1)
    assert client.order(1).status is Status.FILLED
    assert (client.order(2).status, client.order(2).remaining) == (Status.SUBMITTED, 4)


def test_type_one_cancels_a_sibling_of_any_size(bench: Bench, client: Desk) -> None:
    client.place(1, "BUY", 1, limit_price="755.00", oca_group="g", oca_type=1)
    client.place(2, "BUY", 5, limit_price="700.00", oca_group="g", oca_type=1)
    bench.run(1)
    assert (client.order(2).status, client.order(2).remaining) == (Status.CANCELLED, 5)


def test_a_sibling_taken_whole_is_cancelled_with_what_it_had_remaining(
    bench: Bench, client: Desk
) -> None:
    client.place(1, "BUY", 5, limit_price="755.00", oca_group="g")
    client.place(2, "BUY", 3, limit_price="700.00", oca_group="g")
    bench.run(1)
    assert (client.order(2).status, client.order(2).remaining) == (Status.CANCELLED, 3)


def test_nothing_hangs_under_itself(bench: Bench, client: Desk) -> None:
    client.place(1, "BUY", 100, transmit=False)
    client.place(2, "SELL", 100, limit_price="760.00", parent_id=1, transmit=False)
    client.place(1, "BUY", 100, parent_id=1)
    client.place(1, "BUY", 100, parent_id=2)
    bench.run(5)
    assert client.script() == ["10006", "10006"]
    client.cancel(1)
    assert [client.order(i).status for i in (1, 2)] == [Status.API_CANCELLED] * 2


def test_a_child_keeps_its_parent(bench: Bench, client: Desk) -> None:
    client.place(1, "BUY", 100, limit_price="700.00", transmit=False)
    client.place(2, "SELL", 100, limit_price="760.00", parent_id=1)
    bench.run(1)
    client.receive()
    client.place(2, "SELL", 100, limit_price="761.00", parent_id=7)
    assert client.script() == ["10341"]
    client.place(2, "SELL", 100, limit_price="762.00")
    bench.run(1)
    order = client.order(2)
    assert (order.terms.limit_price, order.terms.parent_id) == (Decimal(762), 1)
    assert order.why_held == "child"
