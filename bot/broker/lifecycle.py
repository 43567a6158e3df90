"""Whose turn it is to change the connection; imports nothing of ibapi.

A plain lock is not enough: who disconnects waits for the listeners' thread, and a listener may
be waiting for its turn to connect.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from bot.broker.errors import GatewayConnectionError


class Lifecycle:
    """One thread at a time connects, requests streams again and reconciles. Reentrant."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._owner: int | None = None
        self._depth = 0
        self._awaited: set[int] = set()

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Wait for the turn and hold it.

        Raises:
            GatewayConnectionError: this is a listener, and ``disconnect`` waits for its end.
        """
        me = threading.get_ident()
        with self._changed:
            self._changed.wait_for(lambda: self._owner in (None, me) or me in self._awaited)
            if me in self._awaited:
                raise GatewayConnectionError(
                    "disconnect() is closing this object and waits for its listeners: a listener"
                    " cannot connect it again meanwhile"
                )
            self._owner, self._depth = me, self._depth + 1
        try:
            yield
        finally:
            with self._changed:
                self._depth -= 1
                if not self._depth:
                    self._owner = None
                self._changed.notify_all()

    @contextmanager
    def awaiting(self, thread: int | None) -> Iterator[None]:
        """While the caller waits for ``thread`` to end, that thread gets no turn."""
        if thread is None or thread == threading.get_ident():
            yield
            return
        with self._changed:
            self._awaited.add(thread)
            self._changed.notify_all()
        try:
            yield
        finally:
            with self._changed:
                self._awaited.discard(thread)
