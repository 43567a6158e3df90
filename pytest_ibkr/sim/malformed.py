"""Frames that cannot be read: which the gateway complains about, and which it drops in silence.

Pure. Source: gateway-behaviour.md 1.7.
"""

from __future__ import annotations

from pytest_ibkr.errors import WireError
from pytest_ibkr.wire.codec import TooFewFields
from pytest_ibkr.wire.messages.order import CancelOrder
from pytest_ibkr.wire.versions import CME_TAGGING


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
