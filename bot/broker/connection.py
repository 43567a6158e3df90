"""The socket: one plain receive per call, whole sends, a disconnect that wakes the reader."""

from __future__ import annotations

import contextlib
import socket
import threading

from ibapi.connection import Connection

from bot.broker.errors import GatewayConnectionError

RECEIVE_BYTES = 1 << 16


class PlainConnection(Connection):  # type: ignore[misc]
    """The official connection with its receive loop replaced.

    The official ``recvMsg`` reads again after a full 4096-byte chunk, times out after a
    second and drops what it had: a burst of exactly n x 4096 bytes followed by silence is
    lost. Its ``sendMsg`` ignores partial sends, and its ``disconnect`` does not wake a
    reader that is blocked in ``recv``.
    """

    def __init__(self, host: str, port: int) -> None:
        super().__init__(host, port)
        self.socket: socket.socket | None = None
        self._closing = threading.Lock()

    def open(self, timeout_s: float) -> None:
        """Connect.

        Raises:
            GatewayConnectionError: refused, unreachable or no answer within ``timeout_s``.
        """
        try:
            sock = socket.create_connection((self.host, self.port), timeout=timeout_s)
        except OSError as error:
            raise GatewayConnectionError(
                f"cannot connect to {self.host}:{self.port}: {error}\n"
                "  state: no socket\n"
                "  fix:   start the gateway, enable its API socket, and allow this host under"
                " trusted IPs"
            ) from error
        sock.settimeout(None)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket = sock

    def recvMsg(self) -> bytes:  # noqa: N802
        """What one ``recv`` gives; ``b""`` when the peer or ``disconnect`` closed."""
        sock = self.socket
        if sock is None:
            return b""
        try:
            return bytes(sock.recv(RECEIVE_BYTES))
        except OSError:
            return b""

    def sendMsg(self, msg: bytes) -> int:  # noqa: N802
        """Send all of ``msg``.

        Raises:
            GatewayConnectionError: there is no socket, or it broke.
        """
        with self.lock:
            sock = self.socket
            if sock is None:
                raise GatewayConnectionError("not connected to the gateway: nothing was sent")
            try:
                sock.sendall(msg)
            except OSError as error:
                raise GatewayConnectionError(f"sending failed: {error}") from error
        return len(msg)

    def disconnect(self) -> None:
        """Close the socket and wake whoever reads or writes it. May be called twice."""
        with self._closing:
            sock, self.socket = self.socket, None
        if sock is not None:
            with contextlib.suppress(OSError):  # the peer may be gone already
                sock.shutdown(socket.SHUT_RDWR)
            sock.close()
