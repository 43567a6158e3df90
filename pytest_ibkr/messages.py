"""Every message the gateway speaks, under one name: ``ibkr.journal.answers(messages.OrderStatus)``.

Importing this loads nothing; the classes come on first use. Classes that begin with ``Req``,
``Cancel``, ``Set``, ``Start`` or ``Place`` go to the gateway, all others come from it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pytest_ibkr.wire.messages.account import (
        AccountDownloadEnd,
        AccountSummary,
        AccountSummaryEnd,
        AccountUpdateMulti,
        AccountUpdateMultiEnd,
        AccountUpdateTime,
        AccountValue,
        CancelAccountSummary,
        CancelAccountUpdatesMulti,
        CancelPositions,
        PortfolioValue,
        Position,
        PositionEnd,
        ReqAccountSummary,
        ReqAccountUpdates,
        ReqAccountUpdatesMulti,
        ReqPositions,
    )
    from pytest_ibkr.wire.messages.advisor import (
        AdvisorData,
        AdvisorDataReplaced,
        FamilyCodes,
        ReplaceAdvisorData,
        ReqAdvisorData,
        ReqFamilyCodes,
        ReqSoftDollarTiers,
        SoftDollarTiers,
    )
    from pytest_ibkr.wire.messages.bonds import BondData
    from pytest_ibkr.wire.messages.bulletins import (
        CancelNewsBulletins,
        NewsBulletin,
        ReqNewsBulletins,
    )
    from pytest_ibkr.wire.messages.calculations import (
        CancelImpliedVolatility,
        CancelOptionPrice,
        ReqImpliedVolatility,
        ReqOptionPrice,
    )
    from pytest_ibkr.wire.messages.completed_order import CompletedOrder
    from pytest_ibkr.wire.messages.config import ConfigResponse, ReqConfig
    from pytest_ibkr.wire.messages.contract import (
        CancelContractData,
        ContractData,
        ContractDataEnd,
        MarketRule,
        OptionParameter,
        OptionParameterEnd,
        ReqContractDetails,
        ReqMarketRule,
        ReqOptionParameters,
    )
    from pytest_ibkr.wire.messages.depth import (
        CancelMarketDepth,
        MarketDepth,
        MarketDepthL2,
        ReqMarketDepth,
    )
    from pytest_ibkr.wire.messages.display_groups import (
        CancelGroupEvents,
        DisplayGroups,
        DisplayGroupUpdated,
        ReqDisplayGroups,
        ReqGroupEvents,
        SetDisplayGroup,
    )
    from pytest_ibkr.wire.messages.exchanges import (
        DepthExchanges,
        ReqDepthExchanges,
        ReqSmartComponents,
        SmartComponents,
    )
    from pytest_ibkr.wire.messages.executions import (
        CommissionReport,
        ExecutionData,
        ExecutionDataEnd,
        ReqExecutions,
    )
    from pytest_ibkr.wire.messages.exercise import ExerciseOptions, OrderBound
    from pytest_ibkr.wire.messages.fundamentals import (
        CancelFundamentalData,
        FundamentalData,
        ReqFundamentalData,
    )
    from pytest_ibkr.wire.messages.history import (
        CancelHistoricalData,
        HistoricalData,
        HistoricalDataEnd,
        HistoricalDataUpdate,
        ReqHistoricalData,
    )
    from pytest_ibkr.wire.messages.history_queries import (
        CancelHeadTimestamp,
        CancelHistogram,
        CancelHistoricalTicks,
        HeadTimestamp,
        Histogram,
        HistoricalBidAsk,
        HistoricalMidpoints,
        HistoricalSchedule,
        HistoricalTrades,
        ReqHeadTimestamp,
        ReqHistogram,
        ReqHistoricalTicks,
    )
    from pytest_ibkr.wire.messages.market_data import (
        CancelMarketData,
        MarketDataType,
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
    from pytest_ibkr.wire.messages.news import (
        HistoricalNews,
        HistoricalNewsEnd,
        NewsArticle,
        NewsProviders,
        ReqHistoricalNews,
        ReqNewsArticle,
        ReqNewsProviders,
        TickNews,
    )
    from pytest_ibkr.wire.messages.order import (
        CancelOrder,
        CompletedOrdersEnd,
        OpenOrderEnd,
        OrderStatus,
        ReqAllOpenOrders,
        ReqAutoOpenOrders,
        ReqCompletedOrders,
        ReqGlobalCancel,
        ReqOpenOrders,
    )
    from pytest_ibkr.wire.messages.order_echo import OpenOrder
    from pytest_ibkr.wire.messages.place_order import PlaceOrder
    from pytest_ibkr.wire.messages.pnl import (
        CancelPnl,
        CancelPnlSingle,
        Pnl,
        PnlSingle,
        ReqPnl,
        ReqPnlSingle,
    )
    from pytest_ibkr.wire.messages.positions_multi import (
        CancelPositionsMulti,
        PositionMulti,
        PositionMultiEnd,
        ReqPositionsMulti,
    )
    from pytest_ibkr.wire.messages.real_time_bars import (
        CancelRealTimeBars,
        RealTimeBar,
        ReqRealTimeBars,
    )
    from pytest_ibkr.wire.messages.scanner import (
        CancelScannerSubscription,
        ReqScannerParameters,
        ReqScannerSubscription,
        ScannerData,
        ScannerParameters,
    )
    from pytest_ibkr.wire.messages.session import (
        CurrentTime,
        ErrorNotice,
        ManagedAccounts,
        NextValidId,
        ReqCurrentTime,
        ReqIds,
        ReqManagedAccounts,
        SetServerLogLevel,
        StartApi,
    )
    from pytest_ibkr.wire.messages.special_ticks import (
        DeltaNeutralValidation,
        RerouteMarketData,
        RerouteMarketDepth,
        TickEfp,
    )
    from pytest_ibkr.wire.messages.symbols import ReqMatchingSymbols, SymbolSamples
    from pytest_ibkr.wire.messages.tick_by_tick import CancelTickByTick, ReqTickByTick, TickByTick
    from pytest_ibkr.wire.messages.user import (
        CurrentTimeInMillis,
        ReqCurrentTimeInMillis,
        ReqUserInfo,
        UserInfo,
    )
    from pytest_ibkr.wire.messages.verification import (
        AuthenticationChallenge,
        AuthenticationDone,
        AuthenticationMessage,
        ReqAuthentication,
        ReqVerification,
        VerificationChallenge,
        VerificationDone,
        VerificationMessage,
    )
    from pytest_ibkr.wire.messages.wsh import (
        CancelWshEventData,
        CancelWshMetaData,
        ReqWshEventData,
        ReqWshMetaData,
        WshEventData,
        WshMetaData,
    )

__all__ = [
    "AccountDownloadEnd", "AccountSummary", "AccountSummaryEnd", "AccountUpdateMulti",
    "AccountUpdateMultiEnd", "AccountUpdateTime", "AccountValue", "AdvisorData",
    "AdvisorDataReplaced", "AuthenticationChallenge", "AuthenticationDone", "AuthenticationMessage",
    "BondData", "CancelAccountSummary", "CancelAccountUpdatesMulti", "CancelContractData",
    "CancelFundamentalData", "CancelGroupEvents", "CancelHeadTimestamp", "CancelHistogram",
    "CancelHistoricalData", "CancelHistoricalTicks", "CancelImpliedVolatility", "CancelMarketData",
    "CancelMarketDepth", "CancelNewsBulletins", "CancelOptionPrice", "CancelOrder", "CancelPnl",
    "CancelPnlSingle", "CancelPositions", "CancelPositionsMulti", "CancelRealTimeBars",
    "CancelScannerSubscription", "CancelTickByTick", "CancelWshEventData", "CancelWshMetaData",
    "CommissionReport", "CompletedOrder", "CompletedOrdersEnd", "ConfigResponse", "ContractData",
    "ContractDataEnd", "CurrentTime", "CurrentTimeInMillis", "DeltaNeutralValidation",
    "DepthExchanges", "DisplayGroupUpdated", "DisplayGroups", "ErrorNotice", "ExecutionData",
    "ExecutionDataEnd", "ExerciseOptions", "FamilyCodes", "FundamentalData", "HeadTimestamp",
    "Histogram", "HistoricalBidAsk", "HistoricalData", "HistoricalDataEnd", "HistoricalDataUpdate",
    "HistoricalMidpoints", "HistoricalNews", "HistoricalNewsEnd", "HistoricalSchedule",
    "HistoricalTrades", "ManagedAccounts", "MarketDataType", "MarketDepth", "MarketDepthL2",
    "MarketRule", "NewsArticle", "NewsBulletin", "NewsProviders", "NextValidId", "OpenOrder",
    "OpenOrderEnd", "OptionParameter", "OptionParameterEnd", "OrderBound", "OrderStatus",
    "PlaceOrder", "Pnl", "PnlSingle", "PortfolioValue", "Position", "PositionEnd", "PositionMulti",
    "PositionMultiEnd", "RealTimeBar", "ReplaceAdvisorData", "ReqAccountSummary",
    "ReqAccountUpdates", "ReqAccountUpdatesMulti", "ReqAdvisorData", "ReqAllOpenOrders",
    "ReqAuthentication", "ReqAutoOpenOrders", "ReqCompletedOrders", "ReqConfig",
    "ReqContractDetails", "ReqCurrentTime", "ReqCurrentTimeInMillis", "ReqDepthExchanges",
    "ReqDisplayGroups", "ReqExecutions", "ReqFamilyCodes", "ReqFundamentalData", "ReqGlobalCancel",
    "ReqGroupEvents", "ReqHeadTimestamp", "ReqHistogram", "ReqHistoricalData", "ReqHistoricalNews",
    "ReqHistoricalTicks", "ReqIds", "ReqImpliedVolatility", "ReqManagedAccounts", "ReqMarketData",
    "ReqMarketDataType", "ReqMarketDepth", "ReqMarketRule", "ReqMatchingSymbols", "ReqNewsArticle",
    "ReqNewsBulletins", "ReqNewsProviders", "ReqOpenOrders", "ReqOptionParameters",
    "ReqOptionPrice", "ReqPnl", "ReqPnlSingle", "ReqPositions", "ReqPositionsMulti",
    "ReqRealTimeBars", "ReqScannerParameters", "ReqScannerSubscription", "ReqSmartComponents",
    "ReqSoftDollarTiers", "ReqTickByTick", "ReqUserInfo", "ReqVerification", "ReqWshEventData",
    "ReqWshMetaData", "RerouteMarketData", "RerouteMarketDepth", "ScannerData", "ScannerParameters",
    "SetDisplayGroup", "SetServerLogLevel", "SmartComponents", "SoftDollarTiers", "StartApi",
    "SymbolSamples", "TickByTick", "TickEfp", "TickGeneric", "TickNews", "TickOptionComputation",
    "TickPrice", "TickReqParams", "TickSize", "TickSnapshotEnd", "TickString", "UserInfo",
    "VerificationChallenge", "VerificationDone", "VerificationMessage", "WshEventData",
    "WshMetaData",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    from pytest_ibkr.wire import messages

    families = (import_module(f"{messages.__name__}.{family}") for family in messages.__all__)
    return next(getattr(family, name) for family in families if hasattr(family, name))
