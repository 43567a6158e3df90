"""Open and completed orders, as clients ask for them and as they are replayed at connect."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from pytest_ibkr.sim.calendar import date_of
from pytest_ibkr.sim.echo import completed_order
from pytest_ibkr.sim.order_state import MANUAL_CLIENT, OrderBook, Status
from pytest_ibkr.sim.refusal import Refusal
from pytest_ibkr.wire.declare import Message
from pytest_ibkr.wire.messages.order import (
    CompletedOrdersEnd,
    OpenOrderEnd,
    ReqAllOpenOrders,
    ReqAutoOpenOrders,
    ReqCompletedOrders,
    ReqOpenOrders,
)

if TYPE_CHECKING:
    from pytest_ibkr.sim.client import Client
    from pytest_ibkr.sim.engine import Engine
    from pytest_ibkr.sim.order_reports import Reports

NO_AUTO_BIND = (
    "Only API connections with clientId set to 0 can set the auto bind TWS orders property."
)


class QueryDesk:
    """Answers 5, 15, 16 and 99 (gateway-behaviour.md 3.6)."""

    def __init__(self, engine: Engine, book: OrderBook, reports: Reports) -> None:
        self._engine, self._book, self._reports = engine, book, reports

    def handlers(self) -> dict[type[Message], Callable[[Client, Any], None]]:
        """Return what this desk answers."""
        return {
            ReqOpenOrders: self.own,
            ReqAllOpenOrders: self.everybodys,
            ReqAutoOpenOrders: self.bind,
            ReqCompletedOrders: self.completed,
        }

    def replay(self, client: Client) -> None:
        """Send the open orders of this client id and 53; nothing when there are none."""
        if any(order.client_id == client.client_id for order in self._book.open()):
            self._list(client, everybody=False)

    def own(self, client: Client, _message: ReqOpenOrders) -> None:
        """Answer the pairs of this client's open orders, then 53."""
        self._soon(client, lambda: self._list(client, everybody=False))

    def everybodys(self, client: Client, _message: ReqAllOpenOrders) -> None:
        """Answer the pairs of all clients' open orders, then 53."""
        self._soon(client, lambda: self._list(client, everybody=True))

    def bind(self, client: Client, message: ReqAutoOpenOrders) -> None:
        """Answer nothing; from now on orders entered by hand get negative ids and 100, or none.

        Raises:
            Refusal: 327 for any client but 0.
        """
        if client.client_id != MANUAL_CLIENT:
            raise Refusal(327, NO_AUTO_BIND)
        self._book.auto_bind = message.bind

    def completed(self, client: Client, message: ReqCompletedOrders) -> None:
        """Answer what was filled or cancelled since midnight, of every client, then 102.

        With ``api_only`` what was entered by hand is left out.
        """

        def answer() -> None:
            account = self._engine.account_id
            rows = [
                completed_order(order, account=account, finished_s=order.finished_s)
                for order in self._book.all()
                if order.status in (Status.FILLED, Status.CANCELLED)
                and order.finished_s is not None
                and date_of(order.finished_s) == date_of(self._engine.now_s)
                and not (message.api_only and order.order_id <= 0)
            ]
            client.send(*rows, CompletedOrdersEnd())

        self._soon(client, answer)

    def _list(self, client: Client, *, everybody: bool) -> None:
        for order in self._book.open():
            if everybody or order.client_id == client.client_id:
                self._reports.pair(order, to=client)
        client.send(OpenOrderEnd())

    def _soon(self, client: Client, action: Callable[[], None]) -> None:
        self._engine.owe(client, self._engine.conditions.latency.query_s, action)
