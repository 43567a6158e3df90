"""The message-rate meter of one client: 50 messages a second, a warning near it, error 100."""

from __future__ import annotations

from collections import deque
from typing import Literal

Verdict = Literal["fine", "warn", "violation"]
_WARN_SHARE = 0.88  # 44 of 50, the number seen in the gateway's warning


class RateMeter:
    """Counts messages in a sliding second of virtual time; ``peak`` is the largest count."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.peak = self.strikes = 0
        self._times: deque[float] = deque()
        self._warned_until_s = float("-inf")

    def count(self, at_s: float) -> Verdict:
        """Count one message and say what it means."""
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

    @property
    def in_last_second(self) -> int:
        """How many messages the last counted second held."""
        return len(self._times)
