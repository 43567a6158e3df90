"""Clients that do not care: raw bytes first, asked for answers with a deadline, never polite.

Requests are put together from fields as text, so that any of them can be wrong; ``order`` and
``question`` take correct ones from the codec to start from.
"""

from __future__ import annotations

import contextlib
import dataclasses
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any, Final

import pytest

from pytest_ibkr.wire.codec import encode
from pytest_ibkr.wire.declare import Message
from pytest_ibkr.wire.messages.contract import Contract
from pytest_ibkr.wire.messages.market_data import ReqMarketData
from pytest_ibkr.wire.messages.order import CancelOrder
from pytest_ibkr.wire.messages.place_order import PlaceOrder
from pytest_ibkr.wire.messages.session import StartApi
from tests.system.live.evil_gateway import framed
from tests.system.live.forms import FIRST_BINARY, TEXT_VERSION, text_fields
from tests.system.live.ids import VERSION as VERSION

DEADLINE_S: Final = 10.0
SPY: Final = Contract(con_id=756733, symbol="SPY", sec_type="STK", exchange="SMART", currency="USD")
READ_ONLY: Final = "The API interface is currently in Read-Only mode."


class Closed(Exception):
    """The other side hung up."""


class Careless:
    """One raw connection. ``version`` is what was answered to its greeting."""

    def __init__(self, host: str, port: int) -> None:
        self._over(socket.create_connection((host, port), DEADLINE_S))

    @classmethod
    def over(cls, connected: socket.socket) -> Careless:
        """One over a socket that is connected already."""
        client = cls.__new__(cls)
        connected.settimeout(DEADLINE_S)
        client._over(connected)
        return client

    def _over(self, connected: socket.socket) -> None:
        self._socket = connected
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._buffer = b""
        self.received: list[list[str]] = []
        self.version = 0
        self.client_id: int | None = None

    def close(self) -> None:
        """Close without a word."""
        self._socket.close()

    def send(self, data: bytes) -> None:
        """Send bytes as they are; a closed connection is no surprise here."""
        with contextlib.suppress(ConnectionError):
            self._socket.sendall(data)

    def ask(self, *messages: Message) -> None:
        """Send correct requests in one write."""
        self.send(b"".join(framed(encode(m, self.version)) for m in messages))

    def greet(self, low: int = 157, high: int = VERSION) -> int:
        """Exchange versions."""
        self.send(b"API\0" + framed(f"v{low}..{high}".encode()))
        self.version = int(self.next()[0])
        return self.version

    def start(self, client_id: int, *, high: int = VERSION) -> Careless:
        """Open the session as a polite client does; returns once it has an order id."""
        self.greet(high=high)
        self.client_id = client_id
        self.ask(StartApi(client_id=client_id))
        self.until("9")
        return self

    def next(self) -> list[str]:
        """The fields of the next frame.

        Raises:
            Closed: no frame will come.
            TimeoutError: none came within 10 s.
        """
        size = int.from_bytes(self._take(4), "big")
        found = text_fields(self._take(size), self.version, by_client=False)
        fields = [field.decode("utf-8", "replace") for field in found]
        self.received.append(fields)
        return fields

    def until(
        self, message_id: str, matches: Callable[[list[str]], bool] = lambda _fields: True
    ) -> list[str]:
        """The next frame with this id that matches, reading over others."""
        deadline_s = time.monotonic() + DEADLINE_S
        while True:
            fields = self.next()
            if fields[0] == message_id and matches(fields):
                return fields
            if time.monotonic() > deadline_s:
                raise TimeoutError(f"no {message_id} came; the last: {self.received[-5:]}")

    def error(self, request_id: int | None = None) -> list[str]:
        """The next message 4 that is no notice, about one request or any."""

        def meant(fields: list[str]) -> bool:
            number, code = _error_of(fields, self.version)
            return code not in NOTICES and request_id in (None, number)

        return self.until("4", meant)

    def refused(self, request_id: int | None = None) -> bool:
        """Whether the next error is a read-only gateway's, or the connection is gone."""
        try:
            fields = self.error(request_id)
        except Closed:
            return True
        return any(READ_ONLY in field for field in fields)

    def is_closed(self) -> bool:
        """Read to the end: whether the other side hung up within 10 s."""
        try:
            while True:
                self.next()
        except Closed:
            return True
        except TimeoutError:
            return False

    def drain(self, quiet_s: float = 0.3) -> list[list[str]]:
        """Everything that comes until it has been quiet for so long, or for 3 s of noise."""
        before, until_s = len(self.received), time.monotonic() + 3.0
        self._socket.settimeout(quiet_s)
        try:
            while time.monotonic() < until_s:
                self.next()
            return self.received[before:]
        except (Closed, TimeoutError):
            return self.received[before:]
        finally:
            self._socket.settimeout(DEADLINE_S)

    def _take(self, count: int) -> bytes:
        while len(self._buffer) < count:
            try:
                data = self._socket.recv(65_536)
            except ConnectionError:
                data = b""
            if not data:
                raise Closed(f"after {self.received[-3:]}")
            self._buffer += data
        taken, self._buffer = self._buffer[:count], self._buffer[count:]
        return taken


# Of the gateway, on nobody's request, at a moment of its own.
NOTICES: Final = frozenset({2104, 2106, 2107, 2108, 2119, 2158, 2100, 10167, 2109, 399})


def _error_of(fields: list[str], version: int) -> tuple[int, int]:
    at = 1 if 194 <= version < FIRST_BINARY else 2
    return int(fields[at]), int(fields[at + 1])


@contextmanager
def careless(host: str, port: int) -> Iterator[Careless]:
    """A connection that is closed at the end."""
    client = Careless(host, port)
    try:
        yield client
    finally:
        client.close()


# For what cannot be said, or is not so, where messages have bodies.
NOT_IN_BODIES: Final = pytest.mark.skipif(VERSION >= FIRST_BINARY, reason="of text versions only")


# -- requests to start from


def order(order_id: int = 1, *, contract: Contract = SPY, **fields: Any) -> PlaceOrder:
    """One share, limit far below the market, good for the day; ``fields`` replace any of it."""
    plain: dict[str, Any] = {
        "action": "BUY",
        "quantity": Decimal(1),
        "order_type": "LMT",
        "limit_price": Decimal("1.00"),
        "tif": "DAY",
    }
    return PlaceOrder(order_id=order_id, contract=contract, **(plain | fields))


def cancel(order_id: int) -> CancelOrder:
    """Cancel one order."""
    return CancelOrder(order_id=order_id)


def quote(request_id: int = 900, contract: Contract = SPY, **fields: Any) -> ReqMarketData:
    """Ask for a stream of quotes."""
    return ReqMarketData(request_id=request_id, contract=contract, **fields)


def fields_of(message: Message, version: int = VERSION) -> list[bytes]:
    """The fields of a request as bytes, id first."""
    return encode(message, _text(version)).split(b"\0")[:-1]


def _text(version: int) -> int:
    return version if version < FIRST_BINARY else TEXT_VERSION


def payload(fields: list[bytes]) -> bytes:
    """Fields to a payload, each ended by NUL."""
    return b"".join(field + b"\0" for field in fields)


def binary(message: Message, version: int = VERSION, *, protobuf: bool = False) -> bytes:
    """The payload as versions above 200 write it: the id in four bytes; +200 says protobuf."""
    number, _, rest = encode(message, _text(version)).partition(b"\0")
    body = b"\x08\x01" if protobuf else rest
    return (int(number) + (200 if protobuf else 0)).to_bytes(4, "big") + body


def replaced(message: Message, **changes: Any) -> Any:
    """A copy with other values."""
    return dataclasses.replace(message, **changes)
