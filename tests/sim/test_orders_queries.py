"""Asking for orders and executions, reconnecting, what-ifs, groups, and a test's own hand."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, TypeVar

import pytest

from pytest_ibkr.errors import UsageError
from pytest_ibkr.sim.order_state import Status
from pytest_ibkr.wire.messages.completed_order import CompletedOrder
from pytest_ibkr.wire.messages.executions import CommissionReport, Day, ExecutionData, ReqExecutions
from pytest_ibkr.wire.messages.order import (
    OrderStatus,
    ReqAllOpenOrders,
    ReqAutoOpenOrders,
    ReqCompletedOrders,
    ReqOpenOrders,
)
from pytest_ibkr.wire.messages.order_echo import OpenOrder
from pytest_ibkr.wire.versions import NEWEST, ORDER_PREVIEW
from tests.sim.orders_bench import TEN_O_CLOCK_S, Bench, Desk

pytestmark = pytest.mark.req("XC-001")
M = TypeVar("M")


@pytest.fixture
def bench() -> Bench:
    return Bench()


@pytest.fixture
def client(bench: Bench) -> Desk:
    return bench.start()


def rest(desk: Desk, order_id: int, **terms: Any) -> None:
    """Place a buy that rests."""
    desk.place(order_id, "BUY", 100, limit_price="700.00", **terms)


def only(desk: Desk, kind: type[M]) -> list[M]:
    return [message for message in desk.receive() if isinstance(message, kind)]


# Open and completed orders


def test_nobody_has_orders_at_first(bench: Bench, client: Desk) -> None:
    for request in (ReqOpenOrders(), ReqAllOpenOrders()):
        client.send(request)
    client.send(ReqCompletedOrders(api_only=False))
    client.send(ReqExecutions(request_id=2))
    bench.run(1)
    assert client.script() == ["53", "53", "102", "55"]


def test_a_client_sees_its_own_orders_or_everybodys(bench: Bench, client: Desk) -> None:
    other = bench.start(client_id=2)
    rest(client, 1)
    rest(other, 1)
    bench.run(1)
    client.receive()
    client.send(ReqOpenOrders())
    bench.run(1)
    assert client.script() == ["5:Submitted", "3:Submitted 0/100", "53"]
    client.send(ReqAllOpenOrders())
    bench.run(1)
    statuses = only(client, OrderStatus)
    assert sorted((m.client_id, m.order_id) for m in statuses) == [(1, 1), (2, 1)]


def test_held_orders_are_in_no_list(bench: Bench, client: Desk) -> None:
    rest(client, 1, transmit=False)
    client.send(ReqOpenOrders())
    bench.run(1)
    assert client.script() == ["53"]


def test_a_cancelled_held_order_never_left(bench: Bench) -> None:
    client = bench.start(200)  # the last version in text
    rest(client, 1, transmit=False)
    client.cancel(1)
    unset = b"1.7976931348623157E308"
    frame = b"3\x001\0ApiCancelled\x000\x00100\0" + unset + b"\x000\x000\0" + unset
    assert frame in client.client.take_output()


def test_only_client_zero_binds_manual_orders(bench: Bench, client: Desk) -> None:
    master = bench.start(client_id=0)
    for desk in (client, master):
        desk.send(ReqAutoOpenOrders(bind=True))
        bench.run(1)
    assert client.script() == ["327"]
    assert master.script() == []


def test_completed_orders_say_how_they_ended(bench: Bench, client: Desk) -> None:
    client.place(1, "BUY", 1)
    rest(client, 2)
    bench.run(1)
    client.cancel(2)
    bench.run(1)
    client.receive()
    client.send(ReqCompletedOrders(api_only=False))
    bench.run(1)
    rows = only(client, CompletedOrder)
    assert [(r.status, r.completed_status, r.filled_quantity) for r in rows] == [
        ("Filled", "Filled Size: 1", 1),
        ("Cancelled", "Cancelled by Trader", 0),
    ]
    assert rows[0].completed_time == "20260710 10:00:00 US/Eastern"


# Reconnecting


def test_open_orders_come_before_anything_else_at_reconnect(bench: Bench, client: Desk) -> None:
    rest(client, 7)
    bench.run(1)
    perm_id = client.order(7).perm_id
    bench.engine.gone(client.client, "")
    again = bench.connect()
    messages = again.receive()
    echo = messages[0]
    assert isinstance(echo, OpenOrder)
    assert (echo.order_id, echo.perm_id, echo.status) == (7, perm_id, "Submitted")
    assert [m.MSG_ID for m in messages[:5]] == [5, 3, 53, 15, 9]
    assert messages[4].order_id == 8  # type: ignore[attr-defined]


def test_an_order_fills_while_its_client_is_away(bench: Bench, client: Desk) -> None:
    client.place(1, "BUY", 100)
    bench.engine.gone(client.client, "")
    bench.run(1)
    assert bench.engine.accounts.quantities() == {bench.spy.con_id: Decimal(100)}
    again = bench.connect()
    assert [m.MSG_ID for m in again.receive()[:2]] == [15, 9]
    again.send(ReqExecutions(request_id=1))
    bench.run(1)
    assert again.script() == ["11 100", "59", "55"]


def test_ids_are_counted_per_client(bench: Bench, client: Desk) -> None:
    rest(client, 41)
    assert [bench.engine.orders.next_order_id(i) for i in (1, 2)] == [42, 1]


# Executions


@pytest.mark.parametrize(
    ("version", "time"), [(157, "20260710  10:00:00"), (NEWEST, "20260710 10:00:00 US/Eastern")]
)
def test_an_execution_carries_the_time_its_version_prints(
    bench: Bench, *, version: int, time: str
) -> None:
    desk = bench.start(version)
    desk.place(1, "BUY", 100, order_ref="mine")
    bench.run(1)
    (fill,) = only(desk, ExecutionData)
    assert (fill.time, fill.request_id, fill.side, fill.order_ref) == (time, -1, "BOT", "mine")
    assert [len(group) for group in fill.exec_id.split(".")] == [8, 8, 2, 2]
    assert fill.exchange == fill.contract.exchange != "SMART"
    assert fill.perm_id == desk.order(1).perm_id


FILTERS: list[Any] = [
    pytest.param({}, 2, id="all"),
    pytest.param({"client_id": 1}, 1, id="of-a-client"),
    pytest.param({"client_id": 9}, 0, id="of-nobody"),
    pytest.param({"side": "BUY"}, 1, id="bought"),
    pytest.param({"side": "SELL"}, 1, id="sold"),
    pytest.param({"symbol": "QQQ"}, 0, id="another-symbol"),
    pytest.param({"sec_type": "STK"}, 2, id="stocks"),
    pytest.param({"sec_type": "OPT"}, 0, id="options"),
    pytest.param({"time": "20260710 10:00:00 US/Eastern"}, 2, id="since-then"),
    pytest.param({"time": "20260710-14:01:00"}, 1, id="since-a-minute-later-utc"),
    pytest.param({"time": "20260710  10:01:00"}, 1, id="old-form"),
    pytest.param({"time": "20260710 11:00:00 US/Eastern"}, 0, id="since-later"),
]


@pytest.mark.parametrize(("filters", "count"), FILTERS)
def test_executions_are_filtered_and_each_brings_its_commission(
    bench: Bench, *, filters: dict[str, Any], count: int
) -> None:
    desk, other = bench.start(157), bench.start(client_id=2)
    desk.place(1, "BUY", 100)
    bench.run(60)
    other.place(1, "SELL", 100)
    bench.run(1)
    desk.receive()
    desk.send(ReqExecutions(request_id=5, **filters))
    bench.run(1)
    assert desk.script() == [*("11 100", "59") * count, "55"]


@pytest.mark.parametrize(
    "time",
    [
        *("yesterday", "20260710 10:00:00 America", "20260710 10:00:00 US"),
        *("20260710 10:00:00 ../../etc/passwd", "00010101-00:00:00", "99991231-23:59:59"),
    ],
)
def test_a_time_nobody_can_read_is_refused(bench: Bench, client: Desk, time: str) -> None:
    client.send(ReqExecutions(request_id=5, time=time))
    bench.run(1)
    assert client.script() == ["10314"]


def test_a_time_without_zone_is_warned_of(bench: Bench, client: Desk) -> None:
    client.send(ReqExecutions(request_id=5, time="20260710 09:00:00"))
    bench.run(1)
    assert client.script() == ["2174", "55"]


def test_yesterdays_executions_are_gone(bench: Bench, client: Desk) -> None:
    client.place(1, "BUY", 100)
    bench.run(86400)
    client.receive()
    client.send(ReqExecutions(request_id=5))
    bench.run(1)
    assert client.script() == ["55"]


DAYS: list[Any] = [  # on Tuesday the 14th, after fills on Friday the 10th and today
    pytest.param({}, ["20"], id="today-without-a-wish"),
    pytest.param({"last_days": 1}, ["20"], id="one-day-is-today"),
    pytest.param({"last_days": 4}, ["20"], id="four-days-miss-friday"),
    pytest.param({"last_days": 5}, ["10", "20"], id="five-days-reach-friday"),
    pytest.param({"last_days": 1000}, ["10", "20"], id="more-than-are-kept"),
    pytest.param({"dates": (Day(date=20260710),)}, ["10"], id="a-date"),
    pytest.param({"dates": (Day(date=20260713),)}, [], id="a-date-without-fills"),
    pytest.param({"dates": (Day(date=20260710),), "last_days": 1}, ["10", "20"], id="both"),
]


@pytest.mark.parametrize(("asked", "sizes"), DAYS)
def test_executions_of_the_days_asked_for(
    bench: Bench, client: Desk, *, asked: dict[str, Any], sizes: list[str]
) -> None:
    client.place(1, "BUY", 10)
    bench.run(4 * 86400)
    client.place(2, "BUY", 20)
    bench.run(1)
    client.receive()
    client.send(ReqExecutions(request_id=5, **asked))
    bench.run(1)
    assert client.script() == [*(line for size in sizes for line in (f"11 {size}", "59")), "55"]


def test_a_fill_a_week_old_is_not_kept_for_any_wish(bench: Bench, client: Desk) -> None:
    client.place(1, "BUY", 10)
    bench.run(7 * 86400)
    client.receive()
    client.send(ReqExecutions(request_id=5, last_days=30, dates=(Day(date=20260710),)))
    bench.run(1)
    assert client.script() == ["55"]


def test_profit_is_unset_when_opening_and_a_number_when_closing(bench: Bench, client: Desk) -> None:
    client.place(1, "BUY", 100)
    bench.run(1)
    bench.market.set(bench.spy, 755.95, 756.00)
    client.place(2, "SELL", 100)
    bench.run(1)
    opened, closed = only(client, CommissionReport)
    assert opened.realized_pnl is None
    assert opened.commission == closed.commission == Decimal("1.0003")
    assert closed.realized_pnl == pytest.approx(100.0 - 2 * 1.0003)


# Groups


def test_one_fill_cancels_the_other_orders_of_a_group(bench: Bench, client: Desk) -> None:
    rest(client, 1, oca_group="g", oca_type=1)
    client.place(2, "BUY", 100, limit_price="754.95", oca_group="g", oca_type=1)
    bench.run(1)
    assert [client.order(i).status for i in (1, 2)] == [Status.CANCELLED, Status.FILLED]
    script = client.script()
    assert script.index("11 100") < script.index("3:Cancelled 0/100") < script.index("202")


def test_a_partial_fill_reduces_the_other_leg(bench: Bench, client: Desk) -> None:
    bench.engine.accounts.add_position(bench.spy, Decimal(100), average_cost=Decimal(700))
    client.place(1, "SELL", 100, limit_price="760.00", oca_group="g")
    client.place(2, "SELL", 100, order_type="STP", aux_price="700.00", oca_group="g")
    bench.run(1)
    bench.market.set(bench.spy, 760.00, 760.05, bid_size=40)
    bench.run(0.3)
    assert client.order(2).remaining == 60
    bench.market.set(bench.spy, 760.00, 760.05, bid_size=60)
    bench.run(0.3)
    assert client.order(2).status is Status.CANCELLED
    assert bench.engine.accounts.quantities() == {}


def test_a_bracket_whose_parent_is_refused_goes_as_a_whole(bench: Bench, client: Desk) -> None:
    client.place(1, "BUY", 100_000, limit_price="754.95", transmit=False)
    client.place(2, "SELL", 100_000, limit_price="760.00", parent_id=1)
    bench.run(1)
    assert client.script() == [
        *("3:Inactive 0/100000", "201", "3:Inactive 0/100000"),
        *("3:Cancelled 0/100000", "202"),
    ]


def test_children_keep_what_a_cancelled_parent_had_filled(bench: Bench, client: Desk) -> None:
    bench.market.set(bench.spy, 754.90, 754.95, ask_size=30)
    client.place(1, "BUY", 100, limit_price="754.95", transmit=False)
    client.place(2, "SELL", 100, order_type="STP", aux_price="700.00", parent_id=1)
    bench.run(0.36)
    assert client.order(1).filled == 30
    bench.market.set(bench.spy, 800.00, 800.05)
    client.cancel(1)
    bench.run(1)
    stop = client.order(2)
    assert (stop.status, stop.quantity, stop.why_held) == (Status.PRE_SUBMITTED, 30, "trigger")


# What-if


@pytest.mark.parametrize("version", [157, 178, NEWEST])
def test_a_what_if_answers_one_echo_with_margins_and_leaves_nothing(
    bench: Bench, *, version: int
) -> None:
    desk = bench.start(version)
    desk.place(9, "BUY", 100, what_if=True)
    bench.run(2)
    (echo,) = desk.receive()
    assert isinstance(echo, OpenOrder)
    assert (echo.what_if, echo.status, echo.commission) == (True, "PreSubmitted", Decimal("1.0003"))
    assert (echo.init_margin_before, echo.init_margin_after) == (0, Decimal("37746.25"))
    assert echo.margin_currency == ("USD" if version >= ORDER_PREVIEW else "")
    assert echo.init_margin_change == Decimal("37746.25")
    assert bench.engine.orders.open_orders() == []
    assert bench.engine.orders.next_order_id(1) == 10


def test_a_what_if_on_an_option_gives_bounds_of_the_commission(bench: Bench, client: Desk) -> None:
    client.place(1, "BUY", 2, what_if=True, contract=bench.option_contract)
    bench.run(2)
    (echo,) = only(client, OpenOrder)
    assert echo.commission is None  # DBL_MAX on the wire
    assert echo.min_commission == echo.max_commission == Decimal("1.5365")


# Others on the account, and a test's own hand


def test_an_external_trade_moves_the_account_and_shows_in_executions_only(
    bench: Bench, client: Desk
) -> None:
    bench.engine.orders.external_trade(bench.spy, Decimal(-30), Decimal("755.00"))
    bench.run(1)
    assert client.script() == []
    assert bench.engine.accounts.cash == Decimal("1000000.00") + 22650 - Decimal("1.00009")
    client.send(ReqExecutions(request_id=1))
    bench.run(1)
    (row,) = only(client, ExecutionData)
    assert (row.side, row.shares, row.order_id, row.client_id) == ("SLD", 30, 0, 0)


def test_a_scripted_fill_keeps_the_gateways_event_order(bench: Bench, client: Desk) -> None:
    orders = bench.engine.orders
    orders.hold()
    client.place(1, "BUY", 100)
    bench.run(10)
    assert client.order(1).filled == 0
    client.receive()
    orders.fill(client.order(1), Decimal(60), Decimal("750.00"))
    bench.run(1)
    assert client.script() == [
        *("11 60", "5:Submitted", "3:Submitted 60/40"),
        *("5:Submitted+c", "3:Submitted 60/40", "59"),
    ]
    orders.release()
    bench.run(1)
    assert client.order(1).status is Status.FILLED


def test_a_scripted_rejection_is_inactive_twice(bench: Bench, client: Desk) -> None:
    rest(client, 1)
    bench.run(1)
    client.receive()
    bench.engine.orders.reject(
        client.order(1), 201, "Order rejected - reason:No Trading Permission"
    )
    assert client.script() == ["3:Inactive 0/100", "201", "3:Inactive 0/100"]


def test_a_fill_that_cannot_be_scripted_says_why(bench: Bench, client: Desk) -> None:
    rest(client, 1)
    bench.run(1)
    orders = bench.engine.orders
    with pytest.raises(UsageError, match="Submitted with 100 remaining"):
        orders.fill(client.order(1), Decimal(101), Decimal(1))
    with pytest.raises(UsageError, match="client 1 has no order 2; orders: 1/1 Submitted"):
        orders.find(1, 2)


@pytest.mark.parametrize(("allowed", "script"), [(False, ["10147"]), (True, [])])
def test_another_clients_order_is_cancelled_only_where_the_build_allows_it(
    bench: Bench, client: Desk, *, allowed: bool, script: list[str]
) -> None:
    bench.engine.conditions.cross_client_cancel = allowed
    other = bench.start(client_id=2)
    rest(client, 5)
    bench.run(1)
    other.cancel(5)
    bench.run(1)
    assert other.script() == script
    assert client.order(5).is_done is allowed


def test_the_echo_completes_the_contract_and_the_order(bench: Bench) -> None:
    desk = bench.start(178)
    desk.place(1, "BUY", 100, tif="")
    bench.run(0.2)
    echo = only(desk, OpenOrder)[0]
    contract = echo.contract
    assert (contract.con_id, contract.right, contract.exchange) == (bench.spy.con_id, "?", "SMART")
    assert (echo.tif, echo.account, echo.oca_type, echo.dn_order_type) == (
        *("DAY", "DU0000001", 3),
        "None",
    )
    assert (echo.display_size, echo.limit_price, echo.clearing_intent) == (None, 0, "IB")
    assert bench.engine.now_s == pytest.approx(TEN_O_CLOCK_S + 0.2)


def test_an_option_has_working_orders_on_one_side_only(bench: Bench, client: Desk) -> None:
    bench.engine.accounts.add_position(bench.option, Decimal(1), average_cost=Decimal(250))
    client.place(1, "SELL", 1, contract=bench.option_contract, limit_price="9.00")
    client.place(2, "BUY", 1, contract=bench.option_contract, limit_price="0.50")
    bench.run(1)
    assert [client.order(i).status for i in (1, 2)] == [Status.SUBMITTED, Status.INACTIVE]
    assert "201" in client.script()


def test_an_option_bracket_has_both_sides(bench: Bench, client: Desk) -> None:
    option = {"contract": bench.option_contract}
    client.place(1, "BUY", 1, limit_price="0.50", transmit=False, **option)
    client.place(2, "SELL", 1, limit_price="9.00", parent_id=1, transmit=False, **option)
    client.place(3, "SELL", 1, order_type="STP", aux_price="0.10", parent_id=1, **option)
    bench.run(1)
    assert [client.order(i).status for i in (1, 2, 3)] == [
        Status.SUBMITTED,
        Status.PRE_SUBMITTED,
        Status.PRE_SUBMITTED,
    ]


def test_a_parent_sent_again_with_transmit_leaves_its_children_held(
    bench: Bench, client: Desk
) -> None:
    rest(client, 1, transmit=False)
    client.place(2, "SELL", 100, limit_price="800.00", parent_id=1, transmit=False)
    rest(client, 1)
    bench.run(1)
    assert {m.order_id for m in only(client, OrderStatus)} == {1}
    client.place(2, "SELL", 100, limit_price="800.00", parent_id=1)
    bench.run(1)
    assert client.script() == ["5:PreSubmitted", "3:PreSubmitted 0/100 (child)"]
    assert client.order(2).parent is client.order(1)
