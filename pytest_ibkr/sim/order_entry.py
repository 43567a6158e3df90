"""A request made into an order of the book; pure."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from pytest_ibkr.sim import brackets, order_types
from pytest_ibkr.sim.order_state import MANUAL_CLIENT, Order

if TYPE_CHECKING:
    from pytest_ibkr.sim.contracts import Instrument
    from pytest_ibkr.wire.messages.place_order import PlaceOrder


def new_order(
    terms: PlaceOrder, instrument: Instrument, *, client_id: int = MANUAL_CLIENT
) -> Order:
    """The order of a request, held back until it is transmitted.

    Args:
        terms: as the gateway took them.
        instrument: what it trades.
        client_id: who placed it; by default nobody: it was entered by hand.
    """
    order = Order(
        terms=terms,
        instrument=instrument,
        client_id=client_id,
        quantity=terms.quantity,
        held=True,
        oca_group=terms.oca_group,
        oca_type=terms.oca_type or brackets.REDUCE,
    )
    order.stop = stop_of(terms)
    return order


def stop_of(terms: PlaceOrder) -> Decimal | None:
    """The stop or touch price an order begins with; None: the market gives it, or it has none."""
    if terms.order_type in order_types.STOPPED:
        return terms.aux_price
    return (terms.trail_stop_price or None) if terms.order_type in order_types.TRAILING else None
