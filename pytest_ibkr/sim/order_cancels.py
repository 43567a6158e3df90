"""cancelOrder and globalCancel: whose order it is, and in which state it cannot be cancelled."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from pytest_ibkr.sim.calendar import date_of
from pytest_ibkr.sim.order_state import Order, OrderBook, Status
from pytest_ibkr.sim.refusal import Refusal
from pytest_ibkr.wire.declare import Message
from pytest_ibkr.wire.messages.order import CancelOrder, ReqGlobalCancel

if TYPE_CHECKING:
    from pytest_ibkr.sim.client import Client
    from pytest_ibkr.sim.engine import Engine
    from pytest_ibkr.sim.order_flow import OrderFlow


class CancelDesk:
    """Answers 4 and 58 (gateway-behaviour.md 3.5)."""

    def __init__(self, engine: Engine, book: OrderBook, flow: OrderFlow) -> None:
        self._engine, self._book, self._flow = engine, book, flow

    def handlers(self) -> dict[type[Message], Callable[[Client, Any], None]]:
        """Return what this desk answers."""
        return {CancelOrder: self.cancel, ReqGlobalCancel: self.cancel_all}

    def cancel(self, client: Client, message: CancelOrder) -> None:
        """Cancel an order; nothing is answered before IB's report.

        Raises:
            Refusal: 10149 for an impossible id, 10147 unknown or another client's, 10148 when
                it is done or being cancelled.
        """
        order_id = message.order_id
        order = self._book.find(client.client_id, order_id)
        if order is None and order_id > 0:
            order = self._of_another(order_id)
        if order is None and order_id <= 0:  # orders entered by hand have negative ids once bound
            raise Refusal(10149, f"Invalid order id: {order_id}")
        if order is None:
            raise Refusal(10147, f"OrderId {order_id} that needs to be cancelled is not found.")
        if order.status == Status.FILLED and self._engine.conditions.cancel_filled == "161":
            raise not_cancellable(order)
        if order.is_done or order.cancel_asked:
            state = order.status if order.is_done else Status.PENDING_CANCEL
            text = f"OrderId {order_id} that needs to be cancelled cannot be cancelled"
            raise Refusal(10148, f"{text}, state: {state}.")
        self._cancel(order)

    def cancel_all(self, client: Client, _message: ReqGlobalCancel) -> None:
        """Cancel the orders of every client; each the caller finished today answers 161."""
        for order in self._book.all():
            if not order.is_done:
                if not order.cancel_asked:
                    self._cancel(order)
            elif order.client_id == client.client_id and order.perm_id and self._of_today(order):
                client.refuse(order.order_id, not_cancellable(order))

    def _cancel(self, order: Order) -> None:
        if order.held:
            self._flow.cancel_held(order)
        else:
            self._flow.ask_cancel(order)

    def _of_today(self, order: Order) -> bool:
        finished_s = order.finished_s
        return finished_s is not None and date_of(finished_s) == date_of(self._engine.now_s)

    def _of_another(self, order_id: int) -> Order | None:
        """Another client's order, where the gateway allows cancelling it (two builds differ)."""
        if not self._engine.conditions.cross_client_cancel:
            return None
        return next((o for o in self._book.all() if o.order_id == order_id), None)


def not_cancellable(order: Order) -> Refusal:
    """The refusal of cancelling what is over, by the broker's number of the order."""
    text = "Cancel attempted when order is not in a cancellable state."
    return Refusal(161, f"{text}  Order permId ={order.perm_id}")
