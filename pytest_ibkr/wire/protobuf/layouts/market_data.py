"""Bodies of market data requests, ticks and computations.

Source: ``client_utils.py`` and ``decoder.py`` of ibapi 10.46.
"""

from __future__ import annotations

from typing import Final

from pytest_ibkr.wire.messages.market_data import (
    CancelMarketData,
    MarketDataType,
    RatioLeg,
    ReqMarketData,
    ReqMarketDataType,
    TickGeneric,
    TickOptionComputation,
    TickPrice,
    TickReqParams,
    TickSize,
    TickSnapshotEnd,
    TickString,
)
from pytest_ibkr.wire.messages.special_ticks import RerouteMarketData, RerouteMarketDepth
from pytest_ibkr.wire.protobuf.layout import body, here, many, part, record_body
from pytest_ibkr.wire.protobuf.layouts.contracts import contract_of
from pytest_ibkr.wire.protobuf.layouts.options import options

# A combo leg as data requests carry it; the rest is of orders.
LEG: Final = record_body(
    RatioLeg,
    "ComboLeg",
    unfilled=("openClose", "shortSalesSlot", "designatedLocation", "exemptCode", "perLegPrice"),
)

body(
    ReqMarketData,
    "MarketDataRequest",
    reqId="request_id",
    contract=contract_of(
        ReqMarketData,
        comboLegs=many(LEG, "legs"),
        deltaNeutralContract=here(
            part(
                ReqMarketData,
                "DeltaNeutralContract",
                conId="delta_neutral_con_id",
                delta="delta_neutral_delta",
                price="delta_neutral_price",
            ),
            flag="delta_neutral",
        ),
    ),
    genericTickList="generic_ticks",
    marketDataOptions=options("options"),
)
body(CancelMarketData, "CancelMarketData", reqId="request_id")
body(ReqMarketDataType, "MarketDataTypeRequest", marketDataType="data_type")

body(TickPrice, "TickPrice", reqId="request_id", tickType="tick", attrMask="mask")
body(TickSize, "TickSize", reqId="request_id", tickType="tick")
body(TickGeneric, "TickGeneric", reqId="request_id", tickType="tick")
body(TickString, "TickString", reqId="request_id", tickType="tick")
body(
    TickOptionComputation,
    "TickOptionComputation",
    reqId="request_id",
    tickType="tick",
    tickAttrib="attribute",
    impliedVol="implied_vol",
    optPrice="option_price",
    undPrice="under_price",
)
body(TickSnapshotEnd, "TickSnapshotEnd", reqId="request_id")
body(MarketDataType, "MarketDataType", reqId="request_id", marketDataType="data_type")
body(
    TickReqParams,
    "TickReqParams",
    reqId="request_id",
    unfilled=("lastPricePrecision", "lastSizePrecision"),
)
body(RerouteMarketData, "RerouteMarketDataRequest", reqId="request_id")
body(RerouteMarketDepth, "RerouteMarketDepthRequest", reqId="request_id")
