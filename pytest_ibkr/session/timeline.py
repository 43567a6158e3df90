"""Entries of the journal as text: one line each, runs of one kind folded; imports no server."""

from __future__ import annotations

from datetime import datetime
from itertools import groupby
from typing import Final
from zoneinfo import ZoneInfo

from pytest_ibkr.errors import UsageError
from pytest_ibkr.sim.journal import Entry, Note
from pytest_ibkr.wire.codec import Raw
from pytest_ibkr.wire.declare import Message, specs
from pytest_ibkr.wire.names import REQUEST_NAMES, official_name

_ARROWS: Final = {"in": "-> gateway", "out": "<- gateway", "note": "          "}
_NAMES: Final = {cls: name for name, cls in REQUEST_NAMES.items()}
_ZONE: Final = ZoneInfo("America/New_York")
_LINE: Final = 160
_RUN: Final = 6  # longer runs of one kind of message are folded


def stamp(at_s: float) -> str:
    """Return a virtual moment as New York's time of day, to the millisecond."""
    moment = datetime.fromtimestamp(at_s, _ZONE)
    return f"{moment:%H:%M:%S}.{moment.microsecond // 1000:03d}"


def line_of(entry: Entry) -> str:
    """Render one entry."""
    who = f"#{entry.connection} {_ARROWS[entry.direction]}"
    text = f"{stamp(entry.at_s)} {who}  {describe(entry.message)}"
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


def serial_of(since: Entry | int) -> int:
    """The serial of an entry, or the number that is one.

    Raises:
        UsageError: it is neither.
    """
    if isinstance(since, Entry):
        return since.serial
    if isinstance(since, bool) or not isinstance(since, int):
        raise UsageError(f"since cannot be {since!r}: an entry of the journal, or its serial")
    return since
