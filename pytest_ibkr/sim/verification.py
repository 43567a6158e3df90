"""Verification of programs registered with the broker: there are none here.

What a gateway answers to a program it does not know is not evidenced. An error replaces an end
marker (gateway-behaviour.md 2.0), so 321 under -1 is the default; ``verification="completed"``
makes it verifyCompleted (or verifyAndAuthCompleted) without success, which the protocol has too.
The official client refuses to send these requests unless it was connected for them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from pytest_ibkr.sim.refusal import invalid
from pytest_ibkr.wire.declare import Message
from pytest_ibkr.wire.messages.verification import (
    AuthenticationDone,
    AuthenticationMessage,
    ReqAuthentication,
    ReqVerification,
    VerificationDone,
    VerificationMessage,
)

if TYPE_CHECKING:
    from pytest_ibkr.sim.client import Client
    from pytest_ibkr.sim.engine import Engine

NOT_REGISTERED: Final = "The program is not registered for verification"


class VerificationDesk:
    """Refuses 65, 66, 72 and 73."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def handlers(self) -> dict[type[Message], Callable[[Client, Any], None]]:
        """Return what this desk answers."""
        verified: Message = VerificationDone(successful="false", error=NOT_REGISTERED)
        authenticated: Message = AuthenticationDone(successful="false", error=NOT_REGISTERED)
        return {
            ReqVerification: self._refusing_with(verified),
            VerificationMessage: self._refusing_with(verified),
            ReqAuthentication: self._refusing_with(authenticated),
            AuthenticationMessage: self._refusing_with(authenticated),
        }

    def _refusing_with(self, completed: Message) -> Callable[[Client, Any], None]:
        def refuse(client: Client, _message: Message) -> None:
            if self._engine.conditions.verification == "error":
                raise invalid(NOT_REGISTERED)
            delay_s = self._engine.conditions.latency.query_s
            self._engine.owe(client, delay_s, lambda: client.send(completed))

        return refuse
