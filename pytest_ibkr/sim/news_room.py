"""What a test publishes, and who is sent it; nothing of it was captured.

Empty until somebody publishes. The three providers are those the documentation says every account
has (gateway-behaviour.md 2.3 and 2.5). Imports the engine for types only.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from pytest_ibkr.errors import UsageError
from pytest_ibkr.sim.refusal import Refusal
from pytest_ibkr.wire.messages.news import TickNews

if TYPE_CHECKING:
    from pytest_ibkr.sim.client import Client
    from pytest_ibkr.sim.engine import Engine
    from pytest_ibkr.sim.instruments import Instrument

PROVIDERS: Final = {
    "BRFG": "Briefing.com General Market Columns",
    "BRFUPDN": "Briefing.com Analyst Actions",
    "DJNL": "Dow Jones Newsletters",
}
_FEED: Final = "292"  # the generic tick that carries headlines


@dataclass(frozen=True, slots=True)
class Headline:
    """One published piece of news: epoch seconds, and the symbols it is about."""

    at_s: float
    provider: str
    article_id: str
    text: str
    article: str
    symbols: frozenset[str]


@dataclass(frozen=True, slots=True)
class _Follower:
    """A market data line with generic tick 292; ``providers`` None: all."""

    client: Client
    request_id: int
    symbol: str
    providers: frozenset[str] | None


class NewsRoom:
    """All news of a session, and the market data lines that follow it.

    Attributes:
        providers: names of the account's providers, by code.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.providers: dict[str, str] = dict(PROVIDERS)
        self._published: list[Headline] = []
        self._followers: dict[tuple[int, int], _Follower] = {}

    def client_gone(self, client: Client) -> None:
        """Forget a client's lines."""
        for key in [key for key in self._followers if key[0] == client.connection]:
            del self._followers[key]

    def out(self) -> list[Headline]:
        """What is published by now."""
        return [news for news in self._published if news.at_s <= self._engine.now_s]

    # What a test does

    def add_provider(self, code: str, name: str) -> None:
        """Subscribe the account to a further provider.

        Raises:
            UsageError: the code is none, or the account has it already.
        """
        if not re.fullmatch(r"[A-Z][A-Z0-9-]{0,15}", code, re.ASCII):
            raise UsageError(f"{code!r} is no provider code: capital letters and digits, like BRFG")
        if code in self.providers:
            raise UsageError(f"the account has provider {code} already: {self.providers[code]}")
        self.providers[code] = name

    def publish(
        self,
        provider: str,
        headline: str,
        article: str,
        *,
        symbols: Iterable[str],
        at_s: float | None = None,
    ) -> str:
        """Publish news, and send the headline to who follows one of the symbols.

        Args:
            provider: code of a provider the account has.
            headline: one line.
            article: text or HTML, whole.
            symbols: underlyings it is about; at least one.
            at_s: epoch seconds; earlier than now: it is history and nobody is sent it; later: it
                comes when the clock does. None: now.

        Returns:
            The article's id, as headlines carry it.

        Raises:
            UsageError: an unknown provider or symbol, or a text that no message can carry.
        """
        about = self._known(symbols)
        if provider not in self.providers:
            known = ", ".join(self.providers)
            raise UsageError(
                f"the account has no provider {provider!r}, only {known}; add it with add_provider"
            )
        if not headline or "\0" in headline + article:
            raise UsageError("a headline is not empty, and neither text has NUL characters")
        now_s = self._engine.now_s
        moment_s = now_s if at_s is None else at_s
        article_id = f"{provider}${len(self._published) + 1:08x}"
        news = Headline(moment_s, provider, article_id, headline, article, about)
        self._published.append(news)
        if moment_s > now_s:
            self._engine.later(moment_s - now_s, lambda: self._send(news))
        elif moment_s == now_s:
            self._send(news)
        return article_id

    def _known(self, symbols: Iterable[str]) -> frozenset[str]:
        about = frozenset([symbols] if isinstance(symbols, str) else symbols)
        book = self._engine.world.book
        missing = sorted(symbol for symbol in about if book.by_symbol(symbol) is None)
        if missing or not about:
            known = ", ".join(each.symbol for each in book.underlyings)
            what = f"no symbol {', '.join(missing)} here" if missing else "news is about something"
            raise UsageError(f"{what}; symbols: {known}")
        return about

    # What market data lines do

    def follow(
        self, client: Client, request_id: int, instrument: Instrument, *, generic_ticks: str
    ) -> None:
        """Send the headlines of a line, if its generic ticks ask for them.

        Args:
            client: whose line it is.
            request_id: the line's.
            instrument: what it is about.
            generic_ticks: as asked for; ``292`` alone means all providers,
                ``292:BRFG+DJNL`` these.

        Raises:
            Refusal: 10094 for a derivative, an unknown provider, and without a news feed.
        """
        asked = [part.strip().partition(":") for part in generic_ticks.split(",")]
        found = next((codes for tick, _, codes in asked if tick == _FEED), None)
        if found is None:
            return
        providers = frozenset(found.split("+")) if found else None
        unknown = (providers or frozenset()) - self.providers.keys()
        if unknown or instrument.under_con_id or not self._engine.conditions.news_feed:
            # The evidence has only how the text begins.
            raise Refusal(10094, f"API News error:{', '.join(sorted(unknown)) or 'not allowed'}")
        key = (client.connection, request_id)
        self._followers[key] = _Follower(client, request_id, instrument.symbol, providers)

    def unfollow(self, client: Client, request_id: int) -> None:
        """A line ended."""
        self._followers.pop((client.connection, request_id), None)

    def _send(self, news: Headline) -> None:
        for follower in list(self._followers.values()):
            wanted = follower.providers is None or news.provider in follower.providers
            if wanted and follower.symbol in news.symbols:
                follower.client.send(
                    TickNews(
                        request_id=follower.request_id,
                        at_ms=round(news.at_s * 1000),
                        provider=news.provider,
                        article_id=news.article_id,
                        headline=news.text,
                    )
                )
