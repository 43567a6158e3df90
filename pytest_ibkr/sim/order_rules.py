"""What the gateway refuses before an order exists, and what a modification may not change.

Pure checks that raise refusals; codes and texts from gateway-behaviour.md 3.4.
"""

from __future__ import annotations

import dataclasses
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from pytest_ibkr.sim.order_attributes import check_attributes
from pytest_ibkr.sim.order_state import Order
from pytest_ibkr.sim.refusal import Refusal, invalid

if TYPE_CHECKING:
    from pytest_ibkr.sim.conditions import Conditions
    from pytest_ibkr.sim.contracts import Instrument
    from pytest_ibkr.sim.market import Market
    from pytest_ibkr.wire.messages.place_order import PlaceOrder

SUPPORTED: Final = frozenset({"MKT", "LMT", "STP", "STP LMT", "TRAIL"})
# Types the real gateway knows and this one does not work; anything else is no type at all.
KNOWN: Final = SUPPORTED | frozenset(
    {"MOC", "LOC", "MIT", "LIT", "REL", "VOL", "MTL", "MKT PRT", "STP PRT", "TRAIL LIMIT"}
    | {"MIDPRICE", "PEG MID", "PEG BEST", "PEG BENCH", "PEG MKT", "PEG STK", "PEG PRIM"}
    | {"SNAP MID", "SNAP MKT", "SNAP PRIM", "BOX TOP", "PASSV REL", "RPI", "IBALGO"}
)
# Indexes and continuous futures are no contracts; the others are not worked here.
UNTRADED: Final = frozenset({"BAG", "IND", "CASH", "BOND", "CFD", "CONTFUT"})
_SPELLINGS: Final = {"STPLMT": "STP LMT", "MKTPRT": "MKT PRT", "TRAILLIMIT": "TRAIL LIMIT"}
TIFS: Final = frozenset({"DAY", "GTC", "IOC", "FOK"})
_LIMITED: Final = frozenset({"LMT", "STP LMT"})
_STOPPED: Final = frozenset({"STP", "STP LMT"})
_TRIGGERED: Final = _STOPPED | {"TRAIL"}
_LAST_PRICE: Final = 2  # trigger method; the default of everything but options
_OCA_TYPES: Final = frozenset({0, 1, 2, 3})
_TRIGGER_METHODS: Final = frozenset({0, 1, 2, 3, 4, 7, 8})
_SMALLEST_SIZE: Final = Decimal("0.0001")  # size increment of SPY in the captured details
_LARGEST: Final = Decimal(10) ** 12  # beyond any market; Decimal cannot divide 1e300 exactly

DUPLICATE: Final = Refusal(103, "Duplicate order id")
OTHER_ACCOUNT: Final = Refusal(
    422, "The account and clearing attributes on this order may not be changed."
)
FILLED: Final = Refusal(104, "Cannot modify a filled order.")
UNSUPPORTED_TYPE: Final = "Unsupported order type for this exchange and security type."
TICK_SIZE: Final = "The price does not conform to the minimum price variation for this contract."
NO_TRAIL_UNDER_MARKET: Final = (
    "Trailing stop orders can be attached to limit or stop-limit orders only."
)
PRESET_TIF: Final = "Order TIF was set to DAY based on order preset."
RTH_IGNORED: Final = (
    "Order Event Warning:Attribute 'Outside Regular Trading Hours' is ignored based on the order"
    " type and destination. PlaceOrder is now being processed."
)


def order_type_of(terms: PlaceOrder) -> str:
    """The type as IB prints it."""
    return _SPELLINGS.get(terms.order_type, terms.order_type)


def as_taken(terms: PlaceOrder) -> PlaceOrder:
    """The request with what the gateway fills in: type as printed, TIF, hours it can keep."""
    order_type = order_type_of(terms)
    keeps_hours = order_type in _LIMITED and terms.tif not in ("IOC", "FOK")
    return dataclasses.replace(
        terms,
        order_type=order_type,
        tif=terms.tif or "DAY",
        outside_rth=terms.outside_rth and keeps_hours,
    )


def check_form(terms: PlaceOrder, conditions: Conditions) -> None:
    """Refuse what is wrong whatever the contract is.

    Raises:
        Refusal: side, type, size, missing prices, TIF, exchange, attributes; every attribute
            that is not worked here and not at its default (``order_attributes``).
    """
    if terms.order_id <= 0:
        raise Refusal(10149, f"Invalid order id: {terms.order_id}")
    if not terms.contract.exchange:
        raise invalid("Missing order exchange")
    if terms.contract.sec_type == "BAG" and not terms.legs:
        raise invalid("Security type 'BAG' requires combo leg details.")
    if terms.action not in ("BUY", "SELL"):
        raise invalid("Invalid side field was entered")
    if order_type_of(terms) not in KNOWN:
        raise invalid("Invalid order type was entered")
    if order_type_of(terms) not in SUPPORTED or terms.contract.sec_type in UNTRADED:
        raise Refusal(387, UNSUPPORTED_TYPE)
    _check_trigger_method(terms)
    _check_prices_given(terms)
    if terms.tif and terms.tif not in TIFS:
        raise Refusal(10052, f"Invalid time in force:{terms.tif}")
    if conditions.refuse_etrade_only and terms.e_trade_only:
        raise Refusal(10268, "The 'EtradeOnly' order attribute is not supported.")
    if terms.what_if and not terms.transmit:
        raise invalid("What-If order should have transmit flag set to TRUE.")
    if terms.oca_type not in _OCA_TYPES:
        raise invalid("Invalid OCA type")
    check_attributes(terms)


def _check_trigger_method(terms: PlaceOrder) -> None:
    """Refuse methods that are none, and for stops those that are not worked here."""
    if terms.trigger_method not in _TRIGGER_METHODS:
        raise invalid("Invalid trigger method")
    default = terms.trigger_method == 0
    by_last = terms.trigger_method == _LAST_PRICE and terms.contract.sec_type != "OPT"
    if order_type_of(terms) in _TRIGGERED and not (default or by_last):
        raise Refusal(10340, "The following order attribute is not supported: triggerMethod")


def _check_prices_given(terms: PlaceOrder) -> None:
    order_type = order_type_of(terms)
    if order_type in _STOPPED and not terms.aux_price:
        raise invalid("Please enter a stop price")
    if order_type in _LIMITED and not terms.limit_price:
        raise invalid("You must specify one value: limit price or limit price offset value.")
    if order_type == "TRAIL":
        amount, percent = terms.aux_price, terms.trailing_percent
        if amount and percent:
            text = "Cannot specify Trailing Amount and Trailing Percent at the same time"
            raise Refusal(320, f"Error reading request:{text}")
        if not amount and not percent:
            raise invalid("Please enter a stop price")
        if percent is not None and percent and not 0 < percent < 100:
            raise Refusal(159, "The percent offset value must be between 0% and 100%.")
    elif terms.trailing_percent or terms.trail_stop_price:
        raise Refusal(10340, "The following order attribute is not supported: trailingPercent")
    stops = (terms.aux_price, terms.trail_stop_price) if order_type in _TRIGGERED else ()
    if any(price is not None and price < 0 for price in stops):
        raise Refusal(403, "Invalid stop price.")


def check_contract(terms: PlaceOrder, instrument: Instrument, market: Market) -> None:
    """Refuse sizes and prices the contract does not take.

    Raises:
        Refusal: zero, negative or fractional size; prices off the tick grid.
    """
    if instrument.sec_type in UNTRADED:
        raise Refusal(387, UNSUPPORTED_TYPE)
    _check_size(terms.quantity, instrument)
    for price in (terms.limit_price, terms.aux_price, terms.trail_stop_price):
        off_grid = price and (abs(price) >= _LARGEST or price % market.tick_size(instrument, price))
        if off_grid:
            raise Refusal(110, TICK_SIZE)


def _check_size(quantity: Decimal, instrument: Instrument) -> None:
    if quantity <= 0:
        raise Refusal(434, "The order size cannot be zero.")
    if quantity >= _LARGEST:
        raise invalid("Order size does not conform to market rule.")
    if quantity % 1 == 0:
        return
    if instrument.sec_type in ("OPT", "FUT"):
        raise Refusal(10318, "This order doesn't support fractional quantity trading")
    if quantity % _SMALLEST_SIZE:
        raise invalid("Order size does not conform to market rule.")
    raise Refusal(
        10243,
        "Fractional-sized order cannot be placed via API. Please use desktop version to place"
        " this order.",
    )


def check_parent(terms: PlaceOrder, parent: Order | None) -> None:
    """Refuse a child whose parent cannot have it.

    Raises:
        Refusal: no such parent, one that hangs under the child itself, or a trailing stop under
            a market order.
    """
    if not terms.parent_id:
        return
    ancestor = parent
    while ancestor is not None and ancestor.order_id != terms.order_id:
        ancestor = ancestor.parent
    if parent is None or ancestor is not None or (parent.is_done and parent.remaining):
        raise Refusal(10006, "Missing parent order.")
    if order_type_of(terms) == "TRAIL" and parent.order_type == "MKT":
        raise Refusal(328, NO_TRAIL_UNDER_MARKET)


def check_modification(order: Order, terms: PlaceOrder, instrument: Instrument) -> None:
    """Refuse a change that makes it another order; the original keeps working.

    Raises:
        Refusal: another contract or side, type, time in force, parent or OCA group; less than is
            filled.
    """
    if instrument is not order.instrument or terms.action != order.terms.action:
        raise Refusal(105, "Order being modified does not match original order")
    old, new = order.order_type, order_type_of(terms)
    if new not in (old, "MKT", "LMT") or (new != old and old == "TRAIL"):
        raise Refusal(329, f"Order modify failed. Cannot change to the new order type.{new}")
    if (terms.tif or "DAY") != (order.terms.tif or "DAY"):
        text = "Order modify failed. Cannot change to the new Time in Force."
        raise Refusal(462, f"{text}{terms.tif or 'DAY'}")
    if terms.parent_id and terms.parent_id != order.terms.parent_id:
        raise Refusal(10341, "Parent order id cannot be modified")
    if terms.oca_group and terms.oca_group != order.oca_group:
        raise Refusal(10326, "OCA group revision is not allowed")
    if terms.oca_type and terms.oca_type != order.oca_type:
        raise Refusal(10327, "OCA group type revision is not allowed")
    if terms.quantity <= order.filled:
        raise Refusal(105, "Order being modified does not match original order")
