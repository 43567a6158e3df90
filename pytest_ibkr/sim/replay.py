"""Answers a client from a recorded conversation, under the client's own request ids.

The same question gets the recorded answers in their order, the last of them from then on.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable
from typing import TYPE_CHECKING

from pytest_ibkr.sim.conversation import (
    Conversation,
    Exchange,
    id_of,
    known_by_gateway,
    meaning,
    rebound,
)
from pytest_ibkr.sim.refusal import failed
from pytest_ibkr.sim.session import FARM_NOTICES
from pytest_ibkr.wire.codec import decode_response
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


class Replay:
    """A conversation that answers instead of the simulated gateway.

    Attributes:
        unexpected: requests the recording does not have, each with the closest it has.
    """

    def __init__(self, engine: Engine, conversation: Conversation) -> None:
        self._engine, self.conversation = engine, conversation
        self.unexpected: list[str] = []

    def answer(
        self, client: Client, request: Message, simulated: Callable[[Client, Message], None]
    ) -> None:
        """Answer a request; ``simulated`` is what the gateway itself would do."""
        if isinstance(request, StartApi):
            simulated(client, request)
            self._say_unasked(client)
        elif found := self._next(request):
            found.used = True
            for delay_s, payload in found.answers:
                self._owe(client, delay_s, payload, id_of(request))
        elif known_by_gateway(request):
            simulated(client, request)
        else:
            self._refuse(client, request)

    def _next(self, request: Message) -> Exchange | None:
        like = self.conversation.like(request)
        return next((each for each in like if not each.used), like[-1] if like else None)

    def _say_unasked(self, client: Client) -> None:
        """What the gateway said by itself; the greeting is the session's own."""
        for delay_s, payload in self.conversation.unasked:
            message = decode_response(payload, self.conversation.version)
            told = isinstance(message, ErrorNotice) and (message.code, message.text) in FARM_NOTICES
            if not (told or isinstance(message, ManagedAccounts | NextValidId)):
                self._owe(client, delay_s, payload, None)

    def _owe(self, client: Client, delay_s: float, payload: bytes, own_id: int | None) -> None:
        version = self.conversation.version
        message = decode_response(payload, version)
        if own_id is not None and isinstance(message, Message):
            payload = rebound(payload, message, version=version, to=own_id)
        self._engine.owe(client, delay_s, lambda: client.relay(payload))

    def _refuse(self, client: Client, request: Message) -> None:
        asked = _text(request)
        known = [_text(each.request) for each in self.conversation.exchanges]
        near = difflib.get_close_matches(asked, known, n=1, cutoff=0.0)
        self.unexpected.append(f"{asked}\n  closest: {near[0] if near else '(it is empty)'}")
        refusal = failed(NOT_RECORDED)
        client.refuse(self._engine.request_id(request), refusal)


def _text(request: Message) -> str:
    name, *values = meaning(request)
    return f"{name} {' '.join(str(value) for value in values)}"[:400]
