"""What clients ask beside the main job, in one vocabulary; imports no client library.

Answers are rows of plain values in the order the wire has them: numbers as ``float``, what the
gateway left open as None, moments as epoch seconds, so that rows of every client and of the
journal compare equal.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Protocol

from tests.conformance.peers.model import Asked, Ticket

Row = tuple[Hashable, ...]
UNSET_INT = 2147483647
UNSET_FROM = 1e300  # DBL_MAX, however a client writes it
USER_INFO, SCHEDULES = 167, 165  # first versions
MARGINS = (
    "initMarginBefore", "maintMarginBefore", "equityWithLoanBefore",
    "initMarginChange", "maintMarginChange", "equityWithLoanChange",
    "initMarginAfter", "maintMarginAfter", "equityWithLoanAfter",
)  # fmt: skip


def plain(value: object) -> Hashable:
    """Return a value as rows have it."""
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, int | float | Decimal):
        number = float(value)
        return None if number == UNSET_INT or abs(number) > UNSET_FROM else number
    return tuple(map(plain, value)) if isinstance(value, list | tuple) else str(value)


def row(*values: object) -> Row:
    """Return one row."""
    return tuple(map(plain, values))


def computation(*values: object) -> Row:
    """Return volatility, delta, price, gamma, vega, theta, underlying; None: not computed."""
    marks = (-1.0, -2.0, -1.0, -2.0, -2.0, -2.0, -1.0)
    return tuple(None if v == mark else v for v, mark in zip(row(*values), marks, strict=True))


@dataclass(slots=True)
class Stream:
    """Rows that go on arriving until ``stop``."""

    stop: Callable[[], object]
    rows: list[Row] = field(default_factory=list)


class Families(Protocol):
    """One client's other questions; a client lacks the methods it has no public way for."""

    def cannot(self, name: str) -> str:
        """Return why a method cannot be used with this client and version; empty: it can."""

    # -- account

    def positions_multi(self, account: str) -> list[Row]:
        """Account, conId, quantity, average cost."""

    def pnl(self, account: str) -> Stream:
        """Daily, unrealized, realized; dollars."""

    def pnl_single(self, account: str, con_id: int) -> Stream:
        """Quantity, daily, unrealized, realized, value."""

    def family_codes(self) -> list[Row]:
        """Account, code."""

    def soft_dollar_tiers(self) -> list[Row]:
        """Name, value, display name."""

    def user_info(self) -> list[Row]:
        """The white-branding id."""

    def ask_as_advisor(self) -> None:
        """Ask for what only advisors have."""

    # -- contracts

    def matching_symbols(self, pattern: str) -> list[Row]:
        """Id, symbol, security type, primary exchange, currency, derivatives."""

    def market_rule(self, rule_id: int) -> list[Row]:
        """Low edge, increment."""

    def smart_components(self, key: str) -> list[Row]:
        """Bit, exchange, letter."""

    def depth_exchanges(self) -> list[Row]:
        """Exchange, security type, listing exchange, service, group."""

    # -- live data

    def depth(self, asked: Asked, rows: int) -> Stream:
        """Position, market maker, operation, side, price, size."""

    def tick_by_tick(self, asked: Asked, kind: str) -> Stream:
        """Time where the client hands it on, then the tick."""

    def real_time_bars(self, asked: Asked) -> Stream:
        """Start, open, high, low, close, volume, average, count."""

    def implied_volatility(self, asked: Asked, price: float, under: float) -> list[Row]:
        """Volatility, delta, price, gamma, vega, theta, underlying."""

    def option_price(self, asked: Asked, volatility: float, under: float) -> list[Row]:
        """Return the same as ``implied_volatility``."""

    # -- history

    def head_timestamp(self, asked: Asked) -> list[Row]:
        """Epoch seconds."""

    def histogram(self, asked: Asked, period: str) -> list[Row]:
        """Price, size."""

    def past_ticks(self, asked: Asked, what: str, start: str, count: int) -> list[Row]:
        """Time, then the tick."""

    def schedule(self, asked: Asked, days: int) -> list[Row]:
        """Start, end, date."""

    # -- news, scanners, display groups

    def news_providers(self) -> list[Row]:
        """Code, name."""

    def article(self, provider: str, article_id: str) -> list[Row]:
        """Kind, text."""

    def headlines(self, con_id: int, providers: str) -> list[Row]:
        """Moment to the second, provider, article id, headline."""

    def bulletins(self) -> Stream:
        """Id, kind, text, exchange."""

    def scanner_parameters(self) -> list[Row]:
        """The XML."""

    def scan(self, code: str) -> list[Row]:
        """Rank, id, symbol, security type, exchange, currency; the first result, then cancel."""

    def display_groups(self) -> list[Row]:
        """Ids, joined with ``|``."""

    def group_events(self, group_id: int) -> Stream:
        """What the group shows."""

    # -- orders

    def what_if(self, asked: Asked, ticket: Ticket) -> list[Row]:
        """Margins before, change, after; commission, its least and most, currency."""

    def exercise(self, asked: Asked, account: str) -> None:
        """Ask to exercise one option contract."""

    def cancel_everything(self) -> None:
        """Cancel the orders of all clients."""
