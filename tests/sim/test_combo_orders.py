"""Orders for combinations: their way to the fill, and what the client is told of it."""

from __future__ import annotations

from decimal import Decimal

import pytest

from pytest_ibkr.sim.combo import PRINTED_CON_ID
from pytest_ibkr.wire.messages.completed_order import CompletedOrder
from pytest_ibkr.wire.messages.contract import TagValue
from pytest_ibkr.wire.messages.executions import CommissionReport, ExecutionData, ReqExecutions
from pytest_ibkr.wire.messages.order import OrderStatus, ReqCompletedOrders
from pytest_ibkr.wire.messages.order_echo import OpenOrder
from pytest_ibkr.wire.messages.place_order import LegPrice, OrderLeg
from pytest_ibkr.wire.messages.session import ErrorNotice
from pytest_ibkr.wire.versions import NEWEST
from tests.sim.combo_bench import leg, option, place
from tests.sim.data_bench import only
from tests.sim.orders_bench import SATURDAY_S, Bench, Desk

pytestmark = pytest.mark.req("XC-001")
VERSIONS = (157, 176, 200, NEWEST)
LEG_LIMITS = (LegPrice(price=Decimal(1)), LegPrice(price=None))


def quoted() -> Bench:
    bench = Bench()
    low, high = option(bench, "C", 755.0), option(bench, "C", 760.0)
    bench.market.set(low, 4.00, 4.10, bid_size=10, ask_size=20)
    bench.market.set(high, 1.50, 1.55, bid_size=30, ask_size=7)
    return bench


@pytest.fixture
def bench() -> Bench:
    return quoted()


@pytest.fixture
def client(bench: Bench) -> Desk:
    return bench.start()


def vertical(bench: Bench, sign: int = 1) -> tuple[OrderLeg, OrderLeg]:
    return leg(option(bench, "C", 755.0), sign), leg(option(bench, "C", 760.0), -sign)


def held(bench: Bench) -> dict[float, Decimal]:
    book = bench.world.book
    quantities = bench.engine.accounts.quantities()
    return {book.by_id(con_id).strike: quantity for con_id, quantity in quantities.items()}


@pytest.mark.parametrize("version", VERSIONS)
def test_a_market_order_fills_with_one_execution_for_itself_and_one_per_leg(
    bench: Bench, version: int
) -> None:
    client = bench.start(version)
    place(client, 1, "BUY", 3, *vertical(bench))
    bench.run(2)
    seen = client.receive()
    own, low, high = only(seen, ExecutionData)
    assert [each.contract.sec_type for each in (own, low, high)] == ["BAG", "OPT", "OPT"]
    assert own.contract.con_id == PRINTED_CON_ID
    assert [(each.side, each.shares, each.price) for each in (own, low, high)] == [
        ("BOT", 3, Decimal("2.60")),
        ("BOT", 3, Decimal("4.10")),
        ("SLD", 3, Decimal("1.50")),
    ]
    parts = [each.exec_id.split(".") for each in (own, low, high)]
    assert len({(head, middle, last) for head, middle, _, last in parts}) == 1
    assert [third for _, _, third, _ in parts] == ["01", "02", "03"]
    assert {each.order_id for each in (own, low, high)} == {1}
    assert len({each.perm_id for each in (own, low, high)}) == 1
    assert held(bench) == {755.0: 3, 760.0: -3}


def test_reports_of_commission_add_up_to_what_the_order_shows(bench: Bench, client: Desk) -> None:
    place(client, 1, "BUY", 3, *vertical(bench))
    bench.run(2)
    seen = client.receive()
    reports = only(seen, CommissionReport)
    assert [each.commission for each in reports] == [Decimal("2.30475"), Decimal("2.30475"), 0]
    shown = [each.commission for each in only(seen, OpenOrder) if each.commission is not None]
    assert shown == [Decimal("2.30475"), Decimal("4.6095"), Decimal("4.6095")]
    assert bench.engine.accounts.ledger.commissions == Decimal("4.6095")
    paid = 3 * 100 * Decimal("2.60") + Decimal("4.6095")
    assert bench.engine.accounts.cash == 1_000_000 - paid


def test_a_switch_repeats_the_commission_in_the_report_of_the_combination(
    bench: Bench, client: Desk
) -> None:
    bench.engine.conditions.combo_commission = "repeated"
    place(client, 1, "BUY", 3, *vertical(bench))
    bench.run(2)
    seen = client.receive()
    assert only(seen, CommissionReport)[-1].commission == Decimal("4.6095")
    assert only(seen, OpenOrder)[-1].commission == Decimal("4.6095")


def test_a_credit_has_a_negative_average_price(bench: Bench, client: Desk) -> None:
    place(client, 1, "BUY", 2, *vertical(bench, -1), limit_price="-2.40")
    bench.run(2)
    last = only(client.receive(), OrderStatus)[-1]
    assert (last.status, last.average_fill_price) == ("Filled", Decimal("-2.45"))
    credit = 2 * 100 * Decimal("2.45") - 4 * Decimal("0.76825")
    assert bench.engine.accounts.cash == 1_000_000 + credit


def test_a_limit_inside_the_natural_prices_rests_until_they_reach_it(
    bench: Bench, client: Desk
) -> None:
    place(client, 1, "BUY", 2, *vertical(bench), limit_price="2.50")
    bench.run(5)
    assert client.order(1).status == "Submitted"  # 2.525 is the mid, and no fill
    bench.market.set(option(bench, "C", 755.0), 3.90, 4.00, bid_size=10, ask_size=20)
    bench.run(2)
    assert client.order(1).status == "Filled"
    assert client.order(1).average_price == Decimal("2.50")


def test_the_scarcest_leg_caps_the_fill(bench: Bench, client: Desk) -> None:
    place(client, 1, "SELL", 10, *vertical(bench), limit_price="2.45")
    bench.run(2)
    assert (client.order(1).filled, client.order(1).remaining) == (7, 3)
    bench.run(5)
    assert client.order(1).filled == 7  # what was taken comes back with a new quote only
    bench.market.set(option(bench, "C", 760.0), 1.50, 1.55, bid_size=30, ask_size=8)
    bench.run(2)
    assert client.order(1).status == "Filled"


def test_an_order_on_a_leg_takes_from_what_combinations_can_have(
    bench: Bench, client: Desk
) -> None:
    high = option(bench, "C", 760.0)
    place(client, 1, "SELL", 10, *vertical(bench), limit_price="2.45")
    bench.run(2)
    client.place(2, "BUY", 1, contract=high.contract(exchange="SMART"), limit_price="1.55")
    bench.run(2)
    assert client.order(2).filled == 0


def test_a_covered_call_buys_a_hundred_shares(bench: Bench, client: Desk) -> None:
    bench.market.set(bench.spy, 754.90, 754.95, bid_size=1000, ask_size=350)
    place(client, 1, "BUY", 2, leg(bench.spy, 100), leg(option(bench, "C", 755.0), -1))
    bench.run(2)
    assert client.order(1).average_price == Decimal("750.95")
    assert held(bench) == {0.0: 200, 755.0: -2}


def test_the_echo_has_the_legs_and_their_text(bench: Bench, client: Desk) -> None:
    routing = (TagValue(tag="NonGuaranteed", value="1"),)
    legs = vertical(bench)
    place(client, 1, "BUY", 1, *legs, limit_price="1.00", routing=routing)
    bench.run(1)
    shown = only(client.receive(), OpenOrder)[-1]
    assert shown.legs == legs
    assert shown.legs_description == f"{legs[0].con_id}|1,{legs[1].con_id}|-1"
    assert shown.leg_prices == ()
    assert (shown.routing, shown.limit_price) == (routing, Decimal("1.00"))
    contract = shown.contract
    assert (contract.con_id, contract.sec_type, contract.right) == (PRINTED_CON_ID, "BAG", "?")
    assert (contract.symbol, contract.exchange, contract.trading_class) == ("SPY", "SMART", "COMB")


def test_a_limit_of_zero_is_a_price(bench: Bench, client: Desk) -> None:
    far = option(bench, "C", 755.0, place=2)
    bench.market.set(far, 9.0, 9.2)
    calendar = leg(far, 1), leg(option(bench, "C", 755.0), -1)
    place(client, 1, "BUY", 1, *calendar, limit_price="0.00")
    bench.run(1)
    assert client.order(1).status == "Submitted"


def test_the_price_of_an_order_may_be_changed(bench: Bench, client: Desk) -> None:
    place(client, 1, "BUY", 1, *vertical(bench), limit_price="1.00")
    bench.run(1)
    place(client, 1, "BUY", 1, *vertical(bench), limit_price="2.60")
    bench.run(2)
    assert client.order(1).status == "Filled"
    place(client, 2, "BUY", 1, *vertical(bench), limit_price="1.00")
    bench.run(1)
    client.receive()
    place(client, 2, "BUY", 1, *vertical(bench, -1), limit_price="1.00")
    bench.run(1)
    assert [each.code for each in only(client.receive(), ErrorNotice)] == [105]


@pytest.mark.parametrize(
    ("action", "sign", "limit"), [("BUY", 1, "0.00"), ("SELL", 1, "5.00"), ("BUY", -1, "-5.00")]
)
def test_what_cannot_lose_is_refused(
    bench: Bench, client: Desk, *, action: str, sign: int, limit: str
) -> None:
    place(client, 1, action, 1, *vertical(bench, sign), limit_price=limit)
    bench.run(1)
    assert client.script() == ["3:Inactive 0/1", "201", "3:Inactive 0/1"]
    error = only(client.seen, ErrorNotice)[-1]
    assert error.text == "Order rejected - reason:Riskless combination orders are not allowed."
    terms = {"limit_price": limit, "advanced_error_override": "8229=COMBOPAYOUT"}
    place(client, 2, action, 1, *vertical(bench, sign), **terms)
    bench.run(1)
    assert client.order(2).status == "Submitted"


@pytest.mark.parametrize(
    ("terms", "code"),
    [
        ({"order_type": "STP", "aux_price": "1"}, 387),
        ({"limit_price": "1.001"}, 110),
        ({"limit_price": "1", "leg_prices": LEG_LIMITS}, 10340),
        ({"order_type": "LMT"}, 321),
    ],
)
def test_what_combinations_are_not_worked_as(
    bench: Bench, client: Desk, *, terms: dict[str, object], code: int
) -> None:
    place(client, 1, "BUY", 1, *vertical(bench), **terms)
    bench.run(1)
    assert client.script() == [str(code)]


def test_off_hours_the_warning_names_the_combination() -> None:
    bench = Bench(start_s=SATURDAY_S)
    client = bench.start()
    place(client, 1, "BUY", 1, *vertical(bench), limit_price="1.00")
    bench.run(1)
    [warning] = only(client.receive(), ErrorNotice)
    assert warning.code == 399
    assert warning.text.startswith("Order Message:\nBUY 1 SPY Combo\nWarning: Your order will not")


def test_executions_can_be_asked_for_by_kind(bench: Bench, client: Desk) -> None:
    place(client, 1, "BUY", 1, *vertical(bench))
    bench.run(2)
    client.receive()
    client.send(ReqExecutions(request_id=9, sec_type="BAG"))
    bench.run(1)
    [found] = only(client.receive(), ExecutionData)
    assert found.contract.sec_type == "BAG"


def test_a_calendar_and_an_iron_condor_fill_leg_by_leg(bench: Bench, client: Desk) -> None:
    prices = {("P", 745.0): 2.0, ("P", 750.0): 3.0}
    for (right, strike), price in prices.items():
        bench.market.set(option(bench, right, strike), price, price + 0.1)
    condor = [
        leg(option(bench, "P", 745.0), 1),
        leg(option(bench, "P", 750.0), -1),
        *vertical(bench, -1),
    ]
    place(client, 1, "BUY", 1, *condor)
    far = option(bench, "C", 755.0, place=2)
    bench.market.set(far, 9.0, 9.2)
    place(client, 2, "BUY", 1, leg(far, 1), leg(option(bench, "C", 755.0), -1))
    bench.run(2)
    assert client.order(1).average_price == Decimal("2.10") - 3 - 4 + Decimal("1.55")
    assert client.order(2).average_price == Decimal("5.20")
    assert len(only(client.receive(), ExecutionData)) == 8


def test_a_test_fills_at_any_price_and_the_legs_add_up(bench: Bench, client: Desk) -> None:
    place(client, 1, "BUY", 2, *vertical(bench, -1), limit_price="-2.00")
    orders = bench.engine.orders
    orders.hold()
    bench.run(1)
    orders.fill(client.order(1), Decimal(1), Decimal("-2.20"))
    bench.run(1)
    own, *legs = only(client.receive(), ExecutionData)
    assert own.price == Decimal("-2.20")
    signs = {"BOT": 1, "SLD": -1}
    assert sum(signs[each.side] * each.price for each in legs) == own.price


@pytest.mark.parametrize("version", VERSIONS)
def test_completed_orders_have_their_legs(bench: Bench, version: int) -> None:
    client = bench.start(version)
    legs = vertical(bench)
    place(client, 1, "BUY", 1, *legs)
    bench.run(2)
    client.send(ReqCompletedOrders(api_only=False))
    bench.run(1)
    [found] = only(client.receive(), CompletedOrder)
    assert (found.status, found.legs) == ("Filled", legs)
    assert found.legs_description == f"{legs[0].con_id}|1,{legs[1].con_id}|-1"


def test_executions_of_several_fills_add_up_per_leg(bench: Bench, client: Desk) -> None:
    place(client, 1, "SELL", 9, *vertical(bench), limit_price="2.45")
    bench.run(1)
    bench.market.set(option(bench, "C", 760.0), 1.50, 1.54, bid_size=30, ask_size=8)
    bench.run(1)
    found = only(client.receive(), ExecutionData)
    assert [(each.shares, each.cumulative_quantity) for each in found] == (
        [(7, 7)] * 3 + [(2, 9)] * 3
    )
    high = [each for each in found if each.contract.strike == 760.0]
    assert round(9 * high[-1].average_price, 6) == 7 * Decimal("1.55") + 2 * Decimal("1.54")
    assert len({each.exec_id for each in found}) == 6
    assert len({each.exec_id.split(".")[1] for each in found}) == 2
