"""Codes of order errors and warnings that clients meet, each provoked by what a client does."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import pytest

from pytest_ibkr.wire.messages.contract import TagValue
from pytest_ibkr.wire.messages.order import ReqAutoOpenOrders, ReqGlobalCancel
from pytest_ibkr.wire.messages.place_order import OrderCondition
from pytest_ibkr.wire.messages.session import ErrorNotice
from tests.sim.orders_bench import SATURDAY_S, Bench, Desk

pytestmark = pytest.mark.req("XC-001")
Action = Callable[[Desk], object]
INVALID = "Error validating request.-'bZ' : cause - "
REJECTED = "Order rejected - reason:"
VERSION = 200
AT_ONCE: list[Action] = []


def buy(order_id: int = 1, quantity: int | str = 10, **terms: object) -> Action:
    return lambda client: client.place(order_id, "BUY", quantity, **terms)


def sell(order_id: int = 1, quantity: int = 10, **terms: object) -> Action:
    return lambda client: client.place(order_id, "SELL", quantity, **terms)


def cancel(order_id: int) -> Action:
    return lambda client: client.cancel(order_id)


def when(**conditions: object) -> Action:
    """A setting of the gateway before what comes next."""

    def act(client: Desk) -> None:
        for name, value in conditions.items():
            setattr(client.bench.engine.conditions, name, value)

    return act


def option(action: str, order_id: int = 1, quantity: int | str = 1, **terms: object) -> Action:
    return lambda client: client.place(
        order_id, action, quantity, contract=client.bench.option_contract, **terms
    )


def contract(**changes: object) -> Action:
    return lambda client: client.place(
        1, "BUY", 10, contract=dataclasses.replace(client.bench.spy_contract, **changes)
    )


def limit(order_id: int = 1, price: str = "700.00", **terms: object) -> Action:
    return buy(order_id, 100, limit_price=price, **terms)


def at_once(action: Action) -> Action:
    """Sent right behind the one before, without time between."""
    AT_ONCE.append(action)
    return action


ALGO_VALUE = (TagValue(tag="adaptivePriority", value="Never"),)
ALGO_TAG = (TagValue(tag="speed", value="1"),)
CASES: dict[str, tuple[int, str, tuple[Action, ...]]] = {
    "duplicate-id": (103, "Duplicate order id", (limit(5), limit(3))),
    "modify-filled": (
        104,
        "Cannot modify a filled order.",
        (when(modify_filled="refused"), buy(), buy(1, 20)),
    ),
    "another-order": (
        105,
        "Order being modified does not match original order",
        (limit(), sell(1, 100, limit_price="800.00")),
    ),
    "price-precaution": (
        109,
        (
            "Price is out of the range defined by the Percentage setting at order defaults frame."
            " The order will not be transmitted."
        ),
        (when(price_precaution_percent=2.0), limit(price="775.00")),
    ),
    "tick-size": (
        110,
        "The price does not conform to the minimum price variation for this contract.",
        (limit(price="700.001"),),
    ),
    "tif-and-type": (
        111,
        "The TIF (Tif type) and the order type are incompatible.",
        (buy(order_type="MIT", aux_price="700", tif="OPG"),),
    ),
    "close-is-for-today": (
        113,
        "The Tif option should be set to DAY for MOC and LOC orders.",
        (buy(order_type="MOC", tif="GTC"),),
    ),
    "small-block": (117, "The block order size must be at least 50.", (buy(block_order=True),)),
    "sweep-elsewhere": (
        131,
        (
            "The sweep-to-fill flag and display size are only valid for US stocks routed through"
            " SMART, and will be ignored."
        ),
        (option("BUY", sweep_to_fill=True),),
    ),
    "condition-contract": (
        147,
        "The conditional contract info is incomplete.",
        (buy(conditions=(OrderCondition(type=1, conjunction="a", value="1", con_id=1),)),),
    ),
    "hidden": (
        152,
        'The "hidden" order attribute may not be specified for this order.',
        (buy(hidden=True),),
    ),
    "percent": (
        159,
        "The percent offset value must be between 0% and 100%.",
        (sell(order_type="TRAIL", trailing_percent=120.0),),
    ),
    "global-cancel-of-the-finished": (
        161,
        "Cancel attempted when order is not in a cancellable state.  Order permId =",
        (buy(), lambda client: client.send(ReqGlobalCancel())),
    ),
    "no-such-contract": (
        200,
        "No security definition has been found for the request",
        (contract(symbol="NOSUCH"),),
    ),
    "no-funds": (
        201,
        REJECTED + "YOUR ORDER IS NOT ACCEPTED. IN ORDER TO OBTAIN THE DESIRED POSITION YOUR"
        " EQUITY WITH LOAN VALUE [",
        (buy(1, 100_000),),
    ),
    "fill-or-kill": (201, REJECTED, (limit(tif="FOK"),)),
    "both-sides": (
        201,
        REJECTED + "Cannot have open orders on both sides of the same US Option contract",
        (option("BUY", limit_price="2.00"), option("SELL", 2, limit_price="3.00")),
    ),
    "too-late": (
        201,
        REJECTED + "Order has been cancelled already, too late to replace",
        (limit(), cancel(1), at_once(limit(price="701.00"))),
    ),
    "cancelled": (202, "Order Canceled - reason:", (limit(), cancel(1))),
    "band": (
        202,
        (
            "Order Canceled - reason:We cannot accept an order at a limit price at or more"
            " aggressive than 777.5985. Please submit your order <br>using a limit price that is"
            " closer to the"
            " current market price of 754.95."
        ),
        (limit(price="7000.00"),),
    ),
    "not-allowed": (
        203,
        "The security SPY is not available or allowed for this account.",
        (when(not_allowed={"SPY"}), buy()),
    ),
    "trail-twice": (
        320,
        (
            "Error reading request:Cannot specify Trailing Amount and Trailing Percent at the same"
            " time"
        ),
        (sell(order_type="TRAIL", aux_price="1", trailing_percent=1.0),),
    ),
    "hedge-ratio": (
        320,
        "Error reading request. Invalid hedge ratio",
        (buy(1, 0, hedge_type="P", hedge_param="much"),),
    ),
    "no-type": (321, INVALID + "Invalid order type was entered", (buy(order_type="BEST"),)),
    "no-side": (
        321,
        INVALID + "Invalid side field was entered",
        (lambda client: client.place(1, "HOLD", 10),),
    ),
    "no-stop": (321, INVALID + "Please enter a stop price", (buy(order_type="STP"),)),
    "no-limit": (
        321,
        INVALID + "You must specify one value: limit price or limit price offset value.",
        (buy(order_type="LMT"),),
    ),
    "no-exchange": (321, INVALID + "Missing order exchange", (contract(exchange=""),)),
    "held-what-if": (
        321,
        INVALID + "What-If order should have transmit flag set to TRUE.",
        (buy(what_if=True, transmit=False),),
    ),
    "trigger-method": (321, INVALID + "Invalid trigger method", (buy(trigger_method=6),)),
    "size-increment": (
        321,
        INVALID + "Order size does not conform to market rule.",
        (buy(1, "1.00005"),),
    ),
    "no-discretion": (
        325,
        "Discretionary orders are not supported for this combination of exchange and order type.",
        (buy(discretionary_amount=0.05),),
    ),
    "auto-bind": (
        327,
        "Only API connections with clientId set to 0 can set the auto bind TWS orders property.",
        (lambda client: client.send(ReqAutoOpenOrders(bind=True)),),
    ),
    "trail-under-market": (
        328,
        "Trailing stop orders can be attached to limit or stop-limit orders only.",
        (
            buy(transmit=False),
            sell(2, order_type="TRAIL", aux_price="1.00", parent_id=1),
        ),
    ),
    "new-type": (
        329,
        "Order modify failed. Cannot change to the new order type.STP",
        (limit(), buy(1, 100, order_type="STP", aux_price="760.00")),
    ),
    "good-till": (334, "Invalid Good Till Date order", (limit(tif="GTD"),)),
    "start-time": (
        337,
        "Start Time: The date, time, or time-zone entered is invalid.\n",
        (buy(good_after_time="soon"),),
    ),
    "end-time": (
        343,
        "End Time: The date, time, or time-zone entered is invalid.\n",
        (limit(tif="GTD", good_till_date="soon"),),
    ),
    "type-of-contract": (
        387,
        "Unsupported order type for this exchange and security type.",
        (option("BUY", order_type="MOC"),),
    ),
    "locate": (
        404,
        "Order held while securities are located.",
        (when(shortable_shares={"SPY": 0}), sell()),
    ),
    "stop-below-zero": (403, "Invalid stop price.", (buy(order_type="STP", aux_price="-1"),)),
    "no-size": (434, "The order size cannot be zero.", (buy(1, 0),)),
    "no-algo": (
        439,
        "Order processing failed. Algorithm definition not found.",
        (buy(algo_strategy="Magic"),),
    ),
    "algo-value": (
        441,
        "Algo attributes validation failed: adaptivePriority",
        (buy(algo_strategy="Adaptive", algo_params=ALGO_VALUE),),
    ),
    "algo-not-here": (
        442,
        "Specified algorithm is not allowed for this order.",
        (buy(algo_strategy="Vwap"),),
    ),
    "algo-parameter": (
        443,
        "Order processing failed. Unknown algo attribute: speed",
        (buy(algo_strategy="Adaptive", algo_params=ALGO_TAG),),
    ),
    "permissions": (
        460,
        "No trading permissions.",
        (when(no_trading_permission={"SPY"}), buy()),
    ),
    "new-tif": (
        462,
        "Order modify failed. Cannot change to the new Time in Force.GTC",
        (limit(), limit(tif="GTC")),
    ),
    "outside-hours": (
        2109,
        (
            "Order Event Warning:Attribute 'Outside Regular Trading Hours' is ignored based on the"
            " order type and destination. PlaceOrder is now being processed."
        ),
        (buy(outside_rth=True),),
    ),
    "turned-around": (
        2137,
        "The closing order quantity is greater than your current position.",
        (when(cross_side_warning=True), buy(), sell(2, 20)),
    ),
    "capped": (
        2161,
        (
            "BUY 100 SPY @ 800.00  In accordance with our regulatory obligations as a broker, we"
            " will initially cap (or limit) the price of your Limit Order to 777.5985 or a more"
            " aggressive price still within your specified limit price."
        ),
        (when(price_band="capped"), limit(price="800.00")),
    ),
    "etrade-only": (
        2168,
        "Etrade Only Not Supported Warning",
        (when(etrade_only_notice=True), buy(e_trade_only=True)),
    ),
    "firm-quote-only": (
        2169,
        "Firm Quote Only Not Supported Warning",
        (when(etrade_only_notice=True), buy(firm_quote_only=True)),
    ),
    "no-parent": (10006, "Missing parent order.", (buy(parent_id=77),)),
    "hedge-type": (10007, "Invalid hedge type.", (buy(1, 0, hedge_type="X"),)),
    "iceberg": (
        10020,
        "Display size should be smaller than order size.",
        (limit(display_size=100),),
    ),
    "hedge-size": (
        10032,
        "Specifying size for hedge order is not allowed, send zero.",
        (buy(hedge_type="D"),),
    ),
    "no-tif": (10052, "Invalid time in force:Empty", (buy(tif="Empty"),)),
    "unknown-cancel": (
        10147,
        "OrderId 99 that needs to be cancelled is not found.",
        (cancel(99),),
    ),
    "late-cancel": (
        10148,
        "OrderId 1 that needs to be cancelled cannot be cancelled, state: Filled.",
        (buy(), cancel(1)),
    ),
    "second-cancel": (
        10148,
        "OrderId 1 that needs to be cancelled cannot be cancelled, state: PendingCancel.",
        (limit(), cancel(1), at_once(cancel(1))),
    ),
    "bad-id": (10149, "Invalid order id: 0", (buy(0),)),
    "fraction": (
        10243,
        (
            "Fractional-sized order cannot be placed via API. Please use desktop version to place"
            " this order."
        ),
        (buy(1, "1.5"),),
    ),
    "cash-quantity": (
        10244,
        "Cash Quantity cannot be used for this order",
        (buy(cash_quantity=100.0),),
    ),
    "display-size": (
        10255,
        "The 'Display Size' order attribute may not be specified for this order.",
        (buy(display_size=1),),
    ),
    "all-or-none": (
        10257,
        "The 'All or None' order attribute may not be specified for this order.",
        (option("BUY", all_or_none=True),),
    ),
    "old-defaults": (
        10268,
        "The 'EtradeOnly' order attribute is not supported.",
        (when(refuse_etrade_only=True), buy(e_trade_only=True)),
    ),
    "direct-routing": (
        10311,
        (
            "This order will be directly routed to ARCA. Direct routed orders may result in higher"
            " trade fees."
        ),
        (when(direct_routing_precaution=True), contract(exchange="ARCA")),
    ),
    "condition-time": (
        10314,
        "Time: The date, time, or time-zone entered is invalid.\n",
        (buy(conditions=(OrderCondition(type=3, conjunction="a", value="noon"),)),),
    ),
    "half-an-option": (
        10318,
        "This order doesn't support fractional quantity trading",
        (option("BUY", 1, "0.5"),),
    ),
    "oca-group": (
        10326,
        "OCA group revision is not allowed",
        (limit(oca_group="a"), limit(oca_group="b")),
    ),
    "oca-type": (
        10327,
        "OCA group type revision is not allowed",
        (limit(oca_group="a", oca_type=3), limit(oca_group="a", oca_type=1)),
    ),
    "not-supported": (
        10340,
        "The following order attribute is not supported: minQty",
        (buy(min_quantity=5),),
    ),
    "other-parent": (
        10341,
        "Parent order id cannot be modified",
        (
            limit(1, transmit=False),
            sell(2, 100, limit_price="760.00", parent_id=1),
            sell(2, 100, limit_price="761.00", parent_id=7),
        ),
    ),
    "preset-tif": (
        10349,
        "Order TIF was set to DAY based on order preset.",
        (when(empty_tif_notice=True), buy(tif="")),
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_a_code_is_provoked_and_has_its_text(name: str) -> None:
    code, text, actions = CASES[name]
    bench = Bench()
    client = bench.start(VERSION)
    for action in actions:
        if action not in AT_ONCE:
            bench.run(1)
        action(client)
    bench.run(3)
    client.receive()
    met = [m.text for m in client.seen if isinstance(m, ErrorNotice) and m.code == code]
    assert [one for one in met if one.startswith(text)], [
        (m.code, m.text) for m in client.seen if isinstance(m, ErrorNotice) and m.request_id >= 0
    ]


def test_off_hours_orders_are_warned_of_with_399() -> None:
    bench = Bench(start_s=SATURDAY_S)
    client = bench.start(VERSION)
    client.place(1, "BUY", 1, limit_price="700.00")
    bench.run(1)
    client.receive()
    (notice,) = (m for m in client.seen if isinstance(m, ErrorNotice) and m.code == 399)
    assert notice.text.startswith("Order Message:\nBUY 1 SPY ARCA\nWarning: Your order will not")


def test_more_than_forty_codes_are_provoked_here() -> None:
    assert len({code for code, _text, _actions in CASES.values()} | {399}) > 60


WARNINGS = ("outside-hours", "turned-around", "etrade-only", "preset-tif", "sweep-elsewhere")


@pytest.mark.parametrize("name", WARNINGS)
def test_an_order_that_is_warned_of_fills_all_the_same(name: str) -> None:
    _code, _text, actions = CASES[name]
    bench = Bench()
    client = bench.start(VERSION)
    for action in actions:
        action(client)
        bench.run(1)
    assert all(order.filled == order.quantity for order in bench.engine.orders.book.all())
    assert bench.engine.orders.book.all()
