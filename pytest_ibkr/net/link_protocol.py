"""The connection half of :class:`Link`: bytes in and out, what the gateway said, how it ended."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import cast

from pytest_ibkr.errors import WireError
from pytest_ibkr.net.link_errors import CLIENT_ID_IN_USE, LinkLost
from pytest_ibkr.net.link_routes import Routes
from pytest_ibkr.snapshot.redact import mask_accounts
from pytest_ibkr.wire.codec import Raw, decode_response, encode_frame
from pytest_ibkr.wire.connection import ClientConnection, Ended, Event, FrameReceived, VersionChosen
from pytest_ibkr.wire.declare import Message
from pytest_ibkr.wire.messages.session import ErrorNotice, ManagedAccounts, NextValidId

_MOST_NOTICES = 500
_CLOSE_S = 2.0

Heard = Callable[[Message | Raw], None]


class LinkProtocol(asyncio.Protocol):
    """What :class:`Link` is to its transport.

    Attributes:
        version: the negotiated server version; 0 before it is known.
        connection_time: of the handshake, as the gateway wrote it.
        accounts: the text of managedAccounts as it came last, not judged, not stripped.
        next_order_id: as the gateway said last; ``take_order_id`` counts on from there.
        notices: errors and notices that belong to no request, the newest 500.
        undecodable: frames that do not follow the protocol; they reach listeners as ``Raw``.
        listeners: called with every message, in order, before questions are answered.
    """

    def __init__(self) -> None:
        self.version = 0
        self.connection_time = ""
        self.accounts: str | None = None
        self.next_order_id: int | None = None
        self.notices: deque[ErrorNotice] = deque(maxlen=_MOST_NOTICES)
        self.undecodable = 0
        self.listeners: list[Heard] = []
        self.routes = Routes()
        self._machine = ClientConnection()
        self._transport: asyncio.Transport | None = None
        self._changed = asyncio.Event()
        self._writable = asyncio.Event()
        self._writable.set()
        self._gone = asyncio.Event()
        self._ended: str | None = None

    # -- end -----------------------------------------------------------------------------

    @property
    def closed(self) -> bool:
        """Whether nothing more can be asked."""
        return self._ended is not None

    @property
    def why_closed(self) -> str | None:
        """How it ended; None while it is open."""
        return self._ended

    async def wait_closed(self) -> str:
        """Wait until the connection is gone; return why."""
        await self._gone.wait()
        return self._ended or ""

    async def close(self) -> None:
        """Send what is pending and hang up; whoever waits gets ``LinkLost``. Idempotent."""
        transport = self._transport
        if transport is None or self._gone.is_set():
            self._end("closed here")
            return
        self._end("closed here")
        transport.close()
        try:
            async with asyncio.timeout(_CLOSE_S):
                await self._gone.wait()
        except TimeoutError:  # it does not read what was written
            transport.abort()
            await self._gone.wait()

    def abort(self) -> None:
        """Drop the socket at once."""
        self._end("dropped here")
        if self._transport is not None:
            self._transport.abort()

    # -- asyncio.Protocol ----------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        """Feed the state machine."""
        self._take(self._machine.receive(data))

    def eof_received(self) -> bool:
        """End of stream: say whether a frame was torn."""
        self._take(self._machine.receive(b""))
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        """Let everyone who waits know."""
        self._end(str(exc) if exc else "the gateway closed the connection")
        self._writable.set()
        self._gone.set()

    def pause_writing(self) -> None:
        """Hold senders until the gateway reads."""
        self._writable.clear()

    def resume_writing(self) -> None:
        """Let senders go on."""
        self._writable.set()

    # -- inside --------------------------------------------------------------------------

    async def _until(self, there: Callable[[], bool]) -> None:
        while not there():
            if self._ended is not None:
                raise self._lost()
            self._changed.clear()
            await self._changed.wait()

    def _take(self, events: list[Event]) -> None:
        for event in events:
            if isinstance(event, FrameReceived):
                self._hear(event.payload)
            elif isinstance(event, VersionChosen):
                self.version = event.version
                self.connection_time = event.connection_time.decode("utf-8", "replace")
            elif isinstance(event, Ended) and event.error:
                self._end(event.error)
                if self._transport is not None:
                    self._transport.abort()
        self._changed.set()

    def _hear(self, payload: bytes) -> None:
        try:
            message = decode_response(payload, self.version)
        except WireError:
            self.undecodable += 1
            message = Raw(None, payload)
        if isinstance(message, ManagedAccounts):
            self.accounts = message.accounts
        elif isinstance(message, NextValidId):
            self.next_order_id = message.order_id
        elif isinstance(message, ErrorNotice) and message.request_id < 0:
            self.notices.append(message)
        for listener in tuple(self.listeners):
            listener(message)
        if not isinstance(message, Raw):
            self.routes.hand_out(message)

    def _write(self, message: Message) -> None:
        if self._ended is not None or self._transport is None:
            raise self._lost()
        self._transport.write(encode_frame(message, self.version))

    def _end(self, why: str) -> None:
        if self._ended is None:
            self._ended = why
            self.routes.fail(self._lost)
        self._changed.set()

    def _lost(self) -> LinkLost:
        taken = any(notice.code == CLIENT_ID_IN_USE for notice in self.notices)
        said = f"\n  said:  {self._last_words()}" if self.notices else ""
        return LinkLost(
            f"the connection to the gateway is gone: {self._ended}{said}",
            code=CLIENT_ID_IN_USE if taken and self.next_order_id is None else None,
        )

    def _last_words(self) -> str:
        last = self.notices[-1]
        return f"{last.code} {mask_accounts(last.text)}"

    def _not_ready(self, endpoint: str, timeout_s: float) -> str:
        if not self.version:
            state = "TCP is open, no version came" if self._transport else "no TCP connection"
        else:
            missing = [] if self.accounts is not None else ["managedAccounts"]
            missing += [] if self.next_order_id is not None else ["nextValidId"]
            state = f"server version {self.version}, no {' and no '.join(missing)}"
        return f"{endpoint} was not ready within {timeout_s:g} s\n  state: {state}"
