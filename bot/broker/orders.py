"""Placing, changing and cancelling orders; waiting for what becomes of them."""

from __future__ import annotations

import threading
from collections.abc import Callable

from bot.broker.convert import to_ib_contract, to_ib_order
from bot.broker.errors import (
    GatewayConnectionError,
    OrderRejectedError,
    OrdersBlockedError,
    RequestTimeoutError,
)
from bot.broker.order_book import OrderBook
from bot.broker.order_queries import OrderQueries
from bot.broker.session import Session
from bot.domain.contracts import Contract
from bot.domain.orders import OrderState, OrderStatus, OrderTicket

OrderListener = Callable[[OrderState], None]


class OrderService:
    """Order messages go out here and nowhere else."""

    def __init__(
        self, session: Session, book: OrderBook, queries: OrderQueries, *, read_only: bool
    ) -> None:
        self._session, self._book, self._queries = session, book, queries
        self._read_only = read_only
        self._lock, self._placing = threading.Lock(), threading.Lock()
        self._listeners: list[OrderListener] = []
        book.on_change = self._changed

    def on_change(self, listener: OrderListener) -> Callable[[], None]:
        """Register once; returns what removes it."""
        with self._lock:
            if listener not in self._listeners:
                self._listeners.append(listener)

        def remove() -> None:
            with self._lock:
                if listener in self._listeners:
                    self._listeners.remove(listener)

        return remove

    def _changed(self, state: OrderState) -> None:
        with self._lock:
            listeners = tuple(self._listeners)
        for listener in listeners:
            self._session.events.later(lambda listener=listener: listener(state))  # type: ignore[misc]

    # ------------------------------------------------------------ sending

    def place(self, contract: Contract, ticket: OrderTicket) -> int:
        """Send; returns the new id."""
        self._require_orders_allowed()
        self._session.require_ready()
        # Gateways refuse an id below the highest one they saw (103): ids leave in order.
        with self._placing:
            order_id = self._session.order_ids.take()
            self._book.placed(order_id, contract, ticket)
            # When this breaks nobody knows whether the order arrived: it stays in the book,
            # and a reconciliation after the reconnect settles it.
            self._transmit(order_id, contract, ticket)
        return order_id

    def modify(self, order_id: int, ticket: OrderTicket) -> None:
        """Send again under the same id."""
        self._require_orders_allowed()
        state = self._book.require(order_id)
        if state.contract is None:
            raise OrderRejectedError(f"order {order_id} has no contract yet: nothing was sent")
        if state.is_terminal:
            raise OrderRejectedError(
                f"order {order_id} is {state.status}: it cannot be modified; nothing was sent"
            )
        self._book.modified(order_id, ticket)
        self._transmit(order_id, state.contract, ticket)

    def _transmit(self, order_id: int, contract: Contract, ticket: OrderTicket) -> None:
        ib_contract = to_ib_contract(contract)
        ib_order = to_ib_order(ticket, client_id=self._session.client_id)
        self._session.send(lambda client: client.placeOrder(order_id, ib_contract, ib_order))

    def _require_orders_allowed(self) -> None:
        if self._read_only:
            raise OrdersBlockedError(
                "orders are blocked: this gateway object is read-only; nothing was sent"
            )

    # ------------------------------------------------------------ cancelling

    def cancel(self, order_id: int, timeout_s: float) -> OrderState:
        """Cancel one order and wait for its end."""
        self._require_orders_allowed()
        deadline = self._session.clock.monotonic() + timeout_s
        self._send_cancel(order_id)
        return self._await_end(order_id, deadline, timeout_s)

    def cancel_all(self, timeout_s: float) -> list[OrderState]:
        """Cancel what was placed through this object; all cancels go out first."""
        ids = [state.order_id for state in self._book.all() if state.placed_here]
        live = [order_id for order_id in ids if not self._book.require(order_id).is_terminal]
        if not live:
            return []
        self._require_orders_allowed()
        deadline = self._session.clock.monotonic() + timeout_s
        for order_id in live:
            self._send_cancel(order_id)
        late, states = [], []
        for order_id in live:
            try:
                states.append(self._await_end(order_id, deadline, timeout_s))
            except RequestTimeoutError as error:
                late.append(error)
        if late:
            raise RequestTimeoutError("; ".join(error.message for error in late))
        return states

    def _send_cancel(self, order_id: int) -> None:
        if self._book.require(order_id).is_terminal:
            return
        self._book.forget_race(order_id)
        self._session.send(lambda client: client.cancel_order(order_id))

    def _await_end(self, order_id: int, deadline: float, timeout_s: float) -> OrderState:
        clock, book = self._session.clock, self._book

        def over() -> bool:
            return book.require(order_id).is_terminal or not self._session.is_ready

        def over_or_raced() -> bool:
            return over() or book.race(order_id) is not None

        book.changed.wait_until(over_or_raced, deadline - clock.monotonic())
        if not over() and book.race(order_id) is not None:
            self._queries.reconcile(max(deadline - clock.monotonic(), 1.0))
            book.changed.wait_until(over, deadline - clock.monotonic())
        state = book.require(order_id)
        if state.is_terminal:
            return state
        if not self._session.is_ready:
            raise GatewayConnectionError(
                f"the connection was lost while order {order_id} was being cancelled:"
                " reconnect() and look at its state"
            )
        said = book.race(order_id)
        raise RequestTimeoutError(
            f"order {order_id} is still {state.status} {timeout_s:g} s after its cancel"
            + (f" (the gateway said {said})" if said else ""),
            request_id=order_id,
        )

    # ------------------------------------------------------------ waiting

    def wait_for(
        self, order_id: int, wanted: frozenset[OrderStatus], timeout_s: float
    ) -> OrderState:
        """Wait for one of ``wanted`` or any final status."""
        book = self._book

        def reached() -> bool:
            state = book.require(order_id)
            over = state.status in wanted or state.is_terminal
            return over or not self._session.is_ready

        in_time = book.changed.wait_until(reached, timeout_s)
        state = book.require(order_id)
        if state.is_rejected and OrderStatus.INACTIVE not in wanted:
            raise OrderRejectedError(
                f"order {order_id} was rejected: {state.error_text or 'no reason given'}",
                code=state.error_code,
                request_id=order_id,
            )
        if not (state.status in wanted or state.is_terminal or self._session.is_ready):
            raise GatewayConnectionError(
                f"the connection was lost while order {order_id} was {state.status}:"
                " reconnect() settles its state"
            )
        if not in_time:
            names = ", ".join(sorted(wanted))
            raise RequestTimeoutError(
                f"order {order_id} is {state.status} (filled {state.filled}) after"
                f" {timeout_s:g} s, not {names}",
                request_id=order_id,
            )
        return state
