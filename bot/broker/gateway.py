"""The broker the bot talks to: a thin facade over the services of this package.

Safe to call from any thread except inside a callback of ibapi; listeners run on a thread
of their own and may call everything here.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Self

from bot.broker.errors import (
    BrokerError,
    GatewayConnectionError,
)
from bot.broker.events import Listener
from bot.broker.reading import ReadingSurface
from bot.broker.router import ErrorRouter
from bot.broker.session import Session
from bot.broker.system_clock import SystemClock
from bot.broker.trading import TradingSurface
from bot.broker.wrapper import ApiWrapper

if TYPE_CHECKING:
    from bot.domain.clock import Clock

RECONNECT_WAITS_S = (1.0, 2.0, 4.0)


class IBKRGateway(ReadingSurface, TradingSurface):
    """A paper account behind the TWS API. Nothing is dialled before ``connect``.

    Args:
        host, port, client_id: where, and as whom. Live ports are refused.
        timeout_s: for the connection and, where a method names none, for each request.
        clock: every time, wait and pause goes through it; the real clock by default.
        max_messages_per_s: own limit, over all threads (the gateway's is 50).
        read_only: True blocks every order message here.
        max_version: offer no higher API version (None: all this ibapi knows).
        max_streams: how many market-data streams may run at once.

    Raises:
        LiveAccountRefusedError: ``port`` is a live port.
    """

    def __init__(
        self,
        host: str,
        port: int,
        client_id: int,
        *,
        timeout_s: float = 30.0,
        clock: Clock | None = None,
        max_messages_per_s: int = 45,
        read_only: bool = False,
        max_version: int | None = None,
        max_streams: int = 50,
    ) -> None:
        self.host, self.port, self.client_id = host, port, client_id
        self.timeout_s = timeout_s
        self._clock: Clock = clock or SystemClock()
        self._session = Session(
            host,
            port,
            client_id,
            timeout_s=timeout_s,
            clock=self._clock,
            max_messages_per_s=max_messages_per_s,
            max_version=max_version,
        )
        ReadingSurface.__init__(self, self._session, max_streams=max_streams)
        TradingSurface.__init__(self, self._session, read_only=read_only)
        router = ErrorRouter(self._session, self._streams, self._book)
        self._session.wrapper = ApiWrapper(
            self._session, router, self._market_data, self._streams, self._queries
        )
        self._session.renew = self._renew
        self._in_doubt = False  # orders worked when a connection ended

    # ------------------------------------------------------------ connection

    def connect(self) -> None:
        """Connect once and prove that every account is paper. No-op when connected.

        After a loss, streams are requested again and working orders compared with the
        gateway, once per connection, whichever thread connects.

        Raises:
            GatewayConnectionError: no socket, or closed during the handshake.
            AuthenticationError: no API session in time; ClientIdInUseError (326) and
                LiveAccountRefusedError are kinds of it.
        """
        with self._session.lifecycle.turn():
            if not self._session.is_ready:
                self._note_doubt()
                self._session.connect()
            self._catch_up()

    def disconnect(self) -> None:
        """Cancel streams, close the socket, end all threads. May be called twice.

        Streams stay registered: ``connect`` and ``reconnect`` request them again. Ends a
        ``reconnect`` that is waiting, and refuses a ``connect`` of a listener until it is over.
        """
        self._streams.suspend()
        self._session.disconnect()

    def reconnect(
        self,
        *,
        waits_s: Sequence[float] = RECONNECT_WAITS_S,
        on_wait: Callable[[BrokerError, float], None] | None = None,
    ) -> int:
        """Connect again: at once, then after 1, 2 and 4 s. Returns the tries it took.

        Streams are requested again and working orders compared with the gateway, once.
        Refusals (AuthenticationError) are not retried. Usable for the first connect, too.
        When another thread has connected meanwhile, that connection is kept.

        Raises:
            GatewayConnectionError: the last try failed, or ``disconnect`` was called.
        """
        session = self._session
        seen, disconnects = session.generation, session.disconnects
        with session.lifecycle.turn():
            tries = 1
            if session.generation == seen or not session.is_ready:
                self._note_doubt()
                session.drop()
                for wait_s in (*waits_s, None):
                    try:
                        session.connect()
                        break
                    except GatewayConnectionError as error:
                        if wait_s is None or session.disconnects != disconnects:
                            raise
                        if on_wait is not None:
                            on_wait(error, wait_s)
                        self._clock.sleep(wait_s)
                        tries += 1
            self._catch_up()
        return tries

    def _note_doubt(self) -> None:
        """Before a connection: what works now has to be asked for on the next one."""
        self._in_doubt = self._in_doubt or bool(self._book.working_ids())

    def _catch_up(self) -> None:
        """After a connection, within the turn: everything that a loss has left to do, once."""
        self._streams.resubscribe()
        if self._in_doubt:
            self._queries.reconcile(self.timeout_s)
            self._in_doubt = False

    def is_connected(self) -> bool:
        """True while the socket is up and the accounts are proven paper."""
        return self._session.is_ready

    def is_authenticated(self, *, timeout_s: float = 5.0) -> bool:
        """Accounts and order id came, and the server answers a question right now."""
        if not self._session.is_ready or not self._session.accounts:
            return False
        try:
            self._account.server_time(timeout_s)
        except BrokerError:
            return False
        return True

    @property
    def is_connectivity_lost(self) -> bool:
        """True between 1100 and 1101/1102: the socket is up, the servers are not reached."""
        return self._session.connectivity_lost

    def on_event(self, listener: Listener) -> Callable[[], None]:
        """Call ``listener(event, text)`` for every GatewayEvent; returns what removes it."""
        return self._session.events.add(listener)

    @property
    def faults(self) -> tuple[str, ...]:
        """Messages and listeners that failed and were contained (the last 100)."""
        return tuple(self._session.faults)

    @property
    def server_version(self) -> int:
        """The negotiated API version; 0 when not connected."""
        return self._session.server_version

    @property
    def peak_messages_per_s(self) -> int:
        """The most messages that left within one second, of all connections of this object."""
        return self._session.sent.peak_per_s

    # ------------------------------------------------------------ plumbing

    def __enter__(self) -> Self:
        """Connect."""
        self.connect()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Disconnect; orders keep working."""
        self.disconnect()

    def _renew(self) -> None:
        """After 1101 (listeners' thread)."""
        with contextlib.suppress(GatewayConnectionError):  # the next connection catches up
            self._streams.resubscribe()
