"""Orders of ``close-positions``: each makes a position smaller and none goes through zero."""

from __future__ import annotations

from decimal import Decimal

from pytest_ibkr.guard.decision import Refuse
from pytest_ibkr.guard.state import ClientState, RunState
from pytest_ibkr.wire.messages.place_order import PlaceOrder

_ZERO = Decimal(0)


def judge(order: PlaceOrder, client: ClientState, run: RunState) -> Refuse | None:
    """Why an order of a closing run does not just reduce; None in other runs.

    The position is the smaller of what the gateway said first and last. What this run's other
    orders of the contract traded or may still trade is taken off the first, what of them may
    still trade off the last: a fill and the position that follows from it come in either order.
    """
    if run.mode != "close":
        return None
    con_id = order.contract.con_id
    first = run.first_positions.get(con_id, _ZERO)
    last = run.positions.get(con_id, _ZERO)
    side = -1 if order.action == "SELL" else 1
    committed = waiting = _ZERO
    for other in run.orders:
        itself = (other.client_id, other.order_id) == (client.client_id, order.order_id)
        if other.message.contract.con_id == con_id and not itself:
            committed += other.committed
            waiting += other.committed - other.filled
    room = min(-side * first - committed, -side * last - waiting)
    if con_id and order.quantity <= room:
        return None
    left = room if room > 0 else 0
    return Refuse(
        "order.position",
        f"{order.action} {order.quantity} would not just reduce a position: {left} are left"
        " to close",
        "name the contract by its id, ask for the positions first, and close no more than is held",
        order.order_id,
    )
