"""Who the user is to the broker, and the virtual clock in milliseconds."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from pytest_ibkr.sim.gates import since
from pytest_ibkr.wire.declare import Message
from pytest_ibkr.wire.messages.user import (
    CurrentTimeInMillis,
    ReqCurrentTimeInMillis,
    ReqUserInfo,
    UserInfo,
)
from pytest_ibkr.wire.versions import MILLISECONDS, USER_INFO

if TYPE_CHECKING:
    from pytest_ibkr.sim.client import Client
    from pytest_ibkr.sim.engine import Engine


class UserDesk:
    """Answers 104 and 105 (gateway-behaviour.md 2.1 and 2.2)."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def handlers(self) -> dict[type[Message], Callable[[Client, Any], None]]:
        """Return what this desk answers."""
        return {
            ReqUserInfo: since(USER_INFO, self.user_info),
            ReqCurrentTimeInMillis: since(MILLISECONDS, self.time),
        }

    def user_info(self, client: Client, message: ReqUserInfo) -> None:
        """Answer 107: no white branding."""
        answer = UserInfo(request_id=message.request_id)
        delay_s = self._engine.conditions.latency.query_s
        self._engine.owe(client, delay_s, lambda: client.send(answer))

    def time(self, client: Client, _message: ReqCurrentTimeInMillis) -> None:
        """Answer 109 with the gateway's virtual time, at once."""
        client.send(CurrentTimeInMillis(epoch_ms=int(self._engine.now_s * 1000)))
