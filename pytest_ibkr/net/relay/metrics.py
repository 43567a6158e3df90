"""What the relay measures about itself: counts, peaks and times in bounded memory."""

from __future__ import annotations

import math
from collections import Counter, OrderedDict
from typing import Any, Final

_STEPS_PER_OCTAVE: Final = 8  # a quantile is at most 9% above the true value
_LEAST_S: Final = 1e-6
_BUCKETS: Final = 30 * _STEPS_PER_OCTAVE  # up to 1,000 s
_MOST_PENDING: Final = 4096
_MOST_KINDS: Final = 200
_LONGEST_S: Final = 60.0
# Requests that a gateway says nothing to, beside the cancels.
NEVER_ANSWERED: Final = frozenset(
    {"reqMarketDataType", "reqAutoOpenOrders", "setServerLogLevel", "unsubscribeFromGroupEvents"}
)


class Histogram:
    """Durations in buckets whose width grows with them; quantiles are upper bounds."""

    __slots__ = ("_counts", "count", "longest_s", "total_s")

    def __init__(self) -> None:
        self._counts = [0] * _BUCKETS
        self.count = 0
        self.total_s = self.longest_s = 0.0

    def add(self, duration_s: float, *, count: int = 1) -> None:
        """Count a duration, >= 0 seconds, ``count`` times."""
        position = 0
        if duration_s > _LEAST_S:
            position = int(math.log2(duration_s / _LEAST_S) * _STEPS_PER_OCTAVE) + 1
        self._counts[min(position, _BUCKETS - 1)] += count
        self.count += count
        self.total_s += duration_s * count
        self.longest_s = max(self.longest_s, duration_s)

    def quantile_s(self, share: float) -> float | None:
        """The duration that ``share`` (0 to 1) of all do not exceed; None without any."""
        if not self.count:
            return None
        wanted, seen = math.ceil(share * self.count), 0
        for position, count in enumerate(self._counts):
            seen += count
            if count and seen >= wanted:
                return min(_LEAST_S * 2 ** (position / _STEPS_PER_OCTAVE), self.longest_s)
        return self.longest_s

    def summary(self) -> dict[str, Any]:
        """Count and milliseconds: p50, p95, p99, longest."""
        shares = {"p50_ms": 0.5, "p95_ms": 0.95, "p99_ms": 0.99}
        found = {name: _ms(self.quantile_s(share)) for name, share in shares.items()}
        return {"count": self.count, **found, "longest_ms": _ms(self.longest_s)}


class Latencies:
    """How long requests wait for their first answer, by request name."""

    def __init__(self) -> None:
        self._pending: OrderedDict[tuple[int, object], tuple[str, float]] = OrderedDict()
        self._kinds: dict[str, Histogram] = {}
        self.never = Counter[str]()  # by name: asked, and forgotten before an answer

    def __bool__(self) -> bool:
        return bool(self._pending)

    def asked(self, connection: int, key: object, name: str, at_s: float) -> None:
        """A request went up; ``key`` is what its answer will carry."""
        if name in NEVER_ANSWERED or (name.startswith("cancel") and name != "cancelOrder"):
            return
        self._pending[connection, key] = (name, at_s)
        if len(self._pending) > _MOST_PENDING:
            self._forget()

    def expire(self, now_s: float) -> None:
        """Give up what waits for more than a minute."""
        while self._pending and next(iter(self._pending.values()))[1] < now_s - _LONGEST_S:
            self._forget()

    def answered(self, connection: int, key: object, at_s: float) -> None:
        """Something with ``key`` came down."""
        found = self._pending.pop((connection, key), None)
        if found is None:
            return
        name, asked_s = found
        kind = self._kinds.get(name)
        if kind is None:
            if len(self._kinds) >= _MOST_KINDS:
                return
            kind = self._kinds[name] = Histogram()
        kind.add(max(0.0, at_s - asked_s))

    def _forget(self) -> None:
        _key, (name, _at_s) = self._pending.popitem(last=False)
        self.never[name] += 1

    def gone(self, connection: int) -> None:
        """The connection ended: nothing more is answered there."""
        for key in [each for each in self._pending if each[0] == connection]:
            name, _at_s = self._pending.pop(key)
            self.never[name] += 1

    def summary(self) -> dict[str, Any]:
        """Per request name."""
        return {name: kind.summary() for name, kind in sorted(self._kinds.items())}


class Metrics:
    """Everything counted in one run of the relay."""

    def __init__(self) -> None:
        self.frames_up = self.frames_down = self.bytes_up = self.bytes_down = 0
        self.forwarded = self.refused = self.delayed = self.undecodable = 0
        self.connections = self.peak_connections = self.peak_frames_per_s = 0
        self.added_up, self.added_down = Histogram(), Histogram()
        self.waited = Histogram()
        self.latencies = Latencies()
        self.rules = Counter[str]()
        self.drops = Counter[str]()
        self._second, self._in_second = 0, 0

    def came_down(self, frames: int, size: int, at_s: float) -> None:
        """Frames of the gateway arrived, in one chunk."""
        self.frames_down += frames
        self.bytes_down += size
        second = int(at_s)
        if second != self._second:
            self._second, self._in_second = second, 0
            self.latencies.expire(at_s)
        self._in_second += frames
        self.peak_frames_per_s = max(self.peak_frames_per_s, self._in_second)

    def summary(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {
            "frames_up": self.frames_up,
            "frames_down": self.frames_down,
            "bytes_up": self.bytes_up,
            "bytes_down": self.bytes_down,
            "forwarded": self.forwarded,
            "refused": self.refused,
            "delayed": self.delayed,
            "undecodable": self.undecodable,
            "connections": self.connections,
            "peak_connections": self.peak_connections,
            "peak_frames_per_s": self.peak_frames_per_s,
            "added_up": self.added_up.summary(),
            "added_down": self.added_down.summary(),
            "waited_for_rate": self.waited.summary(),
            "requests": self.latencies.summary(),
            "unanswered": dict(self.latencies.never),
            "rules": dict(self.rules),
            "drops": dict(self.drops),
        }


def _ms(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds * 1000, 4)
