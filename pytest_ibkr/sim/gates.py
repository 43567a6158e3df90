"""Requests that only newer server versions have."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from pytest_ibkr.wire.declare import Message

if TYPE_CHECKING:
    from pytest_ibkr.sim.client import Client

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
