"""A scripted gateway for the bot's unit tests: bytes over loopback, one thread.

It knows nothing of the market. A test says which bytes answer which message; the real
simulated gateway meets the bot in ``tests/system``.
"""

from __future__ import annotations

import contextlib
import queue
import socket
import struct
import threading
from collections.abc import Callable, Iterable

RAW_ID_VERSION = 201
PAPER = "DU0000001"
Fields = list[str]
Answer = Callable[[Fields], Iterable[bytes]]


def cut(payload: bytes) -> bytes:
    return struct.pack("!I", len(payload)) + payload


class Peer:
    """Listens on a free port; serves connections one after another."""

    def __init__(self, version: int = 157, *, accounts: str = PAPER, next_id: int = 1) -> None:
        self.version, self.accounts, self.next_id = version, accounts, next_id
        self.received: queue.Queue[tuple[int, Fields]] = queue.Queue()
        self.seen: list[tuple[int, Fields]] = []
        self.answers: dict[int, Answer] = {}
        self.bootstrap: Callable[[], Iterable[bytes]] = self._usual_bootstrap
        self.greet = True
        self.sessions = 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.raw_body = b""
        self._client: socket.socket | None = None
        self._closing = False
        self.answers[49] = lambda _fields: [self.text(49, 1, 1_770_390_000)]
        self._thread = threading.Thread(target=self._serve, name="peer", daemon=True)
        self._thread.start()

    # -- what tests say

    def text(self, message_id: int, *fields: object) -> bytes:
        """A framed text message, with a binary id from version 201."""
        body = "".join(f"{field}\0" for field in fields).encode()
        if self.version >= RAW_ID_VERSION:
            return cut(struct.pack("!I", message_id) + body)
        return cut(f"{message_id}\0".encode() + body)

    def error(self, request_id: object, code: int, text: str) -> bytes:
        fields: list[object] = [request_id, code, text]
        if self.version < 194:
            fields.insert(0, 2)
        if self.version >= 166:
            fields.append("")
        if self.version >= 194:
            fields.append(0)
        return self.text(4, *fields)

    def request_id(self, fields: Fields, *, place: int) -> str:
        """The request id: a text field, or field 1 of a protobuf request."""
        if not self.raw_body.startswith(b"\x08"):
            return fields[place]
        value, shift = 0, 0
        for byte in self.raw_body[1:]:
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                break
        return str(value)

    def on(self, message_id: int, answer: Answer) -> None:
        self.answers[message_id] = answer

    def send(self, *frames: bytes) -> None:
        assert self._client is not None
        self._client.sendall(b"".join(frames))

    def drop(self) -> None:
        """Close the client's connection without a word."""
        client = self._client
        if client is not None:
            client.shutdown(socket.SHUT_RDWR)

    def take(self, message_id: int, timeout_s: float = 5.0) -> Fields:
        """The next message with this id; others before it are skipped."""
        while True:
            got, fields = self.received.get(timeout=timeout_s)
            if got == message_id:
                return fields

    def ids(self) -> list[int]:
        return [message_id for message_id, _ in self.seen]

    def close(self) -> None:
        self._closing = True
        self._listener.close()
        with contextlib.suppress(OSError):  # wakes the accept; or nobody listens any more
            socket.create_connection(("127.0.0.1", self.port), timeout=0.2).close()
        self.drop_quietly()
        self._thread.join(5)

    def drop_quietly(self) -> None:
        with contextlib.suppress(OSError):  # closed already
            self.drop()

    # -- the thread

    def _usual_bootstrap(self) -> Iterable[bytes]:
        farm = "Market data farm connection is OK:usfarm"
        return [
            self.text(15, 1, self.accounts),
            self.text(9, 1, self.next_id),
            self.error(-1, 2104, farm),
        ]

    def _serve(self) -> None:
        while not self._closing:
            try:
                client, _address = self._listener.accept()
            except OSError:
                return
            self._client = client
            self.sessions += 1
            with client, contextlib.suppress(OSError):  # the client or the test ended it
                self._talk(client)

    def _talk(self, client: socket.socket) -> None:
        stream = client.makefile("rb")
        with stream:
            if stream.read(4) != b"API\0":
                return
            offered = self._frame(stream)
            if offered is None:
                return
            highest = int(offered.split(b" ")[0].rpartition(b".")[2])
            if not self.greet:
                stream.read(1)  # until the client gives up
                return
            version = min(self.version, highest)
            self.version = version
            client.sendall(cut(f"{version}\0{'20260206 10:00:00 EST'}\0".encode()))
            while (payload := self._frame(stream)) is not None:
                self._handle(client, payload)

    def _frame(self, stream: object) -> bytes | None:
        header = stream.read(4)  # type: ignore[attr-defined]
        if len(header) < 4:
            return None
        return bytes(stream.read(struct.unpack("!I", header)[0]))  # type: ignore[attr-defined]

    def _handle(self, client: socket.socket, payload: bytes) -> None:
        if self.version >= RAW_ID_VERSION:
            message_id, self.raw_body = struct.unpack("!I", payload[:4])[0], payload[4:]
            fields = self.raw_body.decode("latin-1").split("\0")[:-1]
            message_id = message_id - 200 if message_id > 200 else message_id
        else:
            first, *fields = payload.decode("latin-1").split("\0")[:-1]
            message_id = int(first)
        self.seen.append((message_id, fields))
        self.received.put((message_id, fields))
        if message_id == 71:
            client.sendall(b"".join(self.bootstrap()))
        elif message_id in self.answers:
            client.sendall(b"".join(self.answers[message_id](fields)))
