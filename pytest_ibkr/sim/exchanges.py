"""Which exchanges show depth, and which exchange a letter or bit of an exchange map means.

Source: gateway-behaviour.md 2.2 (82, 83). Imports the engine for types only.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from pytest_ibkr.sim.exchange_facts import LETTERS_OF, SEC_TYPE_OF, SERVICES
from pytest_ibkr.sim.refusal import invalid
from pytest_ibkr.wire.declare import Message
from pytest_ibkr.wire.messages.exchanges import (
    DepthExchange,
    DepthExchanges,
    ReqDepthExchanges,
    ReqSmartComponents,
    SmartComponent,
    SmartComponents,
)

if TYPE_CHECKING:
    from pytest_ibkr.sim.client import Client
    from pytest_ibkr.sim.engine import Engine

NO_CODE: Final = 2147483647  # INT_MAX: the gateway's error without a code
MAP_WAIT_S: Final = 2.0


class ExchangeDesk:
    """Answers depth exchanges and smart components."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def handlers(self) -> dict[type[Message], Callable[[Client, Any], None]]:
        """Request classes and what deals with them."""
        return {ReqDepthExchanges: self._depth, ReqSmartComponents: self._components}

    def _depth(self, client: Client, _request: ReqDepthExchanges) -> None:
        found = tuple(
            DepthExchange(exchange=exchange, sec_type=sec_type, service=service)
            for (exchange, sec_type), service in SERVICES.items()
        )
        answer = DepthExchanges(exchanges=found)
        self._engine.owe(
            client, self._engine.conditions.latency.details_s, lambda: client.send(answer)
        )

    def _components(self, client: Client, request: ReqSmartComponents) -> None:
        engine, key = self._engine, request.bbo_exchange
        if key not in engine.streams.announced or key not in LETTERS_OF:
            raise invalid("Invalid BBO exchange/security type code")
        if engine.conditions.smart_components == "late":
            text = (
                f"Unable to retrieve smart components for BBO exchange {key[:2]} and security"
                f" type {SEC_TYPE_OF[key]}"
            )
            number = request.request_id
            engine.owe(client, MAP_WAIT_S, lambda: client.error(number, NO_CODE, text))
            return
        components = tuple(
            SmartComponent(bit=bit, exchange=exchange, letter=letter)
            for bit, (exchange, letter) in enumerate(LETTERS_OF[key].items())
        )
        answer = SmartComponents(request_id=request.request_id, components=components)
        engine.owe(client, engine.conditions.latency.details_s, lambda: client.send(answer))
