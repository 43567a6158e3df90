"""The gateway's settings as clients may ask for them from server version 219 on.

No answer of a real gateway was seen: what is told are settings this gateway has, all others are
left out. Changing them (109) is not simulated.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from pytest_ibkr.sim.gates import since
from pytest_ibkr.wire.declare import Message
from pytest_ibkr.wire.messages.config import ConfigResponse, ReqConfig
from pytest_ibkr.wire.versions import CONFIG

if TYPE_CHECKING:
    from pytest_ibkr.sim.client import Client
    from pytest_ibkr.sim.engine import Engine


class ConfigDesk:
    """Answers 108."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def handlers(self) -> dict[type[Message], Callable[[Client, Any], None]]:
        """Return what this desk answers."""
        return {ReqConfig: since(CONFIG, self._settings)}

    def _settings(self, client: Client, request: ReqConfig) -> None:
        conditions = self._engine.conditions
        answer = ConfigResponse(
            request_id=request.request_id,
            read_only=conditions.read_only,
            master_client_id=conditions.master_client_id,
            rejects_above_max_rate=not client.paced,
        )
        self._engine.owe(client, conditions.latency.query_s, lambda: client.send(answer))
