"""Order ids: rising, unique over threads, above everything this client ever used."""

from __future__ import annotations

import threading


class OrderIds:
    """A counter that the gateway and seen orders can only push up."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._next = 0

    @property
    def upcoming(self) -> int:
        """What ``take`` would return now."""
        return self._next

    def take(self) -> int:
        """A new id."""
        with self._lock:
            self._next += 1
            return self._next - 1

    def at_least(self, order_id: int) -> None:
        """nextValidId said so, at connect or as an answer to reqIds."""
        with self._lock:
            self._next = max(self._next, order_id)

    def seen(self, order_id: int) -> None:
        """An order of this client carries ``order_id``."""
        self.at_least(order_id + 1)
