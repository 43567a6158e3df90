"""The gateway's clock: virtual time that flows with a monotonic source and can jump ahead.

Reads no real clock itself; whoever makes a clock hands the monotonic source in.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol


class Clock(Protocol):
    """What the harness asks of a clock."""

    def now(self) -> float:
        """Return Unix epoch seconds."""


class VirtualClock:
    """Flows at ``speed`` from ``start_s``; jumps ahead, never back; can be held still.

    Args:
        start_s: Unix epoch seconds to begin at.
        monotonic: source of real seconds, only differences of which are used.
        speed: virtual seconds per real second, > 0.
    """

    def __init__(
        self, start_s: float, *, monotonic: Callable[[], float], speed: float = 1.0
    ) -> None:
        self.speed = speed
        self._monotonic = monotonic
        self._base_s = start_s
        self._since = monotonic()
        self._held = False

    @property
    def held(self) -> bool:
        """Whether the flow is stopped; jumps still work."""
        return self._held

    def now(self) -> float:
        """Return virtual Unix epoch seconds."""
        if self._held:
            return self._base_s
        return self._base_s + (self._monotonic() - self._since) * self.speed

    def jump_to(self, at_s: float) -> None:
        """Move ahead to ``at_s``; a moment already past leaves the clock as it is."""
        self._rebase(max(at_s, self.now()))

    def hold(self) -> None:
        """Stop the flow."""
        self._rebase(self.now())
        self._held = True

    def resume(self) -> None:
        """Let time flow again."""
        self._rebase(self.now())
        self._held = False

    def restart(self, at_s: float) -> None:
        """Begin anew at ``at_s`` (also in the past), flowing: a new session's first moment."""
        self._held = False
        self._rebase(at_s)

    def real_seconds_until(self, at_s: float) -> float | None:
        """Return real seconds until ``at_s`` by flow alone, >= 0; None while held."""
        wait_s = at_s - self.now()
        if wait_s <= 0:
            return 0.0
        return None if self._held else wait_s / self.speed

    def _rebase(self, at_s: float) -> None:
        self._base_s, self._since = at_s, self._monotonic()
