"""Bodies of head timestamps, histograms, historical ticks and trading schedules.

Source: ``client_utils.py`` and ``decoder_utils.py`` of ibapi 10.46.
"""

from __future__ import annotations

from pytest_ibkr.wire.messages.history_queries import (
    BidAskTick,
    CancelHeadTimestamp,
    CancelHistogram,
    CancelHistoricalTicks,
    HeadTimestamp,
    Histogram,
    HistogramStep,
    HistoricalBidAsk,
    HistoricalMidpoints,
    HistoricalSchedule,
    HistoricalTrades,
    MidpointTick,
    ReqHeadTimestamp,
    ReqHistogram,
    ReqHistoricalTicks,
    ScheduledSession,
    TradeTick,
)
from pytest_ibkr.wire.protobuf.layout import body, many, record_body
from pytest_ibkr.wire.protobuf.layouts.contracts import contract_of
from pytest_ibkr.wire.protobuf.layouts.masks import HISTORICAL_QUOTE, TRADE, mask
from pytest_ibkr.wire.protobuf.layouts.options import options

body(
    ReqHeadTimestamp,
    "HeadTimestampRequest",
    reqId="request_id",
    contract=contract_of(ReqHeadTimestamp, includeExpired="include_expired"),
    useRTH="use_rth",
    formatDate="date_format",
)
body(CancelHeadTimestamp, "CancelHeadTimestamp", reqId="request_id")
body(HeadTimestamp, "HeadTimestamp", reqId="request_id", headTimestamp="moment")

body(
    ReqHistogram,
    "HistogramDataRequest",
    reqId="request_id",
    contract=contract_of(ReqHistogram, includeExpired="include_expired"),
    useRTH="use_rth",
    timePeriod="period",
)
body(CancelHistogram, "CancelHistogramData", reqId="request_id")
body(
    Histogram,
    "HistogramData",
    reqId="request_id",
    histogramDataEntries=many(record_body(HistogramStep, "HistogramDataEntry"), "steps"),
)

body(
    ReqHistoricalTicks,
    "HistoricalTicksRequest",
    reqId="request_id",
    contract=contract_of(ReqHistoricalTicks, includeExpired="include_expired"),
    startDateTime="start",
    endDateTime="end",
    numberOfTicks="count",
    useRTH="use_rth",
    miscOptions=options("options"),
)
body(CancelHistoricalTicks, "CancelHistoricalTicks", reqId="request_id")
_MIDPOINT = record_body(MidpointTick, "HistoricalTick", time="at_s", skipped=("unused",))
_BID_ASK = record_body(
    BidAskTick,
    "HistoricalTickBidAsk",
    time="at_s",
    tickAttribBidAsk=mask(HISTORICAL_QUOTE),
    priceBid="bid",
    priceAsk="ask",
    sizeBid="bid_size",
    sizeAsk="ask_size",
)
_TRADE = record_body(
    TradeTick,
    "HistoricalTickLast",
    time="at_s",
    tickAttribLast=mask(TRADE),
    specialConditions="conditions",
)
body(
    HistoricalMidpoints,
    "HistoricalTicks",
    reqId="request_id",
    historicalTicks=many(_MIDPOINT, "ticks"),
    isDone="done",
)
body(
    HistoricalBidAsk,
    "HistoricalTicksBidAsk",
    reqId="request_id",
    historicalTicksBidAsk=many(_BID_ASK, "ticks"),
    isDone="done",
)
body(
    HistoricalTrades,
    "HistoricalTicksLast",
    reqId="request_id",
    historicalTicksLast=many(_TRADE, "ticks"),
    isDone="done",
)

body(
    HistoricalSchedule,
    "HistoricalSchedule",
    reqId="request_id",
    startDateTime="start",
    endDateTime="end",
    timeZone="zone",
    historicalSessions=many(
        record_body(
            ScheduledSession,
            "HistoricalSession",
            startDateTime="start",
            endDateTime="end",
            refDate="date",
        ),
        "sessions",
    ),
)
