"""Orders as clients send them: placing, changing, cancelling, asking; and a test's own hand.

Requests are checked here (``order_rules``) and carried out by ``OrderFlow``.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from pytest_ibkr.errors import UsageError
from pytest_ibkr.sim import brackets, order_rules
from pytest_ibkr.sim.buying_power import expected_trade, funds_refusal
from pytest_ibkr.sim.commissions import commission_of_fill
from pytest_ibkr.sim.echo import what_if
from pytest_ibkr.sim.execution_record import execute_external
from pytest_ibkr.sim.executions import ExecutionDesk
from pytest_ibkr.sim.fills import limit_of
from pytest_ibkr.sim.order_cancels import CancelDesk
from pytest_ibkr.sim.order_flow import FOREIGN_ACCOUNT, REJECTED, TOO_LATE, OrderFlow
from pytest_ibkr.sim.order_queries import QueryDesk
from pytest_ibkr.sim.order_state import Order, OrderBook, Status
from pytest_ibkr.sim.positions import ZERO
from pytest_ibkr.sim.refusal import Refusal
from pytest_ibkr.wire.declare import Message
from pytest_ibkr.wire.messages.place_order import PlaceOrder

if TYPE_CHECKING:
    from pytest_ibkr.sim.client import Client
    from pytest_ibkr.sim.contracts import Instrument
    from pytest_ibkr.sim.engine import Engine


class OrderDesk:
    """Everything about orders (gateway-behaviour.md 3)."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.book = OrderBook(engine.rng)
        self.flow = OrderFlow(engine, self.book)
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
        """A client left: its orders keep working."""

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
        order_rules.check_form(message, engine.conditions)
        instrument = engine.world.book.resolve(
            message.contract, missing_exchange="Missing order exchange"
        )
        order_rules.check_contract(message, instrument, engine.market)
        terms = order_rules.as_taken(message)
        if message.what_if:
            self._what_if(client, self._new_order(client, terms, instrument))
        elif known is not None and not known.is_done and not known.held:
            self._modify(known, terms, instrument)
        else:
            self._take(client, terms, instrument)
        self._warn(client, message, terms)

    def _refuse_filled(self, message: PlaceOrder) -> None:
        # A live gateway ignored it, the documents say 104.
        if self._engine.conditions.modify_filled == "refused" and not message.what_if:
            raise order_rules.FILLED

    def _warn(self, client: Client, sent: PlaceOrder, taken: PlaceOrder) -> None:
        """Say what the gateway changed; the order is placed all the same."""
        if not sent.tif and self._engine.conditions.empty_tif_notice:
            client.error(sent.order_id, 10349, order_rules.PRESET_TIF)
        if sent.outside_rth and not taken.outside_rth:
            client.error(sent.order_id, 2109, order_rules.RTH_IGNORED)

    def _new_order(self, client: Client, terms: PlaceOrder, instrument: Instrument) -> Order:
        order = Order(
            terms=terms,
            instrument=instrument,
            client_id=client.client_id,
            quantity=terms.quantity,
            held=True,
            oca_group=terms.oca_group,
            oca_type=terms.oca_type or brackets.REDUCE,
        )
        order.stop = _stop_of(terms)
        return order

    def _take(self, client: Client, terms: PlaceOrder, instrument: Instrument) -> None:
        parent = self.book.find(client.client_id, terms.parent_id) if terms.parent_id else None
        order_rules.check_parent(terms, parent)
        order = self._new_order(client, terms, instrument)
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
        before = order.terms, order.quantity, order.stop
        to_market = terms.order_type == "MKT" != order.order_type
        order.terms, order.quantity, order.stop = terms, terms.quantity, _stop_of(terms)
        if terms.order_type == "TRAIL" and order.stop is None:
            order.stop = before[2]
        refusal = funds_refusal(order, self.book, self._engine)
        if refusal is not None:
            order.terms, order.quantity, order.stop = before
            self.flow.reports.refused(order, refusal)
            return
        self.flow.modified(order, to_market=to_market)

    def _what_if(self, client: Client, order: Order) -> None:
        engine = self._engine
        if order.terms.account not in ("", engine.account_id):
            raise Refusal(201, REJECTED + FOREIGN_ACCOUNT)

        def answer() -> None:
            order.perm_id, order.status = self.book.new_perm_id(), Status.PRE_SUBMITTED
            sec_type = order.instrument.sec_type
            order.commission = commission_of_fill(sec_type, before=ZERO, shares=order.quantity)
            trade = expected_trade(order, engine)
            before = engine.accounts.standing()
            after = before if trade is None else engine.accounts.standing([trade])
            account = engine.account_id
            client.send(what_if(order, account=account, before=before, after=after))

        engine.owe(client, engine.conditions.latency.parameters_s, answer)

    # A test's own hand

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
        if price <= 0 or (limit is not None and (price > limit if order.buys else price < limit)):
            side = "or less" if order.buys else "or more"
            bound = "above 0" if limit is None else f"at {limit} {side}, and above 0"
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


def _stop_of(terms: PlaceOrder) -> Decimal | None:
    if terms.order_type in ("STP", "STP LMT"):
        return terms.aux_price
    return (terms.trail_stop_price or None) if terms.order_type == "TRAIL" else None
