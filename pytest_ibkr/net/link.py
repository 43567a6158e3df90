"""The harness's own client: one asyncio connection to a gateway or to the relay.

Questions get their answers by request id or by kind, errors are attached to the request they
belong to, everything has a deadline and a bound. It decides nothing about what may be asked.
"""

from __future__ import annotations

import asyncio
import ipaddress
from collections.abc import Callable, Container
from itertools import count
from types import TracebackType
from typing import Final, Self

from pytest_ibkr.errors import UsageError
from pytest_ibkr.net.link_errors import LinkLost, LinkTimeout
from pytest_ibkr.net.link_protocol import Heard, LinkProtocol
from pytest_ibkr.net.link_routes import ANSWERS, WARNINGS, Route
from pytest_ibkr.net.pace import Pace
from pytest_ibkr.wire.connection import ClientConnection
from pytest_ibkr.wire.declare import Message
from pytest_ibkr.wire.messages.session import StartApi
from pytest_ibkr.wire.versions import NEWEST_TEXT, OLDEST

FIRST_REQUEST_ID: Final = 900_000_001  # errors carry order ids and request ids alike
MESSAGES_PER_S: Final = 45.0  # of the 50 a gateway takes
_MOST_ANSWER = 200_000
_MOST_STREAM = 50_000

Kinds = type[Message] | tuple[type[Message], ...]


class Link(LinkProtocol):
    """One open session under a client id; ``open`` makes it, ``async with`` closes it.

    Attributes: those of :class:`LinkProtocol`, and ``client_id``.
    """

    def __init__(self, *, client_id: int, messages_per_s: float | None = MESSAGES_PER_S) -> None:
        super().__init__()
        self.client_id = client_id
        self._request_ids = count(FIRST_REQUEST_ID)
        self._order_id = 0
        self._pace = Pace(messages_per_s)

    @classmethod
    async def open(
        cls,
        host: str,
        port: int,
        *,
        client_id: int,
        newest_version: int = NEWEST_TEXT,
        timeout_s: float = 30.0,
        messages_per_s: float | None = MESSAGES_PER_S,
        listener: Heard | None = None,
    ) -> Self:
        """Connect, shake hands, start the session and wait for managedAccounts and an order id.

        Nothing but the handshake and startApi is sent. ``host`` is an IP literal: no name is
        resolved. ``listener`` hears everything, from the first message on.

        Raises:
            LinkLost: nobody listens, the gateway hung up or speaks no version we know;
                ``.code`` is 326 when the client id is taken.
            LinkTimeout: not ready within ``timeout_s``.
            UsageError: ``host`` is a name.
        """
        link = cls(client_id=client_id, messages_per_s=messages_per_s)
        if listener is not None:
            link.listeners.append(listener)
        ready = False
        try:
            async with asyncio.timeout(timeout_s):
                await link._connect(_literal(host), port, newest_version=newest_version)
            ready = True
        except TimeoutError:
            raise LinkTimeout(link._not_ready(f"{host}:{port}", timeout_s)) from None
        except OSError as exc:
            raise LinkLost(f"{host}:{port} cannot be reached: {exc.strerror or exc}") from None
        finally:
            if not ready:
                link.abort()
        return link

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    # -- asking --------------------------------------------------------------------------

    def next_request_id(self) -> int:
        """An id no request of this link has."""
        return next(self._request_ids)

    def take_order_id(self) -> int:
        """An order id the gateway has not seen under this client id, as far as it told."""
        self._order_id = max(self._order_id + 1, self.next_order_id or 1)
        return self._order_id

    def leave_out_order_ids(self, highest: int) -> None:
        """Take no order id up to this one: a gateway whose ids were reset names used ones."""
        self._order_id = max(self._order_id, highest)

    async def send(self, message: Message) -> None:
        """Send one message, held at the link's own message rate.

        Raises:
            LinkLost: the connection is gone.
        """
        await self._pace.wait()
        await self._writable.wait()
        self._write(message)

    async def ask(
        self,
        message: Message,
        *,
        until: Kinds,
        timeout_s: float = 10.0,
        collects: tuple[type[Message], ...] = (),
        tolerates: Container[int] = WARNINGS,
        most: int = _MOST_ANSWER,
    ) -> list[Message]:
        """Send a request and return its answer, the message that ends it last.

        A request with an id gets what carries that id; one without gets the kinds it is known
        to be answered with (positions, orders, account values). ``collects`` adds kinds.
        Errors with a tolerated code are part of the answer. What comes after the answer, or
        after its deadline, is dropped.

        Raises:
            AnswerError: the gateway refused it.
            LinkTimeout: no end within ``timeout_s``; the caller cancels what goes on.
            LinkLost: the connection ended.
        """
        ends = until if isinstance(until, tuple) else (until,)
        kinds = collects
        if not hasattr(message, "request_id"):
            kinds = (*ANSWERS.get(type(message), ()), *ends, *collects)
        route = Route(message, kinds, most=most)
        try:
            async with asyncio.timeout(timeout_s):
                if hasattr(message, "request_id"):
                    return await self._answer(message, route, ends, tolerates)
                async with self.routes.lock(ends):
                    return await self._answer(message, route, ends, tolerates)
        except TimeoutError:
            came = f"{len(route.queue)} of its messages came" if route.queue else "nothing came"
            names = " or ".join(each.__name__ for each in ends)
            raise LinkTimeout(
                f"{route.name}: no {names} within {timeout_s:g} s"
                f"\n  state: the connection is up, {came} that was not read"
            ) from None

    def stream(
        self,
        message: Message | None = None,
        *,
        kinds: tuple[type[Message], ...] = (),
        cancel: Message | None = None,
        most: int = _MOST_STREAM,
    ) -> Stream:
        """A subscription as an async context manager and iterator; errors come as messages.

        Without ``message`` it only listens for ``kinds``. ``cancel`` is sent at its end.
        """
        return Stream(self, Route(message, kinds, most=most), message, cancel)

    async def _answer(
        self,
        message: Message,
        route: Route,
        ends: tuple[type[Message], ...],
        tolerates: Container[int],
    ) -> list[Message]:
        self.routes.add(route)
        try:
            await self.send(message)
            return await route.collect(ends, tolerates)
        finally:
            self.routes.remove(route)

    async def _connect(self, host: str, port: int, *, newest_version: int) -> None:
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_connection(lambda: self, host, port)
        transport.write(ClientConnection.greeting(OLDEST, newest_version))
        await self._until(lambda: self.version > 0)
        if not OLDEST <= self.version <= newest_version:
            raise LinkLost(
                f"the gateway answers server version {self.version}"
                f"\n  state: nothing was asked\n  fix:   versions {OLDEST} to {newest_version}"
                " are spoken here: update TWS or IB Gateway"
            )
        self._write(StartApi(client_id=self.client_id))
        await self._until(lambda: self.accounts is not None and self.next_order_id is not None)


class Stream:
    """Messages of one subscription, oldest first; see :meth:`Link.stream`."""

    def __init__(
        self, link: Link, route: Route, message: Message | None, cancel: Message | None
    ) -> None:
        self._link, self._route, self._message, self._cancel = link, route, message, cancel

    @property
    def dropped(self) -> int:
        """Messages thrown away because nobody read them in time."""
        return self._route.dropped

    @property
    def waiting(self) -> int:
        """Messages that came and were not read."""
        return len(self._route.queue)

    async def __aenter__(self) -> Self:
        self._link.routes.add(self._route)
        try:
            if self._message is not None:
                await self._link.send(self._message)
        except BaseException:
            self._link.routes.remove(self._route)
            raise
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._link.routes.remove(self._route)
        if self._cancel is not None and not self._link.closed:
            await self._link.send(self._cancel)

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Message:
        return await self._route.take()

    async def next(
        self, matches: Callable[[Message], bool] = lambda _: True, *, timeout_s: float = 10.0
    ) -> Message:
        """The next message that matches; others are dropped.

        Raises:
            LinkTimeout: none came in time.
            LinkLost: the connection ended.
        """
        try:
            async with asyncio.timeout(timeout_s):
                while not matches(message := await self._route.take()):
                    pass
                return message
        except TimeoutError:
            raise LinkTimeout(f"{self._route.name}: nothing within {timeout_s:g} s") from None


def _literal(host: str) -> str:
    try:
        return str(ipaddress.ip_address(host))
    except ValueError:
        raise UsageError(
            f"{host!r} is not an IP address: no name is looked up here"
            "\n  state: nothing was connected\n  fix:   write 127.0.0.1 instead of localhost"
        ) from None
