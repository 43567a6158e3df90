"""A recorded conversation, taken apart: which frames answered which request, and when.

Answers are told by their request id, order id or execution id, those without one by their kind.
Pure: no client, no clock.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from pytest_ibkr.wire.codec import Raw, decode_request, decode_response
from pytest_ibkr.wire.declare import Message, specs

# Answers that carry no request id, and the request each belongs to.
_ANSWERED_BY_KIND: Final[dict[str, tuple[int, ...]]] = {
    "reqAccountUpdates": (6, 7, 8, 54),
    "reqPositions": (61, 62),
    "reqManagedAccts": (15,),
    "reqIds": (9,),
    "reqCurrentTime": (49,),
    "reqCurrentTimeInMillis": (109,),
    "reqMarketRule": (93,),
    "reqScannerParameters": (19,),
    "reqMktDepthExchanges": (80,),
    "reqFamilyCodes": (78,),
    "reqNewsProviders": (85,),
    "reqNewsBulletins": (14,),
    "requestFA": (16,),
    "reqCompletedOrders": (101, 102),
}
_OPEN_ORDER_QUERIES: Final = ("reqOpenOrders", "reqAllOpenOrders")
_OPEN_ORDER, _ORDER_STATUS, _OPEN_ORDER_END = 5, 3, 53
_IDS: Final = ("request_id", "order_id")
_NAMED_BY_CLIENT: Final = (*_IDS, "parent_id")
# What client libraries fill in by themselves, each in its own way; a test's author never does.
_HABITS: Final = (*_NAMED_BY_CLIENT, "layout", "e_trade_only", "firm_quote_only", "client_id")
# What a field means when a client leaves it empty.
_USUAL: Final = {"open_close": "O", "tif": "DAY", "clearing_intent": "IB"}
_NOTHING: Final = (None, "", 0, (), False)


@dataclass(frozen=True, slots=True)
class Said:
    """One frame of a conversation: its moment in seconds, whose it is, and its bytes."""

    at_s: float
    by_client: bool
    payload: bytes


@dataclass(slots=True)
class Exchange:
    """A request and what it got: ``(seconds after the request, payload)`` in order.

    Attributes:
        version: the server version its frames are to be read at.
        connection: on which it was asked, as recorded.
    """

    at_s: float
    request: Message
    meaning: tuple[object, ...]
    version: int
    connection: int
    answers: list[tuple[float, bytes]] = field(default_factory=list)
    used: bool = False

    @property
    def own_id(self) -> int | None:
        """The request or order id under which it was asked."""
        return id_of(self.request)


class Conversation:
    """What was asked and answered on one connection.

    Attributes:
        version: its server version. connection: its number in the recording.
        client_id: of its client, where that is known.
        exchanges: in the order they were asked.
        unasked: what the gateway said by itself, seconds after the conversation began.
    """

    def __init__(
        self,
        said: Iterable[Said],
        *,
        version: int,
        connection: int = 1,
        client_id: int | None = None,
    ) -> None:
        self.version, self.connection, self.client_id = version, connection, client_id
        self.exchanges: list[Exchange] = []
        self.unasked: list[tuple[float, bytes]] = []
        self._by_execution: dict[str, Exchange] = {}
        for each in said:
            if each.by_client:
                self._asked(each)
            else:
                self._answered(each)

    def like(self, request: Message, *, version: int | None = None) -> list[Exchange]:
        """The exchanges whose request asks the same as this one, whatever its id.

        Args:
            request: what is asked now.
            version: the server version it was asked at; default this conversation's. Exchanges
                that are equal field by field come alone; without one, those count that differ
                only in what client libraries fill in by themselves, or in fields that one of the
                two versions does not carry.
        """
        wanted = meaning(request)
        exact = [each for each in self.exchanges if each.meaning == wanted]
        asked_at = self.version if version is None else version
        return exact or [e for e in self.exchanges if _same_sense(e, request, version=asked_at)]

    def unused(self) -> list[Exchange]:
        """The exchanges nobody has asked for again."""
        return [each for each in self.exchanges if not each.used]

    def _asked(self, said: Said) -> None:
        request = decode_request(said.payload, self.version)
        if isinstance(request, Message) and request.NAME != "startApi":
            asked = Exchange(said.at_s, request, meaning(request), self.version, self.connection)
            self.exchanges.append(asked)

    def _answered(self, said: Said) -> None:
        message = decode_response(said.payload, self.version)
        owner = None if isinstance(message, Raw) else self._owner(message)
        if owner is None:
            self.unasked.append((said.at_s, said.payload))
            return
        if (execution := getattr(message, "exec_id", None)) is not None:
            self._by_execution[execution] = owner
        owner.answers.append((max(0.0, said.at_s - owner.at_s), said.payload))

    def _owner(self, message: Message) -> Exchange | None:
        kinds = _ANSWERED_BY_KIND.items()
        if name := next((name for name, ids in kinds if message.MSG_ID in ids), None):
            return self._latest((name,))
        if message.MSG_ID == _OPEN_ORDER_END:
            return self._latest(_OPEN_ORDER_QUERIES)
        if message.MSG_ID in (_OPEN_ORDER, _ORDER_STATUS) and (query := self._running_query()):
            return query
        own_id = id_of(message)
        if own_id is None or own_id < 0:
            own_id = getattr(message, "order_id", -1)
        if own_id >= 0:
            return next((e for e in reversed(self.exchanges) if e.own_id == own_id), None)
        return self._by_execution.get(getattr(message, "exec_id", ""))

    def _latest(self, names: Sequence[str]) -> Exchange | None:
        return next((e for e in reversed(self.exchanges) if e.request.NAME in names), None)

    def _running_query(self) -> Exchange | None:
        """The query of open orders whose end has not come yet."""
        query = self._latest(_OPEN_ORDER_QUERIES)
        ended = f"{_OPEN_ORDER_END}\0".encode()
        if query is None or any(payload.startswith(ended) for _, payload in query.answers):
            return None
        return query


def id_of(message: Message) -> int | None:
    """The request id of a message, else its order id; None: it has neither."""
    for name in _IDS:
        if (found := getattr(message, name, None)) is not None:
            return int(found)
    return None


def meaning(request: Message) -> tuple[object, ...]:
    """What a request asks, without the ids it is asked under."""
    values = (value for name, value in named_values(request) if name not in _NAMED_BY_CLIENT)
    return (request.NAME, *values)


def _same_sense(recorded: Exchange, request: Message, *, version: int) -> bool:
    """Whether a request asks what a recorded one asked, said by another client."""
    if recorded.request.NAME != request.NAME:
        return False
    kept = [
        name
        for name, spec in specs(type(request))
        if name not in _HABITS
        and (spec.kind is None or (spec.carried_at(version) and spec.carried_at(recorded.version)))
    ]
    return all(_said(request, name) == _said(recorded.request, name) for name in kept)


def _said(request: Message, name: str) -> object:
    value = getattr(request, name)
    return None if value == _USUAL.get(name, "") else _sense(value)


def _sense(value: object) -> object:
    """A value without what stands for nothing: empty texts, zeros, sentinels."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {name: _sense(getattr(value, name)) for name, _spec in specs(type(value))}
    if isinstance(value, tuple):
        return tuple(map(_sense, value))
    return None if value in _NOTHING else value


def named_values(message: Message) -> list[tuple[str, object]]:
    """Every field of a message with its name."""
    return [(name, getattr(message, name)) for name, _spec in specs(type(message))]


def rebound(payload: bytes, message: Message, *, version: int, to: int) -> bytes:
    """A recorded payload under another request id; every other field stays as it was written.

    The request id is one of the leading fields of every message that has one.
    """
    place = 0
    for name, spec in specs(type(message)):
        if not spec.carried_at(version):
            continue
        place += 1
        if name == "request_id":
            fields = payload.split(b"\0")
            fields[place] = str(to).encode()
            return b"\0".join(fields)
        if spec.kind is None or spec.when is not None:
            break
    return payload


def known_by_gateway(request: Message) -> bool:
    """Whether the gateway may answer a request itself that the recording does not have."""
    harmless = ("reqIds", "reqManagedAccts", "reqCurrentTime", "reqCurrentTimeInMillis")
    silent = ("setServerLogLevel", "reqMarketDataType")
    return request.NAME in (*harmless, *silent) or request.NAME.startswith("cancel")
