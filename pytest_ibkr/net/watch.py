"""Waiting on a session's journal from another thread, blocking or in an event loop."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from pytest_ibkr.net.driver import SessionClock
from pytest_ibkr.net.eventloop import refuse_on_running_loop, until
from pytest_ibkr.net.server import GatewayServer
from pytest_ibkr.sim.journal import Entry, Journal


class JournalWatch:
    """Looks for an entry as the gateway's thread adds them."""

    def __init__(self, server: GatewayServer, journal: Journal) -> None:
        self._server, self._journal = server, journal

    def entries(self) -> list[Entry]:
        """Return what the journal keeps, oldest first; also once the gateway has stopped."""
        if not self._server.running:  # its thread has ended: nobody else writes
            return list(self._journal.entries())
        return self._server.call(lambda: list(self._journal.entries()))

    def wait_for(self, matches: Callable[[Entry], bool], timeout_s: float) -> Entry | None:
        """Return the first entry that matches, past ones included; None after real seconds.

        Raises:
            UsageError: an event loop runs on this thread.
        """
        refuse_on_running_loop("ibkr.journal.wait_for", twin="ibkr.journal.await_for")
        with self._looking(matches) as search:
            search.over.wait(timeout_s)
        return search.outcome()

    async def await_for(self, matches: Callable[[Entry], bool], timeout_s: float) -> Entry | None:
        """Do the same as :meth:`wait_for` without blocking the running event loop."""
        with self._looking(matches) as search:
            await until(search.over.is_set, timeout_s)
        return search.outcome()

    def walk_for(
        self, matches: Callable[[Entry], bool], clock: SessionClock, within_s: float
    ) -> Entry | None:
        """Do the same in virtual seconds: time walks while nothing comes (``SessionClock.wait``).

        Raises:
            UsageError: an event loop runs on this thread.
        """
        with self._looking(matches) as search:
            clock.wait(search.over, within_s)
        return search.outcome()

    async def awalk_for(
        self, matches: Callable[[Entry], bool], clock: SessionClock, within_s: float
    ) -> Entry | None:
        """Do the same as :meth:`walk_for` without blocking the running event loop."""
        with self._looking(matches) as search:
            await clock.await_event(search.over, within_s)
        return search.outcome()

    @contextmanager
    def _looking(self, matches: Callable[[Entry], bool]) -> Iterator[_Search]:
        search = _Search(matches)

        def begin() -> None:
            for entry in self._journal.entries():
                search.look(entry)
            self._journal.listeners.append(search.look)

        self._server.call(begin)
        try:
            yield search
        finally:
            self._server.call(lambda: self._journal.listeners.remove(search.look))


class _Search:
    """One look for an entry: told on the gateway's thread, read on the waiting one."""

    def __init__(self, matches: Callable[[Entry], bool]) -> None:
        self.over = threading.Event()
        self._matches = matches
        self._found: Entry | None = None
        self._raised: Exception | None = None

    def look(self, entry: Entry) -> None:
        if self.over.is_set():
            return
        try:
            if self._matches(entry):
                self._found = entry
        except Exception as exc:  # the test's own predicate: its test shall have it
            self._raised = exc
        if self._found is not None or self._raised is not None:
            self.over.set()

    def outcome(self) -> Entry | None:
        if self._raised is not None:
            raise self._raised
        return self._found
