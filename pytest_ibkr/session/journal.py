"""A session's journal as a test reads it: typed queries, waiting, a readable timeline."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from itertools import groupby
from typing import TypeVar
from zoneinfo import ZoneInfo

from pytest_ibkr.errors import UsageError, WaitTimeout
from pytest_ibkr.net.server import GatewayServer
from pytest_ibkr.net.watch import JournalWatch
from pytest_ibkr.sim.engine import Engine
from pytest_ibkr.sim.journal import Entry, Note
from pytest_ibkr.wire.codec import Raw
from pytest_ibkr.wire.declare import Message, specs
from pytest_ibkr.wire.messages.order import PlaceOrder
from pytest_ibkr.wire.messages.session import ErrorNotice
from pytest_ibkr.wire.names import REQUEST_NAMES, official_name, request_type

M = TypeVar("M", bound=Message)
What = str | type[Message] | Callable[[Entry], bool]
_ARROWS = {"in": "-> gateway", "out": "<- gateway", "note": "          "}
_NAMES = {cls: name for name, cls in REQUEST_NAMES.items()}
_ZONE = ZoneInfo("America/New_York")
_LINE = 160
_RUN = 6  # longer runs of one kind of message are folded


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

    def wait_for(self, what: What, *, timeout_s: float = 5.0) -> Entry:
        """Return the first entry that is ``what``, past or to come.

        Args:
            what: an official request name, a message class, or a predicate over entries.
            timeout_s: real seconds to wait.

        Raises:
            WaitTimeout: it never came; the message ends with the wire timeline.
        """
        entry = self._watch.wait_for(_matcher(what), timeout_s)
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


def line_of(entry: Entry) -> str:
    """Render one entry."""
    moment = datetime.fromtimestamp(entry.at_s, _ZONE)
    stamp = f"{moment:%H:%M:%S}.{moment.microsecond // 1000:03d}"
    text = f"{stamp} #{entry.connection} {_ARROWS[entry.direction]}  {describe(entry.message)}"
    return text if len(text) <= _LINE else text[: _LINE - 1] + "…"


def folded(entries: list[Entry]) -> list[str]:
    """Render entries; of a longer run of one kind the first and the last are shown."""
    lines: list[str] = []
    for (kind, _connection), group in groupby(
        entries, key=lambda entry: (type(entry.message), entry.connection)
    ):
        run = list(group)
        if len(run) <= _RUN:
            lines += map(line_of, run)
        else:
            between = f"{'':12} #{run[0].connection}             … {len(run) - 2} more"
            name = _NAMES.get(kind, kind.__name__)
            lines += [line_of(run[0]), f"{between} {name}", line_of(run[-1])]
    return lines


def describe(message: Message | Raw | Note) -> str:
    """Name a message and the fields that differ from their defaults."""
    if isinstance(message, Note):
        return message.text
    if isinstance(message, Raw):
        return f"{official_name(message.msg_id)}: {message.payload[:60]!r}"
    shown = []
    for name, _spec in specs(type(message)):
        value = getattr(message, name)
        field = type(message).__dataclass_fields__[name]  # type: ignore[attr-defined]
        if name != "layout" and value != field.default:
            shown.append(f"{name}={_short(value)}")
    return f"{_NAMES.get(type(message), type(message).__name__)} {' '.join(shown)}"


def _short(value: object) -> str:
    local_symbol = getattr(value, "local_symbol", None)
    if local_symbol is not None:
        con_id = getattr(value, "con_id", 0)
        return str(local_symbol or getattr(value, "symbol", "") or con_id)
    if isinstance(value, tuple):
        return f"[{len(value)}]"
    return str(value)


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
