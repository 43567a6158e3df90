"""What will happen at which virtual moment; pure, reads no clock."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(order=True, slots=True)
class Timer:
    """One planned action. Equal moments run in the order they were planned."""

    due_s: float
    serial: int
    action: Callable[[], None] = field(compare=False)
    owed: bool = field(compare=False)
    cancelled: bool = field(default=False, compare=False)

    def cancel(self) -> None:
        """Make the action never run."""
        self.cancelled = True


class Schedule:
    """Two heaps of timers: answers owed to requests, and events of the market."""

    def __init__(self) -> None:
        self._owed: list[Timer] = []
        self._market: list[Timer] = []
        self._serial = 0

    def at(self, due_s: float, action: Callable[[], None], *, owed: bool) -> Timer:
        """Plan an action; ``owed`` ones are answers the clock may jump ahead to."""
        self._serial += 1
        timer = Timer(due_s, self._serial, action, owed)
        heapq.heappush(self._owed if owed else self._market, timer)
        return timer

    def next_owed_s(self) -> float | None:
        """Return when the next owed answer is due."""
        return self._head(self._owed)

    def next_due_s(self) -> float | None:
        """Return when anything is due next."""
        moments = [m for m in (self._head(self._owed), self._head(self._market)) if m is not None]
        return min(moments, default=None)

    def take_due(self, until_s: float) -> Timer | None:
        """Remove and return the earliest timer due at or before ``until_s``."""
        self._head(self._owed), self._head(self._market)
        heads = [heap for heap in (self._owed, self._market) if heap and heap[0].due_s <= until_s]
        return heapq.heappop(min(heads, key=lambda heap: heap[0])) if heads else None

    @staticmethod
    def _head(heap: list[Timer]) -> float | None:
        while heap and heap[0].cancelled:
            heapq.heappop(heap)
        return heap[0].due_s if heap else None
