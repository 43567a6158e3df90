"""The trading half of the gateway: orders, executions, what became of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from bot.broker.order_book import OrderBook
from bot.broker.order_queries import OrderQueries
from bot.broker.orders import OrderService
from bot.broker.session import Session
from bot.domain.contracts import Contract
from bot.domain.orders import CompletedOrder, Execution, OrderState, OrderStatus, OrderTicket


class TradingSurface:
    """Order messages and questions about orders."""

    timeout_s: float

    def __init__(self, session: Session, *, read_only: bool) -> None:
        self._book = OrderBook(
            session.client_id, session.clock, order_id_seen=session.order_ids.seen
        )
        session.when_closed.append(self._book.changed.wake)
        self._queries = OrderQueries(session, self._book)
        self._orders = OrderService(session, self._book, self._queries, read_only=read_only)

    # ------------------------------------------------------------ orders

    def place_order(self, contract: Contract, ticket: OrderTicket) -> int:
        """Send a new order; returns its id (> 0) without waiting for an answer.

        Raises:
            OrdersBlockedError: this gateway object is read-only.
            GatewayConnectionError: nothing was sent, or the send broke.
        """
        return self._orders.place(contract, ticket)

    def modify_order(self, order_id: int, ticket: OrderTicket) -> None:
        """Send a known order again with other values; a refusal leaves the old one working."""
        self._orders.modify(order_id, ticket)

    def cancel_order(self, order_id: int, *, timeout_s: float = 10.0) -> OrderState:
        """Cancel and wait for what became of it; a fill that won the race is a normal result.

        Raises:
            OrderNotFoundError: this client has no such order.
            RequestTimeoutError: still not over after ``timeout_s``.
        """
        return self._orders.cancel(order_id, timeout_s)

    def cancel_all_orders(self, *, timeout_s: float = 10.0) -> list[OrderState]:
        """Cancel the orders placed through this object, one by one, by id.

        Never a global cancel. Returns their final states.

        Raises:
            RequestTimeoutError: one is still not over after ``timeout_s``; all were asked.
        """
        return self._orders.cancel_all(timeout_s)

    def get_order_status(self, order_id: int) -> OrderState:
        """What is known now, without asking.

        Raises:
            OrderNotFoundError: this client has no such order.
        """
        return self._book.require(order_id)

    def wait_for_order(
        self, order_id: int, statuses: Iterable[OrderStatus | str], timeout_s: float
    ) -> OrderState:
        """Wait until the status is one of ``statuses``, or final: then look at the result.

        Raises:
            OrderRejectedError: refused, unless ``statuses`` holds Inactive.
            RequestTimeoutError: neither within ``timeout_s``.
            GatewayConnectionError: the connection was lost while waiting.
        """
        wanted = frozenset(OrderStatus(status) for status in statuses)
        return self._orders.wait_for(order_id, wanted, timeout_s)

    def open_orders(
        self, *, all_clients: bool = False, timeout_s: float | None = None
    ) -> list[OrderState]:
        """Open orders of this client, as the gateway lists them now."""
        return self._queries.open_orders(self._order_limit(timeout_s), all_clients=all_clients)

    def executions(
        self, *, all_clients: bool = False, timeout_s: float | None = None
    ) -> list[Execution]:
        """Today's fills, with their commissions where reported; corrections applied."""
        return self._queries.executions(self._order_limit(timeout_s), all_clients=all_clients)

    def completed_orders(
        self, *, api_only: bool = True, timeout_s: float | None = None
    ) -> list[CompletedOrder]:
        """Finished orders the gateway remembers; they have perm ids, no order ids."""
        return self._queries.completed(self._order_limit(timeout_s), api_only=api_only)

    def reconcile_orders(self, *, timeout_s: float | None = None) -> list[OrderState]:
        """Settle every order not known to be over by asking; returns those that changed."""
        return self._queries.reconcile(self._order_limit(timeout_s))

    @property
    def orders(self) -> tuple[OrderState, ...]:
        """Every order of this client seen or placed by this object."""
        return self._book.all()

    def on_order(self, listener: Callable[[OrderState], None]) -> Callable[[], None]:
        """Call ``listener(state)`` after every change; duplicates are not changes."""
        return self._orders.on_change(listener)

    def _order_limit(self, timeout_s: float | None) -> float:
        return self.timeout_s if timeout_s is None else timeout_s
