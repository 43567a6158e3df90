"""What a recorded gateway and the simulated one answered differently, request by request. Pure.

Compared are kinds of answers, their order, error codes and what kind of value each field has;
never prices, sizes, ids or moments, which differ whenever anybody asks.
"""

from __future__ import annotations

import dataclasses
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from pytest_ibkr.sim.conversation import Conversation, Exchange, id_of
from pytest_ibkr.wire.codec import Raw, decode_response
from pytest_ibkr.wire.declare import Message
from pytest_ibkr.wire.messages.account import AccountSummary, AccountValue
from pytest_ibkr.wire.messages.contract import Contract, ContractData
from pytest_ibkr.wire.messages.order import OrderStatus
from pytest_ibkr.wire.messages.session import ErrorNotice

_IDS: Final = frozenset(
    {"request_id", "order_id", "parent_id", "perm_id", "exec_id", "client_id", "layout", "con_id"}
)
_STREAMED: Final = re.compile(r"Tick\w*|MarketDepth\w*|RealTimeBar|HistoricalDataUpdate|PnL\w*")
_SHAPES: Final = (
    (re.compile(r""), "empty"),
    (re.compile(r"\d{8}"), "a day"),
    (re.compile(r"\d{8}[ -]+\d\d:\d\d(:\d\d)?( \S+)?"), "a moment"),
    (re.compile(r"[-+]?\d+(\.\d+)?([eE][-+]?\d+)?"), "a number"),
)
_MOST_ROWS: Final = 500  # rows of one answer looked at


@dataclass(frozen=True, slots=True)
class Difference:
    """One difference: ``missing`` (the simulator lacks it), ``extra``, ``order``, ``count`` or
    ``field``, of what, and what either side has."""

    kind: str
    what: str
    recorded: str = ""
    simulated: str = ""

    def __str__(self) -> str:
        if self.kind in ("missing", "extra"):
            return f"{self.kind}: {self.what}"
        return f"{self.kind}: {self.what}: recorded {self.recorded}, simulated {self.simulated}"


@dataclass(frozen=True, slots=True)
class Compared:
    """One request, and how its answers differ; ``request`` is empty for what nobody asked."""

    connection: int
    request: str
    about: str
    own_id: int | None
    differences: tuple[Difference, ...]


def compare(recorded: Conversation, simulated: Conversation) -> Iterator[Compared]:
    """Compare two conversations whose clients sent the same frames."""
    number = recorded.connection
    unasked = (
        _messages((p for _, p in each.unasked), each.version) for each in (recorded, simulated)
    )
    yield Compared(number, "", "", None, tuple(_differences(*unasked)))
    for was, now in zip(recorded.exchanges, simulated.exchanges, strict=True):
        differences = tuple(_differences(_answers(was), _answers(now)))
        request = was.request
        yield Compared(number, request.NAME, _about(request), id_of(request), differences)


def _answers(exchange: Exchange) -> list[Message]:
    return _messages((payload for _, payload in exchange.answers), exchange.version)


def _messages(payloads: Iterable[bytes], version: int) -> list[Message]:
    read = (decode_response(payload, version) for payload in payloads)
    return [message for message in read if not isinstance(message, Raw)]


def _differences(recorded: Sequence[Message], simulated: Sequence[Message]) -> Iterator[Difference]:
    was, now = _by_label(recorded), _by_label(simulated)
    yield from (Difference("missing", label) for label in was if label not in now)
    yield from (Difference("extra", label) for label in now if label not in was)
    yield from _order(recorded, simulated)
    for label in was:
        if label in now:
            counts = len(was[label]), len(now[label])
            if isinstance(was[label][0], ContractData) and counts[0] != counts[1]:
                yield Difference("count", label, *map(str, counts))
            yield from _fields(label, was[label], now[label])


def _by_label(messages: Iterable[Message]) -> dict[str, list[Message]]:
    found: dict[str, list[Message]] = {}
    for message in messages:
        found.setdefault(_label(message), []).append(message)
    return found


def _label(message: Message) -> str:
    """A kind of answer as people tell them apart."""
    name = type(message).__name__
    if isinstance(message, ErrorNotice):
        return f"error {message.code}"
    if isinstance(message, OrderStatus):
        return f"{name} {message.status}"
    if isinstance(message, AccountValue):
        return f"{name} {message.key}"
    if isinstance(message, AccountSummary):
        return f"{name} {message.tag}"
    kind = getattr(message, "tick", None)
    return name if kind is None else f"{name} {int(kind)}"


def _order(recorded: Sequence[Message], simulated: Sequence[Message]) -> Iterator[Difference]:
    """Whether kinds begin in another order; of streams no order is known."""
    was, now = _begun(recorded), _begun(simulated)
    both = [kind for kind in was if kind in now], [kind for kind in now if kind in was]
    if both[0] != both[1]:
        yield Difference("order", "of answers", *(", ".join(kinds) for kinds in both))


def _begun(messages: Iterable[Message]) -> list[str]:
    kinds = (
        _label(m) if isinstance(m, OrderStatus | ErrorNotice) else type(m).__name__
        for m in messages
        if not _STREAMED.fullmatch(type(m).__name__)
    )
    return list(dict.fromkeys(kinds))


def _fields(label: str, was: list[Message], now: list[Message]) -> Iterator[Difference]:
    """Fields that have one kind of value there and another one here, in every answer."""
    before, after = _kinds(was), _kinds(now)
    for name in before:
        if name in after and not before[name].keys() & after[name].keys():
            shown = (", ".join(sorted(kinds)) for kinds in (before[name], after[name]))
            yield Difference("field", f"{label}.{name}", *shown)


def _kinds(messages: Iterable[Message]) -> dict[str, Counter[str]]:
    found: dict[str, Counter[str]] = {}
    for message in messages:
        for name, kind in _walk("", message):
            found.setdefault(name, Counter())[kind] += 1
    return found


def _walk(name: str, value: object) -> Iterator[tuple[str, str]]:
    if isinstance(value, tuple):
        yield name, "rows" if value else "no rows"
        for each in value[:_MOST_ROWS]:
            yield from _walk(f"{name}[]", each)
    elif dataclasses.is_dataclass(value) and not isinstance(value, type):
        for field in dataclasses.fields(value):
            if field.name not in _IDS and field.name != "text":
                path = f"{name}.{field.name}" if name else field.name
                yield from _walk(path, getattr(value, field.name))
    else:
        yield name, _shape(value)


def _shape(value: object) -> str:
    if value is None:
        return "unset"
    if isinstance(value, bool):
        return "a flag"
    if not isinstance(value, str):
        return "a number"
    return next((name for form, name in _SHAPES if form.fullmatch(value)), "text")


def _about(request: Message) -> str:
    """What a request is about, in a few words."""
    contract = getattr(request, "contract", None)
    if not isinstance(contract, Contract):
        return ""
    words = (contract.symbol, contract.sec_type, contract.expiry, contract.strike, contract.right)
    return " ".join(str(word) for word in words if word)
