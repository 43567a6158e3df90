"""News: providers, articles, headlines: 83 to 87.

Layouts from ``ibapi`` 9.81 and 10.46; none of them changes between server versions 151 and 200.
"""

from __future__ import annotations

from pytest_ibkr.wire.declare import (
    BOOL,
    INT,
    TEXT,
    Message,
    record,
    request,
    response,
    rows,
    wire,
)


@request(84, "reqNewsArticle")
class ReqNewsArticle(Message):
    """OUT 84. An article whose id came with a headline."""

    request_id: int = wire(INT)
    provider: str = wire(TEXT)
    article_id: str = wire(TEXT)
    options: str = wire(TEXT, default="")


@request(85, "reqNewsProviders")
class ReqNewsProviders(Message):
    """OUT 85. No fields."""


@request(86, "reqHistoricalNews")
class ReqHistoricalNews(Message):
    """OUT 86. ``providers`` is joined with ``+``; start excluded, end included; 300 at most."""

    request_id: int = wire(INT)
    con_id: int = wire(INT)
    providers: str = wire(TEXT)
    start: str = wire(TEXT, default="")
    end: str = wire(TEXT, default="")
    count: int = wire(INT)
    options: str = wire(TEXT, default="")


@response(83)
class NewsArticle(Message):
    """IN 83. Type 0 is text or HTML, 1 a binary file."""

    request_id: int = wire(INT)
    kind: int = wire(INT, default=0)
    text: str = wire(TEXT)


@response(84)
class TickNews(Message):
    """IN 84. A headline of a market data line that asked for generic tick 292."""

    request_id: int = wire(INT)
    at_ms: int = wire(INT)
    provider: str = wire(TEXT)
    article_id: str = wire(TEXT)
    headline: str = wire(TEXT)
    extra: str = wire(TEXT, default="")


@record
class NewsProvider:
    """Code (``BRFG``) and name of a source of news."""

    code: str = wire(TEXT)
    name: str = wire(TEXT)


@response(85)
class NewsProviders(Message):
    """IN 85."""

    providers: tuple[NewsProvider, ...] = rows(NewsProvider)


@response(86)
class HistoricalNews(Message):
    """IN 86. One headline, ``2026-03-23 13:25:15.0`` (UTC)."""

    request_id: int = wire(INT)
    moment: str = wire(TEXT)
    provider: str = wire(TEXT)
    article_id: str = wire(TEXT)
    headline: str = wire(TEXT)


@response(87)
class HistoricalNewsEnd(Message):
    """IN 87. ``has_more``: older headlines were left out."""

    request_id: int = wire(INT)
    has_more: bool = wire(BOOL)
