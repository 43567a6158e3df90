"""A test's wire as a page shows it: runs of one kind folded, long ones cut in the middle. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from itertools import groupby
from typing import Final

from pytest_ibkr.report.accounts import masked
from pytest_ibkr.report.wire_model import LineKind, WireLine
from pytest_ibkr.session.order_story import NOTICES as ORDER_NOTICES
from pytest_ibkr.session.timeline import describe
from pytest_ibkr.sim.journal import TICKS, Entry, Note
from pytest_ibkr.wire.codec import Raw
from pytest_ibkr.wire.messages.contract import Contract
from pytest_ibkr.wire.messages.session import ErrorNotice
from pytest_ibkr.wire.names import REQUEST_NAMES, official_name

MOST_LINES: Final = 120  # of a test that failed
MOST_LINES_PASSED: Final = 40
_FARMS: Final = range(2100, 2170)  # states of data farms, and warnings
# Delayed, partly subscribed, a book begun anew.
NOTICES: Final = ORDER_NOTICES | {317, 10090, 10167}
_RUN: Final = 6  # longer runs of one kind of message are folded
_LONGEST: Final = 200
_NAMES: Final[dict[type, str]] = {cls: name for name, cls in REQUEST_NAMES.items()}


def moment_of(at_s: float) -> str:
    """Return a virtual moment as ISO 8601 UTC, to the millisecond."""
    return datetime.fromtimestamp(at_s, UTC).isoformat(timespec="milliseconds")


def is_notice(message: ErrorNotice) -> bool:
    """Whether message 4 tells of something that goes on, and refuses nothing."""
    return message.code in NOTICES or message.code in _FARMS


def name_of(entry: Entry) -> str:
    """Return a message's name: an official request's, else its class."""
    message = entry.message
    if isinstance(message, Raw):
        return official_name(message.msg_id)
    return _NAMES.get(type(message), type(message).__name__)


def contract_name(contract: Contract) -> str:
    """Return what people call a contract."""
    if contract.local_symbol:
        return " ".join(contract.local_symbol.split())
    if contract.sec_type == "OPT":
        return f"{contract.symbol} {contract.expiry} {contract.strike:g} {contract.right}"
    return contract.symbol or f"conId {contract.con_id}"


def wire_lines(entries: Iterable[Entry], *, most: int) -> tuple[list[WireLine], int]:
    """Return at most ``most`` lines, the first and the last, and how many entries they miss.

    What a fold counts is not missing.
    """
    pieces = _pieces(entries)
    if len(pieces) <= most:
        return list(map(_line, pieces)), 0
    head = most // 3  # how it began; the end says more of a failure
    left_out = pieces[head : head - most]
    kept = (*pieces[:head], *pieces[head - most :])
    return list(map(_line, kept)), sum(map(len, left_out))


def _pieces(entries: Iterable[Entry]) -> list[Sequence[Entry]]:
    """One entry a piece; of a longer run the first, all between, the last."""
    pieces: list[Sequence[Entry]] = []
    for _, group in groupby(entries, key=_family):
        run = list(group)
        if len(run) <= _RUN:
            pieces += ([entry] for entry in run)
        else:
            pieces += ([run[0]], run[1:-1], [run[-1]])
    return pieces


def _family(entry: Entry) -> tuple[object, int]:
    """What may stand folded together: ticks of all kinds, else messages of one class."""
    kind = type(entry.message)
    return ("ticks" if kind in TICKS else kind), entry.connection


def _line(piece: Sequence[Entry]) -> WireLine:
    first = piece[0]
    if len(piece) == 1:
        text, kind = masked(describe(first.message).strip()), _kind(first)
        text = text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
    else:
        names = Counter(map(name_of, piece))
        told = ", ".join(f"{n} {name}" for name, n in names.most_common())
        text, kind = f"… {told}", "folded"
    return WireLine(at=moment_of(first.at_s), connection=first.connection, kind=kind, text=text)


def _kind(entry: Entry) -> LineKind:
    if isinstance(entry.message, Note):
        return "note"
    if entry.direction == "in":
        return "request"
    if not isinstance(entry.message, ErrorNotice):
        return "answer"
    return "notice" if is_notice(entry.message) else "error"
