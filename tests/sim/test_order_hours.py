"""When orders begin and end: good-after times, good-till dates, the auctions, conditions."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from pytest_ibkr.session.order_story import why
from pytest_ibkr.sim.engine import Engine
from pytest_ibkr.sim.order_state import Status
from pytest_ibkr.wire.messages.order_echo import OpenOrder
from pytest_ibkr.wire.messages.place_order import OrderCondition
from pytest_ibkr.wire.messages.session import ErrorNotice, StartApi
from tests.meta.matrix.core import market_order
from tests.sim.data_bench import TEN, Peer, normal_world
from tests.sim.orders_bench import SATURDAY_S, Bench, Desk

pytestmark = pytest.mark.req("XC-001")
SPY_ID = 756733
TODAY = "20260710"


@pytest.fixture
def bench() -> Bench:
    return Bench()


@pytest.fixture
def client(bench: Bench) -> Desk:
    return bench.start(200)


# Times in force


@pytest.mark.parametrize("good_after", [f"{TODAY} 10:00:30 US/Eastern", "10:00:30"])
def test_a_good_after_order_is_held_without_a_reason_until_its_time(
    bench: Bench, client: Desk, good_after: str
) -> None:
    client.place(1, "BUY", 100, good_after_time=good_after)
    bench.run(29)
    zoneless = [] if good_after.endswith("Eastern") else ["2174"]
    assert client.script() == [*zoneless, "5:PreSubmitted", "3:PreSubmitted 0/100"]
    bench.run(2)
    assert client.script()[:3] == ["5:Submitted", "3:Submitted 0/100", "11 100"]


def test_a_good_after_time_that_has_passed_holds_nothing(bench: Bench, client: Desk) -> None:
    client.place(1, "BUY", 100, good_after_time=f"{TODAY} 09:45:00 US/Eastern")
    bench.run(1)
    assert client.order(1).status is Status.FILLED


def test_a_stop_that_is_not_good_yet_is_not_triggered(bench: Bench, client: Desk) -> None:
    client.place(1, "BUY", 9, order_type="STP", aux_price="754.00", good_after_time="10:00:30")
    bench.run(29)
    assert client.order(1).status is Status.PRE_SUBMITTED
    bench.run(3)
    assert client.order(1).status is Status.FILLED


def test_an_order_good_till_a_date_is_cancelled_then(bench: Bench, client: Desk) -> None:
    ends = f"{TODAY} 10:01:00 US/Eastern"
    client.place(1, "BUY", 100, limit_price="700.00", tif="GTD", good_till_date=ends)
    bench.run(59)
    client.script()
    shown = [m for m in client.seen if isinstance(m, OpenOrder)][-1]
    assert (shown.tif, shown.good_till_date) == ("GTD", ends)
    bench.run(2)
    assert client.script() == ["3:Cancelled 0/100", "202"]


def test_a_new_date_takes_the_place_of_the_old_one(bench: Bench, client: Desk) -> None:
    for minute in ("01", "03"):
        ends = f"{TODAY} 10:{minute}:00 US/Eastern"
        client.place(1, "BUY", 100, limit_price="700.00", tif="GTD", good_till_date=ends)
        bench.run(1)
    bench.run(120)
    assert client.order(1).is_open
    bench.run(60)
    assert client.order(1).status is Status.CANCELLED


@pytest.mark.parametrize(
    ("limit", "status", "price"),
    [
        (None, Status.FILLED, "755.50"),
        ("756.00", Status.FILLED, "755.50"),
        ("755.00", Status.CANCELLED, "0"),
    ],
)
def test_orders_for_the_opening_trade_at_its_price_or_end(
    *, limit: str | None, status: Status, price: str
) -> None:
    bench = Bench(start_s=SATURDAY_S)
    client = bench.start()
    bench.market.set(bench.spy, 755.90, 755.95, open=755.50)
    client.place(1, "BUY", 1000, tif="OPG", **({"limit_price": limit} if limit else {}))
    bench.run(1)
    assert client.script() == ["399", "5:PreSubmitted", "3:PreSubmitted 0/1000"]
    opens_s = bench.world.calendar.next_open_s(SATURDAY_S)
    assert opens_s is not None
    bench.run(opens_s - SATURDAY_S)
    assert (client.order(1).status, client.order(1).average_price) == (status, Decimal(price))


def test_an_opening_order_waits_for_the_first_print_of_the_snapshots_market() -> None:
    at_eight_s = TEN - 2 * 3600
    engine = Engine(normal_world(), start_s=at_eight_s)
    client = engine.open(200)
    assert client is not None
    Peer(engine, client).send(StartApi(client_id=1))
    Peer(engine, client).send(market_order(1, tif="OPG"))
    engine.advance(TEN - 1800 + 60)
    (order,) = engine.orders.book.all()
    quote = engine.market.quote(order.instrument, engine.now_s)
    assert quote.open is not None
    assert (order.status, order.average_price) == (Status.FILLED, Decimal(str(quote.open)))


def test_an_order_for_the_opening_sent_in_the_session_waits_for_the_next_one(
    bench: Bench, client: Desk
) -> None:
    client.place(1, "BUY", 10, tif="OPG")
    bench.run(60)
    assert client.script() == ["399", "5:PreSubmitted", "3:PreSubmitted 0/10"]
    notice = next(m for m in client.seen if isinstance(m, ErrorNotice) and m.code == 399)
    assert notice.text.endswith("until 2026-07-13 09:30:00 US/Eastern.")


@pytest.mark.parametrize(
    ("terms", "code"),
    [
        ({"order_type": "MOC", "tif": "GTC"}, 113),
        ({"order_type": "LOC", "limit_price": "755", "tif": "OPG"}, 113),
        ({"order_type": "STP", "aux_price": "760", "tif": "OPG"}, 111),
        ({"order_type": "REL", "tif": "IOC"}, 111),
        ({"order_type": "PEG MID", "tif": "IOC"}, 111),
    ],
    ids=str,
)
def test_a_time_in_force_goes_with_some_types_only(
    bench: Bench, client: Desk, *, terms: dict[str, Any], code: int
) -> None:
    client.place(1, "BUY", 10, **terms)
    bench.run(1)
    assert client.script() == [str(code)]


def test_options_have_no_opening_order(bench: Bench, client: Desk) -> None:
    client.place(1, "BUY", 1, contract=bench.option_contract, tif="OPG")
    bench.run(1)
    assert client.script() == ["10052"]


# Conditions


def price(level: str, *, above: bool = True, joined: str = "a", method: int = 0) -> OrderCondition:
    return OrderCondition(
        type=1,
        conjunction=joined,
        is_more=above,
        value=level,
        con_id=SPY_ID,
        exchange="SMART",
        trigger_method=method,
    )


def after(clock: str, *, joined: str = "a") -> OrderCondition:
    return OrderCondition(
        type=3, conjunction=joined, is_more=True, value=f"{TODAY} {clock} US/Eastern"
    )


def test_an_order_waits_for_its_price_condition_and_shows_it(bench: Bench, client: Desk) -> None:
    client.place(1, "BUY", 10, contract=bench.option_contract, conditions=(price("756.00"),))
    bench.run(10)
    assert client.script() == ["5:PreSubmitted", "3:PreSubmitted 0/10"]
    shown = next(m for m in client.seen if isinstance(m, OpenOrder))
    assert shown.conditions == (price("756.00"),)
    bench.market.set(bench.spy, 756.00, 756.05)
    bench.run(2)
    assert client.order(1).status is Status.FILLED


@pytest.mark.parametrize(
    ("conditions", "filled_after"),
    [
        pytest.param((after("10:00:20"),), 20, id="time"),
        pytest.param((price("754.00"),), 0, id="met-at-once"),
        pytest.param((after("10:00:20", joined="o"), price("754.00")), 0, id="or"),
        pytest.param((after("10:00:20"), price("754.00")), 20, id="and"),
        pytest.param((price("999.00"), after("10:00:20")), None, id="and-never"),
        pytest.param((price("754.92", method=8),), 0, id="middle"),
        pytest.param((price("754.95", above=False, method=4),), 0, id="ask"),
        pytest.param((price("754.94", above=False, method=4),), None, id="ask-above"),
        pytest.param(
            (OrderCondition(type=4, conjunction="a", is_more=True, value="99"),), 0, id="cushion"
        ),
        pytest.param(
            (OrderCondition(type=4, conjunction="a", is_more=False, value="30"),), None, id="margin"
        ),
        pytest.param(
            (OrderCondition(type=6, conjunction="a", is_more=True, value="5", con_id=SPY_ID),),
            0,
            id="volume",
        ),
        pytest.param(
            (OrderCondition(type=7, conjunction="a", is_more=True, value="7.8", con_id=SPY_ID),),
            0,
            id="change",
        ),
        pytest.param(
            (OrderCondition(type=7, conjunction="a", is_more=True, value="7.9", con_id=SPY_ID),),
            None,
            id="change-beyond",
        ),
    ],
)
def test_conditions_are_met_when_they_say(
    bench: Bench, client: Desk, *, conditions: tuple[OrderCondition, ...], filled_after: int | None
) -> None:
    bench.market.set(bench.spy, 754.90, 754.95, volume=10, last=754.92)
    client.place(1, "BUY", 10, conditions=conditions)
    bench.run((filled_after or 0) - 0.5 if filled_after else 0.2)
    assert client.order(1).filled == 0
    bench.run(2)
    assert client.order(1).filled == (0 if filled_after is None else 10)


def test_an_execution_condition_waits_for_a_trade_after_it(bench: Bench, client: Desk) -> None:
    client.place(1, "BUY", 10)
    bench.run(1)
    traded = OrderCondition(
        type=5, conjunction="a", sec_type="STK", execution_exchange="SMART", symbol="SPY"
    )
    client.place(2, "SELL", 10, conditions=(traded,))
    bench.run(5)
    assert client.order(2).filled == 0
    client.place(3, "BUY", 10)
    bench.run(3)
    assert client.order(2).filled == 10


def test_conditions_may_cancel_a_working_limit_order(bench: Bench, client: Desk) -> None:
    client.place(
        *(1, "BUY", 100),
        limit_price="700.00",
        conditions=(price("756.00"),),
        conditions_cancel_order=True,
    )
    bench.run(1)
    assert client.script()[-1] == "3:Submitted 0/100"
    bench.market.set(bench.spy, 756.00, 756.05)
    bench.run(1)
    assert client.script() == ["3:Cancelled 0/100", "202"]


@pytest.mark.parametrize("ignores", [True, False])
def test_conditions_of_the_night_count_where_hours_are_ignored(ignores: bool) -> None:
    bench = Bench(start_s=SATURDAY_S)
    client = bench.start(200)
    late = OrderCondition(
        type=3, conjunction="a", is_more=True, value="20260711 12:00:30 US/Eastern"
    )
    client.place(
        *(1, "BUY", 100),
        limit_price="700.00",
        conditions=(late,),
        conditions_cancel_order=True,
        conditions_ignore_rth=ignores,
    )
    bench.run(60)
    assert client.order(1).is_done is ignores


@pytest.mark.parametrize(
    ("conditions", "terms", "code"),
    [
        ((price("756"),), {"order_type": "STP", "aux_price": "760"}, 148),
        ((price("756"),), {"conditions_cancel_order": True}, 148),
        ((price("high"),), {}, 321),
        ((price("756", method=5),), {}, 321),
        ((OrderCondition(type=9, conjunction="a"),), {}, 321),
        ((OrderCondition(type=3, conjunction="a", value="noon"),), {}, 10314),
        ((OrderCondition(type=5, conjunction="a", symbol="SPY"),), {}, 147),
        ((OrderCondition(type=1, conjunction="a", value="1", con_id=1),), {}, 147),
    ],
)
def test_conditions_nobody_can_watch_are_refused(
    bench: Bench,
    client: Desk,
    *,
    conditions: tuple[OrderCondition, ...],
    terms: dict[str, Any],
    code: int,
) -> None:
    client.place(1, "BUY", 10, conditions=conditions, **terms)
    bench.run(1)
    assert client.script() == [str(code)]
    assert bench.engine.orders.book.all() == []


def test_a_modification_gives_new_conditions(bench: Bench, client: Desk) -> None:
    client.place(1, "BUY", 10, limit_price="756.00", conditions=(price("999.00"),))
    bench.run(1)
    client.place(1, "BUY", 10, limit_price="756.00", conditions=(price("755.00"),))
    bench.run(1)
    bench.market.set(bench.spy, 755.00, 755.05)
    bench.run(2)
    assert client.order(1).status is Status.FILLED


# Shares to borrow


def test_a_short_sale_waits_for_its_shares_and_is_alive(bench: Bench, client: Desk) -> None:
    bench.engine.conditions.shortable_shares = {"SPY": 50}
    client.place(1, "SELL", 100)
    bench.run(5)
    assert client.script() == ["404", "5:PreSubmitted", "3:PreSubmitted 0/100 (locate)"]
    bench.engine.conditions.shortable_shares = {"SPY": 100}
    bench.run(2)
    assert client.script()[:3] == ["5:Submitted", "3:Submitted 0/100", "11 100"]


def test_what_is_owned_needs_no_locate(bench: Bench, client: Desk) -> None:
    bench.engine.conditions.shortable_shares = {"SPY": 0}
    client.place(1, "BUY", 100)
    bench.run(1)
    client.place(2, "SELL", 100)
    bench.run(1)
    assert client.order(2).status is Status.FILLED


# Why an order waits, in words


@pytest.mark.parametrize(
    ("terms", "words"),
    [
        ({"good_after_time": "10:00:30"}, "it is good after 10:00:30"),
        ({"conditions": (price("999.00"),)}, "its conditions are not met"),
        ({"order_type": "MOC"}, "it trades at the session's close only"),
        ({"order_type": "PEG MID"}, "a PEG MID order never fills on a paper account"),
    ],
    ids=str,
)
def test_the_story_of_an_order_says_what_holds_it(
    bench: Bench, client: Desk, *, terms: dict[str, Any], words: str
) -> None:
    client.place(1, "BUY", 10, **terms)
    bench.run(1)
    assert why(bench.engine, client.order(1), []).startswith(words)


def test_the_story_of_a_short_sale_names_the_condition(bench: Bench, client: Desk) -> None:
    bench.engine.conditions.shortable_shares = {"SPY": 0}
    client.place(1, "SELL", 10)
    bench.run(1)
    assert "shortable_shares" in why(bench.engine, client.order(1), [])
