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
    from pytest_ibkr.wire.messages.contract import (
        ContractData,
        ContractDataEnd,
        MarketRule,
        OptionParameter,
        OptionParameterEnd,
        ReqContractDetails,
        ReqMarketRule,
        ReqOptionParameters,
    )
    from pytest_ibkr.wire.messages.history import (
        CancelHistoricalData,
        HistoricalData,
        HistoricalDataUpdate,
        ReqHistoricalData,
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
    from pytest_ibkr.wire.messages.order import (
        CancelOrder,
        CommissionReport,
        CompletedOrdersEnd,
        ExecutionData,
        ExecutionDataEnd,
        OpenOrderEnd,
        OrderStatus,
        PlaceOrder,
        ReqAllOpenOrders,
        ReqAutoOpenOrders,
        ReqCompletedOrders,
        ReqExecutions,
        ReqGlobalCancel,
        ReqOpenOrders,
    )
    from pytest_ibkr.wire.messages.order_echo import CompletedOrder, OpenOrder
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

__all__ = [
    "AccountDownloadEnd",
    "AccountSummary",
    "AccountSummaryEnd",
    "AccountUpdateMulti",
    "AccountUpdateMultiEnd",
    "AccountUpdateTime",
    "AccountValue",
    "CancelAccountSummary",
    "CancelAccountUpdatesMulti",
    "CancelHistoricalData",
    "CancelMarketData",
    "CancelOrder",
    "CancelPositions",
    "CommissionReport",
    "CompletedOrder",
    "CompletedOrdersEnd",
    "ContractData",
    "ContractDataEnd",
    "CurrentTime",
    "ErrorNotice",
    "ExecutionData",
    "ExecutionDataEnd",
    "HistoricalData",
    "HistoricalDataUpdate",
    "ManagedAccounts",
    "MarketDataType",
    "MarketRule",
    "NextValidId",
    "OpenOrder",
    "OpenOrderEnd",
    "OptionParameter",
    "OptionParameterEnd",
    "OrderStatus",
    "PlaceOrder",
    "PortfolioValue",
    "Position",
    "PositionEnd",
    "ReqAccountSummary",
    "ReqAccountUpdates",
    "ReqAccountUpdatesMulti",
    "ReqAllOpenOrders",
    "ReqAutoOpenOrders",
    "ReqCompletedOrders",
    "ReqContractDetails",
    "ReqCurrentTime",
    "ReqExecutions",
    "ReqGlobalCancel",
    "ReqHistoricalData",
    "ReqIds",
    "ReqManagedAccounts",
    "ReqMarketData",
    "ReqMarketDataType",
    "ReqMarketRule",
    "ReqOpenOrders",
    "ReqOptionParameters",
    "ReqPositions",
    "SetServerLogLevel",
    "StartApi",
    "TickGeneric",
    "TickOptionComputation",
    "TickPrice",
    "TickReqParams",
    "TickSize",
    "TickSnapshotEnd",
    "TickString",
]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    from pytest_ibkr.wire import messages

    families = (import_module(f"{messages.__name__}.{family}") for family in messages.__all__)
    return next(getattr(family, name) for family in families if hasattr(family, name))
