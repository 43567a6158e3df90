"""What is asked and not answered yet: every request has its own rows, end, error, deadline.

Imports no ibapi. Callers wait through the Clock; callbacks only ever set events.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from bot.broker.errors import BrokerError, RequestTimeoutError

if TYPE_CHECKING:
    from bot.domain.clock import Clock

FIRST_REQUEST_ID = 1_000_000_000  # away from order ids: both share the error channel
LAST_ID = 2**31 - 1


class PendingRequest:
    """One question. ``rows`` grow until ``done``; then ``error`` says how it ended."""

    def __init__(self, request_id: int, kind: str, about: str) -> None:
        self.id, self.kind, self.about = request_id, kind, about
        self.rows: list[Any] = []
        self.warnings: list[str] = []
        self.error: BrokerError | None = None
        self.done, self.over = threading.Event(), threading.Event()  # answered; forgotten
        # After a time-out of the same kind the first end may be the old answer's.
        self.is_doubted, self.first_end = False, threading.Event()

    def finish(self) -> None:
        """The end marker came. Duplicates change nothing."""
        self.done.set()
        self.first_end.set()

    def fail(self, error: BrokerError) -> None:
        """An error took the place of the end marker; the first one counts."""
        if not self.done.is_set():
            self.error = error
            self.finish()

    def end_first(self) -> None:
        """An end marker that may belong to the answer before: its rows do not count."""
        self.rows = []
        self.first_end.set()


class RequestRegistry:
    """Thread-safe book of pending requests, by id and, where there is no id, by kind."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._by_id: dict[int, PendingRequest] = {}
        self._by_kind: dict[str, PendingRequest] = {}
        self._owed: set[str] = set()  # kinds of which an answer may still be under way
        self._next_id = FIRST_REQUEST_ID

    def keep_clear_of(self, order_id: int) -> None:
        """Choose request ids that no order of this client will reach."""
        with self._lock:
            if order_id >= FIRST_REQUEST_ID and self._next_id >= FIRST_REQUEST_ID:
                self._next_id = 1

    def reserve_id(self) -> int:
        """A request id for something that has no end of its own (a stream)."""
        with self._lock:
            self._next_id += 1
            return self._next_id - 1

    def open(self, kind: str, about: str) -> PendingRequest:
        """A request with an id of its own."""
        with self._lock:
            pending = PendingRequest(self._next_id, kind, about)
            self._next_id += 1
            self._by_id[pending.id] = pending
        return pending

    def open_single(self, kind: str, *, timeout_s: float, request_id: int = -1) -> PendingRequest:
        """A request whose answer names no id: one at a time, the others queue here.

        Raises:
            RequestTimeoutError: the one before was not over after ``timeout_s``.
        """
        deadline = self._clock.monotonic() + timeout_s
        while True:
            with self._lock:
                before = self._by_kind.get(kind)
                if before is None:
                    pending = PendingRequest(request_id, kind, kind)
                    pending.is_doubted = kind in self._owed
                    self._by_kind[kind] = pending
                    if request_id >= 0:
                        self._by_id[request_id] = pending
                    return pending
            if not self._clock.wait(before.over, deadline - self._clock.monotonic()):
                raise RequestTimeoutError(f"{kind}: an earlier one is still unanswered")

    def forget(self, pending: PendingRequest) -> None:
        """Answers to ``pending`` are discarded from now on."""
        with self._lock:
            if self._by_id.get(pending.id) is pending:
                del self._by_id[pending.id]
            if self._by_kind.get(pending.kind) is pending:
                del self._by_kind[pending.kind]
        pending.over.set()

    def wait(
        self,
        pending: PendingRequest,
        timeout_s: float,
        *,
        keep: bool = False,
        told: float | None = None,
    ) -> list[Any]:
        """The rows of ``pending``, complete. With ``keep`` the caller has to ``forget`` it.

        ``told``: the whole time-out, for the message, when a part of it has passed.

        Raises:
            RequestTimeoutError: no end within ``timeout_s``; a late answer is discarded.
            BrokerError: what the gateway answered instead.
        """
        try:
            if not self._clock.wait(pending.done, timeout_s):
                self._note_late(pending)
                raise RequestTimeoutError(
                    f"{pending.about}: no complete answer within {told or timeout_s:g} s"
                    f" ({len(pending.rows)} rows so far); a late answer is discarded",
                    request_id=pending.id,
                )
        finally:
            if not keep:
                self.forget(pending)
        if pending.error is not None:
            raise pending.error
        return pending.rows

    def _note_late(self, pending: PendingRequest) -> None:
        """The end of an answer without id will look like the end of the next one."""
        with self._lock:
            if self._by_kind.get(pending.kind) is pending and pending.id < 0:
                self._owed.add(pending.kind)

    def get(self, request_id: int) -> PendingRequest | None:
        """The pending request with this id."""
        with self._lock:
            return self._by_id.get(request_id)

    def single(self, kind: str) -> PendingRequest | None:
        """The pending request of this kind."""
        with self._lock:
            return self._by_kind.get(kind)

    def add(self, request_id: int, row: Any) -> None:
        """A row for the request with this id; ignored when nobody waits."""
        if (pending := self.get(request_id)) is not None and not pending.done.is_set():
            pending.rows.append(row)

    def finish(self, request_id: int) -> None:
        """The end marker for the request with this id."""
        if (pending := self.get(request_id)) is not None:
            pending.finish()

    def add_single(self, kind: str, row: Any) -> None:
        """A row for the request of this kind."""
        if (pending := self.single(kind)) is not None and not pending.done.is_set():
            pending.rows.append(row)

    def finish_single(self, kind: str) -> None:
        """The end marker for the request of this kind, unless it is a late one."""
        with self._lock:
            pending = self._by_kind.get(kind)
            if pending is None or pending.done.is_set():
                self._owed.discard(kind)  # what was owed came while nobody asked
            elif pending.is_doubted and not pending.first_end.is_set():
                pending.end_first()
            else:
                pending.finish()

    def fail_unnumbered(self, kinds: frozenset[str], error: BrokerError) -> bool:
        """Fail what an error with id -1 is about: ``kinds`` if pending, else the only one."""
        with self._lock:
            pending = [p for p in self._by_kind.values() if p.id < 0 and not p.done.is_set()]
        named = [p for p in pending if p.kind in kinds] or (pending if len(pending) == 1 else [])
        for one in named:
            one.fail(error)
        return bool(named)

    def fail_all(self, error: BrokerError, *, connection_lives: bool = False) -> None:
        """Every pending request ends with ``error``; on a live connection answers may follow."""
        with self._lock:
            pending = {*self._by_id.values(), *self._by_kind.values()}
            open_kinds = {one.kind for one in self._by_kind.values() if one.id < 0}
            self._owed = self._owed | open_kinds if connection_lives else set()
        for one in pending:
            one.fail(error)
