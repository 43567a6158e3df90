"""Attributes of an order that some contracts and types take and others do not: checks, pure.

What a contract takes follows the order types of captured contract details (AON, DIS, HID, ICE,
RELPCTOFS, SWEEP, GAT); codes and texts are gateway-behaviour.md 3.4's and IB's list's.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Final

from pytest_ibkr.sim import reference_facts
from pytest_ibkr.sim.order_attributes import is_unset, unsupported
from pytest_ibkr.sim.order_types import LIMITED, TRAILING
from pytest_ibkr.sim.positions import exact
from pytest_ibkr.sim.refusal import Refusal

if TYPE_CHECKING:
    from pytest_ibkr.sim.contracts import Instrument
    from pytest_ibkr.sim.market import Market
    from pytest_ibkr.wire.messages.place_order import PlaceOrder

_MAY_NOT: Final = "order attribute may not be specified for this order."
_SMALLEST_BLOCK: Final = 50
SWEEP_IGNORED: Final = (
    "The sweep-to-fill flag and display size are only valid for US stocks routed through SMART,"
    " and will be ignored."
)


def check(terms: PlaceOrder, order_type: str, instrument: Instrument, market: Market) -> None:
    """Refuse attributes that the contract or the type does not take.

    Args:
        terms: the request.
        order_type: its type as printed.
        instrument: what it trades.
        market: whose price increments count.

    Raises:
        Refusal: 117, 152, 157, 159, 168, 325, 338, 10020, 10255, 10257, 10340.
    """
    listed = reference_facts.order_types(instrument).split(",")
    rests = order_type in LIMITED or order_type == "TRAIL LIMIT"
    if terms.all_or_none and "AON" not in listed:
        raise Refusal(10257, f"The 'All or None' {_MAY_NOT}")
    if terms.hidden and not ("HID" in listed and rests):
        raise Refusal(152, f'The "hidden" {_MAY_NOT}')
    if not is_unset("display_size", terms.display_size):
        _check_display_size(terms, taken="ICE" in listed and rests)
    if terms.discretionary_amount:
        _check_discretion(terms, instrument, market, taken="DIS" in listed and order_type == "LMT")
    if terms.good_after_time and "GAT" not in listed:
        raise Refusal(338, "Good After Time Disabled.")
    if terms.block_order and terms.quantity < _SMALLEST_BLOCK:
        raise Refusal(117, "The block order size must be at least 50.")
    if terms.block_order:
        raise unsupported("blockOrder")
    _check_offsets(terms, order_type)


def sweeps(terms: PlaceOrder) -> bool:
    """Whether an order may sweep; otherwise the flag is ignored with 131."""
    return terms.contract.sec_type != "OPT" and terms.contract.exchange == "SMART"


def _check_display_size(terms: PlaceOrder, *, taken: bool) -> None:
    if not taken:
        raise Refusal(10255, f"The 'Display Size' {_MAY_NOT}")
    if terms.discretionary_amount:
        raise Refusal(
            157,
            "An order can be EITHER Iceberg or Discretionary. Please remove either the"
            " Discretionary amount or the Display size.",
        )
    if not 0 < (terms.display_size or 0) < terms.quantity:
        raise Refusal(10020, "Display size should be smaller than order size.")


def _check_discretion(
    terms: PlaceOrder, instrument: Instrument, market: Market, *, taken: bool
) -> None:
    if not taken or terms.discretionary_amount < 0:
        raise Refusal(
            325,
            "Discretionary orders are not supported for this combination of exchange and order"
            " type.",
        )
    tick = market.tick_size(instrument, terms.limit_price or Decimal(1))
    if exact(terms.discretionary_amount) % tick:
        raise Refusal(
            168,
            "Discretionary amount does not conform to the minimum price variation for this"
            " contract.",
        )


def _check_offsets(terms: PlaceOrder, order_type: str) -> None:
    """Refuse offsets of other types, and shares that are none."""
    if terms.percent_offset is not None:
        if order_type != "REL":
            raise unsupported("percentOffset")
        if not 0 < terms.percent_offset < 100:
            raise Refusal(159, "The percent offset value must be between 0% and 100%.")
    trails = order_type in TRAILING
    if not trails and not is_unset("limit_price_offset", terms.limit_price_offset):
        raise unsupported("lmtPriceOffset")
