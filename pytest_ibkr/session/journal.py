"""A session's journal as a test reads it: typed queries, waiting, a readable timeline."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, overload

from pytest_ibkr.errors import UsageError, WaitTimeout
from pytest_ibkr.net.server import GatewayServer
from pytest_ibkr.net.watch import JournalWatch
from pytest_ibkr.session.timeline import folded, line_of, serial_of
from pytest_ibkr.sim.engine import Engine
from pytest_ibkr.sim.journal import Entry
from pytest_ibkr.wire.declare import Message
from pytest_ibkr.wire.messages.place_order import PlaceOrder
from pytest_ibkr.wire.messages.session import ErrorNotice
from pytest_ibkr.wire.names import request_type

M = TypeVar("M", bound=Message)
What = str | type[Message] | Callable[[Entry], bool]


class SessionJournal:
    """Everything that crossed the wire in this session."""

    def __init__(self, server: GatewayServer, engine: Engine) -> None:
        self._server, self._journal = server, engine.journal
        self._watch = JournalWatch(server, engine.journal)

    def entries(self) -> list[Entry]:
        """Return what is kept, oldest first; of market data the last 10,000 per connection."""
        return self._watch.entries()

    def newest_serial(self) -> int:
        """Return the serial of the newest entry; 0 before the first."""
        return max((entry.serial for entry in self.entries()), default=0)

    def requests(self, name: str | None = None) -> list[Message]:
        """Return what clients asked, all or those of one official name (``"reqMktData"``)."""
        wanted = request_type(name) if name is not None else Message
        return [
            entry.message
            for entry in self.entries()
            if entry.direction == "in" and isinstance(entry.message, wanted)
        ]

    def answers(self, kind: type[M]) -> list[M]:
        """Return messages of one class: ``answers(messages.OrderStatus)``.

        ``pytest_ibkr.messages`` has the classes.
        """
        if not isinstance(kind, type):
            raise UsageError(f"answers() cannot find {kind!r}: a class of pytest_ibkr.messages")
        return [e.message for e in self.entries() if isinstance(e.message, kind)]

    def orders(self) -> list[PlaceOrder]:
        """Return every order message, modifications included."""
        return self.answers(PlaceOrder)

    def errors(self) -> list[ErrorNotice]:
        """Return every message 4, notices included."""
        return self.answers(ErrorNotice)

    @overload
    def sent_after(
        self, what: Entry | int | Message, *, connection: int | None = None
    ) -> list[Message]: ...

    @overload
    def sent_after(
        self, what: Entry | int | Message, kind: type[M], *, connection: int | None = None
    ) -> list[M]: ...

    def sent_after(
        self,
        what: Entry | int | Message,
        kind: type[Any] = Message,
        *,
        connection: int | None = None,
    ) -> list[Any]:
        """Return what left the gateway after something, to any client unless one is named.

        Args:
            what: an entry, its serial, or a message that crossed the wire (the first like it).
            kind: only messages of this class.
            connection: only to this connection, as entries say it.

        Raises:
            UsageError: that message never crossed the wire.
        """
        entries = self.entries()
        serial = _serial_of(what, entries)
        return [
            entry.message
            for entry in entries
            if entry.direction == "out"
            and entry.serial > serial
            and isinstance(entry.message, kind)
            and connection in (None, entry.connection)
        ]

    def answers_to(self, request_id: int, *, connection: int | None = None) -> list[Message]:
        """Return what clients were answered under a request id, errors included.

        Args:
            request_id: as the client chose it; several clients may use the same.
            connection: only to this connection, as entries say it.
        """
        return [
            entry.message
            for entry in self.entries()
            if entry.direction == "out"
            and isinstance(entry.message, Message)
            and getattr(entry.message, "request_id", None) == request_id
            and connection in (None, entry.connection)
        ]

    def counts(self) -> dict[str, int]:
        """Return frames and bytes both ways since the session began."""
        journal = self._journal
        return self._server.call(
            lambda: {
                "frames_in": journal.frames_in,
                "frames_out": journal.frames_out,
                "bytes_in": journal.bytes_in,
                "bytes_out": journal.bytes_out,
            }
        )

    def wait_for(self, what: What, *, since: Entry | int = 0, timeout_s: float = 5.0) -> Entry:
        """Return the first entry that is ``what``, past or to come.

        Args:
            what: an official request name, a message class, or a predicate over entries.
            since: only entries after this one (or its serial): what comes again.
            timeout_s: real seconds to wait.

        Raises:
            WaitTimeout: it never came; the message ends with the wire timeline.
        """
        matches = later_than(since, _matcher(what))
        return self._came(self._watch.wait_for(matches, timeout_s), what, timeout_s)

    async def await_for(
        self, what: What, *, since: Entry | int = 0, timeout_s: float = 5.0
    ) -> Entry:
        """Do the same as :meth:`wait_for` without blocking the running event loop."""
        matches = later_than(since, _matcher(what))
        return self._came(await self._watch.await_for(matches, timeout_s), what, timeout_s)

    def _came(self, entry: Entry | None, what: What, timeout_s: float) -> Entry:
        if entry is None:
            raise WaitTimeout(
                f"waited {timeout_s:g} s for {what!r} and it never crossed the wire\n"
                f"{self.timeline(40)}"
            )
        return entry

    def timeline(self, last: int | None = 200, *, since: int = 0) -> str:
        """Return the wire as text, virtual New York times.

        Args:
            last: how many lines at most; runs of one kind of message are folded then. None: a
                line for every entry.
            since: only entries with a higher serial.
        """
        entries = [entry for entry in self.entries() if entry.serial > since]
        if last is None:
            lines = list(map(line_of, entries))
        else:
            lines = folded(entries)
            if len(lines) > last:
                lines = [f"… {len(lines) - last} earlier lines", *lines[-last:]]
        return "\n".join(lines) or "(nothing crossed the wire)"


def later_than(since: Entry | int, matches: Callable[[Entry], bool]) -> Callable[[Entry], bool]:
    """Let only entries after one (or its serial) match."""
    serial = serial_of(since)
    return lambda entry: entry.serial > serial and matches(entry)


def _matcher(what: What) -> Callable[[Entry], bool]:
    if isinstance(what, str):
        what = request_type(what)
    if isinstance(what, type):
        kind = what
        return lambda entry: isinstance(entry.message, kind)
    if not callable(what):
        raise UsageError(
            f"cannot wait for {what!r}: a request's official name, a class of"
            " pytest_ibkr.messages, or a predicate over entries"
        )
    return what


def _serial_of(what: Entry | int | Message, entries: list[Entry]) -> int:
    if isinstance(what, Entry):
        return what.serial
    if isinstance(what, int):
        return what
    same = next((entry for entry in entries if entry.message is what), None)
    like = same or next((entry for entry in entries if entry.message == what), None)
    if like is None:
        raise UsageError(f"{what!r} never crossed the wire: nothing was sent after it")
    return like.serial
