"""A wire tap between relay and gateway: counts what goes up, changes or adds what comes down."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable

from pytest_ibkr.wire.framing import FrameBuffer, frame


class TappedConnection:
    """One connection through the tap.

    Attributes:
        up: every byte the relay sent.
        chunks: per upward chunk (monotonic seconds, frames that it completed).
    """

    def __init__(self, tap: Tap, relay: socket.socket, gateway: socket.socket) -> None:
        self._tap, self._relay, self._gateway = tap, relay, gateway
        self.up = bytearray()
        self.chunks: list[tuple[float, int]] = []
        self._counted = 1  # the versions are no message
        self.changed = threading.Condition()
        self.down_ended = False

    def start(self) -> None:
        for target in (self._pump_up, self._pump_down):
            threading.Thread(target=target, daemon=True).start()

    @property
    def frames_up(self) -> list[bytes]:
        """Payloads of everything after the greeting's four bytes."""
        buffer = FrameBuffer()
        buffer.feed(bytes(self.up[4:]))
        return buffer.take_frames()

    @property
    def requests(self) -> list[int]:
        """Message ids of everything after the handshake."""
        return [int(payload.partition(b"\0")[0]) for payload in self.frames_up[1:]]

    def client_id(self) -> int | None:
        """Of its startApi."""
        for payload in self.frames_up[1:]:
            if payload.startswith(b"71\0"):
                return int(payload.split(b"\0")[2])
        return None

    def say(self, payload: bytes) -> None:
        """Add a frame to what comes down; call it while the gateway is quiet."""
        self._relay.sendall(frame(payload))

    def say_raw(self, data: bytes) -> None:
        """Add bytes."""
        self._relay.sendall(data)

    def hang_up(self) -> None:
        """Close towards the relay, as a gateway that ends."""
        for side in (self._relay, self._gateway):
            with contextlib.suppress(OSError):
                side.shutdown(socket.SHUT_RDWR)

    def _pump_up(self) -> None:
        with contextlib.suppress(OSError):
            while data := self._relay.recv(65536):
                with self.changed:
                    self.up += data
                    count = max(1, len(self.frames_up))
                    self.chunks.append((time.monotonic(), count - self._counted))
                    self._counted = count
                    self.changed.notify_all()
                self._gateway.sendall(data)
        with contextlib.suppress(OSError):
            self._gateway.shutdown(socket.SHUT_WR)

    def _pump_down(self) -> None:
        buffer = FrameBuffer()
        with contextlib.suppress(OSError):
            while data := self._gateway.recv(65536):
                buffer.feed(data)
                kept = [self._tap.change(self, each) for each in buffer.take_frames()]
                out = b"".join(frame(each) for each in kept if each is not None)
                if out:
                    self._relay.sendall(out)
        with self.changed:
            self.down_ended = True
            self.changed.notify_all()
        with contextlib.suppress(OSError):
            self._relay.shutdown(socket.SHUT_WR)

    def close(self) -> None:
        for side in (self._relay, self._gateway):
            side.close()

    def wait(self, there: Callable[[TappedConnection], bool], timeout_s: float = 5.0) -> bool:
        """Wait until something holds of what went up."""
        with self.changed:
            return self.changed.wait_for(lambda: there(self), timeout_s)


class Tap:
    """Listens on a port of its own in front of a gateway.

    Attributes:
        change: takes (connection, payload) of what comes down; returns what does instead, or
            None for nothing.
    """

    def __init__(self, gateway) -> None:
        self._gateway = gateway
        self.connections: list[TappedConnection] = []
        self.change: Callable[[TappedConnection, bytes], bytes | None] = lambda _c, payload: payload
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                relay, _address = self._listener.accept()
                try:
                    gateway = socket.create_connection((self._gateway.host, self._gateway.port))
                except OSError:
                    relay.close()
                    continue
                for side in (relay, gateway):
                    side.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                connection = TappedConnection(self, relay, gateway)
                self.connections.append(connection)
                connection.start()

    def forget(self) -> None:
        """Change nothing any more; connections that ended are forgotten."""
        self.change = lambda _connection, payload: payload
        for each in [each for each in self.connections if each.down_ended]:
            each.close()
            self.connections.remove(each)

    def of_client(self, client_id: int) -> TappedConnection:
        """The newest connection under a client id."""
        return [each for each in self.connections if each.client_id() == client_id][-1]

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)  # wakes the thread inside accept
        self._listener.close()
        for each in self.connections:
            each.hang_up()
            each.close()
