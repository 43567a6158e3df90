"""Bodies of market depth.

Source: ``client_utils.py`` and ``decoder.py`` of ibapi 10.46.
"""

from __future__ import annotations

from pytest_ibkr.wire.messages.depth import (
    CancelMarketDepth,
    MarketDepth,
    MarketDepthL2,
    ReqMarketDepth,
)
from pytest_ibkr.wire.messages.exchanges import DepthExchange, DepthExchanges, ReqDepthExchanges
from pytest_ibkr.wire.protobuf.layout import body, here, many, one, part, record_body
from pytest_ibkr.wire.protobuf.layouts.options import options
from pytest_ibkr.wire.protobuf.layouts.records import CONTRACT

body(
    ReqMarketDepth,
    "MarketDepthRequest",
    reqId="request_id",
    contract=one(CONTRACT, "contract"),
    numRows="rows",
    isSmartDepth="smart_depth",
    marketDepthOptions=options("options"),
)
body(CancelMarketDepth, "CancelMarketDepth", reqId="request_id", isSmartDepth="smart_depth")
body(
    MarketDepth,
    "MarketDepth",
    reqId="request_id",
    marketDepthData=here(
        part(MarketDepth, "MarketDepthData", unfilled=("marketMaker", "isSmartDepth"))
    ),
)
body(
    MarketDepthL2,
    "MarketDepthL2",
    reqId="request_id",
    marketDepthData=here(part(MarketDepthL2, "MarketDepthData", isSmartDepth="smart_depth")),
)
body(ReqDepthExchanges, "MarketDepthExchangesRequest")
body(
    DepthExchanges,
    "MarketDepthExchanges",
    depthMarketDataDescriptions=many(
        record_body(
            DepthExchange,
            "DepthMarketDataDescription",
            listingExch="listing_exchange",
            serviceDataType="service",
        ),
        "exchanges",
    ),
)
