"""Body layouts of market data, depth, calculators; how to read a row: ``kinds``."""

from __future__ import annotations

BODIES: dict[str, str] = {
    "CalculateImpliedVolatilityRequest": (
        "reqId:i contract:Contract optionPrice:d underPrice:d impliedVolatilityOptions:{}"
    ),
    "CalculateOptionPriceRequest": (
        "reqId:i contract:Contract volatility:d underPrice:d optionPriceOptions:{}"
    ),
    "CancelCalculateImpliedVolatility": "reqId:i",
    "CancelCalculateOptionPrice": "reqId:i",
    "CancelMarketData": "reqId:i",
    "CancelMarketDepth": "reqId:i isSmartDepth:b",
    "DepthMarketDataDescription": "exchange:s secType:s listingExch:s serviceDataType:s aggGroup:i",
    "MarketDataRequest": (
        "reqId:i contract:Contract genericTickList:s snapshot:b regulatorySnapshot:b "
        "marketDataOptions:{}"
    ),
    "MarketDataType": "reqId:i marketDataType:i",
    "MarketDataTypeRequest": "marketDataType:i",
    "MarketDepth": "reqId:i marketDepthData:MarketDepthData",
    "MarketDepthData": "position:i operation:i side:i price:d size:s marketMaker:s isSmartDepth:b",
    "MarketDepthExchanges": "depthMarketDataDescriptions:*DepthMarketDataDescription",
    "MarketDepthExchangesRequest": "",
    "MarketDepthL2": "reqId:i marketDepthData:MarketDepthData",
    "MarketDepthRequest": (
        "reqId:i contract:Contract numRows:i isSmartDepth:b marketDepthOptions:{}"
    ),
    "RerouteMarketDataRequest": "reqId:i conId:i exchange:s",
    "RerouteMarketDepthRequest": "reqId:i conId:i exchange:s",
    "TickGeneric": "reqId:i tickType:i value:d",
    "TickOptionComputation": (
        "reqId:i tickType:i tickAttrib:i impliedVol:d delta:d optPrice:d pvDividend:d gamma:d "
        "vega:d theta:d undPrice:d"
    ),
    "TickPrice": "reqId:i tickType:i price:d size:s attrMask:i",
    "TickReqParams": (
        "reqId:i minTick:s bboExchange:s snapshotPermissions:i lastPricePrecision:s "
        "lastSizePrecision:s"
    ),
    "TickSize": "reqId:i tickType:i size:s",
    "TickSnapshotEnd": "reqId:i",
    "TickString": "reqId:i tickType:i value:s",
}
