"""Requests that are not answered: of newer server versions, or under ids beyond 32 bits."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from pytest_ibkr.wire.declare import Message

if TYPE_CHECKING:
    from pytest_ibkr.sim.client import Client

_IDS: Final = range(-(2**31), 2**31)
Handler = Callable[["Client", Any], None]


def since(version: int, handler: Handler) -> Handler:
    """Answer 320 as to an unknown message when a client of an older version asks.

    The official client does not even send it then.
    """

    def answer(client: Client, message: Message) -> None:
        if client.version < version:
            kind = f"Message type {message.MSG_ID}"
            client.error(-1, 320, f"Error reading request:{kind}.  Unable to parse data.")
            return
        handler(client, message)

    return answer


def dropped(message: Message) -> bool:
    """Whether a request is dropped without a word: its id has more than 32 bits.

    Source: gateway-behaviour.md 1.7.
    """
    ids = (getattr(message, name, 0) for name in ("request_id", "order_id"))
    return any(each not in _IDS for each in ids)
