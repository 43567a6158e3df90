"""Which desk answers what: all but the five that the engine and its desks know by name."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, Protocol

from pytest_ibkr.sim.market_rules import MarketRuleDesk
from pytest_ibkr.sim.session import SessionDesk
from pytest_ibkr.wire.declare import Message

if TYPE_CHECKING:
    from pytest_ibkr.sim.client import Client
    from pytest_ibkr.sim.engine import Engine


class Desk(Protocol):
    """Answers some kinds of request; may also have ``client_gone(client)``."""

    def handlers(self) -> dict[type[Message], Callable[[Client, Any], None]]:
        """Return what this desk answers."""
        ...


OTHER_DESKS: Final[tuple[Callable[[Engine], Desk], ...]] = (
    SessionDesk,
    MarketRuleDesk,
)
