"""Waiting on a session's journal from another thread."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from pytest_ibkr.net.server import GatewayServer
from pytest_ibkr.sim.journal import Entry, Journal


class JournalWatch:
    """Wakes waiters when the gateway's thread adds entries."""

    def __init__(self, server: GatewayServer, journal: Journal) -> None:
        self._server, self._journal = server, journal
        self._changed = threading.Condition()
        journal.listeners.append(self._wake)

    def entries(self) -> list[Entry]:
        """Return what the journal keeps, oldest first; also once the gateway has stopped."""
        if not self._server.running:  # its thread has ended: nobody else writes
            return list(self._journal.entries())
        return self._server.call(lambda: list(self._journal.entries()))

    def wait_for(self, matches: Callable[[Entry], bool], timeout_s: float) -> Entry | None:
        """Return the first entry that matches, past ones included; None after real seconds."""
        found: list[Entry] = []
        raised: list[Exception] = []

        def look(entry: Entry) -> None:
            if found or raised:
                return
            try:
                if matches(entry):
                    found.append(entry)
            except Exception as exc:  # the test's own predicate: its test shall have it
                raised.append(exc)
            if found or raised:
                self._wake(entry)

        def begin() -> None:
            for entry in self._journal.entries():
                look(entry)
            self._journal.listeners.append(look)

        deadline_s = time.monotonic() + timeout_s
        self._server.call(begin)
        try:
            with self._changed:
                while not (found or raised) and (left_s := deadline_s - time.monotonic()) > 0:
                    self._changed.wait(left_s)
        finally:
            self._server.call(lambda: self._journal.listeners.remove(look))
        if raised:
            raise raised[0]
        return found[0] if found else None

    def _wake(self, _entry: Entry) -> None:
        with self._changed:
            self._changed.notify_all()
