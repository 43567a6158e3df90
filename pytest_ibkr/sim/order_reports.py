"""Tells clients about their orders: pairs, executions, commissions, errors; decides nothing.

A client that is away misses what happens; it is replayed to it when it comes back.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_ibkr.sim import echo
from pytest_ibkr.sim.order_state import Execution, Order
from pytest_ibkr.sim.positions import ZERO
from pytest_ibkr.sim.refusal import Refusal

if TYPE_CHECKING:
    from pytest_ibkr.sim.client import Client
    from pytest_ibkr.sim.engine import Engine

CANCELLED_TEXT = "Order Canceled - reason:"


class Reports:
    """Sends what a client is told of its own orders (gateway-behaviour.md 3.1)."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def client_of(self, order: Order) -> Client | None:
        """The connection that placed it, when it is (again) there."""
        return self._engine.client_with_id(order.client_id)

    def pair(self, order: Order, *, times: int = 1, to: Client | None = None) -> None:
        """Send openOrder and orderStatus; the gateway repeats identical pairs."""
        client = to or self.client_of(order)
        if client is not None:
            shown = echo.open_order(order, account=self._engine.account_id)
            client.send(*(shown, echo.order_status(order)) * times)

    def status(self, order: Order, *, times: int = 1) -> None:
        """Send orderStatus alone, as terminal states come."""
        if (client := self.client_of(order)) is not None:
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
        if execution.order is None or (client := self.client_of(execution.order)) is None:
            return
        account, version = self._engine.account_id, client.version
        utc = self._engine.conditions.execution_times == "utc"
        client.send(echo.execution_data(execution, account=account, version=version, utc=utc))

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
