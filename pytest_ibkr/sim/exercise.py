"""Exercise of options as a paper account answers it: checked, then refused by its server.

Source: gateway-behaviour.md 3.2 ("Exercise") and 4: paper accounts do not exercise.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from pytest_ibkr.sim.order_flow import FOREIGN_ACCOUNT
from pytest_ibkr.sim.refusal import failed, invalid, unknown_contract
from pytest_ibkr.wire.declare import Message
from pytest_ibkr.wire.messages.exercise import ExerciseOptions

if TYPE_CHECKING:
    from pytest_ibkr.sim.client import Client
    from pytest_ibkr.sim.engine import Engine

_EXERCISE, _LAPSE = 1, 2
REJECTED: Final = "Exercise/Lapse failed due to server rejection."
# The words of the checks before it are ours; that a bad request is a 321 is not evidenced either.
BAD_ACTION: Final = "Invalid exercise action"
BAD_QUANTITY: Final = "Invalid exercise quantity"


class ExerciseDesk:
    """Answers 21. Nothing is exercised: no order appears, the position stays."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def handlers(self) -> dict[type[Message], Callable[[Client, Any], None]]:
        """Return what this desk answers."""
        return {ExerciseOptions: self._exercise}

    def _exercise(self, client: Client, request: ExerciseOptions) -> None:
        engine = self._engine
        instrument = engine.world.book.resolve(request.contract)
        if instrument.sec_type not in ("OPT", "FOP"):
            raise unknown_contract()
        if request.action not in (_EXERCISE, _LAPSE):
            raise invalid(BAD_ACTION)
        if request.quantity <= 0:
            raise invalid(BAD_QUANTITY)
        if request.account not in ("", engine.account_id):
            raise invalid(FOREIGN_ACCOUNT)
        refusal = failed(REJECTED)
        engine.owe(
            client,
            engine.conditions.latency.ack_s,
            lambda: client.refuse(request.request_id, refusal),
        )
