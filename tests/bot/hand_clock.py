"""A clock that tests move by hand, and that moves itself when somebody sleeps."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

START = datetime(2026, 2, 6, 15, 0, tzinfo=UTC)  # Friday, 10:00 in New York


class HandClock:
    """``sleep`` moves the clock and is recorded; ``wait`` ends by event or by moving."""

    def __init__(self, start: datetime = START) -> None:
        self.slept: list[float] = []
        self._start, self._passed_s = start, 0.0
        self._lock = threading.Lock()

    def now(self) -> datetime:
        return self._start + timedelta(seconds=self.monotonic())

    def monotonic(self) -> float:
        with self._lock:
            return self._passed_s

    def move(self, seconds: float) -> None:
        with self._lock:
            self._passed_s += seconds

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.move(max(seconds, 0.0))

    def wait(self, event: threading.Event, timeout_s: float) -> bool:
        deadline = self.monotonic() + timeout_s
        while not event.wait(0.002):
            if self.monotonic() >= deadline:
                return event.is_set()
        return True
