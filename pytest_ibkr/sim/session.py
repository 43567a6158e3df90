"""Start of a session and small talk: startApi, managed accounts, order ids, time."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from pytest_ibkr.wire.declare import Message
from pytest_ibkr.wire.messages.session import (
    CurrentTime,
    ManagedAccounts,
    NextValidId,
    ReqCurrentTime,
    ReqIds,
    ReqManagedAccounts,
    SetServerLogLevel,
    StartApi,
)

if TYPE_CHECKING:
    from pytest_ibkr.sim.client import Client
    from pytest_ibkr.sim.engine import Engine

FARM_NOTICES = (
    (2104, "Market data farm connection is OK:usfarm"),
    (2104, "Market data farm connection is OK:usopt"),
    (2106, "HMDS data farm connection is OK:ushmds"),
    (2158, "Sec-def data farm connection is OK:secdefnj"),
)
ID_IN_USE = "Unable to connect as the client id is already in use. Retry with a unique client id."
READ_ONLY = "The API interface is currently in Read-Only mode."


class SessionDesk:
    """Answers what concerns the session itself (gateway-behaviour.md 1.3, 1.4)."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def handlers(self) -> dict[type[Message], Callable[[Client, Any], None]]:
        """Return what this desk answers."""
        return {
            StartApi: self.start,
            ReqManagedAccounts: self.managed_accounts,
            ReqIds: self.next_id,
            ReqCurrentTime: self.current_time,
            SetServerLogLevel: lambda _client, _message: None,
        }

    def start(self, client: Client, message: StartApi) -> None:
        """Open the session, or answer 326 and close when the id is taken."""
        engine = self._engine
        if client.started:
            client.error(-1, 501, "Already Connected.")
            return
        if (earlier := engine.earlier_ids.get(message.client_id)) is not None:
            client.close(f"client id {message.client_id} belongs to an earlier session: {earlier}")
            return
        if (other := engine.client_with_id(message.client_id)) is not None:
            engine.weather.met("id in use", other)
            client.error(-1, 326, ID_IN_USE)
            client.close(f"client id {message.client_id} is in use")
            return
        client.client_id = message.client_id
        client.started = True
        engine.clients.append(client)
        greeting = (
            ManagedAccounts(accounts=engine.account_id),
            NextValidId(order_id=engine.orders.next_order_id(client.client_id)),
        )
        if engine.conditions.open_orders_first:
            engine.orders.replay(client)
            client.send(*greeting)
        else:
            client.send(*greeting)
            engine.orders.replay(client)
        for code, text in engine.weather.greets(FARM_NOTICES):
            client.error(-1, code, text)
        engine.weather.started(client)

    def managed_accounts(self, client: Client, _message: ReqManagedAccounts) -> None:
        """Answer 15."""
        client.send(ManagedAccounts(accounts=self._engine.account_id))

    def next_id(self, client: Client, _message: ReqIds) -> None:
        """Answer 9; the count asked for is ignored and nothing is reserved."""
        next_id = self._engine.orders.next_order_id(client.client_id)
        client.send(NextValidId(order_id=next_id))

    def current_time(self, client: Client, _message: ReqCurrentTime) -> None:
        """Answer 49 with the gateway's virtual time."""
        client.send(CurrentTime(epoch_s=int(self._engine.now_s)))
