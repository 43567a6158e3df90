"""Which messages come in at all: the message rate of a connection, and a gateway that only reads.

Imports the engine for types only. Source: gateway-behaviour.md 1 and 5.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pytest_ibkr.sim.refusal import invalid
from pytest_ibkr.sim.session import READ_ONLY
from pytest_ibkr.wire.declare import Message
from pytest_ibkr.wire.messages.exercise import ExerciseOptions
from pytest_ibkr.wire.messages.order import (
    CancelOrder,
    ReqAllOpenOrders,
    ReqCompletedOrders,
    ReqGlobalCancel,
    ReqOpenOrders,
)
from pytest_ibkr.wire.messages.place_order import PlaceOrder
from pytest_ibkr.wire.messages.session import ReqIds

if TYPE_CHECKING:
    from pytest_ibkr.sim.client import Client
    from pytest_ibkr.sim.engine import Engine

_QUERIES: Final = (ReqIds, ReqOpenOrders, ReqAllOpenOrders, ReqCompletedOrders, ReqGlobalCancel)
_ORDERS: Final = (PlaceOrder, CancelOrder, ExerciseOptions)


def within_rate(engine: Engine, client: Client, real_s: float | None) -> bool:
    """Count a message; warn near the limit, refuse above it, and disconnect for good.

    Args:
        engine: whose meters and limits count.
        client: who sent it.
        real_s: monotonic real seconds, where there are any; see ``RateMeter``.
    """
    meter = engine.meters[client.connection]
    verdict = meter.count(engine.now_s, real_s)
    if verdict == "warn":
        count, limit = meter.in_last_second, meter.limit
        text = f"Warning: Approaching max rate of {limit} messages per second ({count})"
        client.error(-1, 0, text)
    if verdict != "violation":
        return True
    client.error(
        *(-1, 100),
        f"Max rate of messages per second has been exceeded:max={meter.limit}"
        f" rec={meter.in_last_second} ({meter.strikes})",
    )
    if meter.strikes >= engine.conditions.rate_strikes:
        client.close("message rate exceeded")
        return False
    return True


def refused_as_read_only(engine: Engine, client: Client, message: Message) -> bool:
    """Refuse what a gateway that only reads does not do; True: it was refused."""
    if not engine.conditions.read_only:
        return False
    query = isinstance(message, _QUERIES)
    if query or isinstance(message, _ORDERS):
        # Queries are refused under id -1: no end marker follows.
        nameless = query or engine.conditions.read_only_ids == "none"
        client.refuse(-1 if nameless else engine.request_id(message), invalid(READ_ONLY))
        return True
    return False
