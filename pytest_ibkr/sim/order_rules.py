"""What the gateway refuses before an order exists, and what a modification may not change.

Pure checks that raise refusals; codes and texts from gateway-behaviour.md 3.4.
"""

from __future__ import annotations

import dataclasses
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from pytest_ibkr.sim import order_features, order_types, triggers
from pytest_ibkr.sim.order_attributes import check_attributes, unsupported
from pytest_ibkr.sim.order_state import Order
from pytest_ibkr.sim.refusal import Refusal, invalid

if TYPE_CHECKING:
    from pytest_ibkr.sim.conditions import Conditions
    from pytest_ibkr.sim.contracts import Instrument
    from pytest_ibkr.sim.market import Market
    from pytest_ibkr.wire.messages.place_order import PlaceOrder

# Indexes and continuous futures are no contracts; the others are not worked here.
UNTRADED: Final = frozenset({"IND", "CASH", "BOND", "CFD", "CONTFUT"})
_OCA_TYPES: Final = frozenset({0, 1, 2, 3})
_SMALLEST_SIZE: Final = Decimal("0.0001")  # size increment of SPY in the captured details
_LARGEST: Final = Decimal(10) ** 12  # beyond any market; Decimal cannot divide 1e300 exactly

DUPLICATE: Final = Refusal(103, "Duplicate order id")
OTHER_ACCOUNT: Final = Refusal(
    422, "The account and clearing attributes on this order may not be changed."
)
FILLED: Final = Refusal(104, "Cannot modify a filled order.")
UNSUPPORTED_TYPE: Final = "Unsupported order type for this exchange and security type."
ONE_LIMIT: Final = "You must specify one value: limit price or limit price offset value."
RELATIVE_OFFSET: Final = Decimal("0.01")  # gateway-behaviour.md 3.2: what the echo shows
TICK_SIZE: Final = "The price does not conform to the minimum price variation for this contract."
NO_TRAIL_UNDER_MARKET: Final = (
    "Trailing stop orders can be attached to limit or stop-limit orders only."
)


def order_type_of(terms: PlaceOrder) -> str:
    """The type as IB prints it."""
    return order_types.printed(terms.order_type)


def as_taken(terms: PlaceOrder) -> PlaceOrder:
    """The request with what the gateway fills in: type as printed, TIF, hours it can keep, the
    offset of a relative order, a sweep where there is one.
    """
    order_type = order_type_of(terms)
    keeps_hours = order_type in order_types.KEEPS_HOURS and terms.tif in ("", "DAY", "GTC", "GTD")
    no_offset = order_type == "REL" and not terms.aux_price and terms.percent_offset is None
    return dataclasses.replace(
        terms,
        order_type=order_type,
        tif=terms.tif or "DAY",
        outside_rth=terms.outside_rth and keeps_hours,
        aux_price=RELATIVE_OFFSET if no_offset else terms.aux_price,
        sweep_to_fill=terms.sweep_to_fill and order_features.sweeps(terms),
    )


def check_form(terms: PlaceOrder, conditions: Conditions) -> None:
    """Refuse what is wrong whatever the contract is.

    Raises:
        Refusal: side, type, size, missing prices, TIF, exchange, attributes; every attribute
            that is not worked here and not at its default (``order_attributes``).
    """
    if not terms.contract.exchange:
        raise invalid("Missing order exchange")
    if terms.contract.sec_type == "BAG" and not terms.legs:
        raise invalid("Security type 'BAG' requires combo leg details.")
    if terms.action not in ("BUY", "SELL"):
        raise invalid("Invalid side field was entered")
    if order_type_of(terms) not in order_types.KNOWN:
        raise invalid("Invalid order type was entered")
    if order_type_of(terms) not in order_types.TYPES or terms.contract.sec_type in UNTRADED:
        raise Refusal(387, UNSUPPORTED_TYPE)
    if any(leg.price is not None for leg in terms.leg_prices):
        raise unsupported("orderComboLegs")
    if terms.trigger_method not in triggers.METHODS:
        raise invalid("Invalid trigger method")
    _check_prices_given(terms)
    _check_tif(terms)
    if conditions.refuse_etrade_only and terms.e_trade_only:
        raise Refusal(10268, "The 'EtradeOnly' order attribute is not supported.")
    if terms.what_if and not terms.transmit:
        raise invalid("What-If order should have transmit flag set to TRUE.")
    if terms.oca_type not in _OCA_TYPES:
        raise invalid("Invalid OCA type")
    check_attributes(terms)


def _check_tif(terms: PlaceOrder) -> None:
    """Refuse times in force that are none, or not for the type."""
    order_type, tif = order_type_of(terms), terms.tif or "DAY"
    if tif not in order_types.TIFS:
        raise Refusal(10052, f"Invalid time in force:{tif}")
    if order_type in order_types.AT_CLOSE and tif != "DAY":
        raise Refusal(113, "The Tif option should be set to DAY for MOC and LOC orders.")
    never_now = order_types.PEGGED | order_types.SILENT
    if (tif == "OPG" and order_type not in ("MKT", "LMT")) or (
        tif == "IOC" and order_type in never_now
    ):
        raise Refusal(111, "The TIF (Tif type) and the order type are incompatible.")


def _check_prices_given(terms: PlaceOrder) -> None:
    order_type = order_type_of(terms)
    if order_type in order_types.STOPPED and not terms.aux_price:
        raise invalid("Please enter a stop price")
    combo = terms.contract.sec_type == "BAG"  # its price may be zero
    unpriced = terms.limit_price is None if combo else not terms.limit_price
    if order_type in order_types.LIMITED and unpriced:
        raise invalid(ONE_LIMIT)
    if order_type in order_types.TRAILING:
        _check_trail(terms, order_type)
    elif terms.trailing_percent or terms.trail_stop_price:
        raise unsupported("trailingPercent")
    waits = order_type in order_types.TRIGGERED
    stops = (terms.aux_price, terms.trail_stop_price) if waits else ()
    if any(price is not None and price < 0 for price in stops):
        raise Refusal(403, "Invalid stop price.")


def _check_trail(terms: PlaceOrder, order_type: str) -> None:
    """Refuse a trail by two measures or none, and a trailing limit that is not one of two."""
    amount, percent = terms.aux_price, terms.trailing_percent
    if amount and percent:
        text = "Cannot specify Trailing Amount and Trailing Percent at the same time"
        raise Refusal(320, f"Error reading request:{text}")
    if not amount and not percent:
        raise invalid("Please enter a stop price")
    if percent is not None and percent and not 0 < percent < 100:
        raise Refusal(159, "The percent offset value must be between 0% and 100%.")
    if order_type != "TRAIL LIMIT":
        return
    if bool(terms.limit_price) is (terms.limit_price_offset is not None):
        raise invalid(ONE_LIMIT)
    if not terms.trail_stop_price:
        raise invalid("Please enter a stop price")


def check_contract(terms: PlaceOrder, instrument: Instrument, market: Market) -> None:
    """Refuse sizes and prices the contract does not take.

    Raises:
        Refusal: a type or time in force it does not take; zero, negative or fractional size;
            what ``order_features`` says; prices off the tick grid.
    """
    order_type = order_type_of(terms)
    if instrument.sec_type in UNTRADED or not order_types.taken_by(order_type, instrument):
        raise Refusal(387, UNSUPPORTED_TYPE)
    if not order_types.takes_tif(terms.tif or "DAY", instrument):
        raise Refusal(10052, f"Invalid time in force:{terms.tif}")
    _check_size(terms.quantity, instrument)
    order_features.check(terms, order_type, instrument, market)
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
    if instrument.sec_type in ("OPT", "FUT", "BAG"):
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
    if order_type_of(terms) in order_types.TRAILING and parent.order_type == "MKT":
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
    if new not in (old, "MKT", "LMT") or (
        new != old and old not in ("MKT", "LMT", "STP", "STP LMT")
    ):
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
