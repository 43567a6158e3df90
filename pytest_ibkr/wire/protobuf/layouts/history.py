"""Bodies of historical and five-second bars.

Source: ``client_utils.py`` and ``decoder_utils.py`` of ibapi 10.46.
"""

from __future__ import annotations

from pytest_ibkr.wire.messages.history import (
    CancelHistoricalData,
    HistoricalBar,
    HistoricalData,
    HistoricalDataEnd,
    HistoricalDataUpdate,
    ReqHistoricalData,
)
from pytest_ibkr.wire.messages.real_time_bars import (
    CancelRealTimeBars,
    RealTimeBar,
    ReqRealTimeBars,
)
from pytest_ibkr.wire.protobuf.layout import body, here, many, one, part, record_body
from pytest_ibkr.wire.protobuf.layouts.contracts import contract_of
from pytest_ibkr.wire.protobuf.layouts.market_data import LEG
from pytest_ibkr.wire.protobuf.layouts.options import options
from pytest_ibkr.wire.protobuf.layouts.records import CONTRACT

body(
    ReqHistoricalData,
    "HistoricalDataRequest",
    reqId="request_id",
    contract=contract_of(
        ReqHistoricalData, includeExpired="include_expired", comboLegs=many(LEG, "legs")
    ),
    endDateTime="end",
    barSizeSetting="bar_size",
    useRTH="use_rth",
    formatDate="date_format",
    chartOptions=options("options"),
)
body(CancelHistoricalData, "CancelHistoricalData", reqId="request_id")
body(
    HistoricalData,
    "HistoricalData",
    reqId="request_id",
    historicalDataBars=many(
        record_body(HistoricalBar, "HistoricalDataBar", WAP="wap", barCount="count"), "bars"
    ),
)
body(
    HistoricalDataUpdate,
    "HistoricalDataUpdate",
    reqId="request_id",
    historicalDataBar=here(
        part(HistoricalDataUpdate, "HistoricalDataBar", WAP="wap", barCount="count")
    ),
)
body(
    HistoricalDataEnd,
    "HistoricalDataEnd",
    reqId="request_id",
    startDateStr="start",
    endDateStr="end",
)

body(
    ReqRealTimeBars,
    "RealTimeBarsRequest",
    reqId="request_id",
    contract=one(CONTRACT, "contract"),
    barSize="bar_size_s",
    useRTH="use_rth",
    realTimeBarsOptions=options("options"),
)
body(CancelRealTimeBars, "CancelRealTimeBars", reqId="request_id")
body(RealTimeBar, "RealTimeBarTick", reqId="request_id", time="at_s", WAP="wap")
