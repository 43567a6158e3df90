"""Orders as a test's author handles them: filled, refused, cancelled and held by hand.

Finds the order that is meant; what happens to it is the order desk's usual way.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from types import TracebackType
from typing import TYPE_CHECKING, Final

from pytest_ibkr import limits
from pytest_ibkr.errors import UsageError
from pytest_ibkr.net.server import GatewayServer
from pytest_ibkr.session.instruments import Named, tradable
from pytest_ibkr.sim.fills import opposite
from pytest_ibkr.sim.order_state import Order, Status
from pytest_ibkr.wire.messages.place_order import PlaceOrder

if TYPE_CHECKING:
    from pytest_ibkr.sim.engine import Engine

_MOST: Final = 2**31 - 1
_ACKNOWLEDGED_S: Final = 10.0  # virtual; acknowledgements take a tenth of a second unless changed


@dataclass(frozen=True, slots=True)
class OrderState:
    """One order as the gateway knows it. Dollars per share; shares or contracts."""

    client_id: int
    order_id: int
    perm_id: int
    con_id: int
    symbol: str
    action: str
    order_type: str
    status: str
    why_held: str
    quantity: Decimal
    filled: Decimal
    remaining: Decimal
    average_price: Decimal | None


class HeldMarket:
    """Nothing fills while this is in force; the end of its ``with`` block releases it."""

    def __init__(self, orders: SessionOrders) -> None:
        self._orders = orders

    def __enter__(self) -> HeldMarket:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._orders.release()


class SessionOrders:
    """What a test may do to orders. Clients are told in the order a real gateway tells them.

    Order ids belong to a client id. Without ``client_id`` the session's own client is meant, or
    the only other one that has an order of that id. An order that is on its way is taken in and
    acknowledged first; virtual time moves to its acknowledgement.

    Raises:
        UsageError: there is no such order, several clients have one, or it is not in a state in
            which that can happen to it.
    """

    def __init__(self, server: GatewayServer, engine: Engine, *, client_id: int) -> None:
        self._server, self._engine, self._client_id = server, engine, client_id

    def fill(
        self,
        order_id: int,
        quantity: int | Decimal | None = None,
        price: Decimal | float | None = None,
        *,
        client_id: int | None = None,
    ) -> OrderState:
        """Execute all or part of an order now, whatever the market says.

        Args:
            order_id: as its client knows it.
            quantity: shares or contracts, at most what remains; default all of it.
            price: dollars per share; default the order's limit, or the other side of the market.
            client_id: whose order; see the class.
        """
        shares = None if quantity is None else limits.quantity(quantity)
        paid = None if price is None else _exact(price)

        def act(order: Order) -> None:
            at = paid if paid is not None else self._fair(order)
            whole = order.remaining if shares is None else shares
            self._engine.orders.fill(order, whole, at)

        return self._act(order_id, client_id, act)

    def reject(
        self, order_id: int, code: int = 201, text: str = "", *, client_id: int | None = None
    ) -> OrderState:
        """Let IB refuse an order that is not done: Inactive, the error, Inactive.

        Args:
            order_id: as its client knows it.
            code: of message 4.
            text: of message 4, without "Order rejected - reason:" unless you write it.
            client_id: whose order; see the class.
        """
        limits.whole("an error code", code, 0, _MOST)
        if not isinstance(text, str):
            raise UsageError(f"an error text cannot be {text!r}: text is expected")
        desk = self._engine.orders
        return self._act(
            order_id, client_id, lambda order: desk.reject(order, code, text), early=True
        )

    def cancel(
        self, order_id: int, reason: str = "", *, client_id: int | None = None
    ) -> OrderState:
        """Let the broker cancel an order: Cancelled, and 202 with the reason; children go too."""
        return self._act(order_id, client_id, lambda o: self._engine.orders.cancel(o, reason))

    def enter(
        self,
        action: str,
        quantity: int | Decimal,
        instrument: Named,
        *,
        limit_price: Decimal | float | None = None,
        tif: str = "DAY",
    ) -> OrderState:
        """Enter an order by hand, as somebody does at the gateway's own desk; client 0 is told.

        It has client and order id 0. Once client 0 has sent reqAutoOpenOrders it gets a negative
        order id and message 100, and that client can change and cancel it.

        Args:
            action: ``BUY`` or ``SELL``.
            quantity: shares or contracts.
            instrument: a symbol of the snapshot, a conId or a contract.
            limit_price: dollars per share; a market order without.
            tif: ``DAY``, ``GTC``, ...
        """
        amount = limits.quantity(quantity)
        limit = None if limit_price is None else _exact(limit_price)

        def act() -> OrderState:
            found = tradable(self._engine.world, instrument)
            terms = PlaceOrder(
                order_id=0,
                contract=found.contract(exchange="SMART"),
                action=action,
                quantity=amount,
                order_type="MKT" if limit is None else "LMT",
                limit_price=limit,
                tif=tif,
                legs=(),
                leg_prices=(),
                routing=(),
                algo_params=(),
                conditions=(),
            )
            return state_of(self._engine.orders.enter(terms, found))

        return self._server.call(act)

    def hold(self) -> HeldMarket:
        """Let the market fill nothing until :meth:`release`; orders are acknowledged as ever.

        In force from the call on; ``with ibkr.orders.hold():`` releases at the block's end.
        """
        self._server.call(self._engine.orders.hold)
        return HeldMarket(self)

    def release(self) -> None:
        """End :meth:`hold`: working orders look at the market at once."""
        self._server.call(self._engine.orders.release)

    def status(self, order_id: int, *, client_id: int | None = None) -> OrderState:
        """Return an order as the gateway knows it now."""
        self._server.take_in()
        return self._server.call(lambda: state_of(self.find(order_id, client_id)))

    def all(self) -> list[OrderState]:
        """Return every order the gateway accepted in this session, of all clients, oldest first."""
        self._server.take_in()
        return self._server.call(lambda: [state_of(o) for o in self._engine.orders.book.all()])

    def find(self, order_id: int, client_id: int | None) -> Order:
        """Return the order that is meant; on the gateway's thread only."""
        book = self._engine.orders.book
        limits.whole("an order id", order_id, -_MOST, _MOST)
        if client_id is None and book.find(self._client_id, order_id) is None:
            others = [order for order in book.all() if order.order_id == order_id]
            if len(others) > 1:
                owners = ", ".join(str(order.client_id) for order in others)
                raise UsageError(
                    f"several clients have an order {order_id}: {owners}\n"
                    "  fix:   say which: client_id=…"
                )
            if others:
                return others[0]
        return self._engine.orders.find(
            self._client_id if client_id is None else client_id, order_id
        )

    def _act(
        self,
        order_id: int,
        client_id: int | None,
        action: Callable[[Order], None],
        *,
        early: bool = False,
    ) -> OrderState:
        """Do something to an order; ``early``: also before it is acknowledged."""
        self._server.take_in()
        order = self._server.call(lambda: self.find(order_id, client_id))
        if not early:
            self._await_acknowledgement(order)

        def act() -> OrderState:
            action(order)
            return state_of(order)

        return self._server.call(act)

    def _await_acknowledgement(self, order: Order) -> None:
        server, engine = self._server, self._engine
        until_s = server.clock.now() + _ACKNOWLEDGED_S
        while order.status is Status.PENDING_SUBMIT and not order.held and server.time.may_jump:
            due_s = server.call(engine.schedule.next_owed_s)
            if due_s is None or due_s > until_s:
                return
            server.step_to(due_s)

    def _fair(self, order: Order) -> Decimal:
        """The price of a fill nobody gave one: the limit, else the other side of the market."""
        if order.order_type in ("LMT", "STP LMT") and order.terms.limit_price is not None:
            return order.terms.limit_price
        engine = self._engine
        quote = engine.market.quote(order.instrument, engine.now_s)
        offer = opposite(quote, buys=order.buys)
        if offer is None:
            raise UsageError(
                f"order {order.order_id} has no limit and {order.instrument.local_symbol} no"
                " two-sided quote: give a price"
            )
        return offer.price


def state_of(order: Order) -> OrderState:
    """Return what a test is shown of an order."""
    return OrderState(
        client_id=order.client_id,
        order_id=order.order_id,
        perm_id=order.perm_id,
        con_id=order.instrument.contract().con_id,
        symbol=order.instrument.symbol,
        action=order.terms.action,
        order_type=order.order_type,
        status=str(order.status),
        why_held=order.why_held,
        quantity=order.quantity,
        filled=order.filled,
        remaining=order.remaining,
        average_price=order.average_price if order.filled else None,
    )


def _exact(price: Decimal | float) -> Decimal:
    if isinstance(price, float):
        if not math.isfinite(price):
            raise UsageError(f"price cannot be {price}: a finite number is expected")
        price = Decimal(repr(price))
    return limits.amount("price", price, least=Decimal(0))
