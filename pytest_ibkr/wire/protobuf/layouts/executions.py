"""Bodies of executions and commissions."""

from __future__ import annotations

from pytest_ibkr.wire.messages.executions import (
    CommissionReport,
    ExecutionData,
    ExecutionDataEnd,
    ReqExecutions,
)
from pytest_ibkr.wire.protobuf.layout import body, here, one, part, texts
from pytest_ibkr.wire.protobuf.layouts.records import CONTRACT

_FILTER = part(
    ReqExecutions,
    "ExecutionFilter",
    acctCode="account",
    lastNDays="last_days",
    specificDates=texts("dates"),
)
_EXECUTION = part(
    ExecutionData,
    "Execution",
    acctNumber="account",
    permId="perm_id",
    isLiquidation="liquidation",
    cumQty="cumulative_quantity",
    avgPrice="average_price",
    isPriceRevisionPending="pending_price_revision",
    unfilled=("optExerciseOrLapseType",),
)

body(ReqExecutions, "ExecutionRequest", executionFilter=here(_FILTER))
body(
    ExecutionData,
    "ExecutionDetails",
    contract=one(CONTRACT, "contract"),
    execution=here(_EXECUTION),
)
body(ExecutionDataEnd, "ExecutionDetailsEnd")
body(
    CommissionReport,
    "CommissionAndFeesReport",
    commissionAndFees="commission",
    realizedPNL="realized_pnl",
    bondYield="yield_",
)
