"""News requests: providers, articles and headlines of the past, from what a test published.

``Conditions.news_feed`` False: none of them is allowed (10276). Source: gateway-behaviour.md 2.5.
Imports the engine for types only.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from pytest_ibkr.sim.history_request import read_end
from pytest_ibkr.sim.news_room import Headline, NewsRoom
from pytest_ibkr.sim.refusal import Refusal, invalid, unknown_contract
from pytest_ibkr.wire.declare import Message
from pytest_ibkr.wire.messages.news import (
    HistoricalNews,
    HistoricalNewsEnd,
    NewsArticle,
    NewsProvider,
    NewsProviders,
    ReqHistoricalNews,
    ReqNewsArticle,
    ReqNewsProviders,
)

if TYPE_CHECKING:
    from pytest_ibkr.sim.client import Client
    from pytest_ibkr.sim.engine import Engine

_MOST: Final = 300  # headlines a request
_MOMENT: Final = re.compile(r"(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d)(?:\.\d{1,6})?", re.ASCII)


class NewsDesk(NewsRoom):
    """Owns requests 84 to 86; known to the engine as ``streams.news``."""

    def __init__(self, engine: Engine) -> None:
        super().__init__(engine)
        engine.streams.news = self

    def handlers(self) -> dict[type[Message], Callable[[Client, Any], None]]:
        """Request classes and what deals with them."""
        return {
            ReqNewsProviders: self._list_providers,
            ReqNewsArticle: self._article,
            ReqHistoricalNews: self._headlines,
        }

    def _list_providers(self, client: Client, request: ReqNewsProviders) -> None:
        self._allowed()
        known = tuple(NewsProvider(code=code, name=name) for code, name in self.providers.items())
        delay_s = self._engine.conditions.latency.query_s
        self._engine.owe(client, delay_s, lambda: client.send(NewsProviders(providers=known)))

    def _article(self, client: Client, request: ReqNewsArticle) -> None:
        self._allowed()
        self._subscribed(request.provider)
        self._engine.owe(
            client,
            self._engine.conditions.latency.history_s,
            lambda: self._send_article(client, request),
        )

    def _send_article(self, client: Client, request: ReqNewsArticle) -> None:
        wanted = (request.provider, request.article_id)
        for news in self.out():
            if (news.provider, news.article_id) == wanted:
                client.send(NewsArticle(request_id=request.request_id, text=news.article))
                return
        # No capture: code and beginning as the message table of the documentation has them.
        client.error(request.request_id, 10172, "Failed to request news article:No data available")

    def _headlines(self, client: Client, request: ReqHistoricalNews) -> None:
        self._allowed()
        instrument = self._engine.world.book.by_id(request.con_id)
        if instrument is None:
            raise unknown_contract()
        codes = request.providers.split("+")
        for code in codes:
            self._subscribed(code)
        start_s = self._moment(request.start, default=float("-inf"))
        end_s = self._moment(request.end, default=float("inf"))

        def answer() -> None:
            found = [
                news
                for news in self.out()
                if news.provider in codes
                and instrument.symbol in news.symbols
                and start_s < news.at_s <= end_s
            ]
            self._send_headlines(client, request, found)

        self._engine.owe(client, self._engine.conditions.latency.history_s, answer)

    @staticmethod
    def _send_headlines(client: Client, request: ReqHistoricalNews, found: list[Headline]) -> None:
        """The newest come first."""
        found.sort(key=lambda news: news.at_s, reverse=True)
        most = max(0, min(request.count, _MOST))
        for news in found[:most]:
            moment = datetime.fromtimestamp(news.at_s, UTC)
            client.send(
                HistoricalNews(
                    request_id=request.request_id,
                    moment=f"{moment:%Y-%m-%d %H:%M:%S}.{moment.microsecond // 100_000}",
                    provider=news.provider,
                    article_id=news.article_id,
                    headline=news.text,
                )
            )
        more = len(found) > most
        client.send(HistoricalNewsEnd(request_id=request.request_id, has_more=more))

    def _allowed(self) -> None:
        if not self._engine.conditions.news_feed:
            raise Refusal(10276, "News feed is not allowed.")

    def _subscribed(self, code: str) -> None:
        if code not in self.providers:
            raise invalid(f"Not subscribed for '{code}' provider")

    def _moment(self, text: str, *, default: float) -> float:
        """Epoch seconds of ``2026-03-23 13:25:15.0`` (UTC) or of what history requests accept."""
        if not text:
            return default
        if found := _MOMENT.fullmatch(text):
            text = f"{found[1].replace('-', '')}-{found[2]}"
        return read_end(text, now_s=self._engine.now_s)[0]
