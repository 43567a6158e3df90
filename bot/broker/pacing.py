"""Keeps the client under the gateway's limits; waits only through the Clock."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar

from bot.broker.errors import RateLimitError

if TYPE_CHECKING:
    from bot.domain.clock import Clock

T = TypeVar("T")
RATE_LIMIT_WAITS_S = (2.0, 4.0, 8.0)


class MessagePacer:
    """At most ``max_per_s`` messages in any window of 1.1 seconds, over all threads.

    A bucket of 45 refilled at 45/s lets 90 messages through in the second after an idle
    one, and the gateway counts (50/s, then error 100 and a disconnect). So every message
    leaves at least 1.1 s after the one 45 places before it left. One thread at a time is at
    the gate: whoever woke late between gate and socket would add to the next second.
    """

    # The gateway counts arrivals: with exactly a second between two bursts, a first one
    # that travels a millisecond longer than the second arrives within its second.
    WINDOW_S = 1.1

    def __init__(self, clock: Clock, max_per_s: int = 45) -> None:
        if max_per_s < 1:
            raise ValueError(f"max_per_s must be at least 1, got {max_per_s}")
        self._clock = clock
        self._gate = threading.Lock()
        self._left_at: deque[float] = deque(maxlen=max_per_s)

    @contextmanager
    def turn(self) -> Iterator[float]:
        """Wait until a message may leave, and let it leave inside the block.

        Yields:
            The seconds waited at the gate.
        """
        with self._gate:
            wait_s = 0.0
            if len(self._left_at) == self._left_at.maxlen:
                wait_s = max(0.0, self._left_at[0] + self.WINDOW_S - self._clock.monotonic())
                self._clock.sleep(wait_s)
            try:
                yield wait_s
            finally:
                self._left_at.append(self._clock.monotonic())

    def acquire(self) -> float:
        """Wait until a message may leave and take it for sent; returns the seconds waited."""
        with self.turn() as wait_s:
            return wait_s


class RateCounter:
    """How many messages really left within any one second; knows nothing of the pacer."""

    def __init__(self, clock: Clock) -> None:
        self._clock, self._lock = clock, threading.Lock()
        self._recent: deque[float] = deque()
        self.peak_per_s = 0

    def count(self) -> None:
        """A message leaves now."""
        with self._lock:
            now = self._clock.monotonic()
            self._recent.append(now)
            while self._recent[0] <= now - 1:
                self._recent.popleft()
            self.peak_per_s = max(self.peak_per_s, len(self._recent))


def retry_rate_limited(
    call: Callable[[], T],
    clock: Clock,
    *,
    waits_s: tuple[float, ...] = RATE_LIMIT_WAITS_S,
    on_wait: Callable[[RateLimitError, float], None] | None = None,
) -> T:
    """Run ``call``; after a RateLimitError wait 2, 4, 8 s and run it again.

    ``on_wait`` is told the error and the seconds before each wait. Other errors pass.

    Raises:
        RateLimitError: the last try was refused as well.
    """
    for wait_s in waits_s:
        try:
            return call()
        except RateLimitError as error:
            if on_wait is not None:
                on_wait(error, wait_s)
            clock.sleep(wait_s)
    return call()
