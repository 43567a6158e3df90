"""The canonical rule: what passes is what our own encoder says, and must be what was sent.

Ids, whole numbers, texts and flags must be byte-identical. Numbers with a fraction are written
differently by the clients people use (``5`` for ``5.0``, ``1.7976931348623157e+308`` for unset):
theirs may differ from ours while it means the same number. So may "unset" itself, see ``SAME``.

From server version 201 on this holds for text fields behind an id of four bytes; bodies have a
rule of their own, see :mod:`bodies`. The relay agrees on no such version, whatever is judged here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from functools import cache
from importlib import import_module
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from pytest_ibkr.errors import WireError
from pytest_ibkr.guard.decision import Refuse
from pytest_ibkr.guard.field_kinds import field_kinds
from pytest_ibkr.guard.messages import request_id
from pytest_ibkr.wire import messages as _messages  # noqa: F401  # registers them all
from pytest_ibkr.wire.codec import Raw, decode_request, encode
from pytest_ibkr.wire.declare import (
    BOOL,
    DOUBLE,
    INF_DOUBLE,
    MAX_DOUBLE,
    OPT_DOUBLE,
    OPT_INT,
    OPT_MONEY,
    SIZE,
    Kind,
    Message,
)
from pytest_ibkr.wire.names import official_name
from pytest_ibkr.wire.versions import NEWEST, OLDEST, PROTOBUF

if TYPE_CHECKING:
    from collections.abc import Callable

# A number with a fraction: no blanks, no plus, no leading zeros, ASCII digits only.
NUMBER: Final = re.compile(rb"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?")
# Kinds of numbers with a fraction, as declared requests use them.
_NUMBERS: Final = frozenset(
    {DOUBLE, OPT_DOUBLE, MAX_DOUBLE, INF_DOUBLE, SIZE, OPT_MONEY},
)
# Other spellings of "nothing": ibapi 10.46 writes an unset duration out; programs of ibapi 9.81
# blank its flags eTradeOnly and firmQuoteOnly, which the gateway reads as 0.
SAME: Final[Mapping[tuple[Kind, bytes], bytes]] = MappingProxyType(
    {(OPT_INT, b"2147483647"): b"", (BOOL, b""): b"0"}
)
_UNSET: Final = Decimal("1.7976931348623157E308")
_ID: Final = 4  # bytes of a binary id
_LONGEST_NUMBER: Final = 40  # characters; no double or size anyone writes is longer

_FIX: Final = (
    "send it as the official client does; a client library that writes it so cannot be used live"
)


def canonical(payload: bytes, version: int) -> Message | Refuse:
    """Read a client's frame; refuse whatever the gateway could read otherwise than we do."""
    if not OLDEST <= version <= NEWEST:
        return Refuse(
            "frame.version",
            f"server version {version} was agreed on; only {OLDEST} to {NEWEST} are understood",
            "connect to the port the test was given, through the relay",
            hang_up=True,
        )
    try:
        message = decode_request(payload, version)
        if isinstance(message, Raw):
            what = official_name(message.msg_id)
            fix = "do without this request in live tests"
            return Refuse("frame.unknown", f"{what} is not known here", fix)
        where = _unlike(message, payload, version)
    except WireError as exc:
        return Refuse("frame.unreadable", f"a frame cannot be read: {str(exc)[:200]}", _FIX)
    if where is None:
        return message
    why = f"{message.NAME} is written in an unusual way" + (where and f": {where}")
    return Refuse("frame.not-canonical", why, _FIX, request_id(message))


def _unlike(message: Message, payload: bytes, version: int) -> str | None:
    """Where a frame says otherwise than our encoder, empty if unknown; None: it says the same."""
    ours = encode(message, version)
    if ours == payload:
        return None
    kinds = field_kinds(message, version)
    if version < PROTOBUF:
        return None if _same_text(kinds, payload, ours) else ""
    # Both ids are this message's in the form it has here: another form is not read at all.
    said, written = payload[_ID:], ours[_ID:]
    if int.from_bytes(ours[:_ID]) == message.MSG_ID:
        return None if _same_text(kinds[1:], said, written) else ""
    return _bodies()(message, said, written)


@cache
def _bodies() -> Callable[[Message, bytes, bytes], str | None]:
    """What compares bodies; loaded when the first is met."""
    difference: Callable[[Message, bytes, bytes], str | None]
    difference = import_module("pytest_ibkr.guard.bodies").difference
    return difference


def _same_text(kinds: list[Kind], theirs: bytes, ours: bytes) -> bool:
    said, written = theirs.split(b"\0"), ours.split(b"\0")
    return len(said) == len(written) and all(map(_alike, kinds, said, written))


def _alike(kind: Kind, theirs: bytes, ours: bytes) -> bool:
    if theirs == ours or SAME.get((kind, theirs)) == ours:
        return True
    return kind in _NUMBERS and same_number(theirs, ours)


def same_number(theirs: bytes, ours: bytes) -> bool:
    """Whether both are numbers and the same one, or both say that there is none."""
    value = _value(theirs)
    return value is not None and value == _value(ours)


def _value(text: bytes) -> Decimal | None:
    if not text:
        return _UNSET
    if len(text) > _LONGEST_NUMBER or not NUMBER.fullmatch(text):
        return None
    return Decimal(text.decode())
