"""The message-rate meter of one client: 50 messages a second, a warning near it, error 100."""

from __future__ import annotations

from collections import deque
from typing import Literal

Verdict = Literal["fine", "warn", "violation"]
PACE = "+PACEAPI"  # the connect option of a client that wants to be held back
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

    def delay(self, virtual_s: float, real_s: float | None = None) -> float:
        """Count one message of a client that is held back; how many seconds it waits.

        Messages keep their order, and no second takes more than ``limit``.
        """
        now_s = self._now_s = self._now_s + self._elapsed(virtual_s, real_s)
        times = self._times  # when each message is taken, the waiting ones in the future
        while times and times[0] <= now_s - 1.0:
            times.popleft()
        due_s = max(now_s, times[-1]) if times else now_s
        if len(times) >= self.limit:
            due_s = max(due_s, times[-self.limit] + 1.0)
        times.append(due_s)
        self.peak = max(self.peak, min(len(times), self.limit))
        return due_s - now_s

    def _elapsed(self, virtual_s: float, real_s: float | None) -> float:
        moment = (virtual_s, virtual_s if real_s is None else real_s)
        before, self._before = self._before or moment, moment
        return max(0.0, *(now - then for now, then in zip(moment, before, strict=True)))

    @property
    def in_last_second(self) -> int:
        """How many messages the last counted second held."""
        return len(self._times)
