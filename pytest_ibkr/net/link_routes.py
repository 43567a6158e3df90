"""Which waiting question an incoming message belongs to: by request id, or by kind.

No I/O: :class:`Link` feeds it messages, questions wait on it.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Container
from typing import Final

from pytest_ibkr.errors import GatewayError
from pytest_ibkr.net.link_errors import AnswerError
from pytest_ibkr.wire.declare import Message
from pytest_ibkr.wire.messages.account import (
    AccountUpdateTime,
    AccountValue,
    PortfolioValue,
    Position,
    ReqAccountUpdates,
    ReqPositions,
)
from pytest_ibkr.wire.messages.completed_order import CompletedOrder
from pytest_ibkr.wire.messages.order import (
    OrderStatus,
    ReqAllOpenOrders,
    ReqCompletedOrders,
    ReqOpenOrders,
)
from pytest_ibkr.wire.messages.order_echo import OpenOrder
from pytest_ibkr.wire.messages.session import ErrorNotice

NO_ID: Final = -1
# What a request without an id is answered with, beside its end marker.
ANSWERS: Final[dict[type[Message], tuple[type[Message], ...]]] = {
    ReqPositions: (Position,),
    ReqOpenOrders: (OpenOrder, OrderStatus),
    ReqAllOpenOrders: (OpenOrder, OrderStatus),
    ReqCompletedOrders: (CompletedOrder,),
    ReqAccountUpdates: (AccountValue, PortfolioValue, AccountUpdateTime),
}
# Under id -1 these refuse whatever request without an id waits (gateway-behaviour.md 1.7, 3.4).
REFUSALS: Final = frozenset({320, 321, 322, 327})


class Warnings:
    """The codes that refuse nothing (gateway-behaviour.md 1.5, 2): data follows all the same."""

    # 10090 part of the ticks needs a subscription, 10167 delayed data comes instead, 10349 a
    # preset changed the time in force, 399 and 2100-2199 say something in passing.
    _OTHERS: Final = frozenset({0, 399, 10090, 10167, 10349})

    def __contains__(self, code: object) -> bool:
        return isinstance(code, int) and (2100 <= code < 2200 or code in self._OTHERS)


WARNINGS: Final = Warnings()


class Route:
    """One question's mailbox: bounded, with what it accepts.

    Attributes:
        dropped: oldest messages thrown away because nobody read them (streams only).
    """

    def __init__(
        self, message: Message | None, kinds: tuple[type[Message], ...], *, most: int
    ) -> None:
        self.name = "the gateway" if message is None else type(message).__name__
        self.request_id: int = getattr(message, "request_id", NO_ID)
        self.kinds = kinds
        self.most = most
        self.dropped = 0
        self.queue: deque[Message] = deque()
        self._woken = asyncio.Event()
        self._failure: GatewayError | None = None

    def accepts(self, message: Message) -> bool:
        """Whether the message belongs here."""
        if isinstance(message, self.kinds):
            return True
        if self.request_id == NO_ID:
            waits = self.name != "the gateway"
            return waits and isinstance(message, ErrorNotice) and refuses_unnamed(message)
        return getattr(message, "request_id", NO_ID) == self.request_id

    def put(self, message: Message) -> None:
        """Add a message; the oldest goes when nobody reads."""
        if len(self.queue) >= self.most:
            self.queue.popleft()
            self.dropped += 1
        self.queue.append(message)
        self._woken.set()

    def fail(self, error: GatewayError) -> None:
        """Let the reader meet an error once the queue is empty."""
        self._failure = error
        self._woken.set()

    async def take(self) -> Message:
        """The next message.

        Raises:
            GatewayError: what :meth:`fail` was given, after the last message.
        """
        while not self.queue:
            if self._failure is not None:
                raise self._failure
            self._woken.clear()
            await self._woken.wait()
        return self.queue.popleft()

    async def collect(
        self, until: tuple[type[Message], ...], tolerated: Container[int]
    ) -> list[Message]:
        """Every message up to and including one of ``until``.

        Raises:
            AnswerError: an error that is not tolerated came under this request.
            GatewayError: more came than fits, or the connection ended.
        """
        answer: list[Message] = []
        while True:
            message = await self.take()
            if isinstance(message, ErrorNotice) and message.code not in tolerated:
                raise AnswerError(self.name, message.request_id, message.code, message.text)
            answer.append(message)
            if isinstance(message, until):
                return answer
            if self.dropped or len(answer) > self.most:
                raise GatewayError(f"{self.name}: more than {self.most} messages in one answer")


class Routes:
    """Every question that waits."""

    def __init__(self) -> None:
        self._waiting: list[Route] = []
        self._locks: dict[tuple[type[Message], ...], asyncio.Lock] = {}

    def __len__(self) -> int:
        return len(self._waiting)

    def add(self, route: Route) -> None:
        """Let a question have its messages from now on."""
        self._waiting.append(route)

    def remove(self, route: Route) -> None:
        """Forget a question; what comes late for it is dropped."""
        if route in self._waiting:
            self._waiting.remove(route)

    def lock(self, until: tuple[type[Message], ...]) -> asyncio.Lock:
        """Serialises requests without an id that end with the same message."""
        return self._locks.setdefault(until, asyncio.Lock())

    def hand_out(self, message: Message) -> None:
        """Give a message to everyone it belongs to."""
        for route in tuple(self._waiting):
            if route.accepts(message):
                route.put(message)

    def fail(self, make: Callable[[], GatewayError]) -> None:
        """Let everyone who waits know that nothing more comes."""
        for route in tuple(self._waiting):
            route.fail(make())


def refuses_unnamed(notice: ErrorNotice) -> bool:
    """Whether an error without an id refuses a request without an id."""
    return notice.request_id == NO_ID and notice.code in REFUSALS
