"""The real clock; the only place of the broker layer that reads time or sleeps."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime


class SystemClock:
    """``Clock`` over the operating system."""

    def now(self) -> datetime:
        """The current instant, aware, in UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Seconds since an arbitrary start; never goes back."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Return after ``seconds``; at once for zero or less."""
        if seconds > 0:
            time.sleep(seconds)

    def wait(self, event: threading.Event, timeout_s: float) -> bool:
        """Wait until ``event`` is set; False when ``timeout_s`` passed first."""
        return event.wait(max(timeout_s, 0.0))
