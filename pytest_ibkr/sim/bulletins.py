"""News bulletins: notices of the broker and of exchanges, published by whoever scripts the day."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from pytest_ibkr.errors import UsageError
from pytest_ibkr.sim.calendar import date_of
from pytest_ibkr.wire.declare import Message
from pytest_ibkr.wire.messages.bulletins import (
    CancelNewsBulletins,
    NewsBulletin,
    ReqNewsBulletins,
)

if TYPE_CHECKING:
    from pytest_ibkr.sim.client import Client
    from pytest_ibkr.sim.engine import Engine

KINDS: Final = {1: "a bulletin", 2: "an exchange is not available", 3: "it is available again"}


class BulletinDesk:
    """Answers 12 and 13; bulletins come from :meth:`publish`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._published: list[tuple[str, NewsBulletin]] = []  # with the exchange's date
        self._subscribers: list[Client] = []

    def handlers(self) -> dict[type[Message], Callable[[Client, Any], None]]:
        """Return what this desk answers."""
        return {ReqNewsBulletins: self.request, CancelNewsBulletins: self.cancel}

    def client_gone(self, client: Client) -> None:
        """Forget a connection."""
        if client in self._subscribers:
            self._subscribers.remove(client)

    def publish(self, text: str, *, kind: int = 1, exchange: str = "") -> int:
        """Send a bulletin to all subscribers now.

        Args:
            text: what it says.
            kind: 1 a bulletin, 2 ``exchange`` is not available for trading, 3 it is again.
            exchange: where it comes from.

        Returns:
            Its id: 1 for the first of a session, then counting.

        Raises:
            UsageError: an unknown kind, or text that no message can carry.
        """
        if kind not in KINDS:
            known = "; ".join(f"{number}: {meaning}" for number, meaning in KINDS.items())
            raise UsageError(f"no bulletin is of kind {kind!r}; kinds are {known}")
        if "\0" in text + exchange:
            raise UsageError("a bulletin cannot contain NUL: it ends a field on the wire")
        bulletin = NewsBulletin(
            bulletin_id=len(self._published) + 1, kind=kind, text=text, exchange=exchange
        )
        self._published.append((date_of(self._engine.now_s), bulletin))
        for client in self._subscribers:
            client.send(bulletin)
        return bulletin.bulletin_id

    def request(self, client: Client, message: ReqNewsBulletins) -> None:
        """Subscribe: to new bulletins, with ``all_messages`` preceded by those of today."""
        if client not in self._subscribers:
            self._subscribers.append(client)
        if not message.all_messages:
            return
        today = date_of(self._engine.now_s)
        earlier = [bulletin for date, bulletin in self._published if date == today]

        def answer() -> None:
            if client in self._subscribers:
                client.send(*earlier)

        self._engine.owe(client, self._engine.conditions.latency.query_s, answer)

    def cancel(self, client: Client, _message: CancelNewsBulletins) -> None:
        """End the subscription, silently."""
        self.client_gone(client)
