"""An engine in some weather, and a client of it; no sockets."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from pytest_ibkr.sim.weather.base import Weather
from pytest_ibkr.sim.weather.catalogue import WEATHERS
from pytest_ibkr.wire.declare import Message
from pytest_ibkr.wire.messages.place_order import PlaceOrder
from tests.sim.data_bench import SPY, Peer, only, peer
from tests.sim.orders_bench import short


def weather(made: Peer, name: str, **parameters: Any) -> Weather:
    """Put a weather in force over a client's engine."""
    return made.engine.weather.arm(WEATHERS[name](**parameters))


def in_weather(name: str, **parameters: Any) -> tuple[Peer, Weather]:
    """A started client in a weather that began after it."""
    made = peer()
    return made, weather(made, name, **parameters)


def order(order_id: int, quantity: int = 10, **terms: Any) -> PlaceOrder:
    """A buy of SPY; a market order unless it has a limit price."""
    terms.setdefault("order_type", "LMT" if "limit_price" in terms else "MKT")
    terms.setdefault("action", "BUY")
    return PlaceOrder(
        order_id=order_id, contract=SPY, quantity=Decimal(quantity), tif="DAY", **terms
    )


def script(found: list[Message]) -> list[str]:
    """Messages in the notation of the golden scripts."""
    return [short(message) for message in found]


def codes(found: list[Message]) -> list[int]:
    """Codes of the errors, in order."""
    from pytest_ibkr.wire.messages.session import ErrorNotice

    return [notice.code for notice in only(found, ErrorNotice)]
