"""Echoes against the frame of a live order, and what a finished order keeps saying."""

from __future__ import annotations

import pytest

from pytest_ibkr.wire.codec import encode
from pytest_ibkr.wire.messages.completed_order import CompletedOrder
from pytest_ibkr.wire.messages.contract import Contract
from pytest_ibkr.wire.messages.executions import ExecutionData, ReqExecutions
from pytest_ibkr.wire.messages.order import ReqCompletedOrders
from pytest_ibkr.wire.messages.order_echo import OpenOrder
from pytest_ibkr.wire.versions import SUBMITTER, ZONED_TIMES
from tests.sim.orders_bench import Bench, Desk
from tests.wire.golden import OPEN_ORDER_178, OPEN_ORDER_200

AAPL = Contract(symbol="AAPL", sec_type="STK", exchange="SMART", currency="USD")


@pytest.fixture
def bench() -> Bench:
    bench = Bench()
    bench.market.set(bench.instrument("AAPL"), 292.70, 292.79)
    return bench


def bought(bench: Bench, version: int) -> Desk:
    desk = bench.start(version)
    desk.place(371, "BUY", 100, contract=AAPL, order_ref="ref")
    bench.run(1)
    return desk


@pytest.mark.parametrize(("joined", "version"), [(OPEN_ORDER_178, 178), (OPEN_ORDER_200, 200)])
def test_the_first_echo_of_a_market_order_is_the_live_frame(
    bench: Bench, joined: str, version: int
) -> None:
    desk = bought(bench, version)
    first = next(message for message in desk.receive() if isinstance(message, OpenOrder))
    perm_id = str(desk.order(371).perm_id)
    ours = encode(first, version).decode().split("\0")
    assert ours == joined.replace("9000000371", perm_id).split(";")


def test_the_gateways_user_submitted_what_the_api_placed(bench: Bench) -> None:
    desk = bought(bench, SUBMITTER)
    desk.send(ReqCompletedOrders(api_only=True))
    bench.run(1)
    found = [m for m in desk.receive() if isinstance(m, OpenOrder | ExecutionData | CompletedOrder)]
    assert {type(message) for message in found} == {OpenOrder, ExecutionData, CompletedOrder}
    assert {message.submitter for message in found} == {"papertrader01"}


@pytest.mark.parametrize(
    ("version", "time"),
    [(ZONED_TIMES, "20260710-14:00:00"), (ZONED_TIMES - 1, "20260710  10:00:00")],
)
def test_the_gateways_setting_makes_times_of_executions_utc(
    bench: Bench, version: int, time: str
) -> None:
    bench.engine.conditions.execution_times = "utc"
    desk = bought(bench, version)
    desk.send(ReqExecutions(request_id=5))
    bench.run(1)
    pushed, asked = (m for m in desk.receive() if isinstance(m, ExecutionData))
    assert pushed.time == asked.time == time


def test_an_echo_repeats_whose_order_it_is(bench: Bench) -> None:
    desk = bench.start(200)
    desk.place(
        *(1, "BUY", 10),
        customer_account="C1",
        professional_customer=True,
        ext_operator="op",
        manual_order_indicator=1,
    )
    bench.run(1)
    first = next(message for message in desk.receive() if isinstance(message, OpenOrder))
    assert (first.customer_account, first.professional_customer) == ("C1", True)
    assert (first.ext_operator, first.manual_order_indicator) == ("op", 1)
