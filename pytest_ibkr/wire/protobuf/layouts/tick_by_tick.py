"""Bodies of tick-by-tick data: a one-of by the kind of tick.

Source: ``createTickByTickRequestProto`` and ``processTickByTickMsgProtoBuf`` of ibapi 10.46.
"""

from __future__ import annotations

from pytest_ibkr.wire.messages.tick_by_tick import (
    ALL_LAST,
    BID_ASK,
    LAST,
    MID_POINT,
    CancelTickByTick,
    ReqTickByTick,
    TickByTick,
)
from pytest_ibkr.wire.protobuf.layout import body, here, one, part
from pytest_ibkr.wire.protobuf.layouts.masks import TICK_BY_TICK_QUOTE, TRADE, mask
from pytest_ibkr.wire.protobuf.layouts.records import CONTRACT

body(
    ReqTickByTick,
    "TickByTickRequest",
    reqId="request_id",
    contract=one(CONTRACT, "contract"),
    tickType="kind",
    numberOfTicks="count",
)
body(CancelTickByTick, "CancelTickByTick", reqId="request_id")
body(
    TickByTick,
    "TickByTickData",
    reqId="request_id",
    tickType="kind",
    historicalTickLast=here(
        part(
            TickByTick,
            "HistoricalTickLast",
            time="at_s",
            tickAttribLast=mask(TRADE),
            specialConditions="conditions",
        ),
        when=("kind", (LAST, ALL_LAST)),
    ),
    historicalTickBidAsk=here(
        part(
            TickByTick,
            "HistoricalTickBidAsk",
            time="at_s",
            tickAttribBidAsk=mask(TICK_BY_TICK_QUOTE),
            priceBid="bid",
            priceAsk="ask",
            sizeBid="bid_size",
            sizeAsk="ask_size",
        ),
        when=("kind", (BID_ASK,)),
    ),
    historicalTickMidPoint=here(
        part(TickByTick, "HistoricalTick", time="at_s", price="mid_point", unfilled=("size",)),
        when=("kind", (MID_POINT,)),
    ),
)
