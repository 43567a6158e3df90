"""Which messages belong together, for weather: what a lost link silences, and what it does not.

Source: gateway-behaviour.md 1.6.
"""

from __future__ import annotations

from typing import Final

from pytest_ibkr.wire.declare import Message
from pytest_ibkr.wire.messages.account import (
    ReqAccountSummary,
    ReqAccountUpdates,
    ReqAccountUpdatesMulti,
    ReqPositions,
)
from pytest_ibkr.wire.messages.contract import ReqContractDetails, ReqOptionParameters
from pytest_ibkr.wire.messages.depth import MarketDepth, MarketDepthL2, ReqMarketDepth
from pytest_ibkr.wire.messages.executions import CommissionReport, ExecutionData
from pytest_ibkr.wire.messages.history import HistoricalDataUpdate, ReqHistoricalData
from pytest_ibkr.wire.messages.history_queries import (
    ReqHeadTimestamp,
    ReqHistogram,
    ReqHistoricalTicks,
)
from pytest_ibkr.wire.messages.market_data import (
    ReqMarketData,
    ReqMarketDataType,
    TickGeneric,
    TickOptionComputation,
    TickPrice,
    TickSize,
    TickSnapshotEnd,
    TickString,
)
from pytest_ibkr.wire.messages.order import (
    CancelOrder,
    OrderStatus,
    ReqAutoOpenOrders,
    ReqGlobalCancel,
)
from pytest_ibkr.wire.messages.order_echo import OpenOrder
from pytest_ibkr.wire.messages.place_order import PlaceOrder
from pytest_ibkr.wire.messages.pnl import Pnl, PnlSingle
from pytest_ibkr.wire.messages.real_time_bars import RealTimeBar, ReqRealTimeBars
from pytest_ibkr.wire.messages.session import (
    ReqCurrentTime,
    ReqIds,
    ReqManagedAccounts,
    SetServerLogLevel,
    StartApi,
)
from pytest_ibkr.wire.messages.symbols import ReqMatchingSymbols
from pytest_ibkr.wire.messages.tick_by_tick import ReqTickByTick, TickByTick
from pytest_ibkr.wire.messages.user import ReqCurrentTimeInMillis

TICKS: Final = (
    *(TickPrice, TickSize, TickString, TickGeneric, TickOptionComputation),
    TickSnapshotEnd,
)
LIVE_DATA: Final = (
    *TICKS,
    *(MarketDepth, MarketDepthL2, TickByTick, RealTimeBar, HistoricalDataUpdate),
    *(Pnl, PnlSingle),
)
LIVE_REQUESTS: Final = (ReqMarketData, ReqMarketDepth, ReqTickByTick, ReqRealTimeBars)
HISTORY_REQUESTS: Final = (
    *(ReqHistoricalData, ReqHeadTimestamp, ReqHistogram, ReqHistoricalTicks),
)
CONTRACT_REQUESTS: Final = (ReqContractDetails, ReqOptionParameters, ReqMatchingSymbols)
ORDER_REQUESTS: Final = (PlaceOrder, CancelOrder, ReqGlobalCancel)
ORDER_REPORTS: Final = (OpenOrder, OrderStatus, ExecutionData, CommissionReport)
_BY_GATEWAY: Final = (
    *(StartApi, ReqIds, ReqManagedAccounts, ReqCurrentTime, ReqCurrentTimeInMillis),
    *(SetServerLogLevel, ReqMarketDataType, ReqAutoOpenOrders),
    # Kept by the gateway itself, refreshed every three minutes.
    *(ReqAccountUpdates, ReqAccountUpdatesMulti, ReqAccountSummary, ReqPositions),
)


def answered_by_gateway(message: Message) -> bool:
    """Whether the gateway needs no server of IB for a request."""
    ends = message.NAME.startswith("cancel") and not isinstance(message, CancelOrder)
    return ends or isinstance(message, _BY_GATEWAY)
