"""What the gateway refuses before an order exists: one error, no status, nothing kept."""

from __future__ import annotations

import dataclasses
from decimal import Decimal
from typing import Any

import pytest

from pytest_ibkr.wire.messages.contract import Contract
from pytest_ibkr.wire.messages.session import ErrorNotice
from tests.sim.orders_bench import Bench, Desk

pytestmark = pytest.mark.req("XC-001")
LAST_IN_TEXT = 200
INVALID = "Error validating request.-'bZ' : cause - "


@pytest.fixture
def bench() -> Bench:
    return Bench()


@pytest.fixture
def client(bench: Bench) -> Desk:
    return bench.start()


def only_error(bench: Bench, client: Desk) -> ErrorNotice:
    bench.run(2)
    (message,) = client.receive()
    assert isinstance(message, ErrorNotice)
    return message


SPY = Contract(symbol="SPY", sec_type="STK", exchange="SMART", currency="USD")
CASES: list[Any] = [
    pytest.param({"quantity": 0}, 434, "The order size cannot be zero.", id="zero-size"),
    pytest.param({"quantity": -5}, 434, "The order size cannot be zero.", id="negative-size"),
    pytest.param(
        {"quantity": "1.5"},
        10243,
        "Fractional-sized order cannot be placed via API. Please use desktop version to place"
        " this order.",
        id="fractional-shares",
    ),
    pytest.param(
        {"quantity": "1.00005"},
        321,
        INVALID + "Order size does not conform to market rule.",
        id="size-below-the-increment",
    ),
    pytest.param({"action": "HOLD"}, 321, INVALID + "Invalid side field was entered", id="side"),
    pytest.param(
        {"order_type": "NONSENSE"}, 321, INVALID + "Invalid order type was entered", id="type"
    ),
    pytest.param(
        {"order_type": "SNAP MID"},
        387,
        "Unsupported order type for this exchange and security type.",
        id="type-not-worked-here",
    ),
    pytest.param(
        {"order_type": "STP"}, 321, INVALID + "Please enter a stop price", id="stop-without-price"
    ),
    pytest.param(
        {"order_type": "LMT"},
        321,
        INVALID + "You must specify one value: limit price or limit price offset value.",
        id="limit-without-price",
    ),
    pytest.param(
        {"contract": dataclasses.replace(SPY, exchange="")},
        321,
        INVALID + "Missing order exchange",
        id="no-exchange",
    ),
    pytest.param(
        {"contract": dataclasses.replace(SPY, symbol="NOSUCH")},
        200,
        "No security definition has been found for the request",
        id="unknown-contract",
    ),
    pytest.param(
        {"limit_price": "700.001"},
        110,
        "The price does not conform to the minimum price variation for this contract.",
        id="off-tick",
    ),
    pytest.param({"tif": "GTX"}, 10052, "Invalid time in force:GTX", id="tif"),
    pytest.param({"parent_id": 77}, 10006, "Missing parent order.", id="unknown-parent"),
    pytest.param(
        {"trigger_method": 5}, 321, INVALID + "Invalid trigger method", id="trigger-method"
    ),
    pytest.param(
        {"what_if": True, "transmit": False},
        321,
        INVALID + "What-If order should have transmit flag set to TRUE.",
        id="what-if-held",
    ),
    pytest.param(
        {"order_type": "TRAIL", "aux_price": "1", "trailing_percent": 1.0},
        320,
        "Error reading request:Cannot specify Trailing Amount and Trailing Percent at the same"
        " time",
        id="trail-both-ways",
    ),
]


@pytest.mark.parametrize(("terms", "code", "text"), CASES)
def test_a_wrong_order_is_refused_with_one_error(
    bench: Bench, client: Desk, *, terms: dict[str, Any], code: int, text: str
) -> None:
    values = {"action": "BUY", "quantity": 100, **terms}
    client.place(1, values.pop("action"), values.pop("quantity"), **values)
    notice = only_error(bench, client)
    assert (notice.request_id, notice.code, notice.text) == (1, code, text)
    assert bench.engine.orders.open_orders() == []


def test_option_contracts_come_whole(bench: Bench, client: Desk) -> None:
    client.place(1, "BUY", "0.5", contract=bench.option_contract, limit_price="2.50")
    assert only_error(bench, client).code == 10318


def test_an_index_cannot_be_traded(bench: Bench, client: Desk) -> None:
    vix = dataclasses.replace(bench.instrument("VIX").contract(), exchange="CBOE")
    client.place(1, "BUY", 1, contract=vix)
    assert only_error(bench, client).code == 387


def test_an_id_is_used_once(bench: Bench, client: Desk) -> None:
    client.place(7, "BUY", 100, limit_price="700.00")
    bench.run(1)
    client.receive()
    client.place(5, "BUY", 100)
    notice = only_error(bench, client)
    assert (notice.request_id, notice.code, notice.text) == (5, 103, "Duplicate order id")


def test_a_refused_order_uses_its_id_up(bench: Bench, client: Desk) -> None:
    client.place(4, "BUY", 0)
    assert only_error(bench, client).code == 434
    assert bench.engine.orders.next_order_id(1) == 5
    client.place(4, "BUY", 100)
    assert only_error(bench, client).code == 103


def test_a_trailing_stop_cannot_hang_under_a_market_order(bench: Bench, client: Desk) -> None:
    client.place(1, "BUY", 100, transmit=False)
    client.place(2, "SELL", 100, order_type="TRAIL", aux_price="1.00", parent_id=1)
    notice = only_error(bench, client)
    assert (notice.request_id, notice.code) == (2, 328)


@pytest.mark.parametrize(("switch", "accepted"), [(False, True), (True, False)])
def test_old_order_defaults_are_accepted_unless_the_gateway_is_told_otherwise(
    bench: Bench, *, switch: bool, accepted: bool
) -> None:
    client = bench.start(LAST_IN_TEXT)  # protobuf has no such fields
    bench.engine.conditions.refuse_etrade_only = switch
    client.place(1, "BUY", 100, e_trade_only=True, firm_quote_only=True)
    bench.run(1)
    script = client.script()
    assert (script[-1] == "59") is accepted
    assert (script == ["10268"]) is not accepted


@pytest.mark.parametrize(("switch", "script"), [("silent", []), ("refused", ["104"])])
def test_a_filled_order_cannot_be_modified(
    bench: Bench, client: Desk, *, switch: Any, script: list[str]
) -> None:
    bench.engine.conditions.modify_filled = switch
    client.place(1, "BUY", 100)
    bench.run(1)
    client.receive()
    client.place(1, "BUY", 200)
    bench.run(1)
    assert client.script() == script
    assert bench.engine.accounts.quantities() == {bench.spy.con_id: Decimal(100)}


@pytest.mark.parametrize(("switch", "code"), [("silent", None), ("refused", "104")])
def test_a_modification_that_meets_a_fill_on_its_way_changes_nothing(
    bench: Bench, client: Desk, *, switch: Any, code: str | None
) -> None:
    bench.engine.conditions.modify_filled = switch
    bench.engine.conditions.latency.ack_s = 0.2
    client.place(1, "BUY", 100)
    bench.run(0.4)
    client.place(1, "BUY", 200)
    bench.run(2)
    assert (client.order(1).filled, client.order(1).quantity) == (100, 100)
    assert ("104" in client.script()) is (code is not None)


def test_an_id_beyond_32_bits_is_dropped_without_a_word(bench: Bench) -> None:
    client = bench.start(LAST_IN_TEXT)  # in protobuf it has 32
    client.place(2**31, "BUY", 100)
    bench.run(1)
    assert client.script() == []
    assert bench.engine.orders.next_order_id(1) == 1


MODIFICATIONS: list[Any] = [
    pytest.param({"action": "SELL"}, 105, id="side"),
    pytest.param({"order_type": "STP", "aux_price": "700.00"}, 329, id="type"),
    pytest.param({"tif": "GTC"}, 462, id="tif"),
    pytest.param({"oca_group": "other"}, 10326, id="oca-group"),
    pytest.param({"oca_type": 1}, 10327, id="oca-type"),
    pytest.param({"quantity": 1_000_000}, 201, id="funds"),
]


@pytest.mark.parametrize(("terms", "code"), MODIFICATIONS)
def test_a_refused_modification_leaves_the_order_working(
    bench: Bench, client: Desk, *, terms: dict[str, Any], code: int
) -> None:
    client.place(1, "BUY", 100, limit_price="700.00", oca_group="mine", oca_type=3)
    bench.run(1)
    client.receive()
    values = {"action": "BUY", "quantity": 100, "limit_price": "701.00", "oca_group": "mine"}
    values |= terms
    client.place(1, str(values.pop("action")), int(str(values.pop("quantity"))), **values)
    notice = only_error(bench, client)
    assert (notice.request_id, notice.code) == (1, code)
    order = client.order(1)
    assert (order.is_open, order.terms.limit_price, order.quantity) == (True, 700, 100)


def test_a_modification_shows_its_new_values_in_one_pair(bench: Bench, client: Desk) -> None:
    client.place(1, "BUY", 100, limit_price="700.00")
    bench.run(1)
    client.receive()
    client.place(1, "BUY", 60, limit_price="701.00")
    bench.run(1)
    echo, status = client.receive()
    assert (echo.limit_price, echo.quantity) == (701, 60)  # type: ignore[attr-defined]
    assert (status.status, status.remaining) == ("Submitted", 60)  # type: ignore[attr-defined]


def test_a_modification_after_the_cancel_is_too_late(bench: Bench, client: Desk) -> None:
    client.place(1, "BUY", 100, limit_price="700.00")
    bench.run(1)
    client.receive()
    client.cancel(1)
    client.place(1, "BUY", 100, limit_price="701.00")
    (notice,) = (m for m in client.receive() if isinstance(m, ErrorNotice))
    assert notice.text == (
        "Order rejected - reason:Order has been cancelled already, too late to replace"
    )


def test_outside_rth_is_ignored_for_market_orders_with_a_warning(
    bench: Bench, client: Desk
) -> None:
    client.place(1, "BUY", 100, outside_rth=True)
    bench.run(1)
    messages = client.receive()
    assert isinstance(messages[0], ErrorNotice)
    assert messages[0].code == 2109
    assert messages[1].outside_rth is False  # type: ignore[attr-defined]


def test_options_are_bought_with_cash_and_the_refusal_counts_pending_orders(
    bench: Bench, client: Desk
) -> None:
    client.place(1, "BUY", 2000, contract=bench.option_contract, limit_price="2.00")
    bench.run(1)
    client.receive()
    client.place(2, "BUY", 3000, contract=bench.option_contract, limit_price="2.10")
    bench.run(1)
    notice = next(m for m in client.receive() if isinstance(m, ErrorNotice))
    needed = 2000 * (200 + Decimal("0.76825")) + 3000 * (210 + Decimal("0.76825"))
    assert notice.text == (
        "Order rejected - reason:YOUR ORDER IS NOT ACCEPTED. CASH AVAILABLE: 1000000.00; CASH"
        f" NEEDED FOR THIS ORDER AND OTHER PENDING ORDERS: {needed:.2f}"
    )


def test_an_order_that_closes_is_never_short_of_funds(bench: Bench, client: Desk) -> None:
    client.place(1, "BUY", 2600)
    bench.market.set(bench.spy, 754.90, 754.95, ask_size=5000, bid_size=5000)
    bench.run(1)
    bench.engine.accounts.set_cash(Decimal(-1_500_000))
    client.receive()
    client.place(2, "SELL", 2600)
    bench.run(1)
    assert client.script()[-1] == "59"
