"""How fast messages may go out: one token bucket per connection."""

from __future__ import annotations

import asyncio


class Pace:
    """A token bucket: a quarter of a second's worth may go at once."""

    def __init__(self, per_s: float | None) -> None:
        self._per_s = per_s
        self._tokens = self._most = max(1.0, (per_s or 0.0) / 4)
        self._at_s: float | None = None
        self._turn = asyncio.Lock()

    async def wait(self) -> None:
        """Wait until one more message may go."""
        if self._per_s is None:
            return
        async with self._turn:
            self._refill(self._per_s)
            while self._tokens < 1:
                await asyncio.sleep((1 - self._tokens) / self._per_s)
                self._refill(self._per_s)
            self._tokens -= 1

    def _refill(self, per_s: float) -> None:
        now_s = asyncio.get_running_loop().time()
        if self._at_s is not None:
            self._tokens = min(self._most, self._tokens + (now_s - self._at_s) * per_s)
        self._at_s = now_s
