"""One client's socket: bytes to the state machine, frames to the engine, output back."""

from __future__ import annotations

import asyncio
import os
import socket
import struct
from collections import deque
from itertools import accumulate
from typing import TYPE_CHECKING, cast

from pytest_ibkr.net.outlet import Outlet
from pytest_ibkr.sim.client import Client
from pytest_ibkr.sim.journal import Note
from pytest_ibkr.wire.connection import Ended, FrameReceived, GatewayConnection, VersionsOffered
from pytest_ibkr.wire.framing import frame
from pytest_ibkr.wire.versions import OLDEST, negotiate

if TYPE_CHECKING:
    from pytest_ibkr.net.server import GatewayServer

_SHOWN_BYTES = 60  # of what came instead of a handshake
_CHUNK = 4096  # the official client's receive size
_HELD_BACK_BYTES = 8
_HOLD_BACK_S = 0.005
_BURST_WRITES = 16
_LINGER_S = 5.0
# Linux; elsewhere a client without TCP_NODELAY may be late by its own system's delay.
_QUICK_ACK: int | None = getattr(socket, "TCP_QUICKACK", None)
_RESET_AT_CLOSE = struct.pack("hh" if os.name == "nt" else "ii", 1, 0)
OUTPUT_LIMIT = 64 * 1024 * 1024  # a client that never reads is dropped, not buffered for ever


class ClientConnection(asyncio.Protocol):
    """Server side of one TCP connection; lives on the server's loop."""

    def __init__(self, server: GatewayServer) -> None:
        self._server = server
        self._machine = GatewayConnection(max_frame=server.max_frame)
        self._transport: asyncio.Transport | None = None
        self._held = self._first = b""
        self._burst: deque[int] = deque(maxlen=_BURST_WRITES)
        self._burst_end_s = 0.0
        self._outlet = Outlet(self._write, server.call_later)
        self._dead = False  # half-open: bytes are taken, nothing is answered
        self.client: Client | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Accept; nothing is said before the client's greeting."""
        self._transport = cast(asyncio.Transport, transport)
        self._acknowledge_at_once()
        self._server.joined(self)
        weather = self._server.engine.weather
        if weather.door == "reset":
            weather.met("reset", self)
            self._note("accepted and reset, as a gateway that is starting does")
            self._reset()
        elif weather.door == "silent":
            self._dead = True
            self._note("accepted, and nothing is ever answered")

    def data_received(self, data: bytes) -> None:
        """Feed the state machine and let the engine answer."""
        self._acknowledge_at_once()
        self._server.touch()
        if self._dead:
            self._server.engine.weather.met("swallowed", self)
        else:
            self._consume(data)
        self._server.pump()

    def _acknowledge_at_once(self) -> None:
        """Keep the next request from waiting for the acknowledgement of this one.

        The official client leaves Nagle's algorithm on: its second small write is held back until
        the first is acknowledged, which takes 40 ms where nothing is answered. Virtual time would
        pass it by. The option lasts for one acknowledgement only.
        """
        if _QUICK_ACK is not None and self._transport is not None:
            accepted = self._transport.get_extra_info("socket")
            accepted.setsockopt(socket.IPPROTO_TCP, _QUICK_ACK, 1)

    def eof_received(self) -> bool:
        """End of stream: a torn frame is noted."""
        if not self._dead:
            self._consume(b"")
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell the engine that the client is gone."""
        self._server.left(self, str(exc or ""))

    def _consume(self, data: bytes) -> None:
        if self.client is None:
            self._first = (self._first + data)[:_SHOWN_BYTES]
        for event in self._machine.receive(data):
            if isinstance(event, FrameReceived):
                self._receive(event.payload)
            elif isinstance(event, VersionsOffered):
                self._answer_versions(event)
            elif isinstance(event, Ended) and event.error and self._falls_silent():
                self._note(f"nothing is read any more: {event.error}")
            elif isinstance(event, Ended):
                if self.client is None and self._first and self._transport is not None:
                    why = event.error or "the client hung up"
                    self._note(f"no handshake: {why}; received {self._first!r}")
                self.close(event.error)

    def _falls_silent(self) -> bool:
        """Whether a stream that is broken after the start stays open, and is never answered."""
        started = self.client is not None and self.client.started
        self._dead = started and self._server.engine.conditions.oversized_frame == "silent"
        return self._dead

    def _note(self, reason: str) -> None:
        """Say why no client came of this connection; it has no number in the journal."""
        engine = self._server.engine
        engine.journal.add(engine.now_s, 0, "note", Note(reason))

    def _receive(self, payload: bytes) -> None:
        server, client = self._server, self.client
        if client is not None:
            server.engine.receive(client, payload, real_s=server.loop_time())

    def _answer_versions(self, offer: VersionsOffered) -> None:
        server = self._server
        version = negotiate(offer.lowest, offer.highest, newest=server.newest_version)
        if version is None:
            offered = f"client offers {offer.lowest} to {offer.highest}"
            reason = f"refused: {offered}, gateway speaks {OLDEST} to {server.newest_version}"
            self._note(reason)
            self.close(reason)
            return
        self.client = server.engine.open(version, options=offer.options)
        if self.client is None:
            if server.engine.conditions.one_too_many == "silent":
                self._dead = True
            else:
                self.close("too many clients")
            return
        self._write(frame(b"%d\0%s\0" % (version, server.connection_time())))

    def flush(self) -> bool:
        """Write what the engine queued for this client; True: something went out."""
        client = self.client
        if client is None or self._transport is None:
            return False
        data = client.take_output()
        if data:
            self._outlet.send(self._server.engine.weather.pieces(client, data))
        if client.closing and not client.closed:
            self.close(client.closing)
        return bool(data)

    @property
    def pending_bytes(self) -> int:
        """Bytes not yet taken by the operating system."""
        buffered = self._transport.get_write_buffer_size() if self._transport else 0
        return buffered + len(self._held) + self._outlet.waiting_bytes

    def close(self, reason: str) -> None:
        """Flush and close; ``reason`` goes to the journal."""
        transport, self._transport = self._transport, None
        if transport is None:
            return
        if rest := self._held + self._outlet.rest():
            transport.write(rest)
            self._held = b""
        transport.close()
        self._server.call_later(_LINGER_S, transport.abort)  # it may never read the rest
        self._server.left(self, reason)

    def abort(self) -> None:
        """Drop the socket at once."""
        transport, self._transport = self._transport, None
        if transport is not None:
            transport.abort()

    def _reset(self) -> None:
        """Drop the socket so that its peer gets a reset, not an end of stream."""
        if self._transport is not None:
            accepted = self._transport.get_extra_info("socket")
            accepted.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_AT_CLOSE)
        self._server.left(self, "")
        self.abort()

    def _write(self, data: bytes) -> None:
        transport = self._transport
        if transport is None:
            return
        if transport.get_write_buffer_size() > OUTPUT_LIMIT:
            self.abort()  # a close would wait for ever for a reader
            self._server.left(self, "output limit exceeded: the client does not read its socket")
            return
        data, self._held = self._held + data, b""
        if self._server.engine.conditions.spare_4096_bursts:
            data = self._spare_burst(data)
        transport.write(data)
        if self.client is not None and (waiting := transport.get_write_buffer_size()):
            self.client.waits(waiting)

    def _spare_burst(self, data: bytes) -> bytes:
        """Hold back the tail when the client may meet a burst of exactly n x 4096 unread bytes.

        Both generations of the official client throw such a burst away when a second of silence
        follows (seen with both of them over real sockets). How much of the last writes it has
        read already is unknown here, so every run of writes that ends with this one counts.
        """
        loop_s = self._server.loop_time()
        if loop_s - self._burst_end_s > _HOLD_BACK_S:
            self._burst.clear()
        self._burst_end_s = loop_s
        self._burst.append(len(data))
        if len(data) <= _HELD_BACK_BYTES or not any(
            total % _CHUNK == 0 for total in accumulate(reversed(self._burst))
        ):
            return data
        self._held = data[-_HELD_BACK_BYTES:]
        self._burst[-1] -= _HELD_BACK_BYTES
        self._server.call_later(2 * _HOLD_BACK_S, self._release)
        return data[:-_HELD_BACK_BYTES]

    def _release(self) -> None:
        if self._held and self._transport is not None:
            data, self._held = self._held, b""
            self._burst.clear()
            self._burst.append(len(data))
            self._burst_end_s = self._server.loop_time()
            self._transport.write(data)
