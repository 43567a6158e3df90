"""What IB refuses of an order the gateway has passed on: Inactive and an error, pure.

Reads orders, books and quotes; texts from gateway-behaviour.md 3.4 except where said.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pytest_ibkr.sim import brackets
from pytest_ibkr.sim.buying_power import funds_refusal
from pytest_ibkr.sim.combo_risk import riskless_refusal
from pytest_ibkr.sim.refusal import Refusal

if TYPE_CHECKING:
    from pytest_ibkr.sim.engine import Engine
    from pytest_ibkr.sim.order_state import Order, OrderBook

REJECTED: Final = "Order rejected - reason:"
# Paper routes refuse FOK as Inactive + 201 (gateway-behaviour.md 3.2); the words are ours.
FOK_REFUSED: Final = "The time-in-force is not supported by the destination."
BOTH_SIDES: Final = (
    "Cannot have open orders on both sides of the same US Option contract in the same account."
)
FOREIGN_ACCOUNT: Final = "Invalid account number"
TOO_LATE: Final = "Order has been cancelled already, too late to replace"


def refusal_by_ib(order: Order, book: OrderBook, engine: Engine) -> Refusal | None:
    """Why IB does not take an order; None: it does."""
    symbol = order.instrument.symbol
    if order.terms.account not in ("", engine.account_id):
        return Refusal(201, REJECTED + FOREIGN_ACCOUNT)
    if symbol in engine.conditions.not_allowed:
        return Refusal(203, f"The security {symbol} is not available or allowed for this account.")
    if order.terms.tif == "FOK":
        return Refusal(201, REJECTED + FOK_REFUSED)
    if _on_both_sides(order, book):
        return Refusal(201, REJECTED + BOTH_SIDES)
    if (refusal := engine.weather.rejects(order)) is not None:
        return refusal
    return riskless_refusal(order) or funds_refusal(order, book, engine)


def _on_both_sides(order: Order, book: OrderBook) -> bool:
    """Whether an option order meets a working one of the other side; brackets may."""
    return order.instrument.sec_type == "OPT" and any(
        other.instrument is order.instrument
        and other.buys is not order.buys
        and not other.waits_for_parent
        and not brackets.related(order, other)
        for other in book.open()
    )
