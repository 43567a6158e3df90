"""The official client's own encoder and decoder as a yardstick, without a socket.

Works with ibapi 9.81 and 10.46, whichever is installed; sees ``pytest_ibkr.wire`` only.
"""

from __future__ import annotations

import inspect
import logging
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any, NamedTuple

import ibapi
from hypothesis import strategies as st
from ibapi.client import EClient
from ibapi.decoder import Decoder
from ibapi.wrapper import EWrapper

from pytest_ibkr.wire.declare import Kind
from pytest_ibkr.wire.versions import NEWEST, OLDEST
from tests.wire.strategies import CHOICES

NEW = ibapi.get_version_string().startswith("10.")
# Every version both sides know: a gate that is off by one shows. From 179 the client expects
# more than is declared here; from 201 it speaks another framing.
VERSIONS = tuple(range(157, NEWEST + 1)) if NEW else tuple(range(OLDEST, 158))
UNSET_INT, UNSET_FLOAT = 2**31 - 1, float("1.7976931348623157E308")
UNSET_DECIMAL = Decimal(2**127 - 1)  # as const.py of 10.46 has it


class Call(NamedTuple):
    """One callback of the official wrapper."""

    name: str
    args: tuple[Any, ...]


def _recording(name: str) -> Callable[..., None]:
    def record(self: Any, *args: Any) -> None:
        self.calls.append(Call(name, args))

    return record


_METHODS = [n for n, _ in inspect.getmembers(EWrapper, inspect.isfunction) if n[0] != "_"]
Recorder = type("Recorder", (EWrapper,), {name: _recording(name) for name in _METHODS})


class Fields(tuple[bytes, ...]):
    """Split fields that remember how far the client's decoder read."""

    reading: Iterator[bytes]

    def __iter__(self) -> Iterator[bytes]:
        self.reading = super().__iter__()
        return self.reading


class Complaints(logging.Handler):
    """Collects what the client's modules log at warning level or above."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.seen: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.seen.append(record.getMessage())


def callbacks(payload: bytes, version: int) -> list[Call]:
    """What the official decoder calls for a payload; it must read every field, silently."""
    wrapper = Recorder()
    wrapper.calls = []
    decoder = Decoder(wrapper, version)
    head, _, body = payload.partition(b"\0")
    fields = Fields((body if NEW else payload).split(b"\0")[:-1])
    complaints = Complaints()
    logger = logging.getLogger("ibapi")
    logger.addHandler(complaints)
    try:
        if NEW:
            decoder.interpret(fields, int(head))
        else:
            decoder.interpret(fields)
    finally:
        logger.removeHandler(complaints)
    assert complaints.seen == []
    if hasattr(fields, "reading"):
        assert list(fields.reading) == [], "the official decoder left fields unread"
    calls: list[Call] = wrapper.calls
    return calls


class _Wire:
    """Stands in for the client's socket object: keeps what would be sent."""

    def __init__(self) -> None:
        self.sent: list[bytes] = []

    def isConnected(self) -> bool:  # noqa: N802  (the client's name)
        return True

    def sendMsg(self, message: bytes) -> None:  # noqa: N802
        self.sent.append(message)


def connected(version: int) -> tuple[Any, _Wire]:
    """An official client that believes to be connected, and what it writes to."""
    wrapper = Recorder()
    wrapper.calls = []
    client, wire = EClient(wrapper), _Wire()
    client.conn, client.connState = wire, EClient.CONNECTED
    client.serverVersion_, client.clientId = version, 7
    return client, wire


def asked(version: int, ask: Callable[[Any], Any]) -> bytes:
    """The one payload the official client sends for a call."""
    client, wire = connected(version)
    ask(client)
    assert client.wrapper.calls == []
    [message] = wire.sent
    assert int.from_bytes(message[:4], "big") == len(message) - 4
    return message[4:]


# ------------------------------------------------------------------ values both sides can hold

TEXT = st.text(
    st.characters(min_codepoint=32, max_codepoint=126, exclude_characters="\\"), max_size=8
)
# 16 bits at most: the client leaves the two halves of a larger character unjoined.
TEXT7 = st.text(st.sampled_from("abc ü中'%"), max_size=6)
FLOATS = st.floats(-1e9, 1e9).map(lambda number: round(number, 6) + 0.0)
DIGITS = st.integers(0, 10**6).map(str)
SPECIAL: dict[str, st.SearchStrategy[Any]] = {
    "conjunction": st.sampled_from("ao"),
    "value": DIGITS,  # of a condition: the client makes numbers of it
    "expiry": st.sampled_from(["", "20260717"]),
    "ev_multiplier": DIGITS,
    "parent_perm_id": DIGITS,
    "yield_redemption_date": DIGITS,
    "shares_allocation": st.just(""),
    "misc_options": st.just(""),
}


def scalars(name: str, kind: Kind) -> st.SearchStrategy[Any]:
    """Values that mean the same to both codecs at every version tested."""
    base, optional, _ = kind.name.partition("?")
    if name in CHOICES:
        return st.sampled_from(CHOICES[name])
    if name in SPECIAL and base == "text":
        return SPECIAL[name]
    values: st.SearchStrategy[Any] = {
        "int": st.integers(-(2**31), 2**31 - 2),
        "bool": st.booleans(),
        "text": TEXT,
        "text7": TEXT7,
        "size": st.integers(0, 10**9).map(Decimal),  # whole below 163
        "money": FLOATS.map(lambda number: Decimal(repr(number))),
        "money0": FLOATS.map(lambda number: Decimal(repr(number))),
    }.get(base, FLOATS)
    return st.none() | values if optional else values


def same(ours: Any, theirs: Any) -> bool:
    """Whether a value of ours and one of the official client's mean the same."""
    if ours is None:  # where the client does not know "unset", an empty field is 0
        unset = theirs in (UNSET_INT, UNSET_FLOAT, UNSET_DECIMAL, 0, "", None)
        return bool(unset) or (isinstance(theirs, str) and float(theirs) == UNSET_FLOAT)
    if isinstance(ours, bool):
        return bool(theirs) is ours
    if isinstance(ours, int | float | Decimal):
        return float(theirs) == float(ours)
    return bool(theirs == ours) or (isinstance(theirs, int | float) and float(ours) == theirs)
