"""reqAccountSummary: the figures asked for by tag, refreshed every three minutes.

May import wire, refusals and the account's rows; knows nothing of orders.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from pytest_ibkr.sim.account_updates import RefreshClock
from pytest_ibkr.sim.account_values import Row, summary_rows
from pytest_ibkr.sim.refusal import failed, invalid
from pytest_ibkr.wire.declare import Message
from pytest_ibkr.wire.messages.account import (
    AccountSummary,
    AccountSummaryEnd,
    CancelAccountSummary,
    ReqAccountSummary,
)

if TYPE_CHECKING:
    from pytest_ibkr.sim.account import AccountDesk
    from pytest_ibkr.sim.client import Client
    from pytest_ibkr.sim.engine import Engine

SLOTS = 2
TOO_MANY = (
    "Maximum number of account summary requests exceeded; desubscribe to previous request first"
)
_GROUPS = frozenset({"All", "AllNonProp"})  # what exists where one account is served


class _Summary:
    """One subscription: the tags and what was last sent of them."""

    def __init__(self, tags: tuple[str, ...]) -> None:
        self.tags = tags
        self.sent: dict[tuple[str, str], str] | None = None  # None: not answered yet

    def news(self, rows: list[Row]) -> list[Row]:
        """Return the rows that differ from what was sent, and remember them as sent."""
        before = self.sent or {}
        self.sent = {(row.key, row.currency): row.value for row in rows}
        return [row for row in rows if before.get((row.key, row.currency)) != row.value]


class SummaryDesk:
    """Answers 62 and 63 (gateway-behaviour.md 2.1)."""

    def __init__(self, engine: Engine, account: AccountDesk) -> None:
        self._engine, self._account = engine, account
        self._subscriptions: dict[tuple[Client, int], _Summary] = {}
        self._slots: dict[Client, set[int]] = {}
        self._clock = RefreshClock(engine, self._refresh)

    def handlers(self) -> dict[type[Message], Callable[[Client, Any], None]]:
        """Return what this desk answers."""
        return {ReqAccountSummary: self.request, CancelAccountSummary: self.cancel}

    def client_gone(self, client: Client) -> None:
        """Forget a connection."""
        self._slots.pop(client, None)
        for key in [key for key in self._subscriptions if key[0] is client]:
            del self._subscriptions[key]

    def request(self, client: Client, message: ReqAccountSummary) -> None:
        """Answer 63 rows sorted by tag and 64; the same id again replaces its subscription.

        Raises:
            Refusal: 321 without tags or group or with an unknown group, 322 for a third one.
        """
        if not message.tags:
            raise invalid("Tags cannot be null")
        if not message.group:
            raise invalid("Group name cannot be null")
        if message.group not in _GROUPS:
            raise invalid("Group name is invalid")
        slots = self._slots.setdefault(client, set())
        if message.request_id not in slots and len(slots) >= SLOTS:
            raise failed(TOO_MANY)
        slots.add(message.request_id)
        summary = _Summary(tuple(message.tags.split(",")))
        self._subscriptions[client, message.request_id] = summary

        def answer() -> None:
            if self._subscriptions.get((client, message.request_id)) is summary:
                for _ in range(2 if self._engine.conditions.summary_twice else 1):
                    summary.sent = None
                    self._send(client, message.request_id, summary)
                    client.send(AccountSummaryEnd(request_id=message.request_id))
                self._clock.arm()

        self._engine.owe(client, self._engine.conditions.latency.summary_s, answer)

    def cancel(self, client: Client, message: CancelAccountSummary) -> None:
        """End a subscription, silently; whether its slot is free again is a switch."""
        self._subscriptions.pop((client, message.request_id), None)
        if self._engine.conditions.summary_slots_freed:
            self._slots.get(client, set()).discard(message.request_id)

    def _refresh(self) -> bool:
        for (client, request_id), summary in self._subscriptions.items():
            if summary.sent is not None:
                self._send(client, request_id, summary)
        return bool(self._subscriptions)

    def _send(self, client: Client, request_id: int, summary: _Summary) -> None:
        figures = self._account.figures()
        client.send(
            *(
                AccountSummary(
                    request_id=request_id,
                    account=figures.account_id,
                    tag=row.key,
                    value=row.value,
                    currency=row.currency,
                )
                for row in summary.news(summary_rows(figures, summary.tags))
            )
        )
