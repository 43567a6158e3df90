"""What crossed the wire, both ways: requests, orders and errors whole, market data in a ring."""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal, NamedTuple

from pytest_ibkr.wire.codec import Raw
from pytest_ibkr.wire.declare import Message
from pytest_ibkr.wire.messages.market_data import (
    TickGeneric,
    TickOptionComputation,
    TickPrice,
    TickSize,
    TickString,
)

Direction = Literal["in", "out", "note"]  # towards the gateway, towards the client, neither
TICKS = (TickPrice, TickSize, TickString, TickGeneric, TickOptionComputation)
RING = 10_000
RINGS = 64  # connections whose ticks are kept


@dataclass(frozen=True, slots=True)
class Note:
    """Something about a connection that is not a message: opened, refused, closed and why."""

    text: str


class Entry(NamedTuple):
    """One thing that happened. ``at_s`` is virtual; ``connection`` counts from 1 per session.

    A tuple, because one is made for every frame: a frozen dataclass takes three times as long.
    """

    serial: int
    at_s: float
    connection: int
    direction: Direction
    message: Message | Raw | Note
    size: int


class Journal:
    """Ordered record of one session.

    Counters keep whole totals although ticks older than the ring's 10,000 per connection go.

    Attributes:
        listeners: told every entry. One that raises is dropped and remembered in ``broken``: who
            listens must not be able to break the gateway.
    """

    def __init__(self, *, most: int | None = None) -> None:
        self._whole: deque[Entry] = deque(maxlen=most)
        self._ticks: dict[int, deque[Entry]] = {}
        self._serials = itertools.count(1)
        self.frames_in = self.frames_out = self.bytes_in = self.bytes_out = 0
        self.listeners: list[Callable[[Entry], None]] = []
        self.broken: list[Exception] = []

    def add(
        self,
        at_s: float,
        connection: int,
        direction: Direction,
        message: Message | Raw | Note,
        *,
        size: int = 0,
    ) -> None:
        """Record one message or note; ``size`` is its payload's length in bytes."""
        entry = Entry(next(self._serials), at_s, connection, direction, message, size)
        if direction == "in":
            self.frames_in += 1
            self.bytes_in += size + 4
        elif direction == "out":
            self.frames_out += 1
            self.bytes_out += size + 4
        if isinstance(message, TICKS):
            ring = self._ticks.get(connection)
            if ring is None:
                if len(self._ticks) >= RINGS:
                    del self._ticks[next(iter(self._ticks))]
                ring = self._ticks[connection] = deque(maxlen=RING)
            ring.append(entry)
        else:
            self._whole.append(entry)
        for listener in tuple(self.listeners):
            try:
                listener(entry)
            except Exception as exc:
                self.broken.append(exc)
                self.listeners.remove(listener)

    def entries(self) -> Iterator[Entry]:
        """Yield what is kept, oldest first."""
        kept = itertools.chain(self._whole, *self._ticks.values())
        return iter(sorted(kept, key=lambda entry: entry.serial))
