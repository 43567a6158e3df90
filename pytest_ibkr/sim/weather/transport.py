"""How bytes arrive: torn, merged, and bytes that are no frame.

TCP promises order, not pieces; a client that reads "a message per read" breaks here. Imports the
engine for types only.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, ClassVar

from pytest_ibkr.sim.weather.base import Weather, check_least, check_most

if TYPE_CHECKING:
    from pytest_ibkr.sim.client import Client

_PREFIX = 4


@dataclass(kw_only=True, eq=False)
class TornFrames(Weather):
    """Frames come in pieces."""

    cuts: int = 3
    NAME: ClassVar[str] = "torn_frames"
    HAPPENS: ClassVar[str] = (
        "what is sent at once comes in up to `cuts` + 1 pieces with a real millisecond between"
        " them, torn at places inside frames, length prefixes first; no byte is changed"
    )
    MET_BY: ClassVar[str] = "anything that is sent to a client"

    def check(self) -> None:
        """See that the number can be."""
        check_least(1, cuts=self.cuts)
        check_most(50, cuts=self.cuts)

    def shapes(self, client: Client, pieces: list[bytes]) -> list[bytes]:
        """Tear each piece."""
        return [part for piece in pieces for part in self._torn(piece)]

    def _torn(self, data: bytes) -> list[bytes]:
        inside = _inside_frames(data)
        if not inside:
            return [data]
        chosen = set(self.rng.sample(inside, min(self.cuts, len(inside))))
        # One of them within the first length prefix: where readers break most.
        chosen.add(inside[self.rng.randrange(min(len(inside), _PREFIX - 1))])
        places = [0, *sorted(chosen)[: self.cuts], len(data)]
        self.fired += 1
        return [data[a:b] for a, b in pairwise(places)]


def _inside_frames(data: bytes) -> Sequence[int]:
    """Every offset that is not between two frames; nothing when it is no row of frames."""
    borders, place = {0}, 0
    while place + _PREFIX <= len(data):
        place += _PREFIX + int.from_bytes(data[place : place + _PREFIX])
        borders.add(place)
    if place != len(data):
        return range(1, len(data)) if len(data) > _PREFIX else ()
    return [offset for offset in range(1, len(data)) if offset not in borders]


@dataclass(kw_only=True, eq=False)
class MergedFrames(Weather):
    """Frames come together."""

    window_s: float = 0.5
    NAME: ClassVar[str] = "merged_frames"
    HAPPENS: ClassVar[str] = (
        "what is sent to a client within `window_s` virtual seconds comes in one write at its end"
    )
    MET_BY: ClassVar[str] = "two messages to a client within `window_s`"

    _until: dict[int, float] = field(default_factory=dict, init=False)

    def check(self) -> None:
        """See that the time can be."""
        check_least(0.001, window_s=self.window_s)
        check_most(60.0, window_s=self.window_s)

    def withholds(self, client: Client, frames: int) -> bool:
        """Keep what is queued until its window closes."""
        if client.closing:
            return False
        number, now_s = client.connection, self.engine.now_s
        until_s = self._until.get(number)
        if until_s is None:
            self._until[number] = now_s + self.window_s
            self.engine.owe(client, self.window_s, lambda: None)  # something to wake up for
            return True
        if now_s < until_s - 1e-6:
            return True
        del self._until[number]
        self.fired += frames > 1
        return False

    def end(self) -> None:
        """Let everything go."""
        self._until.clear()


@dataclass(kw_only=True, eq=False)
class Garbage(Weather):
    """Bytes that are no frame."""

    size: int = 64
    times: int = 1
    after_s: float = 0.0
    NAME: ClassVar[str] = "garbage"
    HAPPENS: ClassVar[str] = (
        "`size` seeded bytes come in front of what is sent next; read as a length they announce"
        " more than any frame may have (16 MiB). The gateway goes on as if nothing were"
    )
    MET_BY: ClassVar[str] = "anything that is sent to a client in a session"

    _ready: bool = field(default=False, init=False)

    def check(self) -> None:
        """See that numbers can be."""
        check_least(_PREFIX, size=self.size)
        check_most(65_536, size=self.size)
        check_least(1, times=self.times)
        check_least(0.0, after_s=self.after_s)

    def start(self) -> None:
        """Get ready."""
        self.with_client(self.after_s, self._begin)

    def _begin(self) -> None:
        self._ready = True

    def shapes(self, client: Client, pieces: list[bytes]) -> list[bytes]:
        """Put garbage in front."""
        if not self._ready or not client.started or self.fired >= self.times:
            return pieces
        self.fired += 1
        noise = bytes([0xFF]) + self.rng.randbytes(self.size - 1)
        self.engine.note(client, f"{len(noise)} bytes of garbage sent: {noise[:16].hex(' ')} …")
        return [noise, *pieces]
