"""The golden scripts of orders: event by event as a real gateway sends them."""

from __future__ import annotations

from decimal import Decimal

import pytest

from pytest_ibkr.sim.order_state import Status
from pytest_ibkr.wire.messages.order import ReqGlobalCancel
from pytest_ibkr.wire.messages.order_echo import OpenOrder
from pytest_ibkr.wire.messages.session import ErrorNotice
from tests.sim.orders_bench import SATURDAY_S, Bench, Desk

FIRST_ECHO_S, FILLED_S = 0.12, 0.6
OLD, NEW = 157, 178

pytestmark = pytest.mark.req("XC-001")


@pytest.fixture
def bench() -> Bench:
    return Bench()


@pytest.fixture(params=[OLD, NEW])
def client(bench: Bench, request: pytest.FixtureRequest) -> Desk:
    return bench.start(request.param)


def errors(desk: Desk, code: int) -> list[ErrorNotice]:
    return [m for m in desk.seen if isinstance(m, ErrorNotice) and m.code == code]


def test_s4_a_market_buy_fills_in_pairs_with_the_commission_last(
    bench: Bench, client: Desk
) -> None:
    client.place(1, "BUY", 100)
    assert client.script() == []
    bench.run(1)
    assert client.script() == [
        *("5:PreSubmitted", "3:PreSubmitted 0/100"),
        "11 100",
        *("5:Filled", "3:Filled 100/0"),
        *("5:Filled+c", "3:Filled 100/0"),
        "59",
    ]


def test_a_market_sell_starts_submitted(bench: Bench, client: Desk) -> None:
    client.place(1, "SELL", 100)
    bench.run(FIRST_ECHO_S)
    assert client.script() == ["5:Submitted", "3:Submitted 0/100"]


def test_s5_a_large_order_fills_in_pieces_of_the_displayed_size(bench: Bench, client: Desk) -> None:
    bench.market.set(bench.spy, 754.90, 754.95, ask_size=40)
    client.place(1, "BUY", 100)
    bench.run(0.5)
    for ask in (754.96, 754.95):
        bench.market.set(bench.spy, 754.90, ask, ask_size=40)
        bench.run(0.4)
    assert client.script() == [
        *("5:PreSubmitted", "3:PreSubmitted 0/100"),
        *("11 40", "5:Submitted", "3:Submitted 40/60", "5:Submitted+c", "3:Submitted 40/60", "59"),
        *(
            *("11 40", "5:Submitted+c", "3:Submitted 80/20"),
            *("5:Submitted+c", "3:Submitted 80/20", "59"),
        ),
        *("11 20", "5:Filled+c", "3:Filled 100/0", "5:Filled+c", "3:Filled 100/0", "59"),
    ]


def test_s6_an_order_modified_to_market_says_filled_before_its_execution(
    bench: Bench, client: Desk
) -> None:
    client.place(1, "BUY", 100, limit_price="700.00")
    bench.run(FILLED_S)
    client.receive()
    client.place(1, "BUY", 100, order_type="MKT")
    bench.run(1)
    assert client.script() == [
        *("5:Filled", "3:Filled 100/0"),
        "11 100",
        *("5:Filled+c", "3:Filled 100/0"),
        "59",
    ]


def test_s7_a_resting_limit_is_submitted_twice_and_cancelled_with_202(
    bench: Bench, client: Desk
) -> None:
    client.place(1, "BUY", 100, limit_price="700.00")
    bench.run(FILLED_S)
    assert client.script() == [
        *("5:PreSubmitted", "3:PreSubmitted 0/100"),
        *("5:Submitted", "3:Submitted 0/100") * 2,
    ]
    client.cancel(1)
    assert client.script() == []
    bench.run(0.2)
    assert client.script() == ["3:PendingCancel 0/100", "3:Cancelled 0/100", "202"]
    (notice,) = errors(client, 202)
    assert (notice.request_id, notice.text) == (1, "Order Canceled - reason:")


def test_s8_an_order_of_the_weekend_waits_and_its_cancel_comes_in_pairs() -> None:
    bench = Bench(start_s=SATURDAY_S)
    client = bench.start()
    client.place(1, "BUY", 1, limit_price="700.00")
    bench.run(5)
    assert client.script() == ["399", "5:PreSubmitted", "3:PreSubmitted 0/1"]
    (warning,) = errors(client, 399)
    assert warning.text == (
        "Order Message:\nBUY 1 SPY ARCA\nWarning: Your order will not be placed at the exchange"
        " until 2026-07-13 09:30:00 US/Eastern."
    )
    client.cancel(1)
    bench.run(1)
    assert client.script() == [
        *("5:PendingCancel", "3:PendingCancel 0/1") * 2,
        *("3:Cancelled 0/1", "202"),
    ]


def test_an_order_of_the_weekend_works_from_the_opening_on() -> None:
    bench = Bench(start_s=SATURDAY_S)
    client = bench.start()
    client.place(1, "BUY", 1)
    opens_s = bench.world.calendar.next_open_s(SATURDAY_S)
    assert opens_s is not None
    bench.run(opens_s - SATURDAY_S - 1)
    assert client.order(1).status is Status.PRE_SUBMITTED
    client.receive()
    bench.run(2)
    assert client.script()[-2:] == ["3:Filled 1/0", "59"]


def bracket(client: Desk) -> None:
    client.place(1, "BUY", 100, limit_price="754.95", transmit=False)
    client.place(2, "SELL", 100, limit_price="760.00", parent_id=1, transmit=False)
    client.place(3, "SELL", 100, order_type="STP", aux_price="750.00", parent_id=1)


def test_s9_a_bracket_is_silent_until_its_last_leg_is_transmitted(
    bench: Bench, client: Desk
) -> None:
    client.place(1, "BUY", 100, limit_price="754.95", transmit=False)
    client.place(2, "SELL", 100, limit_price="760.00", parent_id=1, transmit=False)
    bench.run(30)
    assert client.script() == []


def test_s9_a_bracket_wakes_its_children_and_one_cancels_the_other(
    bench: Bench, client: Desk
) -> None:
    bracket(client)
    bench.run(FIRST_ECHO_S)
    assert client.script() == [
        *("5:PreSubmitted", "3:PreSubmitted 0/100", *("5:Submitted", "3:Submitted 0/100") * 2),
        *("5:PreSubmitted", "3:PreSubmitted 0/100 (child)"),
        *("5:PreSubmitted", "3:PreSubmitted 0/100 (child,trigger)"),
    ]
    bench.run(0.25)
    assert client.script() == [
        *("11 100", "5:Filled", "3:Filled 100/0"),
        *("5:Submitted", "3:Submitted 0/100"),
        *("5:PreSubmitted", "3:PreSubmitted 0/100 (trigger)"),
    ]
    bench.run(0.2)
    assert client.script() == ["5:Filled+c", "3:Filled 100/0", "59"]
    bench.market.set(bench.spy, 760.00, 760.05, bid_size=500)
    bench.run(1)
    assert client.script() == [
        *("11 100", "5:Filled", "3:Filled 100/0"),
        *("3:Cancelled 0/100", "202"),
        *("5:Filled+c", "3:Filled 100/0", "59"),
    ]
    assert errors(client, 202)[0].request_id == 3
    assert bench.engine.accounts.quantities() == {}


def test_bracket_children_carry_parent_and_group(bench: Bench, client: Desk) -> None:
    bracket(client)
    bench.run(FIRST_ECHO_S)
    echoes = {m.order_id: m for m in client.receive() if isinstance(m, OpenOrder)}
    group = str(echoes[1].perm_id)
    assert len(group) == 10
    assert [(echoes[i].parent_id, echoes[i].oca_group, echoes[i].oca_type) for i in (1, 2, 3)] == [
        (0, "", 3),
        (1, group, 3),
        (1, group, 3),
    ]


def test_children_go_with_a_cancelled_parent(bench: Bench, client: Desk) -> None:
    bench.market.set(bench.spy, 755.00, 755.05)
    bracket(client)
    bench.run(1)
    client.receive()
    client.cancel(1)
    bench.run(1)
    assert client.script() == [
        "3:PendingCancel 0/100",
        *("3:Cancelled 0/100", "202") * 3,
    ]
    assert [notice.request_id for notice in errors(client, 202)] == [1, 2, 3]


def test_a_stop_waits_for_its_trigger_then_fills_at_the_market(bench: Bench, client: Desk) -> None:
    client.place(1, "SELL", 100, order_type="STP", aux_price="750.00")
    bench.run(1)
    assert client.script() == ["5:PreSubmitted", "3:PreSubmitted 0/100 (trigger)"]
    bench.market.set(bench.spy, 749.50, 749.60)
    bench.run(0.3)
    assert client.script()[:3] == ["5:Submitted", "3:Submitted 0/100", "11 100"]
    assert client.order(1).average_price == Decimal("749.5")


def test_s10_an_order_without_funds_is_inactive_twice_around_its_reason(client: Desk) -> None:
    client.place(1, "BUY", 100_000)
    client.bench.run(1)
    assert client.script() == ["3:Inactive 0/100000", "201", "3:Inactive 0/100000"]
    (notice,) = errors(client, 201)
    # 100,000 at 754.95 with the mark in the middle of 754.90 and 754.95, half of it as margin
    assert notice.text == (
        "Order rejected - reason:YOUR ORDER IS NOT ACCEPTED. IN ORDER TO OBTAIN THE DESIRED"
        " POSITION YOUR EQUITY WITH LOAN VALUE [996999.70 USD] MUST EXCEED THE INITIAL MARGIN"
        " [37746250.00 USD]"
    )


def test_s11_an_off_tick_price_refuses_a_new_order_and_leaves_an_old_one(
    bench: Bench, client: Desk
) -> None:
    client.place(1, "BUY", 100, limit_price="700.001")
    bench.run(1)
    assert client.script() == ["110"]
    client.place(2, "BUY", 100, limit_price="700.00")
    bench.run(1)
    client.receive()
    client.place(2, "BUY", 100, limit_price="700.005")
    bench.run(1)
    assert client.script() == ["110"]
    assert client.order(2).status is Status.SUBMITTED
    assert client.order(2).terms.limit_price == Decimal("700.00")


def test_s12_an_empty_tif_is_noted_and_the_order_fills(bench: Bench, client: Desk) -> None:
    bench.engine.conditions.empty_tif_notice = True
    client.place(1, "BUY", 100, tif="")
    bench.run(1)
    script = client.script()
    assert (script[0], script[1], script[-1]) == ("10349", "5:PreSubmitted", "59")
    assert {m.tif for m in client.seen if isinstance(m, OpenOrder)} == {"DAY"}


def test_an_empty_tif_is_a_day_order_without_a_word(bench: Bench, client: Desk) -> None:
    client.place(1, "BUY", 100, tif="")
    bench.run(1)
    assert client.script()[0] == "5:PreSubmitted"


@pytest.mark.parametrize(
    ("order_id", "code", "text"),
    [
        (999, 10147, "OrderId 999 that needs to be cancelled is not found."),
        (1, 10148, "OrderId 1 that needs to be cancelled cannot be cancelled, state: Filled."),
        (0, 10149, "Invalid order id: 0"),
    ],
)
def test_s14_a_cancel_that_cannot_be(
    bench: Bench, client: Desk, *, order_id: int, code: int, text: str
) -> None:
    client.place(1, "BUY", 100)
    bench.run(1)
    client.receive()
    client.cancel(order_id)
    client.receive()
    (notice,) = errors(client, code)
    assert (notice.request_id, notice.text) == (order_id, text)


def test_a_fill_beats_the_cancel_that_is_on_its_way(bench: Bench, client: Desk) -> None:
    bench.engine.conditions.latency.cancel_s = 0.6
    client.place(1, "BUY", 100, limit_price="700.00")
    bench.run(1)
    client.receive()
    client.cancel(1)
    bench.market.set(bench.spy, 699.90, 699.95)
    bench.run(1)
    script = client.script()
    assert script[-1] == "10148"
    assert script.index("11 100") < script.index("10148")
    assert "202" not in script
    assert errors(client, 10148)[0].text.endswith("state: Filled.")


def test_a_second_cancel_hears_that_the_first_is_under_way(bench: Bench, client: Desk) -> None:
    client.place(1, "BUY", 100, limit_price="700.00")
    bench.run(1)
    client.cancel(1)
    client.cancel(1)
    client.receive()
    assert errors(client, 10148)[0].text.endswith("state: PendingCancel.")


def test_an_ioc_order_takes_what_there_is_and_goes(bench: Bench, client: Desk) -> None:
    bench.market.set(bench.spy, 754.90, 754.95, ask_size=40)
    client.place(1, "BUY", 100, limit_price="754.95", tif="IOC")
    bench.run(1)
    script = client.script()
    assert "11 40" in script
    assert script[-5:] == ["3:Cancelled 40/60", "202", "5:Cancelled+c", "3:Cancelled 40/60", "59"]


def test_paper_refuses_fill_or_kill(bench: Bench, client: Desk) -> None:
    client.place(1, "BUY", 100, limit_price="754.95", tif="FOK")
    bench.run(1)
    assert client.script() == ["3:Inactive 0/100", "201", "3:Inactive 0/100"]


def test_a_global_cancel_ends_everybodys_orders_and_names_finished_ones(bench: Bench) -> None:
    first, second = bench.start(client_id=1), bench.start(client_id=2)
    first.place(1, "BUY", 1)
    first.place(2, "BUY", 1, limit_price="700.00")
    second.place(1, "BUY", 1, limit_price="700.00")
    bench.run(1)
    first.receive(), second.receive()
    first.send(ReqGlobalCancel())
    bench.run(1)
    assert first.script() == ["161", "3:PendingCancel 0/1", "3:Cancelled 0/1", "202"]
    assert second.script() == ["3:PendingCancel 0/1", "3:Cancelled 0/1", "202"]
    perm_id = first.order(1).perm_id
    assert errors(first, 161)[0].text == (
        f"Cancel attempted when order is not in a cancellable state.  Order permId ={perm_id}"
    )
