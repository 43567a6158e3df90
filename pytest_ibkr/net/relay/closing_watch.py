"""What the market and the gateway say while a closing order works: quotes, fills, refusals."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Callable
from decimal import Decimal
from typing import Final

from pytest_ibkr.guard.closing_price import closing_price, portion
from pytest_ibkr.guard.limits import Limits
from pytest_ibkr.guard.trades import ZERO
from pytest_ibkr.net.link import Stream
from pytest_ibkr.net.link_errors import LinkTimeout
from pytest_ibkr.net.link_routes import WARNINGS
from pytest_ibkr.wire.declare import Message
from pytest_ibkr.wire.messages.market_data import TickPrice, TickReqParams
from pytest_ibkr.wire.messages.order import OrderStatus
from pytest_ibkr.wire.messages.place_order import PlaceOrder
from pytest_ibkr.wire.messages.session import ErrorNotice

BID, ASK = 1, 2
_UNFILLED: Final = frozenset({"Cancelled", "ApiCancelled"})
_CANCEL_ANSWERS: Final = frozenset({161, 202, 10147, 10148})


class NoQuote(Exception):
    """There is no price to close at; the text says why."""


class Progress:
    """What the gateway says of the closing order."""

    def __init__(self, client_id: int, order_id: int) -> None:
        self._client_id, self._order_id = client_id, order_id
        self.filled = ZERO
        self.finished = False
        self.refused = ""

    def over(self, quantity: Decimal) -> Callable[[Message], bool]:
        """Takes messages and says whether nothing more happens to an order of this quantity."""

        def take(message: Message) -> bool:
            if isinstance(message, OrderStatus):
                if (message.client_id, message.order_id) == (self._client_id, self._order_id):
                    self.filled = max(self.filled, message.filled)
                    self.finished = self.filled >= quantity or message.status in _UNFILLED
            elif isinstance(message, ErrorNotice) and message.request_id == self._order_id:
                self.finished = self.finished or self._refuses(message)
            return self.finished

        return take

    def _refuses(self, notice: ErrorNotice) -> bool:
        if notice.code in WARNINGS or notice.code in _CANCEL_ANSWERS:
            return False
        self.refused = f"the gateway refused it with {notice.code}: {notice.text}"
        return True


class Quote:
    """The present bid and ask, read from a stream of ticks; delayed ticks do not count."""

    def __init__(self, ticks: Stream, tick: Decimal, limits: Limits | None) -> None:
        self._ticks, self._tick, self._limits = ticks, tick, limits
        self._sides: dict[int, Decimal] = {}
        self._refused = ""

    async def read(self, timeout_s: float) -> None:
        """Take every tick that is there; wait for the first of both sides.

        Raises:
            NoQuote: one of them did not come.
        """
        deadline_s = asyncio.get_running_loop().time() + timeout_s
        while self._ticks.waiting or len(self._sides) < 2:
            left_s = deadline_s - asyncio.get_running_loop().time()
            if self._refused and not self._ticks.waiting:
                raise NoQuote(self._refused)
            try:
                self._take(await self._ticks.next(timeout_s=max(left_s, 0.0)))
            except LinkTimeout:
                raise NoQuote(f"no quote of both sides within {timeout_s:g} s") from None

    def price(self, action: str, step: int, previous: Decimal | None) -> Decimal:
        """The limit of this step.

        Raises:
            NoQuote: nobody is on the other side, or the quote is crossed.
        """
        bid, ask = self._sides[BID], self._sides[ASK]
        price = closing_price(
            action, bid=bid, ask=ask, tick=self._tick, step=step, previous=previous
        )
        if price is None:
            raise NoQuote(f"nobody to trade with: bid {bid}, ask {ask}")
        return price

    def bounded(self, order: PlaceOrder, price: Decimal) -> PlaceOrder:
        """The order with no more than one order may have."""
        if self._limits is None:
            return order
        most = portion(order.quantity, order.contract.sec_type, price, self._limits)
        return dataclasses.replace(order, quantity=most)

    def _take(self, message: Message) -> None:
        if isinstance(message, TickPrice) and message.tick in (BID, ASK):
            self._sides[message.tick] = Decimal(str(message.price))
        elif isinstance(message, TickReqParams) and message.min_tick > 0:
            self._tick = Decimal(str(message.min_tick))
        elif isinstance(message, ErrorNotice) and message.code not in WARNINGS:
            self._refused = f"no market data: {message.code} {message.text}"
