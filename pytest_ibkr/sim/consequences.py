"""What one request causes: the events planned while it is dealt with, and those that they plan.

Faults on an answer act here, so that they meet that answer and nothing else on the connection.
Imports the engine for types only.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING

from pytest_ibkr.sim.schedule import Schedule, Timer

if TYPE_CHECKING:
    from pytest_ibkr.sim.engine import Engine


class Consequences(Schedule):
    """Stands in for the engine's schedule inside a ``with`` block.

    Args:
        engine: whose schedule it is.
        delay_s: how much later everything planned inside happens; then the clock never jumps
            to it.
        keeps_owed: the clock may jump to what is delayed as it would without a delay.
        around: entered around each event planned inside, and around what those plan in turn.
    """

    def __init__(
        self,
        engine: Engine,
        *,
        delay_s: float = 0.0,
        keeps_owed: bool = False,
        around: Callable[[], AbstractContextManager[None]] | None = None,
    ) -> None:
        self._engine, self._delay_s, self._around = engine, delay_s, around
        self._keeps_owed = keeps_owed
        self._real: Schedule = engine.schedule

    def __enter__(self) -> None:
        self._real, self._engine.schedule = self._engine.schedule, self

    def __exit__(self, *_: object) -> None:
        self._engine.schedule = self._real

    def at(self, due_s: float, action: Callable[[], None], *, owed: bool) -> Timer:
        """Plan an action with the schedule behind this one."""
        planned = action if self._around is None else lambda: self._run(action)
        delayed = self._delay_s > 0.0 and not self._keeps_owed
        return self._real.at(due_s + self._delay_s, planned, owed=owed and not delayed)

    def _run(self, action: Callable[[], None]) -> None:
        with self, self._around() if self._around else nullcontext():
            action()

    def next_owed_s(self) -> float | None:
        """Return when the next owed answer is due."""
        return self._real.next_owed_s()

    def next_due_s(self) -> float | None:
        """Return when anything is due next."""
        return self._real.next_due_s()

    def take_due(self, until_s: float) -> Timer | None:
        """Remove and return the earliest timer due at or before ``until_s``."""
        return self._real.take_due(until_s)
