"""reqAccountUpdates and reqAccountUpdatesMulti: the whole download, then what changed.

The gateway refreshes every three minutes at second 19 and after a position changed
(gateway-behaviour.md 2.1 and 4.3, live log of 2026-01-13). Knows nothing of orders.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from pytest_ibkr.sim.account_codes import require_account
from pytest_ibkr.sim.account_values import Row, multi_rows, update_rows
from pytest_ibkr.sim.calendar import EXCHANGE_ZONE
from pytest_ibkr.sim.positions import ZERO, Holding
from pytest_ibkr.sim.refusal import failed
from pytest_ibkr.wire.declare import Message
from pytest_ibkr.wire.messages.account import (
    AccountDownloadEnd,
    AccountUpdateMulti,
    AccountUpdateMultiEnd,
    AccountUpdateTime,
    AccountValue,
    CancelAccountUpdatesMulti,
    PortfolioValue,
    ReqAccountUpdates,
    ReqAccountUpdatesMulti,
)

if TYPE_CHECKING:
    from pytest_ibkr.sim.account import AccountDesk
    from pytest_ibkr.sim.client import Client
    from pytest_ibkr.sim.engine import Engine
    from pytest_ibkr.sim.schedule import Timer

REFRESH_S: Final = 180.0
REFRESH_SECOND: Final = 19.0
MULTI_AFTER_S: Final = 0.09  # 73 began 90 ms after the end of the download in the paper log
UNSUBSCRIBED: Final = "API client has been unsubscribed from account data."
_Sent = dict[tuple[str, str], str]


class RefreshClock:
    """Calls back every three minutes as long as the callback says it has subscribers."""

    def __init__(self, engine: Engine, refresh: Callable[[], bool]) -> None:
        self._engine, self._refresh = engine, refresh
        self._timer: Timer | None = None

    def arm(self) -> None:
        """Start when not running."""
        if self._timer is None:
            periods = math.floor((self._engine.now_s - REFRESH_SECOND) / REFRESH_S) + 1
            due_s = periods * REFRESH_S + REFRESH_SECOND
            self._timer = self._engine.schedule.at(due_s, self._strike, owed=False)

    def _strike(self) -> None:
        self._timer = None
        if self._refresh():
            self.arm()


@dataclass(slots=True)
class _Feed:
    """What one subscription was sent last; ``answered`` once the first download is out."""

    answered: bool = False
    values: _Sent = field(default_factory=dict)
    portfolio: dict[int, PortfolioValue] = field(default_factory=dict)
    ledger_and_nlv: bool = False


class UpdatesDesk:
    """Answers 6, 76 and 77."""

    def __init__(self, engine: Engine, account: AccountDesk) -> None:
        self._engine, self._account = engine, account
        self._updates: dict[Client, _Feed] = {}
        self._multi: dict[tuple[Client, int], _Feed] = {}
        self._clock = RefreshClock(engine, self._periodic)
        self._soon: Timer | None = None

    def handlers(self) -> dict[type[Message], Callable[[Client, Any], None]]:
        """Return what this desk answers."""
        return {
            ReqAccountUpdates: self.request,
            ReqAccountUpdatesMulti: self.request_multi,
            CancelAccountUpdatesMulti: self.cancel_multi,
        }

    def client_gone(self, client: Client) -> None:
        """Forget a connection."""
        self._updates.pop(client, None)
        for key in [key for key in self._multi if key[0] is client]:
            del self._multi[key]

    def changed(self) -> None:
        """Tell subscribers soon; changes up to then are told together."""
        if self._soon is None and (self._updates or self._multi):
            engine = self._engine
            due_s = engine.now_s + engine.conditions.latency.account_s
            self._soon = engine.schedule.at(due_s, self._tell_changes, owed=True)

    def request(self, client: Client, message: ReqAccountUpdates) -> None:
        """Answer the download once, or 2100 when unsubscribing; a second subscribe is a no-op.

        The account code is ignored: one account is served.
        """
        if not message.subscribe:
            self._updates.pop(client, None)
            client.error(-1, 2100, UNSUBSCRIBED)
            return
        if client in self._updates:
            return
        feed = self._updates[client] = _Feed()

        def answer() -> None:
            if self._updates.get(client) is feed:
                self._download(client, feed)
                self._clock.arm()

        self._engine.owe(client, self._engine.conditions.latency.account_s, answer)

    def request_multi(self, client: Client, message: ReqAccountUpdatesMulti) -> None:
        """Answer 73 rows and 74.

        Raises:
            Refusal: 321 for an account that is not served, 322 when the id is in use.
        """
        require_account(self._engine, message.account)
        key = client, message.request_id
        if key in self._multi:
            raise failed("Duplicate ticker id")
        feed = self._multi[key] = _Feed(ledger_and_nlv=message.ledger_and_nlv)

        def answer() -> None:
            if self._multi.get(key) is feed:
                feed.answered = True
                client.send(*self._multi_news(message.request_id, feed))
                client.send(AccountUpdateMultiEnd(request_id=message.request_id))
                self._clock.arm()

        delay_s = self._engine.conditions.latency.account_s + MULTI_AFTER_S
        self._engine.owe(client, delay_s, answer)

    def cancel_multi(self, client: Client, message: CancelAccountUpdatesMulti) -> None:
        """End a subscription, silently."""
        self._multi.pop((client, message.request_id), None)

    def _download(self, client: Client, feed: _Feed) -> None:
        feed.answered = True
        client.send(*self._value_news(feed))
        for row in self._portfolio_news(feed):
            client.send(row, self._time())
        client.send(self._time(), AccountDownloadEnd(account=self._engine.account_id))

    def _periodic(self) -> bool:
        self._refresh(periodic=True)
        return bool(self._updates or self._multi)

    def _tell_changes(self) -> None:
        self._soon = None
        self._refresh(periodic=False)

    def _refresh(self, *, periodic: bool) -> None:
        """Send what changed, between time lines; a periodic refresh sends those in any case."""
        for client in self._subscribers():
            news: list[Message] = []
            feed = self._updates.get(client)
            if feed is not None and feed.answered:
                news += [*self._value_news(feed), *self._portfolio_news(feed)]
            for (owner, request_id), multi in self._multi.items():
                if owner is client and multi.answered:
                    news += self._multi_news(request_id, multi)
            if feed is None:  # only reqAccountUpdates brings times
                client.send(*news)
            elif news or periodic:
                client.send(self._time(), self._time(), *news, self._time())

    def _subscribers(self) -> list[Client]:
        return list(dict.fromkeys([*self._updates, *(client for client, _ in self._multi)]))

    def _time(self) -> AccountUpdateTime:
        now = datetime.fromtimestamp(self._engine.now_s, EXCHANGE_ZONE)
        return AccountUpdateTime(hh_mm=f"{now:%H:%M}")

    def _value_news(self, feed: _Feed) -> list[Message]:
        figures = self._account.figures()
        return [
            AccountValue(
                key=row.key, value=row.value, currency=row.currency, account=figures.account_id
            )
            for row in _news(feed.values, update_rows(figures))
        ]

    def _multi_news(self, request_id: int, feed: _Feed) -> list[Message]:
        figures = self._account.figures()
        rows = _news(feed.values, multi_rows(figures, ledger_and_nlv=feed.ledger_and_nlv))
        return [
            AccountUpdateMulti(
                request_id=request_id,
                account=figures.account_id,
                key=row.key,
                value=row.value,
                currency=row.currency,
            )
            for row in rows
        ]

    def _portfolio_news(self, feed: _Feed) -> list[PortfolioValue]:
        news = []
        self._account.day.roll()
        for con_id, held in self._account.ledger.holdings.items():
            row = self._portfolio_row(held)
            if feed.portfolio.get(con_id) != row:
                feed.portfolio[con_id] = row
                news.append(row)
        return news

    def _portfolio_row(self, held: Holding) -> PortfolioValue:
        """One 7. A holding closed today stays with position 0 and its realised P&L."""
        price = self._account.mark(held.instrument)
        listed = held.instrument.primary_exchange
        return PortfolioValue(
            contract=replace(held.instrument.contract(), primary_exchange=listed),
            position=held.quantity,
            market_price=price,
            market_value=held.market_value(price) if price is not None else None,
            average_cost=held.average_cost if held.quantity else ZERO,
            unrealized_pnl=held.unrealized(price) if price is not None else None,
            realized_pnl=held.realized,
            account=self._engine.account_id,
        )


def _news(sent: _Sent, rows: list[Row]) -> list[Row]:
    """Return the rows that differ from what was sent, remembering them as sent.

    73 has a key once among the account's and once in a ledger: the ordinal keeps them apart.
    """
    seen: dict[tuple[str, str], int] = {}
    news = []
    for row in rows:
        ordinal = seen[row.key, row.currency] = seen.get((row.key, row.currency), 0) + 1
        key = (f"{row.key} {ordinal}", row.currency)
        if sent.get(key) != row.value:
            sent[key] = row.value
            news.append(row)
    return news
