"""What a test may do to orders by its own hand, as the broker, somebody else or the market.

Everything happens in the gateway's usual event order; who sends orders is ``orders``.
"""

from __future__ import annotations

import dataclasses
from decimal import Decimal
from typing import TYPE_CHECKING

from pytest_ibkr.errors import UsageError
from pytest_ibkr.sim import order_rules
from pytest_ibkr.sim.combo import Combo
from pytest_ibkr.sim.execution_record import execute_external
from pytest_ibkr.sim.fills import limit_of
from pytest_ibkr.sim.order_entry import new_order
from pytest_ibkr.sim.order_state import Order, OrderBook
from pytest_ibkr.sim.refusal import Refusal

if TYPE_CHECKING:
    from pytest_ibkr.sim.contracts import Instrument
    from pytest_ibkr.sim.engine import Engine
    from pytest_ibkr.sim.order_flow import OrderFlow
    from pytest_ibkr.wire.messages.place_order import PlaceOrder


class OrderHand:
    """Fills, refuses, cancels and holds orders when a test says so."""

    def __init__(self, engine: Engine, book: OrderBook, flow: OrderFlow) -> None:
        self._engine, self.book, self.flow = engine, book, flow

    def find(self, client_id: int, order_id: int) -> Order:
        """The order a client knows under an id.

        Raises:
            UsageError: there is none.
        """
        order = self.book.find(client_id, order_id)
        if order is None:
            known = ", ".join(f"{o.client_id}/{o.order_id} {o.status}" for o in self.book.all())
            raise UsageError(
                f"client {client_id} has no order {order_id}; orders: {known or 'none'}"
            )
        return order

    def fill(self, order: Order, quantity: Decimal, price: Decimal) -> None:
        """Execute part or all of an open order now, in the gateway's usual event order.

        Raises:
            UsageError: the order is not open, has less remaining, or no exchange can fill it at
                that price.
        """
        _require_transmitted(order)
        if not order.is_open or not 0 < quantity <= order.remaining:
            raise UsageError(
                f"order {order.order_id} cannot fill {quantity}: it is {order.status} with"
                f" {order.remaining} remaining; wait for its acknowledgement, or fill less"
            )
        limit = limit_of(order)
        worthless = price <= 0 and not isinstance(order.instrument, Combo)
        if worthless or (limit is not None and (price > limit if order.buys else price < limit)):
            side = "or less" if order.buys else "or more"
            bound = "above 0" if limit is None else f"at {limit} {side}"
            bound += ", and above 0" if limit is not None and worthless else ""
            raise UsageError(
                f"order {order.order_id} cannot fill at {price}: it {order.terms.action.lower()}s"
                f" {bound}\n  state: nothing was filled\n  fix:   give such a price, or none"
            )
        self.flow.fill(order, quantity, price, added=False)

    def reject(self, order: Order, code: int, text: str) -> None:
        """Let IB refuse an order that is not done: Inactive, the error, Inactive.

        Raises:
            UsageError: the order is done already, or IB never had it.
        """
        _require_transmitted(order)
        if order.is_done:
            raise UsageError(f"order {order.order_id} is {order.status}: nothing left to reject")
        order.perm_id = order.perm_id or self.book.new_perm_id()
        self.flow.reject(order, code, text)

    def hold(self) -> None:
        """Let the market fill nothing until :meth:`release`; acknowledgements go on."""
        self.flow.watch.pause()

    def release(self) -> None:
        """Undo :meth:`hold`; waiting orders look at the market at once."""
        self.flow.watch.resume(self.book.open())

    def cancel(self, order: Order, reason: str) -> None:
        """Let the broker cancel an open order: Cancelled and 202, its children too.

        Raises:
            UsageError: the order is not open.
        """
        if not order.is_open:
            raise UsageError(f"order {order.order_id} is {order.status}: nothing left to cancel")
        self.flow.cancel_now(order, reason=reason)

    def enter(self, terms: PlaceOrder, instrument: Instrument) -> Order:
        """Let somebody enter an order by hand, outside the API: client 0 is told of it.

        Args:
            terms: what is entered; the order id counts for nothing.
            instrument: what it trades.

        Raises:
            UsageError: no gateway takes such an order.
        """
        try:
            order_rules.check_form(terms, self._engine.conditions)
            order_rules.check_contract(terms, instrument, self._engine.market)
        except Refusal as refusal:
            raise UsageError(
                f"nobody can enter this order by hand: {refusal}\n  state: no order exists"
            ) from None
        entered = dataclasses.replace(terms, order_id=0, parent_id=0, transmit=True)
        order = new_order(order_rules.as_taken(entered), instrument)
        self.book.enter(order)
        self.flow.submit([order])
        return order

    def external_trade(self, instrument: Instrument, quantity: Decimal, price: Decimal) -> None:
        """Let somebody else trade on the account: cash and position move, no order is reported.

        Args:
            instrument: what is traded.
            quantity: signed; negative sells.
            price: dollars per share.
        """
        execute_external(self._engine, self.book, instrument, quantity=quantity, price=price)


def _require_transmitted(order: Order) -> None:
    if order.held:
        raise UsageError(
            f"order {order.order_id} was sent with transmit=False: IB does not have it yet\n"
            "  fix:   let its client transmit it, or the last order of its group"
        )
