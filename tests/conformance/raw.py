"""A bare TCP client: bytes out, whole frames in. Decodes nothing with the package under test."""

from __future__ import annotations

import socket
import struct
from typing import ClassVar

TIMEOUT_S = 5.0
_LENGTH = struct.Struct("!I")


def framed(payload: bytes) -> bytes:
    """Put the length in front."""
    return _LENGTH.pack(len(payload)) + payload


def line(text: str) -> bytes:
    """Frame a request written as logs write it, fields ended by ``;``."""
    return framed(text.replace(";", "\0").encode())


class RawClient:
    """One socket. Reading waits at most ``TIMEOUT_S`` for each frame.

    ``live``: those not closed yet; a failing test leaves some, and its fixture closes them.
    """

    live: ClassVar[list[RawClient]] = []

    def __init__(self, host: str, port: int) -> None:
        self.socket = socket.create_connection((host, port), TIMEOUT_S)
        self.live.append(self)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._buffer = b""

    def greet(self, low: int = 157, high: int = 178) -> list[str]:
        """Exchange versions; returns the gateway's two fields."""
        self.send(b"API\0" + framed(f"v{low}..{high}".encode()))
        return self.fields()

    def start(self, client_id: int) -> None:
        """Send startApi."""
        self.send(line(f"71;2;{client_id};;"))

    def send(self, data: bytes) -> None:
        """Send bytes as they are."""
        self.socket.sendall(data)

    def fields(self) -> list[str]:
        """Return the next frame's fields; ``EOFError`` once the gateway closed."""
        return self.frame().decode("utf-8", "replace").split("\0")[:-1]

    def frame(self) -> bytes:
        """Return the next frame's payload."""
        self._fill(_LENGTH.size)
        [size] = _LENGTH.unpack(self._buffer[: _LENGTH.size])
        self._fill(_LENGTH.size + size)
        payload = self._buffer[_LENGTH.size : _LENGTH.size + size]
        self._buffer = self._buffer[_LENGTH.size + size :]
        return payload

    def until_time(self) -> list[list[str]]:
        """Ask for the time and return every message that came before its answer."""
        self.send(line("49;1;"))
        return self.until("49")

    def until(self, message: str) -> list[list[str]]:
        """Return the messages before the first one of an id."""
        met: list[list[str]] = []
        while (fields := self.fields())[0] != message:
            met.append(fields)
        return met

    def rest(self) -> bytes:
        """Return everything up to the gateway's end of stream."""
        data, self._buffer = self._buffer, b""
        try:
            while part := self.socket.recv(65536):
                data += part
        except ConnectionResetError:
            pass
        return data

    def close(self) -> None:
        """Close."""
        self.socket.close()
        if self in self.live:
            self.live.remove(self)

    def _fill(self, size: int) -> None:
        while len(self._buffer) < size:
            part = self.socket.recv(65536)
            if not part:
                raise EOFError("the gateway closed the connection")
            self._buffer += part
