"""Orders as clients send them: placing, changing, cancelling, asking.

Requests are checked here (``order_rules``) and carried out by ``OrderFlow``; what a test does to
orders is ``OrderHand``.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from pytest_ibkr.sim import (
    brackets,
    order_algos,
    order_conditions,
    order_hours,
    order_precautions,
    order_rules,
    order_types,
)
from pytest_ibkr.sim.buying_power import expected_commission, expected_trades, funds_refusal
from pytest_ibkr.sim.combo_risk import riskless_refusal
from pytest_ibkr.sim.echo import what_if
from pytest_ibkr.sim.executions import ExecutionDesk
from pytest_ibkr.sim.fills import trailed_limit
from pytest_ibkr.sim.order_acceptance import FOREIGN_ACCOUNT, REJECTED, TOO_LATE
from pytest_ibkr.sim.order_cancels import CancelDesk
from pytest_ibkr.sim.order_entry import new_order, stop_of
from pytest_ibkr.sim.order_flow import OrderFlow
from pytest_ibkr.sim.order_hand import OrderHand
from pytest_ibkr.sim.order_queries import QueryDesk
from pytest_ibkr.sim.order_state import MANUAL_CLIENT, Order, OrderBook, Status
from pytest_ibkr.sim.refusal import Refusal
from pytest_ibkr.wire.declare import Message
from pytest_ibkr.wire.messages.place_order import PlaceOrder

if TYPE_CHECKING:
    from pytest_ibkr.sim.client import Client
    from pytest_ibkr.sim.contracts import Instrument
    from pytest_ibkr.sim.engine import Engine


class OrderDesk(OrderHand):
    """Everything about orders (gateway-behaviour.md 3)."""

    def __init__(self, engine: Engine) -> None:
        book = OrderBook(engine.rng)
        super().__init__(engine, book, OrderFlow(engine, book))
        self._desks = (
            CancelDesk(engine, self.book, self.flow),
            QueryDesk(engine, self.book, self.flow.reports),
            ExecutionDesk(engine, self.book),
        )

    def handlers(self) -> dict[type[Message], Callable[[Client, Any], None]]:
        """Return what this desk answers."""
        found: dict[type[Message], Callable[[Client, Any], None]] = {PlaceOrder: self.place}
        for desk in self._desks:
            found.update(desk.handlers())
        return found

    def next_order_id(self, client_id: int) -> int:
        """Highest order id ever used by a client id plus one; it survives reconnects."""
        return self.book.next_order_id(client_id)

    def replay(self, client: Client) -> None:
        """Send the open orders of a returning client id and 53; nothing when it has none."""
        self._desks[1].replay(client)

    def client_gone(self, client: Client) -> None:
        """A client left: its orders keep working; orders entered by hand are bound no more."""
        if client.client_id == MANUAL_CLIENT:
            self.book.auto_bind = False

    def open_orders(self) -> list[Order]:
        """Orders acknowledged and not done, of every client."""
        return self.book.open()

    # A client's placeOrder

    def place(self, client: Client, message: PlaceOrder) -> None:
        """Take a new order, a what-if, or a change of an order that is not done.

        Raises:
            Refusal: whatever the gateway finds wrong by itself; no status is sent then.
        """
        engine = self._engine
        known = self.book.find(client.client_id, message.order_id)
        if known is not None and known.status is Status.FILLED:
            self._refuse_filled(message)
            return
        is_new = known is None or known.is_done
        if is_new and 0 < message.order_id < self.book.next_order_id(client.client_id):
            raise order_rules.DUPLICATE
        if message.order_id > 0:
            self.book.use_id(client.client_id, message.order_id)
        elif known is None:  # orders entered by hand have negative ids once bound
            raise Refusal(10149, f"Invalid order id: {message.order_id}")
        order_rules.check_form(message, engine.conditions)
        instrument = self._instrument_of(message)
        order_rules.check_contract(message, instrument, engine.market)
        terms = order_rules.as_taken(message)
        order_conditions.check(terms, terms.order_type, engine)
        order_algos.check(terms, terms.order_type, engine.conditions)
        order_hours.check(terms, engine.now_s)
        order_precautions.check(terms, instrument, engine)
        if message.what_if:
            self._what_if(client, new_order(terms, instrument, client_id=client.client_id))
        elif known is not None and not known.is_done and not known.held:
            self._modify(known, terms, instrument)
        else:
            self._take(client, terms, instrument)
        order_precautions.warn(client, sent=message, taken=terms, engine=engine)

    def _instrument_of(self, message: PlaceOrder) -> Instrument:
        book = self._engine.world.book
        if message.contract.sec_type == "BAG":
            return self._engine.combos.resolve(message.contract, message.legs, book)
        return book.resolve(message.contract, missing_exchange="Missing order exchange")

    def _refuse_filled(self, message: PlaceOrder) -> None:
        # A live gateway ignored it, the documents say 104.
        if self._engine.conditions.modify_filled == "refused" and not message.what_if:
            raise order_rules.FILLED

    def _take(self, client: Client, terms: PlaceOrder, instrument: Instrument) -> None:
        parent = self.book.find(client.client_id, terms.parent_id) if terms.parent_id else None
        order_rules.check_parent(terms, parent)
        order = new_order(terms, instrument, client_id=client.client_id)
        earlier = self.book.find(client.client_id, terms.order_id)
        if earlier is not None:  # held so far: this is its new version, with the same children
            order.children = earlier.children
            for child in order.children:
                child.parent = order
        self.book.add(order)
        brackets.adopt(order, parent)
        self.flow.submit(brackets.released_by(order, transmit=terms.transmit))

    def _modify(self, order: Order, terms: PlaceOrder, instrument: Instrument) -> None:
        if order.cancel_asked:
            raise Refusal(201, REJECTED + TOO_LATE)
        if terms.account not in ("", self._engine.account_id):
            raise order_rules.OTHER_ACCOUNT
        order_rules.check_modification(order, terms, instrument)
        kept = dataclasses.replace(terms, parent_id=order.terms.parent_id)
        self.flow.after_ack(lambda: self._apply(order, kept))

    def _apply(self, order: Order, terms: PlaceOrder) -> None:
        """Let IB take a change, unless the order was filled or cancelled on the way."""
        if order.is_done or order.cancel_asked or terms.quantity <= order.filled:
            if order.status is not Status.FILLED:
                self.flow.reports.error(order, 201, REJECTED + TOO_LATE)
            elif self._engine.conditions.modify_filled == "refused":
                self.flow.reports.refused(order, order_rules.FILLED)
            return
        before = order.terms, order.quantity, order.stop, order.limit, order.cap
        to_market = terms.order_type == "MKT" != order.order_type
        order.terms, order.quantity, order.stop = terms, terms.quantity, stop_of(terms)
        if terms.order_type in order_types.TRAILING and order.stop is None:
            order.stop = before[2]
        order.limit, order.cap = trailed_limit(order), None
        if terms.order_type == "MTL" and before[3] is not None:
            order.limit = terms.limit_price or before[3]
        refusal = funds_refusal(order, self.book, self._engine)
        if refusal is not None:
            order.terms, order.quantity, order.stop, order.limit, order.cap = before
            self.flow.reports.refused(order, refusal)
            return
        self.flow.modified(order, to_market=to_market)

    def _what_if(self, client: Client, order: Order) -> None:
        engine = self._engine
        if order.terms.account not in ("", engine.account_id):
            raise Refusal(201, REJECTED + FOREIGN_ACCOUNT)
        if (riskless := riskless_refusal(order)) is not None:
            raise riskless

        def answer() -> None:
            order.perm_id, order.status = self.book.new_perm_id(), Status.PRE_SUBMITTED
            order.commission = expected_commission(order)
            before = engine.accounts.standing()
            after = engine.accounts.standing(expected_trades(order, engine))
            account = engine.account_id
            client.send(what_if(order, account=account, before=before, after=after))

        engine.owe(client, engine.conditions.latency.parameters_s, answer)
