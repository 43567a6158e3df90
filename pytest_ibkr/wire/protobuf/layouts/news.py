"""Bodies of news and bulletins.

Source: ``client_utils.py`` and ``decoder.py`` of ibapi 10.46.
"""

from __future__ import annotations

from pytest_ibkr.wire.messages.bulletins import (
    CancelNewsBulletins,
    NewsBulletin,
    ReqNewsBulletins,
)
from pytest_ibkr.wire.messages.news import (
    HistoricalNews,
    HistoricalNewsEnd,
    NewsArticle,
    NewsProvider,
    NewsProviders,
    ReqHistoricalNews,
    ReqNewsArticle,
    ReqNewsProviders,
    TickNews,
)
from pytest_ibkr.wire.protobuf.layout import body, many, record_body
from pytest_ibkr.wire.protobuf.layouts.options import options

body(ReqNewsBulletins, "NewsBulletinsRequest")
body(CancelNewsBulletins, "CancelNewsBulletins")
body(
    NewsBulletin,
    "NewsBulletin",
    newsMsgId="bulletin_id",
    newsMsgType="kind",
    newsMessage="text",
    originatingExch="exchange",
)

body(ReqNewsProviders, "NewsProvidersRequest")
body(
    NewsProviders,
    "NewsProviders",
    newsProviders=many(
        record_body(NewsProvider, "NewsProvider", providerCode="code", providerName="name"),
        "providers",
    ),
)
body(
    ReqNewsArticle,
    "NewsArticleRequest",
    reqId="request_id",
    providerCode="provider",
    newsArticleOptions=options("options"),
)
body(NewsArticle, "NewsArticle", reqId="request_id", articleType="kind", articleText="text")
body(
    TickNews,
    "TickNews",
    reqId="request_id",
    timestamp="at_ms",
    providerCode="provider",
    extraData="extra",
)
body(
    ReqHistoricalNews,
    "HistoricalNewsRequest",
    reqId="request_id",
    providerCodes="providers",
    startDateTime="start",
    endDateTime="end",
    totalResults="count",
    historicalNewsOptions=options("options"),
)
body(HistoricalNews, "HistoricalNews", reqId="request_id", time="moment", providerCode="provider")
body(HistoricalNewsEnd, "HistoricalNewsEnd", reqId="request_id")
