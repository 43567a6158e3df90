"""Bytes in the pieces that weather tears them into: one write each, a moment between them."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

GAP_S = 0.001  # real; shorter than what counts as a quiet wire


class Outlet:
    """Writes pieces in order.

    Args:
        write: takes bytes to the socket.
        call_later: plans something on the loop.
    """

    def __init__(
        self,
        write: Callable[[bytes], None],
        call_later: Callable[[float, Callable[[], None]], None],
    ) -> None:
        self._write, self._call_later = write, call_later
        self._waiting: deque[bytes] = deque()

    @property
    def waiting_bytes(self) -> int:
        """Bytes that wait for their turn."""
        return sum(map(len, self._waiting))

    def send(self, pieces: list[bytes]) -> None:
        """Write the first piece now, or all of them behind what waits."""
        if self._waiting:
            self._waiting.extend(pieces)
            return
        self._write(pieces[0])
        if pieces[1:]:
            self._waiting.extend(pieces[1:])
            self._call_later(GAP_S, self._next)

    def rest(self) -> bytes:
        """Take out what waits: the connection ends."""
        data = b"".join(self._waiting)
        self._waiting.clear()
        return data

    def _next(self) -> None:
        if self._waiting:
            self._write(self._waiting.popleft())
        if self._waiting:
            self._call_later(GAP_S, self._next)
