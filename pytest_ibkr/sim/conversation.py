"""A recorded conversation, taken apart: which frames answered which request, and when.

Answers are told by their request id, order id or execution id, those without one by their kind.
Pure: no client, no clock.
"""

from __future__ import annotations

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


@dataclass(frozen=True, slots=True)
class Said:
    """One frame of a conversation: its moment in seconds, whose it is, and its bytes."""

    at_s: float
    by_client: bool
    payload: bytes


@dataclass(slots=True)
class Exchange:
    """A request and what it got: ``(seconds after the request, payload)`` in order."""

    at_s: float
    request: Message
    meaning: tuple[object, ...]
    answers: list[tuple[float, bytes]] = field(default_factory=list)
    used: bool = False

    @property
    def own_id(self) -> int | None:
        """The request or order id under which it was asked."""
        return id_of(self.request)


class Conversation:
    """What was asked and answered at one server version.

    Attributes:
        exchanges: in the order they were asked.
        unasked: what the gateway said by itself, seconds after the conversation began.
    """

    def __init__(self, said: Iterable[Said], *, version: int) -> None:
        self.version = version
        self.exchanges: list[Exchange] = []
        self.unasked: list[tuple[float, bytes]] = []
        self._by_execution: dict[str, Exchange] = {}
        for each in said:
            if each.by_client:
                self._asked(each)
            else:
                self._answered(each)

    def like(self, request: Message) -> list[Exchange]:
        """The exchanges whose request differs from this one in its id at most."""
        wanted = meaning(request)
        return [each for each in self.exchanges if each.meaning == wanted]

    def unused(self) -> list[Exchange]:
        """The exchanges nobody has asked for again."""
        return [each for each in self.exchanges if not each.used]

    def _asked(self, said: Said) -> None:
        request = decode_request(said.payload, self.version)
        if isinstance(request, Message) and request.NAME != "startApi":
            self.exchanges.append(Exchange(said.at_s, request, meaning(request)))

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
