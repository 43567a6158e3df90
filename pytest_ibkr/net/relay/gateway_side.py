"""The relay's connection to the gateway for one client: the only place that writes upstream.

Three things ever go up on it: the relay's own greeting, and what the guard allowed, encoded here.
"""

from __future__ import annotations

import asyncio
import socket
from typing import Final, Protocol, cast

from pytest_ibkr.errors import WireError
from pytest_ibkr.guard.decision import Allow
from pytest_ibkr.net.relay.cutter import Cutter
from pytest_ibkr.wire.codec import encode_frame
from pytest_ibkr.wire.connection import (
    ClientConnection,
    Ended,
    VersionChosen,
)
from pytest_ibkr.wire.framing import frame

_CLOSED: Final = "the gateway closed the connection"
MOST_UNSENT: Final = 1024 * 1024  # a gateway that does not read: at 45 messages/s, minutes
_QUICK_ACK: int | None = getattr(socket, "TCP_QUICKACK", None)


class Listener(Protocol):
    """What a gateway side tells: the client side it belongs to."""

    def gateway_answered(self, chosen: VersionChosen) -> None:
        """The handshake's answer."""

    def gateway_sent(self, whole: bytes, payloads: list[bytes]) -> None:
        """Frames, in order: as they came, and their payloads."""

    def gateway_gone(self, reason: str) -> None:
        """The connection ended."""


class GatewaySide(asyncio.Protocol):
    """One connection to the gateway."""

    def __init__(self, listener: Listener, *, lowest: int, highest: int) -> None:
        self._listener = listener
        self._lowest, self._highest = lowest, highest
        self._machine, self._cutter = ClientConnection(), Cutter()
        self._transport: asyncio.Transport | None = None
        self.version = 0

    @classmethod
    async def open(
        cls,
        endpoint: tuple[str, int],
        listener: Listener,
        *,
        lowest: int,
        highest: int,
    ) -> GatewaySide:
        """Connect and greet; the answer comes to the listener.

        Raises:
            OSError: nobody listens.
        """
        loop = asyncio.get_running_loop()
        _transport, side = await loop.create_connection(
            lambda: cls(listener, lowest=lowest, highest=highest), *endpoint
        )
        return side

    def forward(self, allowed: Allow) -> int:
        """Send what the guard allowed, as our own encoder writes it; return its bytes."""
        transport = self._transport
        if not isinstance(allowed, Allow) or transport is None:
            return 0
        data = encode_frame(allowed.message, self.version)
        if transport.get_write_buffer_size() > MOST_UNSENT:
            self.close("the gateway does not read what is sent to it")
            return 0
        transport.write(data)
        return len(data)

    def _greet(self) -> None:
        """Send the handshake: our own bytes, of numbers the relay chose."""
        if self._transport is not None:
            self._transport.write(ClientConnection.greeting(self._lowest, self._highest))

    def close(self, reason: str = "") -> None:
        """Hang up; pending bytes are sent."""
        transport, self._transport = self._transport, None
        if transport is not None:
            transport.close()
            if reason:
                self._listener.gateway_gone(reason)

    def abort(self) -> None:
        """Drop the socket at once; nothing that is pending is sent."""
        transport, self._transport = self._transport, None
        if transport is not None:
            transport.abort()

    # -- asyncio.Protocol ----------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Greet at once."""
        self._transport = cast(asyncio.Transport, transport)
        acknowledge_at_once(self._transport)
        self._greet()

    def data_received(self, data: bytes) -> None:
        """Cut frames and hand them over together."""
        if self._transport is None:
            return
        acknowledge_at_once(self._transport)
        try:
            whole, payloads = self._cutter.cut(data)
            while payloads and self._transport is not None:
                if not self.version:
                    whole = whole[len(self._shake_hands(payloads.pop(0))) :]
                if payloads and self._transport is not None:
                    self._listener.gateway_sent(whole, payloads)
                whole, payloads = self._cutter.cut(b"")
        except WireError as exc:
            self._end(f"the gateway sent {exc}")

    def _shake_hands(self, payload: bytes) -> bytes:
        """Read the first frame, which names the version; return it whole."""
        whole = frame(payload)
        for event in self._machine.receive(whole):
            if isinstance(event, VersionChosen):
                self.version = event.version
                self._listener.gateway_answered(event)
            elif isinstance(event, Ended):
                self._end(f"the gateway sent {event.error}")
        return whole

    def eof_received(self) -> bool:
        """End of stream."""
        torn = len(self._cutter)
        self._end(f"the gateway closed inside a frame, {torn} bytes" if torn else _CLOSED)
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        """Say so, once."""
        self._end(f"the connection to the gateway broke: {exc}" if exc else "the gateway is gone")

    def _end(self, reason: str) -> None:
        transport, self._transport = self._transport, None
        if transport is not None:
            transport.abort()
            self._listener.gateway_gone(reason)


def acknowledge_at_once(transport: asyncio.Transport) -> None:
    """Keep the peer's next small write from waiting for the acknowledgement of this one.

    The official client leaves Nagle's algorithm on; where nothing is answered its second write
    would come 40 ms late. The option lasts for one acknowledgement, and exists on Linux only.
    """
    if _QUICK_ACK is not None:
        accepted = transport.get_extra_info("socket")
        if accepted is not None:
            accepted.setsockopt(socket.IPPROTO_TCP, _QUICK_ACK, 1)
