"""Tells clients about their orders: pairs, executions, commissions, errors; decides nothing.

A client that is away misses what happens; it is replayed to it when it comes back.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_ibkr.sim import echo
from pytest_ibkr.sim.order_state import Execution, Order
from pytest_ibkr.sim.positions import ZERO
from pytest_ibkr.sim.refusal import Refusal
from pytest_ibkr.wire.messages.exercise import OrderBound

if TYPE_CHECKING:
    from pytest_ibkr.sim.client import Client
    from pytest_ibkr.sim.engine import Engine

CANCELLED_TEXT = "Order Canceled - reason:"


class Reports:
    """Sends what a client is told of its own orders (gateway-behaviour.md 3.1).

    A master client is told of everybody's, statuses and executions (1.4); what is not evidenced
    for it, errors and commission reports, goes to the order's own client only.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def client_of(self, order: Order) -> Client | None:
        """The connection that placed it, when it is (again) there."""
        return self._engine.client_with_id(order.client_id)

    def _told(self, order: Order) -> list[Client]:
        """Who is told of an order's progress: its client, and the master client if there is one."""
        master = self._engine.conditions.master_client_id
        ids = [order.client_id] if master is None else dict.fromkeys([order.client_id, master])
        found = (self._engine.client_with_id(client_id) for client_id in ids)
        return [client for client in found if client is not None]

    def pair(self, order: Order, *, times: int = 1, to: Client | None = None) -> None:
        """Send openOrder and orderStatus; the gateway repeats identical pairs."""
        clients = self._told(order) if to is None else [to]
        if not clients:
            return
        shown = echo.open_order(order, account=self._engine.account_id)
        for client in clients:
            client.send(*(shown, echo.order_status(order)) * times)

    def bound(self, order: Order) -> None:
        """Tell client 0 the id that an order entered by hand got."""
        if (client := self.client_of(order)) is not None:
            client.send(
                OrderBound(
                    perm_id=order.perm_id, client_id=order.client_id, order_id=order.order_id
                )
            )

    def status(self, order: Order, *, times: int = 1) -> None:
        """Send orderStatus alone, as terminal states come."""
        for client in self._told(order):
            client.send(*[echo.order_status(order)] * times)

    def error(self, order: Order, code: int, text: str) -> None:
        """Send message 4 under the order's id."""
        if (client := self.client_of(order)) is not None:
            client.error(order.order_id, code, text)

    def refused(self, order: Order, refusal: Refusal) -> None:
        """Send a refusal that came too late to be raised."""
        self.error(order, refusal.code, refusal.text)

    def cancelled(self, order: Order, reason: str = "") -> None:
        """Send Cancelled and its confirmation on the error channel."""
        self.status(order)
        self.error(order, 202, CANCELLED_TEXT + reason)

    def execution(self, execution: Execution) -> None:
        """Send the live push of an execution."""
        if execution.order is None:
            return
        account, utc = self._engine.account_id, self._engine.conditions.execution_times == "utc"
        for client in self._told(execution.order):
            version = client.version
            client.send(echo.execution_data(execution, account=account, version=version, utc=utc))

    def commissions(self, executions: tuple[Execution, ...]) -> None:
        """Report the commission of a fill; a combination's own comes after its legs'."""
        own, *legs = executions
        for execution in (*legs, own):
            self.commission(execution)

    def commission(self, execution: Execution) -> None:
        """Send the pair that carries the running commission, then the report."""
        order = execution.order
        execution.reported = True
        if order is None:
            return
        order.commission = (order.commission or ZERO) + execution.commission
        self.pair(order)
        if (client := self.client_of(order)) is not None:
            client.send(echo.commission_report(execution))

    def held_until_open(self, order: Order, opens: str) -> None:
        """Send the warning that an order waits for the session; the order lives."""
        terms, instrument = order.terms, order.instrument
        name = instrument.local_symbol if instrument.sec_type == "OPT" else instrument.symbol
        listing = f" {instrument.listing}" if instrument.sec_type != "OPT" else ""
        self.error(
            order,
            399,
            f"Order Message:\n{terms.action} {order.quantity:f} {name}{listing}\n"
            f"Warning: Your order will not be placed at the exchange until {opens}.",
        )
