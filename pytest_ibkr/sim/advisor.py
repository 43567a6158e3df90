"""What an account outside any advisor's structure answers to advisors' requests.

Source: gateway-behaviour.md 2.1. Whether the refusal carries -1 or INT_MAX where the request has
no id differs by build; -1 here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from pytest_ibkr.sim.refusal import invalid
from pytest_ibkr.wire.declare import Message
from pytest_ibkr.wire.messages.advisor import (
    FamilyCode,
    FamilyCodes,
    ReplaceAdvisorData,
    ReqAdvisorData,
    ReqFamilyCodes,
    ReqSoftDollarTiers,
    SoftDollarTiers,
)

if TYPE_CHECKING:
    from pytest_ibkr.sim.client import Client
    from pytest_ibkr.sim.engine import Engine

NOT_ADVISOR: Final = "FA data operations ignored for non FA customers"
_NO_FAMILY: Final = FamilyCode(account="*", code="")


class AdvisorDesk:
    """Answers 18, 19, 79 and 80."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def handlers(self) -> dict[type[Message], Callable[[Client, Any], None]]:
        """Return what this desk answers."""
        return {
            ReqAdvisorData: self.refuse,
            ReplaceAdvisorData: self.refuse,
            ReqSoftDollarTiers: self.tiers,
            ReqFamilyCodes: self.family_codes,
        }

    def refuse(self, _client: Client, _message: ReqAdvisorData | ReplaceAdvisorData) -> None:
        """Refuse advisors' data, of whatever type.

        Raises:
            Refusal: 321, always; under the request's id where 19 has one, else under -1.
        """
        raise invalid(NOT_ADVISOR)

    def tiers(self, client: Client, message: ReqSoftDollarTiers) -> None:
        """Answer 77 without tiers."""
        answer = SoftDollarTiers(request_id=message.request_id, tiers=())
        self._answer(client, answer)

    def family_codes(self, client: Client, _message: ReqFamilyCodes) -> None:
        """Answer 78: one row, for no account in particular, without a code."""
        self._answer(client, FamilyCodes(codes=(_NO_FAMILY,)))

    def _answer(self, client: Client, answer: Message) -> None:
        delay_s = self._engine.conditions.latency.query_s
        self._engine.owe(client, delay_s, lambda: client.send(answer))
