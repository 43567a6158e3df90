"""What the relay saw, as journals: its tape decoded once, copied into every journal that listens.

The relay is the only witness of a live run; a mirror is a few milliseconds behind it.
"""

from __future__ import annotations

import threading
from collections import defaultdict, deque
from collections.abc import Callable
from typing import Any, Final, TypeVar

from pytest_ibkr.errors import WireError
from pytest_ibkr.net.relay.tape import TapeRecord
from pytest_ibkr.sim.journal import Direction, Journal, Note
from pytest_ibkr.wire import messages as _messages  # noqa: F401  # registers them all
from pytest_ibkr.wire.codec import Raw, decode_request, decode_response
from pytest_ibkr.wire.declare import Message
from pytest_ibkr.wire.messages.market_data import CancelMarketData, ReqMarketData
from pytest_ibkr.wire.messages.session import StartApi

T = TypeVar("T")
_DIRECTIONS: Final[dict[str, Direction]] = {"up": "in", "down": "out", "note": "note"}


class Mirror:
    """One journal; filled on the relay reader's thread, read on others.

    Offers what waiting on a journal asks of a server: ``running`` and ``call``.
    """

    running = True

    def __init__(self) -> None:
        self.journal = Journal()
        self._lock = threading.RLock()
        self._recent: dict[int, deque[float]] = defaultdict(deque)
        self._lines: set[tuple[int, int]] = set()
        self.peak_messages_per_s = 0

    def call(self, action: Callable[[], T]) -> T:
        """Run ``action`` while nothing is added."""
        with self._lock:
            return action()

    @property
    def lines_in_use(self) -> int:
        """Market-data lines that clients hold: asked for as streams, and not cancelled."""
        return len(self._lines)

    def add(self, record: TapeRecord, message: Message | Raw | Note) -> None:
        """Take one record of the tape."""
        direction, connection = _DIRECTIONS[record.direction], record.connection
        with self._lock:
            if direction == "in":
                self._count(record.at_s, connection, message)
            elif isinstance(message, Note) and message.text.startswith("closed"):
                self._lines = {line for line in self._lines if line[0] != connection}
            size = 0 if direction == "note" else len(record.payload)
            self.journal.add(record.at_s, connection, direction, message, size=size)

    def _count(self, at_s: float, connection: int, message: object) -> None:
        times = self._recent[connection]
        times.append(at_s)
        while times[0] <= at_s - 1.0:
            times.popleft()
        self.peak_messages_per_s = max(self.peak_messages_per_s, len(times))
        if isinstance(message, ReqMarketData) and not message.snapshot:
            self._lines.add((connection, message.request_id))
        elif isinstance(message, CancelMarketData):
            self._lines.discard((connection, message.request_id))


class TapeReader:
    """Listens to a relay and fills mirrors.

    Args:
        usual_version: server version of a connection whose own was not said.

    Attributes:
        clients: client id by connection, as each said it in startApi.
        versions: negotiated server version by connection.
    """

    def __init__(self, usual_version: int) -> None:
        self.usual_version = usual_version
        self.clients: dict[int, int] = {}
        self.versions: dict[int, int] = {}
        self._mirrors: list[Mirror] = []

    def attach(self, mirror: Mirror) -> None:
        """Let a mirror have everything from now on."""
        self._mirrors.append(mirror)

    def detach(self, mirror: Mirror) -> None:
        """Let it have nothing more."""
        if mirror in self._mirrors:
            self._mirrors.remove(mirror)

    def __call__(self, record: TapeRecord) -> None:
        """Take one record; on the relay reader's thread."""
        message = self._read(record)
        for mirror in tuple(self._mirrors):
            mirror.add(record, message)

    def _read(self, record: TapeRecord) -> Message | Raw | Note:
        if record.direction == "note":
            return self._noted(record)
        version = self.versions.get(record.connection, self.usual_version)
        decode = decode_request if record.direction == "up" else decode_response
        try:
            message = decode(record.payload, version)
        except WireError:
            head = record.payload.partition(b"\0")[0]
            return Raw(int(head) if head.isdigit() and len(head) < 6 else None, record.payload)
        if isinstance(message, StartApi):
            self.clients[record.connection] = message.client_id
        return message

    def _noted(self, record: TapeRecord) -> Note:
        said: dict[str, Any] = record.note()
        kind = str(said.pop("note", "note"))
        if isinstance(version := said.get("version"), int):
            self.versions[record.connection] = version
        if isinstance(client_id := said.get("client_id"), int):
            self.clients[record.connection] = client_id
        return Note(" ".join([kind, *(f"{name}={value}" for name, value in said.items())]))
