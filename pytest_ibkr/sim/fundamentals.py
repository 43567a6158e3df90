"""Fundamental data: the broker has retired it (gateway-behaviour.md 2.3)."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from pytest_ibkr.sim.refusal import Refusal
from pytest_ibkr.wire.declare import Message
from pytest_ibkr.wire.messages.fundamentals import CancelFundamentalData, ReqFundamentalData

if TYPE_CHECKING:
    from pytest_ibkr.sim.client import Client
    from pytest_ibkr.sim.engine import Engine


class FundamentalsDesk:
    """Refuses 52; 53 meets nothing and is silent."""

    def __init__(self, _engine: Engine) -> None:
        pass

    def handlers(self) -> dict[type[Message], Callable[[Client, Any], None]]:
        """Return what this desk answers."""
        return {
            ReqFundamentalData: self.refuse,
            CancelFundamentalData: lambda _client, _message: None,
        }

    def refuse(self, _client: Client, _message: ReqFundamentalData) -> None:
        """Refuse, whatever the contract and report.

        Raises:
            Refusal: 10358, always.
        """
        raise Refusal(10358, "Fundamentals data is not allowed.")
