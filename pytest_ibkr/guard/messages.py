"""The allow-list: what becomes of each request, by message id. What is not here is refused."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, Literal

from pytest_ibkr.wire.declare import Message

Use = Literal["start", "read", "order", "cancel", "swallow", "never"]

# read: passes to a verified gateway. never: refused, whatever its fields say.
# swallow: nothing goes up and nothing is said (14 would change the log level of a gateway that
# is not ours, and has no answer).
USES: Final[Mapping[int, Use]] = MappingProxyType(
    {
        1: "read",  # reqMktData; its regulatory snapshots cost money and are refused
        2: "read",  # cancelMktData
        3: "order",  # placeOrder
        4: "cancel",  # cancelOrder
        5: "read",  # reqOpenOrders
        6: "read",  # reqAccountUpdates
        7: "read",  # reqExecutions
        8: "read",  # reqIds
        9: "read",  # reqContractDetails
        10: "read",  # reqMktDepth
        11: "read",  # cancelMktDepth
        12: "read",  # reqNewsBulletins
        13: "read",  # cancelNewsBulletins
        14: "swallow",  # setServerLogLevel
        15: "read",  # reqAutoOpenOrders; binding the user's own orders is refused
        16: "read",  # reqAllOpenOrders
        17: "read",  # reqManagedAccts
        18: "read",  # requestFA
        19: "never",  # replaceFA
        20: "read",  # reqHistoricalData
        21: "never",  # exerciseOptions
        22: "read",  # reqScannerSubscription
        23: "read",  # cancelScannerSubscription
        24: "read",  # reqScannerParameters
        25: "read",  # cancelHistoricalData
        49: "read",  # reqCurrentTime
        50: "read",  # reqRealTimeBars
        51: "read",  # cancelRealTimeBars
        52: "read",  # reqFundamentalData
        53: "read",  # cancelFundamentalData
        54: "read",  # calculateImpliedVolatility
        55: "read",  # calculateOptionPrice
        56: "read",  # cancelCalculateImpliedVolatility
        57: "read",  # cancelCalculateOptionPrice
        58: "cancel",  # reqGlobalCancel
        59: "read",  # reqMarketDataType
        61: "read",  # reqPositions
        62: "read",  # reqAccountSummary
        63: "read",  # cancelAccountSummary
        64: "read",  # cancelPositions
        65: "never",  # verifyRequest
        66: "never",  # verifyMessage
        67: "read",  # queryDisplayGroups
        68: "read",  # subscribeToGroupEvents
        69: "never",  # updateDisplayGroup
        70: "read",  # unsubscribeFromGroupEvents
        71: "start",  # startApi
        72: "never",  # verifyAndAuthRequest
        73: "never",  # verifyAndAuthMessage
        74: "read",  # reqPositionsMulti
        75: "read",  # cancelPositionsMulti
        76: "read",  # reqAccountUpdatesMulti
        77: "read",  # cancelAccountUpdatesMulti
        78: "read",  # reqSecDefOptParams
        79: "read",  # reqSoftDollarTiers
        80: "read",  # reqFamilyCodes
        81: "read",  # reqMatchingSymbols
        82: "read",  # reqMktDepthExchanges
        83: "read",  # reqSmartComponents
        84: "read",  # reqNewsArticle
        85: "read",  # reqNewsProviders
        86: "read",  # reqHistoricalNews
        87: "read",  # reqHeadTimeStamp
        88: "read",  # reqHistogramData
        89: "read",  # cancelHistogramData
        90: "read",  # cancelHeadTimeStamp
        91: "read",  # reqMarketRule
        92: "read",  # reqPnL
        93: "read",  # cancelPnL
        94: "read",  # reqPnLSingle
        95: "read",  # cancelPnLSingle
        96: "read",  # reqHistoricalTicks
        97: "read",  # reqTickByTickData
        98: "read",  # cancelTickByTickData
        99: "read",  # reqCompletedOrders
        100: "read",  # reqWshMetaData
        101: "read",  # cancelWshMetaData
        102: "read",  # reqWshEventData
        103: "read",  # cancelWshEventData
        104: "read",  # reqUserInfo
        105: "read",  # reqCurrentTimeInMillis
        106: "read",  # cancelContractData
        107: "read",  # cancelHistoricalTicks
        108: "read",  # reqConfig
        109: "never",  # updateConfig
    }
)


def request_id(message: Message) -> int:
    """The id an error about this message carries; -1 where it has none."""
    found = getattr(message, "order_id", getattr(message, "request_id", -1))
    return int(found)
