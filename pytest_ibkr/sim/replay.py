"""Answers clients from recorded conversations, under the clients' own ids.

The same question gets the recorded answers in their order, the last of them from then on. Each
client continues one recorded connection: the one of its client id, else the first that nobody
has; what that one does not have it is answered from the others.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pytest_ibkr.sim.conversation import (
    Conversation,
    Exchange,
    id_of,
    known_by_gateway,
    meaning,
    named_values,
    rebound,
)
from pytest_ibkr.sim.refusal import failed
from pytest_ibkr.sim.session import FARM_NOTICES
from pytest_ibkr.wire.codec import decode_response, encode
from pytest_ibkr.wire.declare import Message
from pytest_ibkr.wire.messages.session import (
    ErrorNotice,
    ManagedAccounts,
    NextValidId,
    StartApi,
)

if TYPE_CHECKING:
    from pytest_ibkr.sim.client import Client
    from pytest_ibkr.sim.engine import Engine

NOT_RECORDED = "This request is not in the recording."
_SHOWN = 12  # differences between a request and the closest recorded one
_LIVE_PUSH = -1  # request id of executions that nobody asked for


_Key = tuple[int, int, str, int]  # client's connection, recorded one, kind, recorded id


class Replay:
    """Conversations that answer instead of the simulated gateway.

    A client of another server version is sent the same messages in its version's layout.

    Attributes:
        conversations: one per recorded connection.
        path: the recording's file, where it has one.
        unexpected: requests the recording does not have, each with the closest it has.
    """

    def __init__(self, engine: Engine, *conversations: Conversation, path: str = "") -> None:
        self._engine, self.conversations, self.path = engine, conversations, path
        self.unexpected: list[str] = []
        self._own: dict[_Key, int] = {}
        self._continued: dict[int, Conversation] = {}  # by the client's connection

    @property
    def version(self) -> int:
        """The highest server version of the recorded connections."""
        return max(each.version for each in self.conversations)

    @property
    def exchanges(self) -> list[Exchange]:
        """Everything that was asked, on all connections."""
        return [exchange for each in self.conversations for exchange in each.exchanges]

    def answer(
        self, client: Client, request: Message, simulated: Callable[[Client, Message], None]
    ) -> None:
        """Answer a request; ``simulated`` is what the gateway itself would do."""
        if isinstance(request, StartApi):
            simulated(client, request)
            if client.started:
                self._continue(client)
        elif found := self._next(client, request):
            found.used = True
            self._learn(client, request, found)
            for delay_s, payload in found.answers:
                self._owe(client, delay_s, payload, of=found)
        elif known_by_gateway(request):
            simulated(client, request)
        else:
            self._refuse(client, request)

    def _continue(self, client: Client) -> None:
        """Give a client its recorded connection, and say what its gateway said by itself."""
        taken = list(self._continued.values())
        free = [each for each in self.conversations if each not in taken]
        known = [each for each in free if each.client_id == client.client_id]
        chosen = next(iter([*known, *free]), self.conversations[-1])
        self._continued[client.connection] = chosen
        self._say_unasked(client, chosen)

    def _next(self, client: Client, request: Message) -> Exchange | None:
        """The next exchange like this; one about the same order or request, where there is one."""
        like = self._like(client, request)
        kind, own = _kind(request), id_of(request)
        about = [each for each in like if self._own.get(self._key(client, kind, each)) == own]
        fresh = [each for each in like if self._key(client, kind, each) not in self._own]
        like = about or fresh or like
        return next((each for each in like if not each.used), like[-1] if like else None)

    def _like(self, client: Client, request: Message) -> list[Exchange]:
        mine = self._continued.get(client.connection)
        others = [each for each in self.conversations if each is not mine]
        for each in [mine, *others] if mine is not None else others:
            found = each.like(request, version=client.version)
            if any(not exchange.used for exchange in found) or (found and each is mine):
                return found
        last = (each.like(request, version=client.version) for each in others)
        return next((found for found in last if found), [])

    def _learn(self, client: Client, request: Message, found: Exchange) -> None:
        if (own := id_of(request)) is not None:
            self._own[self._key(client, _kind(request), found)] = own

    @staticmethod
    def _key(client: Client, kind: str, exchange: Exchange) -> _Key:
        own_id = exchange.own_id if exchange.own_id is not None else -1
        return (client.connection, exchange.connection, kind, own_id)

    def _say_unasked(self, client: Client, conversation: Conversation) -> None:
        """What the gateway said by itself; the greeting is the session's own."""
        for delay_s, payload in conversation.unasked:
            message = decode_response(payload, conversation.version)
            told = isinstance(message, ErrorNotice) and (message.code, message.text) in FARM_NOTICES
            if not (told or isinstance(message, ManagedAccounts | NextValidId)):
                self._owe(client, delay_s, payload, of=conversation)

    def _owe(
        self, client: Client, delay_s: float, payload: bytes, *, of: Exchange | Conversation
    ) -> None:
        version = of.version
        message = decode_response(payload, version)
        if isinstance(message, Message):
            changes = self._changes(client, message, connection=of.connection)
            if client.version == version and set(changes) <= {"request_id"}:
                own = changes.get("request_id")
                if own is not None:
                    payload = rebound(payload, message, version=version, to=own)
            else:
                changed: Any = message
                payload = encode(replace(changed, **changes), client.version)
        self._engine.owe(client, delay_s, lambda: client.relay(payload))

    def _changes(self, client: Client, message: Message, *, connection: int) -> dict[str, int]:
        """The fields of a recorded answer that are this client's own: ids of all kinds."""
        found: dict[str, int] = {}
        for field, kind in (
            ("request_id", "request"),
            ("order_id", "order"),
            ("parent_id", "order"),
        ):
            recorded = getattr(message, field, None)
            if recorded is None or recorded == _LIVE_PUSH:
                continue
            own = self._own.get((client.connection, connection, kind, recorded))
            if own is None and isinstance(message, ErrorNotice):  # of an order, under its id
                own = self._own.get((client.connection, connection, "order", recorded))
            if own is not None:
                found[field] = own
        if hasattr(message, "client_id") and "order_id" in found:
            found["client_id"] = client.client_id
        return found

    def _refuse(self, client: Client, request: Message) -> None:
        self.unexpected.append(self._compared(request))
        refusal = failed(NOT_RECORDED)
        client.error(self._engine.request_id(request), refusal.code, refusal.text)

    def _compared(self, request: Message) -> str:
        """A request in words, and how the closest recorded one differs."""
        same = [each for each in self.exchanges if each.request.NAME == request.NAME]
        if not same:
            known = sorted({each.request.NAME for each in self.exchanges})
            return f"{request.NAME}: the recording has {', '.join(known)}"
        texts = {str(each.meaning): each.request for each in same}
        [near] = difflib.get_close_matches(str(meaning(request)), texts, n=1, cutoff=0.0)
        pairs = zip(_flat(request), _flat(texts[near]), strict=False)
        differing = [
            f"{name}: {asked!r}, recorded {recorded!r}"
            for (name, asked), (_name, recorded) in pairs
            if asked != recorded
        ]
        return f"{request.NAME}, closest: " + "; ".join(differing[:_SHOWN])


def _kind(message: Message) -> str:
    return "order" if getattr(message, "request_id", None) is None else "request"


def _flat(message: Message) -> list[tuple[str, object]]:
    """Fields that make a difference, those of the contract one by one."""
    found: list[tuple[str, object]] = []
    for name, value in named_values(message):
        if name == "contract":
            found += [(f"contract.{n}", v) for n, v in named_values(value)]  # type: ignore[arg-type]
        elif name not in ("request_id", "order_id", "parent_id", "layout"):
            found.append((name, value))
    return found
