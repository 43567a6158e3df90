"""Waiting for a condition that callbacks make true, through the Clock."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bot.domain.clock import Clock


class ChangeSignal:
    """Any number of threads wait; ``wake`` lets each look at its condition again."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._waiting: set[threading.Event] = set()

    def wake(self) -> None:
        """Something changed."""
        with self._lock:
            waiting = tuple(self._waiting)
        for event in waiting:
            event.set()

    def wait_until(self, condition: Callable[[], bool], timeout_s: float) -> bool:
        """Wait until ``condition`` holds; False when ``timeout_s`` passed first."""
        deadline, event = self._clock.monotonic() + timeout_s, threading.Event()
        with self._lock:
            self._waiting.add(event)
        try:
            while not condition():
                left_s = deadline - self._clock.monotonic()
                if left_s <= 0:
                    return False
                self._clock.wait(event, left_s)
                event.clear()
            return True
        finally:
            with self._lock:
                self._waiting.discard(event)
