"""Frames on their way through the relay, as the harness gets them: packed, bounded, in order."""

from __future__ import annotations

import json
import struct
from collections import deque
from collections.abc import Callable, Iterator
from typing import Any, Final, Literal, NamedTuple

from pytest_ibkr.net.relay.cutter import Cutter
from pytest_ibkr.wire.framing import frame

Direction = Literal["up", "down", "note"]  # towards the gateway, towards the client, neither
_DIRECTIONS: Final[tuple[Direction, ...]] = ("up", "down", "note")
_UP, _DOWN, _NOTE = range(3)
_HEAD: Final = struct.Struct(">dIBI")
MOST_WAITING: Final = 8 * 1024 * 1024  # bytes nobody read; ticks are left out above it
# Ticks of every family: price, size, option, generic, text, EFP, tick-by-tick, real-time bars.
TICK_IDS: Final = frozenset({1, 2, 21, 45, 46, 47, 50, 99})
TICK_HEADS: Final = frozenset(str(each).encode() for each in TICK_IDS)
# The same from server version 201 on: ids of four bytes, 200 more where a body follows.
_BINARY: Final = frozenset(
    number.to_bytes(4, "big") for each in TICK_IDS for number in (each, each + 200)
)


class TapeRecord(NamedTuple):
    """One frame, or something about a connection.

    Attributes:
        at_s: gateway clock, Unix epoch seconds.
        connection: counts from 1 in each relay; 0: the relay itself.
        payload: of the frame, without its length; of a note, a JSON object.
    """

    at_s: float
    connection: int
    direction: Direction
    payload: bytes

    def note(self) -> dict[str, Any]:
        """What a note says: ``note`` names its kind, the rest depends on it."""
        said: dict[str, Any] = json.loads(self.payload)
        return said


class Tape:
    """Collects records and hands them on in chunks.

    Args:
        waiting: tells how many bytes of the tape the other side has not read.

    Attributes:
        dropped: ticks left out because nobody read.
    """

    def __init__(self, *, waiting: Callable[[], int], most_waiting: int = MOST_WAITING) -> None:
        self._waiting, self._most = waiting, most_waiting
        self._records: deque[bytes] = deque()
        self._bytes = 0
        self.dropped = 0

    def up(self, at_s: float, connection: int, payload: bytes) -> None:
        """A frame the client sent."""
        self._add(at_s, connection, _UP, payload)

    def down(self, at_s: float, connection: int, whole: bytes, payloads: list[bytes]) -> None:
        """Frames the client was sent, together; ticks are left out while the reader is behind."""
        if self._waiting() + self._bytes > self._most:
            kept = [each for each in payloads if not _is_tick(each)]
            self.dropped += len(payloads) - len(kept)
            whole = b"".join(map(frame, kept))
        if whole:
            self._add(at_s, connection, _DOWN, whole)

    def note(self, at_s: float, connection: int, kind: str, **said: object) -> None:
        """Something that is not a frame."""
        text = json.dumps({"note": kind, **said}, default=str)
        self._add(at_s, connection, _NOTE, text.encode())

    def take(self) -> bytes:
        """Return what was collected, and forget it."""
        if not self._records:
            return b""
        chunk = b"".join(self._records)
        self._records.clear()
        self._bytes = 0
        return chunk

    def _add(self, at_s: float, connection: int, direction: int, payload: bytes) -> None:
        self._records.append(_HEAD.pack(at_s, connection, direction, len(payload)))
        self._records.append(payload)
        self._bytes += _HEAD.size + len(payload)


def _is_tick(payload: bytes) -> bool:
    return payload[: payload.find(b"\0", 0, 5)] in TICK_HEADS or payload[:4] in _BINARY


def records(chunk: bytes) -> Iterator[TapeRecord]:
    """Yield the records of one chunk; a chunk never ends inside one."""
    at = 0
    while at < len(chunk):
        at_s, connection, direction, size = _HEAD.unpack_from(chunk, at)
        at += _HEAD.size
        body = chunk[at : at + size]
        at += size
        # What went down together is one record on the pipe: frames as they are on the wire.
        payloads = Cutter().cut(body)[1] if direction == _DOWN else [body]
        for payload in payloads:
            yield TapeRecord(at_s, connection, _DIRECTIONS[direction], payload)
