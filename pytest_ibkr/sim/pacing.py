"""The message-rate meter of one client: 50 messages a second, a warning near it, error 100."""

from __future__ import annotations

from collections import deque
from typing import Literal

Verdict = Literal["fine", "warn", "violation"]
_WARN_SHARE = 0.88  # 44 of 50, the number seen in the gateway's warning


class RateMeter:
    """Counts messages in a sliding second; ``peak`` is the largest count.

    Between two messages passes what passed in virtual or in real time, whichever is more: a
    clock that is held or slow must not make a well-paced client look too fast.
    """

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._now_s = 0.0
        self._before: tuple[float, float] | None = None
        self.peak = self.strikes = 0
        self._times: deque[float] = deque()
        self._warned_until_s = float("-inf")

    def count(self, virtual_s: float, real_s: float | None = None) -> Verdict:
        """Count one message and say what it means."""
        at_s = self._now_s = self._now_s + self._elapsed(virtual_s, real_s)
        times = self._times
        times.append(at_s)
        while times[0] <= at_s - 1.0:
            times.popleft()
        self.peak = max(self.peak, len(times))
        if len(times) > self.limit:
            self.strikes += 1
            return "violation"
        if len(times) >= self.limit * _WARN_SHARE and at_s >= self._warned_until_s:
            self._warned_until_s = at_s + 1.0
            return "warn"
        return "fine"

    def _elapsed(self, virtual_s: float, real_s: float | None) -> float:
        moment = (virtual_s, virtual_s if real_s is None else real_s)
        before, self._before = self._before or moment, moment
        return max(0.0, *(now - then for now, then in zip(moment, before, strict=True)))

    @property
    def in_last_second(self) -> int:
        """How many messages the last counted second held."""
        return len(self._times)
