"""Rows of historical ticks, head timestamps, histograms, news and scanners."""

from __future__ import annotations

from collections.abc import Sequence

from pytest_ibkr.sim.engine import Engine
from pytest_ibkr.wire.declare import Message
from pytest_ibkr.wire.messages import history_queries, news, scanner
from tests.meta.matrix.row import CONTRACT, Row
from tests.sim.data_bench import SPY

_OTHER = "2.5 [client][live][lore-R]"
_CANCEL = "nothing, silently"

ROWS: dict[str, Row] = {
    "reqHistoricalTicks": Row(
        "the market's path between the bars; synthetic in detail",
        (*CONTRACT, 10187, 10314),
        (2174, 10299),
        evidence=_OTHER,
    ),
    "cancelHistoricalTicks": Row(_CANCEL, evidence="7.1 [client]"),
    "reqHeadTimeStamp": Row(
        "the snapshot's first bar of the contract", (*CONTRACT, 162), evidence="2.5, 6 [live]"
    ),
    "cancelHeadTimeStamp": Row(_CANCEL, evidence="7.1 [client]"),
    "reqHistogramData": Row(
        "the snapshot's bars, spread over their prices", (*CONTRACT, 162), evidence="2.5 [client]"
    ),
    "cancelHistogramData": Row(_CANCEL, evidence="7.1 [client]"),
    "reqNewsProviders": Row(
        "the three providers of every account, and what a test added",
        (10276,),
        evidence="7.1 [client]",
    ),
    "reqNewsArticle": Row(
        "what a test published; beside that there is none",
        (321, 10172, 10276),
        evidence="7.1 [client]",
    ),
    "reqHistoricalNews": Row(
        "what a test published; newest first, 300 at most",
        (200, 321, 10276, 10314),
        evidence="2.5 [live][lore-R]",
    ),
    "reqScannerParameters": Row(
        "the scans and filters that work here, as XML", evidence="2.5 [live]"
    ),
    "reqScannerSubscription": Row(
        "the snapshot's stocks, ranked by the market; again every 30 s",
        (162, 322, 490),
        (165, 492),
        evidence="2.5, 5 [live][lore]",
    ),
    "cancelScannerSubscription": Row(
        "the scan ends with 162", (162, 365), evidence="2.5 [live][lore]"
    ),
}


def prepare(engine: Engine) -> None:
    """Publish what requests for news find: one headline of a minute ago, one to come."""
    news_desk = engine.streams.news
    assert news_desk is not None
    for at_s in (engine.now_s - 60, engine.now_s + 30):
        news_desk.publish("BRFG", "A headline", "Its article.", symbols=["SPY"], at_s=at_s)


def examples() -> dict[str, Sequence[Message]]:
    """Per request, messages to send one after the other; the answers to all are its answers."""
    ticks = [
        history_queries.ReqHistoricalTicks(
            request_id=70 + place,
            contract=SPY,
            start="20260710-13:45:00",
            count=3,
            what_to_show=what,
        )
        for place, what in enumerate(("TRADES", "BID_ASK", "MIDPOINT"))
    ]
    scan = scanner.ReqScannerSubscription(
        request_id=75, instrument="STK", location="STK.US", scan_code="MOST_ACTIVE"
    )
    return {
        "reqHistoricalTicks": ticks,
        "reqHeadTimeStamp": [
            history_queries.ReqHeadTimestamp(request_id=73, contract=SPY, what_to_show="TRADES")
        ],
        "cancelHeadTimeStamp": [history_queries.CancelHeadTimestamp(request_id=73)],
        "cancelHistoricalTicks": [history_queries.CancelHistoricalTicks(request_id=74)],
        "reqHistogramData": [
            history_queries.ReqHistogram(request_id=74, contract=SPY, period="3 days")
        ],
        "cancelHistogramData": [history_queries.CancelHistogram(request_id=74)],
        "reqNewsProviders": [news.ReqNewsProviders()],
        "reqNewsArticle": [
            news.ReqNewsArticle(request_id=76, provider="BRFG", article_id="BRFG$00000001")
        ],
        "reqHistoricalNews": [
            news.ReqHistoricalNews(request_id=77, con_id=756733, providers="BRFG", count=5)
        ],
        "reqScannerParameters": [scanner.ReqScannerParameters()],
        "reqScannerSubscription": [scan],
        "cancelScannerSubscription": [scanner.CancelScannerSubscription(request_id=75)],
    }
