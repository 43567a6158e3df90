"""News, bulletins and calendar events of a session: all of a test's own making, none captured."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import TYPE_CHECKING

from pytest_ibkr import limits
from pytest_ibkr.errors import UsageError
from pytest_ibkr.session.instruments import instrument_of
from pytest_ibkr.sim.bulletins import BulletinDesk
from pytest_ibkr.sim.calendar_events import CalendarEvent, CalendarEventDesk
from pytest_ibkr.sim.news import NewsDesk

if TYPE_CHECKING:
    from pytest_ibkr.net.server import GatewayServer
    from pytest_ibkr.sim.engine import Engine


class SessionNews:
    """What the account's news feeds say in a session; nothing until a test publishes."""

    def __init__(self, server: GatewayServer, engine: Engine) -> None:
        self._server, self._engine = server, engine

    def publish(
        self,
        headline: str,
        *,
        symbols: str | Iterable[str],
        article: str = "",
        provider: str = "BRFG",
        at: datetime | None = None,
    ) -> str:
        """Publish news; who follows a symbol with generic tick 292 is sent the headline.

        Args:
            headline: one line.
            symbols: the underlyings it is about.
            article: text or HTML, for ``reqNewsArticle``; default the headline.
            provider: ``BRFG``, ``BRFUPDN``, ``DJNL`` or one that was added.
            at: aware; the past makes it history, the future comes with the clock. None: now.

        Returns:
            The article's id.

        Raises:
            UsageError: an unknown provider or symbol, or a text that no message can carry.
        """
        if not isinstance(headline, str) or len(headline.splitlines()) != 1:
            raise UsageError(f"a headline cannot be {headline!r}: one line of text is expected")
        if not isinstance(symbols, Iterable):
            raise UsageError(f"symbols cannot be {symbols!r}: a symbol, or several, is expected")
        about = [symbols] if isinstance(symbols, str) else list(symbols)
        at_s = None if at is None else limits.moment("at", at).timestamp()
        desk = self._engine.desk(NewsDesk)
        return self._server.call(
            lambda: desk.publish(provider, headline, article or headline, symbols=about, at_s=at_s)
        )

    def add_provider(self, code: str, name: str) -> None:
        """Subscribe the account to a further provider; errors as the gateway's codes go."""
        desk = self._engine.desk(NewsDesk)
        self._server.call(lambda: desk.add_provider(code, name))

    def bulletin(self, text: str, *, kind: int = 1, exchange: str = "") -> int:
        """Send a bulletin to whoever asked for them; return its id.

        Args:
            text: what it says.
            kind: 1 regular, 2 an exchange is no longer available, 3 it is again.
            exchange: which one, for 2 and 3.

        Raises:
            UsageError: another kind, or a text that no message can carry.
        """
        desk = self._engine.desk(BulletinDesk)
        return self._server.call(lambda: desk.publish(text, kind=kind, exchange=exchange))

    def calendar_event(
        self, symbol: str, kind: str, on: date, *, data: Mapping[str, str] | None = None
    ) -> None:
        """Put a corporate event into the calendar that ``reqWshEventData`` reads.

        Args:
            symbol: the stock.
            kind: the event's tag: ``wshe_ed`` is an earnings date.
            on: its day.
            data: what else the event says.

        Raises:
            UsageError: an unknown symbol, or no date.
        """
        if not isinstance(on, date):
            raise UsageError(f"a day cannot be {on!r}: a datetime.date is expected")
        desk = self._engine.desk(CalendarEventDesk)

        def write() -> None:
            stock = instrument_of(self._engine.world, symbol)
            desk.write(CalendarEvent(stock.con_id, kind, f"{on:%Y%m%d}", data or {}))

        self._server.call(write)
