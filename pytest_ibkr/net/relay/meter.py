"""Holds one client at a number of messages per second: delays, in order, never drops."""

from __future__ import annotations

from collections import deque
from typing import Final

WINDOW_S: Final = 1.0
# Two bursts a second apart can reach a gateway within one of its seconds. Who went over is let
# on evenly, and a little late.
GUARD_S: Final = 0.1


class Meter:
    """No window of one second lets more than ``per_s`` messages through.

    A sliding window instead of a token bucket: a bucket lets twice its size through within one
    second, which is above what a gateway takes (gateway-behaviour.md 5). Once a client has filled
    a window its messages go one by one, until it has been quiet for a second.

    Attributes:
        peak_per_s: most messages that came within any one second.
        delayed: messages that had to wait.
        longest_wait_s: how long one of them waited at most.
    """

    def __init__(self, per_s: int) -> None:
        self.per_s = per_s
        self.peak_per_s = self.delayed = 0
        self.longest_wait_s = 0.0
        self._came: deque[float] = deque()
        self._went: deque[float] = deque(maxlen=per_s)
        self._evenly = False

    def came(self, at_s: float) -> None:
        """The client sent one."""
        came = self._came
        came.append(at_s)
        while came[0] <= at_s - WINDOW_S:
            came.popleft()
        self.peak_per_s = max(self.peak_per_s, len(came))

    def wait_s(self, now_s: float) -> float:
        """How long the next one has to wait; 0: it may go now."""
        went = self._went
        if not went or now_s >= went[-1] + WINDOW_S + GUARD_S:
            self._evenly = False
        full = len(went) == self.per_s
        if full and now_s < went[0] + WINDOW_S:
            self._evenly = True
        if not self._evenly:
            return 0.0
        one_by_one_s = went[-1] + (WINDOW_S + GUARD_S) / self.per_s
        window_s = went[0] + WINDOW_S + GUARD_S if full else now_s
        return max(0.0, one_by_one_s - now_s, window_s - now_s)

    def goes(self, now_s: float, *, came_s: float) -> float:
        """The next one goes; return how long it waited for its turn."""
        self._went.append(now_s)
        return now_s - came_s

    def waited(self, wait_s: float) -> None:
        """Count one that had to wait for the rate."""
        self.delayed += 1
        self.longest_wait_s = max(self.longest_wait_s, wait_s)

    @property
    def over(self) -> int:
        """By how many a second the client went over at its peak; 0: it never did."""
        return max(0, self.peak_per_s - self.per_s)

    def begin(self) -> None:
        """Forget what was measured: another test begins."""
        self.peak_per_s = self.delayed = 0
        self.longest_wait_s = 0.0
        self._came.clear()
