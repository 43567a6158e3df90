"""How orders hang together: parents and children, one-cancels-all groups.

Decides who is cancelled, reduced or woken by what happened to another order; ``OrderFlow`` does
it (gateway-behaviour.md 3.2).
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Final

from pytest_ibkr.sim.order_state import Order, OrderBook, Status

if TYPE_CHECKING:
    from pytest_ibkr.sim.order_flow import OrderFlow

CANCEL_ALL_WITH_BLOCK: Final = 1
REDUCE: Final = 3  # what the gateway prints when the client gave none


def adopt(order: Order, parent: Order | None) -> None:
    """Put a child under its parent, in place of an earlier version of itself."""
    order.parent = parent
    if parent is not None:
        others = [child for child in parent.children if child.order_id != order.order_id]
        parent.children = [*others, order]


def released_by(order: Order, *, transmit: bool) -> list[Order]:
    """The orders a placeOrder lets go, parent first; empty while the group is held back.

    A transmitted child releases its parent and the siblings held so far; a parent sent again
    with transmit releases itself only.
    """
    if not transmit:
        return []
    if order.parent is None:
        return [order]
    group = [order.parent, *order.parent.children]
    return [member for member in group if member.held]


def related(order: Order, other: Order) -> bool:
    """Whether two orders belong to one bracket."""
    family = {order, order.parent, *order.children} - {None}
    return other in family or (order.parent is not None and other.parent is order.parent)


def join_parent_group(order: Order) -> None:
    """Give a child without a group of its own the parent's permanent id as group."""
    if order.parent is not None and not order.terms.oca_group:
        order.oca_group = str(order.parent.perm_id)


def after_fill(flow: OrderFlow, book: OrderBook, order: Order, shares: Decimal) -> None:
    """Cancel or reduce what the fill replaces, and wake the children of a filled parent.

    A group of type 1 ends with any fill; types 2 and 3 take from every sibling what was filled.
    """
    complete = order.status is Status.FILLED
    for sibling in book.siblings(order):
        if order.oca_type == CANCEL_ALL_WITH_BLOCK:
            flow.cancel_now(sibling)
        else:
            flow.reduce(sibling, shares)
    if complete:
        for child in order.children:
            flow.activate(child)


def after_end(flow: OrderFlow, order: Order) -> None:
    """Children go with a parent that ends; what it had filled stays protected by them.

    A parent cancelled after a part of it was filled leaves its children, cut to that part: not
    evidenced either way, and the reading that leaves no position without its stop.
    """
    for child in order.children:
        if child.held:
            flow.cancel_held(child)
        elif not order.filled:
            flow.cancel_now(child)
        else:
            child.quantity = min(child.quantity, order.filled)
            child.parent = None
            flow.activate(child)
