"""When a gateway acts next, and how far its clock may jump then; used on the loop's thread only."""

from __future__ import annotations

import time
from collections.abc import Callable

from pytest_ibkr.clock import VirtualClock
from pytest_ibkr.sim.schedule import Schedule

QUIET_S = 0.002  # no byte for this long: the clock may jump to the next owed answer


class Timekeeper:
    """Moves a virtual clock by the rules: flow, jumps to owed answers, holds, deadlines.

    Args:
        clock: the gateway's.
        jumps: whether jumps to owed answers are allowed at all.
        on_move: told the new virtual time whenever it changed other than by flow.

    Attributes:
        deadlines: virtual moments somebody waits until; no jump passes one.
    """

    def __init__(
        self, clock: VirtualClock, *, jumps: bool, on_move: Callable[[float], None]
    ) -> None:
        self.clock = clock
        self.deadlines: list[float] = []
        self._jumps, self._on_move = jumps, on_move
        self._touched_s = 0.0
        self._pauses = 0
        self._resume_after = self._strict = False

    def touch(self) -> None:
        """Note that bytes came or went."""
        self._touched_s = time.monotonic()

    def restart(self, start_s: float) -> None:
        """Begin a session at its first moment, flowing."""
        self._strict, self._touched_s = False, 0.0
        self.clock.restart(start_s)

    def move_to(self, at_s: float) -> None:
        """Move ahead to a moment."""
        self.clock.jump_to(at_s)
        self._on_move(self.clock.now())

    def hold(self, *, answers: bool) -> None:
        """Stop the flow; without ``answers`` also the jumps to owed answers."""
        self._strict = not answers
        self.clock.hold()
        self._on_move(self.clock.now())

    def resume(self) -> None:
        """Let time flow again."""
        self._strict = False
        self.clock.resume()
        self._on_move(self.clock.now())

    def pause(self) -> None:
        """Stop flow and jumps until as many calls of ``unpause`` came."""
        self._pauses += 1
        if self._pauses == 1 and not self.clock.held:
            self._resume_after = True
            self.clock.hold()
            self._on_move(self.clock.now())

    def unpause(self) -> None:
        """Take one ``pause`` back."""
        self._pauses -= 1
        if not self._pauses and self._resume_after:
            self._resume_after = False
            self.clock.resume()
            self._on_move(self.clock.now())

    @property
    def may_jump(self) -> bool:
        """Whether the clock may move to an owed answer now."""
        return self._jumps and not self._pauses and not self._strict

    def jump_if_quiet(self, schedule: Schedule) -> None:
        """Jump to the next owed answer, or to a deadline before it, when the wire is quiet."""
        owed_s = self._wanted_s(schedule)
        if owed_s is not None and time.monotonic() - self._touched_s >= QUIET_S:
            self.move_to(min(owed_s, *self.deadlines) if self.deadlines else owed_s)

    def delay_s(self, schedule: Schedule) -> float | None:
        """Return real seconds until something is due, by flow or by a quiet wire; None: nothing."""
        waits = []
        if (due_s := schedule.next_due_s()) is not None:
            waits.append(self.clock.real_seconds_until(due_s))
        if self._wanted_s(schedule) is not None:
            waits.append(max(0.0, self._touched_s + QUIET_S - time.monotonic()))
        return min((wait_s for wait_s in waits if wait_s is not None), default=None)

    def _wanted_s(self, schedule: Schedule) -> float | None:
        """Return when the owed answer is due that the clock may jump towards."""
        if not self.may_jump:
            return None
        owed_s, now_s = schedule.next_owed_s(), self.clock.now()
        if owed_s is None or owed_s <= now_s or min(self.deadlines, default=owed_s) <= now_s:
            return None
        return owed_s
