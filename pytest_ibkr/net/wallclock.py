"""Keeps the process's wall clock (``datetime.now()``, ``time.time()``) in step with a gateway.

Monotonic clocks, and with them every wait, time-out and event loop, stay real.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import time_machine


class WallClock:
    """One journey per test; between ``move``s the wall clock flows at real speed."""

    def __init__(self) -> None:
        self._travel: time_machine.travel | None = None
        self._traveller: time_machine.Traveller | None = None

    def start(self, epoch_s: float) -> None:
        """Take the process to a moment."""
        import time_machine

        self.stop()
        # A float destination: a date with a ZoneInfo would also change the process's time zone.
        self._travel = time_machine.travel(epoch_s, tick=True)
        self._traveller = self._travel.start()

    def move(self, epoch_s: float, *, held: bool = False) -> None:
        """Go on from another moment, standing still when ``held``; nothing before ``start``."""
        traveller = self._traveller  # another thread may stop the journey meanwhile
        if traveller is not None:
            traveller.move_to(epoch_s, tick=not held)

    def stop(self) -> None:
        """Bring the process back to the present."""
        if self._travel is not None:
            self._travel.stop()
            self._travel = self._traveller = None
