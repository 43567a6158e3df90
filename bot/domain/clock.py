"""The clock port: everything that reads the time or waits does it through this.

Pure: imports no time source; implementations live outside the domain.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, runtime_checkable

if TYPE_CHECKING:
    import threading
    from datetime import datetime


@runtime_checkable
class Clock(Protocol):
    """Time for the whole bot; a test's clock moves by hand and wakes every waiter."""

    def now(self) -> datetime:
        """The current instant, aware, in UTC."""
        ...

    def monotonic(self) -> float:
        """Seconds since an arbitrary start; never goes back."""
        ...

    def sleep(self, seconds: float) -> None:
        """Return after ``seconds`` (at once for zero or less)."""
        ...

    def wait(self, event: threading.Event, timeout_s: float) -> bool:
        """Wait until ``event`` is set; False when ``timeout_s`` passed first."""
        ...
