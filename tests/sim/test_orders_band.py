"""The price band: limits far beyond a stock's market are cancelled, passive ones never (S13)."""

from __future__ import annotations

from decimal import Decimal

import pytest

from pytest_ibkr.sim.order_state import Status
from pytest_ibkr.wire.messages.session import ErrorNotice
from tests.sim.orders_bench import SATURDAY_S, Bench, Desk

pytestmark = pytest.mark.req("XC-001")
UNTIL_MONDAY_S = 46 * 3600


@pytest.fixture
def bench() -> Bench:
    return Bench()


@pytest.fixture
def client(bench: Bench) -> Desk:
    return bench.start()


def texts(client: Desk) -> list[str]:
    client.receive()
    return [m.text for m in client.seen if isinstance(m, ErrorNotice) and m.code == 202]


def test_s13_a_limit_ten_times_the_market_is_cancelled_with_both_numbers(
    bench: Bench, client: Desk
) -> None:
    client.place(1, "BUY", 100, limit_price="7500.00")
    bench.run(30)
    assert client.script() == [
        *("5:PreSubmitted", "3:PreSubmitted 0/100"),
        *["3:PendingCancel 0/100"] * 2,
        "3:Cancelled 0/100",
        "202",
    ]
    (text,) = texts(client)
    assert text == (
        "Order Canceled - reason:We cannot accept an order at a limit price at or more aggressive"
        " than 777.5985. Please submit your order <br>using a limit price that is closer to the"
        " current market price of 754.95."
    )
    assert bench.engine.accounts.quantities() == {}


@pytest.mark.parametrize(
    ("action", "limit", "status"),
    [
        ("BUY", "777.60", Status.CANCELLED),
        ("BUY", "777.59", Status.FILLED),
        ("BUY", "1.00", Status.SUBMITTED),
        ("SELL", "732.25", Status.CANCELLED),
        ("SELL", "732.26", Status.FILLED),
        ("SELL", "7500.00", Status.SUBMITTED),
    ],
)
def test_the_band_is_three_percent_on_the_marketable_side(
    bench: Bench, client: Desk, *, action: str, limit: str, status: Status
) -> None:
    client.place(1, action, 100, limit_price=limit)
    bench.run(2)
    assert client.order(1).status is status


def test_outside_the_session_nothing_is_checked_before_the_opening() -> None:
    bench = Bench(start_s=SATURDAY_S)
    client = bench.start()
    client.place(1, "BUY", 100, limit_price="7500.00")
    bench.run(60)
    assert client.order(1).status is Status.PRE_SUBMITTED
    bench.run(UNTIL_MONDAY_S)
    assert client.order(1).status is Status.CANCELLED
    assert "more aggressive than 777.5985" in texts(client)[0]
    assert client.order(1).filled == 0


def test_options_have_no_band_here(bench: Bench, client: Desk) -> None:
    client.place(1, "BUY", 1, contract=bench.option_contract, limit_price="25.00")
    bench.run(2)
    assert client.order(1).average_price == Decimal("2.55")


def test_a_working_order_moved_beyond_the_band_goes_without_a_fill(
    bench: Bench, client: Desk
) -> None:
    bench.engine.conditions.latency.cancel_s = 1.0  # quotes change meanwhile
    client.place(1, "BUY", 100, limit_price="700.00")
    bench.run(1)
    client.receive()
    client.place(1, "BUY", 100, limit_price="7500.00")
    bench.run(0.11)
    client.place(1, "BUY", 100, limit_price="754.00")  # too late to come back
    bench.run(2)
    script = client.script()
    assert script == [
        *("5:Submitted", "3:Submitted 0/100"),
        "201",
        *["3:PendingCancel 0/100"] * 2,
        *("3:Cancelled 0/100", "202"),
    ]
    assert client.order(1).filled == 0


def test_a_stop_limit_meets_the_band_when_it_is_triggered(bench: Bench, client: Desk) -> None:
    stop = {"order_type": "STP LMT", "aux_price": "760.00", "limit_price": "7500.00"}
    client.place(1, "BUY", 100, **stop)
    bench.run(2)
    assert client.order(1).status is Status.PRE_SUBMITTED
    bench.market.set(bench.spy, 760.00, 760.05, last=760.00)
    bench.run(2)
    assert (client.order(1).status, client.order(1).filled) == (Status.CANCELLED, 0)


def test_a_child_meets_the_band_when_its_parent_has_filled(bench: Bench, client: Desk) -> None:
    client.place(1, "BUY", 100, transmit=False)
    client.place(2, "SELL", 100, limit_price="1.00", parent_id=1)
    bench.run(2)
    assert client.order(1).status is Status.FILLED
    assert (client.order(2).status, client.order(2).filled) == (Status.CANCELLED, 0)
