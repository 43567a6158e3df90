"""Body layouts of history, real-time bars, tick-by-tick; how to read a row: ``kinds``."""

from __future__ import annotations

BODIES: dict[str, str] = {
    "CancelHeadTimestamp": "reqId:i",
    "CancelHistogramData": "reqId:i",
    "CancelHistoricalData": "reqId:i",
    "CancelHistoricalTicks": "reqId:i",
    "CancelRealTimeBars": "reqId:i",
    "CancelTickByTick": "reqId:i",
    "HeadTimestamp": "reqId:i headTimestamp:s",
    "HeadTimestampRequest": "reqId:i contract:Contract useRTH:b whatToShow:s formatDate:i",
    "HistogramData": "reqId:i histogramDataEntries:*HistogramDataEntry",
    "HistogramDataEntry": "price:d size:s",
    "HistogramDataRequest": "reqId:i contract:Contract useRTH:b timePeriod:s",
    "HistoricalData": "reqId:i historicalDataBars:*HistoricalDataBar",
    "HistoricalDataBar": "date:s open:d high:d low:d close:d volume:s WAP:s barCount:i",
    "HistoricalDataEnd": "reqId:i startDateStr:s endDateStr:s",
    "HistoricalDataRequest": (
        "reqId:i contract:Contract endDateTime:s barSizeSetting:s duration:s useRTH:b "
        "whatToShow:s formatDate:i keepUpToDate:b chartOptions:{}"
    ),
    "HistoricalDataUpdate": "reqId:i historicalDataBar:HistoricalDataBar",
    "HistoricalNews": "reqId:i time:s providerCode:s articleId:s headline:s",
    "HistoricalNewsEnd": "reqId:i hasMore:b",
    "HistoricalNewsRequest": (
        "reqId:i conId:i providerCodes:s startDateTime:s endDateTime:s totalResults:i "
        "historicalNewsOptions:{}"
    ),
    "HistoricalSchedule": (
        "reqId:i startDateTime:s endDateTime:s timeZone:s historicalSessions:*HistoricalSession"
    ),
    "HistoricalSession": "startDateTime:s endDateTime:s refDate:s",
    "HistoricalTick": "time:l price:d size:s",
    "HistoricalTickBidAsk": (
        "time:l tickAttribBidAsk:TickAttribBidAsk priceBid:d priceAsk:d sizeBid:s sizeAsk:s"
    ),
    "HistoricalTickLast": (
        "time:l tickAttribLast:TickAttribLast price:d size:s exchange:s specialConditions:s"
    ),
    "HistoricalTicks": "reqId:i historicalTicks:*HistoricalTick isDone:b",
    "HistoricalTicksBidAsk": "reqId:i historicalTicksBidAsk:*HistoricalTickBidAsk isDone:b",
    "HistoricalTicksLast": "reqId:i historicalTicksLast:*HistoricalTickLast isDone:b",
    "HistoricalTicksRequest": (
        "reqId:i contract:Contract startDateTime:s endDateTime:s numberOfTicks:i whatToShow:s "
        "useRTH:b ignoreSize:b miscOptions:{}"
    ),
    "RealTimeBarTick": "reqId:i time:l open:d high:d low:d close:d volume:s WAP:s count:i",
    "RealTimeBarsRequest": (
        "reqId:i contract:Contract barSize:i whatToShow:s useRTH:b realTimeBarsOptions:{}"
    ),
    "TickAttribBidAsk": "bidPastLow:b askPastHigh:b",
    "TickAttribLast": "pastLimit:b unreported:b",
    "TickByTickData": (
        "reqId:i tickType:i historicalTickLast:HistoricalTickLast "
        "historicalTickBidAsk:HistoricalTickBidAsk historicalTickMidPoint:HistoricalTick"
    ),
    "TickByTickRequest": "reqId:i contract:Contract tickType:s numberOfTicks:i ignoreSize:b",
}
