"""Each order type beside MKT, LMT and plain stops, by what its client is told and what it fills."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from pytest_ibkr.sim.order_state import Status
from pytest_ibkr.wire.messages.order import OrderStatus
from pytest_ibkr.wire.messages.order_echo import OpenOrder
from pytest_ibkr.wire.messages.session import ErrorNotice
from tests.sim.orders_bench import TEN_O_CLOCK_S, Bench, Desk

pytestmark = pytest.mark.req("XC-001")
HELD = ["5:PreSubmitted", "3:PreSubmitted 0/100 (trigger)"]
FILLED = [
    *("11 100", "5:Filled", "3:Filled 100/0", "5:Filled+c", "3:Filled 100/0", "59"),
]


@pytest.fixture
def bench() -> Bench:
    return Bench()


@pytest.fixture
def client(bench: Bench) -> Desk:
    return bench.start(200)


def echo(client: Desk) -> OpenOrder:
    return [m for m in client.seen if isinstance(m, OpenOrder)][-1]


@pytest.mark.parametrize(
    ("terms", "reached"),
    [
        pytest.param({"order_type": "MIT", "aux_price": "754.00"}, (753.98, 754.00), id="MIT"),
        pytest.param(
            {"order_type": "LIT", "aux_price": "754.00", "limit_price": "754.10"},
            (753.98, 754.00),
            id="LIT",
        ),
        pytest.param(
            {"order_type": "STP LMT", "aux_price": "755.50", "limit_price": "755.60"},
            (755.50, 755.55),
            id="STP LMT",
        ),
        pytest.param(
            {
                "order_type": "TRAIL LIMIT",
                "aux_price": "0.50",
                "trail_stop_price": "755.45",
                "limit_price_offset": 0.1,
            },
            (755.45, 755.50),
            id="TRAIL LIMIT",
        ),
    ],
)
def test_what_waits_for_a_price_is_held_as_trigger_and_works_when_it_comes(
    bench: Bench, client: Desk, *, terms: dict[str, Any], reached: tuple[float, float]
) -> None:
    client.place(1, "BUY", 100, **terms)
    bench.run(1)
    assert client.script() == HELD
    bid, ask = reached
    bench.market.set(bench.spy, bid, ask)
    bench.run(1)
    assert client.script() == ["5:Submitted", "3:Submitted 0/100", *FILLED]


@pytest.mark.parametrize(("action", "last"), [("BUY", 754.50), ("SELL", 755.50)])
def test_a_touch_is_reached_from_the_other_side_than_a_stop(
    bench: Bench, client: Desk, *, action: str, last: float
) -> None:
    client.place(1, action, 10, order_type="MIT", aux_price=str(last))
    bench.run(1)
    bench.market.set(bench.spy, 754.90, 754.95, last=last + (0.2 if action == "BUY" else -0.2))
    bench.run(1)
    assert client.order(1).why_held == "trigger"
    bench.market.set(bench.spy, 754.90, 754.95, last=last)
    bench.run(1)
    assert client.order(1).status is Status.FILLED


def test_the_limit_of_a_trailing_stop_limit_trails_with_its_stop(
    bench: Bench, client: Desk
) -> None:
    client.place(
        *(1, "SELL", 100),
        order_type="TRAIL LIMIT",
        aux_price="1.00",
        trail_stop_price="753.90",
        limit_price_offset=0.25,
    )
    bench.run(1)
    client.script()
    assert (echo(client).trail_stop_price, echo(client).limit_price) == (
        Decimal("753.90"),
        Decimal("753.65"),
    )
    bench.market.set(bench.spy, 756.00, 756.05)
    bench.run(1)
    assert client.script()[:2] == HELD
    assert (echo(client).trail_stop_price, echo(client).limit_price) == (
        Decimal("755.00"),
        Decimal("754.75"),
    )
    bench.market.set(bench.spy, 754.00, 754.05)  # through the stop and beyond the limit
    bench.run(1)
    assert client.script()[-1] == "3:Submitted 0/100"


@pytest.mark.parametrize("order_type", ["MOC", "LOC", "PEG MID", "PEG BEST"])
def test_some_types_are_taken_without_a_word(bench: Bench, client: Desk, order_type: str) -> None:
    limit = {"limit_price": "756.00"} if order_type == "LOC" else {}
    client.place(1, "BUY", 100, order_type=order_type, **limit)
    bench.run(60)
    assert client.script() == []
    assert client.order(1).status is Status.PRE_SUBMITTED
    client.cancel(1)
    bench.run(1)
    assert client.script() == ["3:PendingCancel 0/100", "3:Cancelled 0/100", "202"]


@pytest.mark.parametrize(
    ("terms", "status"),
    [
        ({"order_type": "MOC"}, Status.FILLED),
        ({"order_type": "LOC", "limit_price": "755.00"}, Status.FILLED),
        ({"order_type": "LOC", "limit_price": "754.00"}, Status.CANCELLED),
    ],
    ids=["MOC", "LOC", "LOC-beyond"],
)
def test_orders_for_the_close_trade_at_the_last_price_or_end(
    *, terms: dict[str, Any], status: Status
) -> None:
    bench = Bench(start_s=TEN_O_CLOCK_S + 6 * 3600 - 10)
    client = bench.start()
    client.place(1, "BUY", 1000, **terms)
    bench.market.set(bench.spy, 754.90, 754.95, last=754.93)
    bench.run(9)
    assert not client.order(1).is_done
    bench.run(2)
    order = client.order(1)
    assert order.status is status
    assert order.average_price == (Decimal("754.93") if status is Status.FILLED else 0)


def test_a_relative_order_shows_its_offset_and_follows_its_own_side(
    bench: Bench, client: Desk
) -> None:
    client.place(1, "BUY", 100, order_type="REL")
    bench.run(1)
    assert client.script() == [
        *("5:PreSubmitted", "3:PreSubmitted 0/100"),
        *("5:Submitted", "3:Submitted 0/100") * 2,
    ]
    assert echo(client).aux_price == Decimal("0.01")
    order = client.order(1)
    assert order.limit == Decimal("754.91")
    for bid, ask, limit in ((755.90, 755.95, "755.91"), (755.50, 755.92, "755.91")):
        bench.market.set(bench.spy, bid, ask)
        bench.run(0.5)
        assert order.limit == Decimal(limit)
    bench.market.set(bench.spy, 755.80, 755.91)
    bench.run(0.5)
    assert (order.status, order.average_price) == (Status.FILLED, Decimal("755.91"))


@pytest.mark.parametrize(
    ("terms", "limit"),
    [
        ({"order_type": "REL", "aux_price": "5.00"}, "754.94"),
        ({"order_type": "REL", "aux_price": "0.02", "limit_price": "754.80"}, "754.80"),
        ({"order_type": "REL", "percent_offset": 0.001}, "754.90"),
        ({"order_type": "MIDPRICE"}, "754.92"),
        ({"order_type": "MIDPRICE", "limit_price": "754.50"}, "754.50"),
    ],
    ids=str,
)
def test_a_pegged_order_rests_inside_the_market_and_its_cap(
    bench: Bench, client: Desk, *, terms: dict[str, Any], limit: str
) -> None:
    client.place(1, "BUY", 100, **terms)
    bench.run(1)
    assert client.order(1).limit == Decimal(limit)
    assert client.order(1).filled == 0


def test_the_rest_of_a_market_to_limit_order_is_a_limit_at_what_it_got(
    bench: Bench, client: Desk
) -> None:
    bench.market.set(bench.spy, 754.90, 754.95, ask_size=40)
    client.place(1, "BUY", 100, order_type="MTL")
    bench.run(0.5)
    bench.market.set(bench.spy, 755.90, 755.95, ask_size=60)
    bench.run(1)
    assert (client.order(1).filled, client.order(1).remaining) == (40, 60)
    client.script()
    assert echo(client).limit_price == Decimal("754.95")
    client.place(1, "BUY", 90, order_type="MTL")
    bench.run(1)
    assert (client.order(1).limit, client.order(1).remaining) == (Decimal("754.95"), 50)
    bench.market.set(bench.spy, 754.90, 754.94, ask_size=60)
    bench.run(1)
    assert client.order(1).status is Status.FILLED


def test_all_or_none_waits_for_the_whole_size(bench: Bench, client: Desk) -> None:
    client.place(1, "BUY", 150, limit_price="755.00", all_or_none=True)
    bench.run(1)
    assert client.order(1).filled == 0
    bench.market.set(bench.spy, 754.90, 754.95, ask_size=150)
    bench.run(1)
    assert (client.order(1).fills, client.order(1).status) == (1, Status.FILLED)


def test_a_discretionary_order_takes_what_is_a_little_worse(bench: Bench, client: Desk) -> None:
    client.place(1, "BUY", 10, limit_price="754.90", discretionary_amount=0.04)
    bench.run(1)
    assert client.order(1).filled == 0
    bench.market.set(bench.spy, 754.90, 754.94)
    bench.run(1)
    assert client.order(1).average_price == Decimal("754.94")


def test_an_iceberg_and_a_hidden_order_fill_like_any(bench: Bench, client: Desk) -> None:
    client.place(1, "BUY", 50, limit_price="755.00", display_size=10)
    client.place(2, "BUY", 50, limit_price="755.00", hidden=True)
    bench.run(1)
    client.script()
    shown = {m.order_id: m for m in client.seen if isinstance(m, OpenOrder)}
    assert (shown[1].display_size, shown[2].display_size, shown[2].hidden) == (10, None, True)
    assert [client.order(i).status for i in (1, 2)] == [Status.FILLED] * 2


@pytest.mark.parametrize(
    ("order_type", "limit"),
    [("MOC", None), ("LOC", "2.50"), ("MIDPRICE", None), ("PEG MID", None), ("PEG BEST", None)],
)
def test_options_take_no_types_their_details_do_not_list(
    bench: Bench, client: Desk, *, order_type: str, limit: str | None
) -> None:
    terms = {"limit_price": limit} if limit else {}
    client.place(1, "BUY", 1, contract=bench.option_contract, order_type=order_type, **terms)
    bench.run(1)
    assert client.script() == ["387"]


@pytest.mark.parametrize(
    "terms",
    [{"order_type": "STP", "aux_price": "3.00"}, {"order_type": "MIT", "aux_price": "2.00"}],
    ids=str,
)
def test_options_are_triggered_by_the_side_they_would_trade_with(
    bench: Bench, client: Desk, terms: dict[str, Any]
) -> None:
    client.place(1, "BUY", 1, contract=bench.option_contract, **terms)
    bench.run(1)
    price = float(terms["aux_price"])
    bench.market.set(bench.option, price - 0.1, price, last=2.5)
    bench.run(1)
    assert client.order(1).average_price == Decimal(terms["aux_price"])


@pytest.mark.parametrize("method", [1, 3])
def test_a_double_trigger_wants_two_looks_in_a_row(bench: Bench, client: Desk, method: int) -> None:
    terms = {"order_type": "STP", "aux_price": "756.00", "trigger_method": method}
    client.place(1, "BUY", 10, **terms)
    bench.run(1)
    for bid in (756.10, 755.00):  # there for one look only
        bench.market.set(bench.spy, bid, bid + 0.05)
        bench.run(0.25)
    assert client.order(1).filled == 0
    bench.market.set(bench.spy, 756.10, 756.15)
    bench.run(1)
    assert client.order(1).filled == 10


@pytest.mark.parametrize(
    ("terms", "kept"),
    [
        ({"limit_price": "700.00"}, True),
        ({"limit_price": "700.00", "tif": "GTC"}, True),
        ({"order_type": "STP LMT", "aux_price": "800", "limit_price": "801"}, True),
        ({"order_type": "LIT", "aux_price": "700", "limit_price": "701"}, True),
        ({"order_type": "REL"}, True),
        ({"order_type": "STP", "aux_price": "800"}, False),
        ({"order_type": "MIT", "aux_price": "700"}, False),
        ({"order_type": "TRAIL", "aux_price": "1"}, False),
        ({"limit_price": "700.00", "tif": "IOC"}, False),
        ({"limit_price": "700.00", "tif": "OPG"}, False),
    ],
    ids=str,
)
def test_outside_rth_is_kept_for_what_rests_under_a_limit(
    bench: Bench, client: Desk, *, terms: dict[str, Any], kept: bool
) -> None:
    client.place(1, "BUY", 10, outside_rth=True, **terms)
    bench.run(0.15)
    messages = client.receive()
    warned = [m.code for m in messages if isinstance(m, ErrorNotice) and m.code == 2109]
    assert warned == ([] if kept else [2109])
    assert client.order(1).terms.outside_rth is kept


def test_a_limit_beyond_the_band_is_capped_where_the_gateway_says_so(
    bench: Bench, client: Desk
) -> None:
    bench.engine.conditions.price_band = "capped"
    bench.market.set(bench.spy, 754.90, 754.95, ask_size=40)
    client.place(1, "BUY", 100, limit_price="800.00")
    bench.run(1)
    assert client.receive()
    (notice,) = (m for m in client.seen if isinstance(m, ErrorNotice) and m.request_id == 1)
    assert (notice.code, "to 777.5985 or a more" in notice.text) == (2161, True)
    last = [m for m in client.seen if isinstance(m, OrderStatus)][-1]
    assert (last.market_cap_price, last.filled) == (Decimal("777.5985"), 40)
    assert echo(client).limit_price == 800
