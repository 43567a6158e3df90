"""The seven display groups of TWS: shared by all clients, each shows one contract or nothing.

Source: gateway-behaviour.md 2.2. Which errors a gateway gives here is not evidenced; they follow
the general rules of 1.7: 321 for what cannot be meant, 322 for what cannot be done now, 200 for a
contract nobody knows.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from pytest_ibkr.sim.refusal import failed, invalid, unknown_contract
from pytest_ibkr.wire.declare import Message
from pytest_ibkr.wire.messages.contract import Contract
from pytest_ibkr.wire.messages.display_groups import (
    CancelGroupEvents,
    DisplayGroups,
    DisplayGroupUpdated,
    ReqDisplayGroups,
    ReqGroupEvents,
    SetDisplayGroup,
)

if TYPE_CHECKING:
    from pytest_ibkr.sim.client import Client
    from pytest_ibkr.sim.engine import Engine

GROUPS: Final = range(1, 8)
NOTHING: Final = "none"
COMBO: Final = "combo"
_MAX_CON_ID: Final = 2**31 - 1


class DisplayGroupDesk:
    """Answers 67 to 70."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._shown = dict.fromkeys(GROUPS, NOTHING)
        self._watches: dict[tuple[Client, int], int] = {}

    def handlers(self) -> dict[type[Message], Callable[[Client, Any], None]]:
        """Return what this desk answers."""
        return {
            ReqDisplayGroups: self.query,
            ReqGroupEvents: self.subscribe,
            SetDisplayGroup: self.update,
            CancelGroupEvents: self.unsubscribe,
        }

    def client_gone(self, client: Client) -> None:
        """Forget a connection; what its groups show stays."""
        for key in [key for key in self._watches if key[0] is client]:
            del self._watches[key]

    def query(self, client: Client, message: ReqDisplayGroups) -> None:
        """Answer 67."""
        groups = "|".join(map(str, GROUPS))
        self._owe(client, lambda: DisplayGroups(request_id=message.request_id, groups=groups))

    def subscribe(self, client: Client, message: ReqGroupEvents) -> None:
        """Answer 68 with what the group shows, and again whenever that changes.

        Raises:
            Refusal: 321 for a group that does not exist, 322 when the id is in use.
        """
        if message.group_id not in GROUPS:
            raise invalid("Invalid display group id")
        key = client, message.request_id
        if key in self._watches:
            raise failed("Duplicate ticker id")
        self._watches[key] = message.group_id
        self._tell(*key)

    def update(self, client: Client, message: SetDisplayGroup) -> None:
        """Show something else in the group of a subscription; all its subscribers are told.

        Raises:
            Refusal: 322 without such a subscription, 321 for anything but ``none``, ``combo`` or
                ``conId@exchange``, 200 when that contract is unknown or not traded there.
        """
        group = self._watches.get((client, message.request_id))
        if group is None:
            raise failed("Not subscribed to display group events")
        self._check(message.contract_info)
        if self._shown[group] == message.contract_info:
            return
        self._shown[group] = message.contract_info
        for key, watched in self._watches.items():
            if watched == group:
                self._tell(*key)

    def unsubscribe(self, client: Client, message: CancelGroupEvents) -> None:
        """End a subscription, silently."""
        self._watches.pop((client, message.request_id), None)

    def _check(self, info: str) -> None:
        if info in (NOTHING, COMBO):
            return
        con_id, at, exchange = info.partition("@")
        readable = con_id.isascii() and con_id.isdigit() and len(con_id) <= len(str(_MAX_CON_ID))
        if not (at and exchange and readable):
            raise invalid("Invalid contract info")
        meant = Contract(con_id=int(con_id), exchange=exchange)
        if not self._engine.world.book.find(meant):
            raise unknown_contract()

    def _tell(self, client: Client, request_id: int) -> None:
        def row() -> Message | None:
            group = self._watches.get((client, request_id))
            if group is None:
                return None
            return DisplayGroupUpdated(request_id=request_id, contract_info=self._shown[group])

        self._owe(client, row)

    def _owe(self, client: Client, make: Callable[[], Message | None]) -> None:
        def answer() -> None:
            if (message := make()) is not None:
                client.send(message)

        self._engine.owe(client, self._engine.conditions.latency.query_s, answer)
