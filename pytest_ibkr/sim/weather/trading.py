"""What happens to orders: refused, cancelled, told twice; and trades of somebody else.

Source: gateway-behaviour.md 3.1 to 3.5 and 8. Imports the engine for types only.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, ClassVar, Final

from pytest_ibkr.errors import UsageError
from pytest_ibkr.sim.fills import limit_of, mark_price
from pytest_ibkr.sim.order_state import Order
from pytest_ibkr.sim.refusal import Refusal
from pytest_ibkr.sim.weather.base import Weather, check_least, check_most, underlyings
from pytest_ibkr.sim.weather.families import ORDER_REPORTS
from pytest_ibkr.wire.messages.place_order import PlaceOrder

if TYPE_CHECKING:
    from pytest_ibkr.sim.client import Client
    from pytest_ibkr.sim.fills import Offer
    from pytest_ibkr.wire.declare import Message

_TICK_SIZE: Final = "The price does not conform to the minimum price variation for this contract."
_BAND: Final = (
    "We cannot accept an order at a limit price at or more aggressive than {bound:f}. Please"
    " submit your order <br>using a limit price that is closer to the current market price of"
    " {market:f}."
)
_MARGIN: Final = (
    "Order rejected - reason:YOUR ORDER IS NOT ACCEPTED. IN ORDER TO OBTAIN THE DESIRED POSITION"
    " YOUR EQUITY WITH LOAN VALUE [{equity:.2f} USD] MUST EXCEED THE INITIAL MARGIN"
    " [{margin:.2f} USD]"
)
_CENT: Final = Decimal("0.01")


@dataclass(kw_only=True, eq=False)
class OfOrders(Weather):
    """Something that happens to orders of a symbol, or of any, so many times."""

    symbol: str = ""
    times: int | None = None

    def check(self) -> None:
        """See that the number can be."""
        check_least(1, times=self.times)

    def start(self) -> None:
        """See that the symbol exists."""
        underlyings(self, self.symbol)

    def concerns(self, symbol: str) -> bool:
        """Whether it happens to an order of this symbol."""
        again = self.times is None or self.fired < self.times
        return again and self.symbol in ("", symbol)


@dataclass(kw_only=True, eq=False)
class PriceBandCancel(OfOrders):
    """IB takes an order and cancels it for its limit."""

    times: int | None = 1
    NAME: ClassVar[str] = "price_band_cancel"
    HAPPENS: ClassVar[str] = (
        "a limit order is acknowledged, then PendingCancel twice, Cancelled, and 202 with the long"
        " text about the price band, though its limit is inside the usual band"
    )
    MET_BY: ClassVar[str] = "a limit order that begins to work while its market is open"

    def cancels(self, order: Order, offer: Offer | None) -> str:
        """Find its limit too aggressive."""
        limit = limit_of(order)
        if limit is None or not self.concerns(order.instrument.symbol):
            return ""
        self.fired += 1
        quote = self.engine.market.quote(order.instrument, self.engine.now_s)
        market = offer.price if offer is not None else (mark_price(quote) or limit)
        return _BAND.format(bound=limit, market=market)


@dataclass(kw_only=True, eq=False)
class MarginReject(OfOrders):
    """IB refuses an order for margin."""

    times: int | None = 1
    NAME: ClassVar[str] = "margin_reject"
    HAPPENS: ClassVar[str] = (
        "Inactive, 201 with the account's equity and a margin above it, Inactive; the account's"
        " own figures stay as they are"
    )
    MET_BY: ClassVar[str] = "an order that IB would otherwise acknowledge"

    def rejects(self, order: Order) -> Refusal | None:
        """Find that the account cannot carry it."""
        if not self.concerns(order.instrument.symbol):
            return None
        self.fired += 1
        quote = self.engine.market.quote(order.instrument, self.engine.now_s)
        price = limit_of(order) or mark_price(quote) or Decimal(1)
        equity = self.engine.accounts.standing().equity_with_loan
        multiplier = Decimal(str(order.instrument.multiplier or 1))
        margin = equity + max(_CENT, price * order.remaining * multiplier)
        return Refusal(201, _MARGIN.format(equity=equity, margin=margin))


@dataclass(kw_only=True, eq=False)
class TickReject(OfOrders):
    """The gateway finds a price off its grid."""

    times: int | None = 1
    NAME: ClassVar[str] = "tick_reject"
    HAPPENS: ClassVar[str] = (
        "110 and nothing else for an order or a change with a price; an order that was changed"
        " keeps working as it was"
    )
    MET_BY: ClassVar[str] = "placeOrder with a limit or stop price"

    def takes(self, client: Client, message: Message, rest: Callable[[], None]) -> bool:
        """Refuse the price."""
        if not isinstance(message, PlaceOrder) or message.what_if:
            return False
        priced = message.limit_price or message.aux_price
        known = self.engine.world.book.by_id(message.contract.con_id)
        symbol = message.contract.symbol or (known.symbol if known is not None else "")
        if not priced or not self.concerns(symbol):
            return False
        self.fired += 1
        client.error(message.order_id, 110, _TICK_SIZE)
        return True


@dataclass(kw_only=True, eq=False)
class DuplicateCallbacks(Weather):
    """Everything about orders is said several times."""

    copies: int = 2
    NAME: ClassVar[str] = "duplicate_callbacks"
    HAPPENS: ClassVar[str] = (
        "every openOrder, orderStatus, execution and commission report comes `copies` times, the"
        " same to the byte: same execution ids, no second trade"
    )
    MET_BY: ClassVar[str] = "anything a client is told of its orders"

    def check(self) -> None:
        """See that the number can be."""
        check_least(2, copies=self.copies)
        check_most(20, copies=self.copies)

    def sends(self, client: Client, message: Message) -> Sequence[Message]:
        """Say it again."""
        if not isinstance(message, ORDER_REPORTS):
            return (message,)
        self.fired += 1
        return (message,) * self.copies


@dataclass(kw_only=True, eq=False)
class ExternalTrades(Weather):
    """Somebody else trades on the account."""

    symbol: str = ""
    quantity: int = 0
    after_s: float = 1.0
    every_s: float = 30.0
    times: int = 1
    NAME: ClassVar[str] = "external_trades"
    HAPPENS: ClassVar[str] = (
        "trades of another program change cash and positions, at the last price: `times` trades"
        " of `quantity`, or of one to five bought or sold by the seed, `every_s`"
    )
    MET_BY: ClassVar[str] = "a connected client, until virtual time reaches the trade"

    _left: int = field(default=0, init=False)

    def check(self) -> None:
        """See that numbers can be."""
        check_least(0.0, after_s=self.after_s)
        check_least(0.001, every_s=self.every_s)
        check_least(1, times=self.times)

    def start(self) -> None:
        """Plan the first trade."""
        self._choices = [each for each in underlyings(self, self.symbol) if each.sec_type == "STK"]
        if not self._choices:
            raise UsageError(f"{self.what}: no stock of that symbol can be traded here")
        self._left = self.times
        self.with_client(self.after_s, self._trade)

    def _trade(self) -> None:
        self._left -= 1
        if self._left:
            self.later(self.every_s, self._trade)
        instrument = self.rng.choice(self._choices)
        quantity = self.quantity or self.rng.choice((-1, 1)) * self.rng.randint(1, 5)
        price = mark_price(self.engine.market.quote(instrument, self.engine.now_s))
        if price is not None:
            price = price.quantize(_CENT)
            self.engine.orders.external_trade(instrument, Decimal(quantity), price)
            self.fired += 1
