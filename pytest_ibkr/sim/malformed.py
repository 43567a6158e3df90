"""Frames that cannot be read: which the gateway complains about, and which it drops in silence.

Imports the engine for types only. Source: gateway-behaviour.md 1.7.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_ibkr.errors import WireError
from pytest_ibkr.wire.codec import Raw, TooFewFields
from pytest_ibkr.wire.messages.order import CancelOrder
from pytest_ibkr.wire.versions import CME_TAGGING

if TYPE_CHECKING:
    from pytest_ibkr.sim.client import Client
    from pytest_ibkr.sim.engine import Engine


def complaint(error: WireError) -> str | None:
    """The text of error 320 about a frame; None: the gateway says nothing.

    A cancel without the fields of version 192 was dropped, and the order kept working.
    """
    if (
        isinstance(error, TooFewFields)
        and error.message is CancelOrder
        and error.version >= CME_TAGGING
    ):
        return None
    return f"Error reading request. {error}"


def met_unknown(engine: Engine, client: Client, message: Raw) -> None:
    """Answer a message nobody knows, which no capture shows: 320, the end, or nothing."""
    answer = engine.conditions.unknown_message
    if answer == "error":
        kind = f"Message type {message.msg_id}" if message.msg_id is not None else "No type"
        client.error(-1, 320, f"Error reading request:{kind}.  Unable to parse data.")
    if answer == "closed" or (answer == "error" and engine.conditions.after_unreadable == "closes"):
        client.close("a message could not be read")
