"""Executions and commissions."""

from __future__ import annotations

from decimal import Decimal

from pytest_ibkr.wire.declare import (
    BOOL,
    INT,
    MAX_DOUBLE,
    MAX_INT,
    OPT_DOUBLE,
    SIZE,
    TEXT,
    ZERO_MONEY,
    Message,
    embed,
    record,
    request,
    response,
    rows,
    wire,
)
from pytest_ibkr.wire.messages.contract import C11, Contract
from pytest_ibkr.wire.versions import EXECUTION_DAYS, PENDING_PRICE_REVISION, SUBMITTER


@record
class Day:
    """One date asked for, as the number ``yyyymmdd``."""

    date: int = wire(INT)


@request(7, "reqExecutions")
class ReqExecutions(Message):
    """OUT 7. Client id 0 and empty fields match everything; ``time`` is "at or after".

    ``last_days`` and ``dates`` say which days; without both it is today.
    """

    layout: int = wire(INT, default=3)
    request_id: int = wire(INT)
    client_id: int = wire(INT, default=0)
    account: str = wire(TEXT, default="")
    time: str = wire(TEXT, default="")
    symbol: str = wire(TEXT, default="")
    sec_type: str = wire(TEXT, default="")
    exchange: str = wire(TEXT, default="")
    side: str = wire(TEXT, default="")
    last_days: int | None = wire(MAX_INT, since=EXECUTION_DAYS, default=None)
    dates: tuple[Day, ...] = rows(Day, since=EXECUTION_DAYS)


@response(11)
class ExecutionData(Message):
    """IN 11. Live pushes carry request id -1."""

    request_id: int = wire(INT, default=-1)
    order_id: int = wire(INT)
    contract: Contract = embed(Contract, C11)
    exec_id: str = wire(TEXT)
    time: str = wire(TEXT)
    account: str = wire(TEXT)
    exchange: str = wire(TEXT)
    side: str = wire(TEXT)
    shares: Decimal = wire(SIZE)
    price: Decimal = wire(ZERO_MONEY)
    perm_id: int = wire(INT)
    client_id: int = wire(INT)
    liquidation: int = wire(INT, default=0)
    cumulative_quantity: Decimal = wire(SIZE)
    average_price: Decimal = wire(ZERO_MONEY)
    order_ref: str = wire(TEXT, default="")
    ev_rule: str = wire(TEXT, default="")
    ev_multiplier: float | None = wire(OPT_DOUBLE, default=None)
    model_code: str = wire(TEXT, default="")
    last_liquidity: int = wire(INT, default=0)
    pending_price_revision: bool = wire(BOOL, since=PENDING_PRICE_REVISION, default=False)
    submitter: str = wire(TEXT, since=SUBMITTER, default="")


@response(55)
class ExecutionDataEnd(Message):
    """IN 55."""

    layout: int = wire(INT, default=1)
    request_id: int = wire(INT)


@response(59)
class CommissionReport(Message):
    """IN 59. ``realized_pnl`` is unset (DBL_MAX) on an opening trade."""

    layout: int = wire(INT, default=1)
    exec_id: str = wire(TEXT)
    commission: Decimal = wire(ZERO_MONEY)
    currency: str = wire(TEXT)
    realized_pnl: float | None = wire(MAX_DOUBLE, default=None)
    yield_: float | None = wire(MAX_DOUBLE, default=None)
    yield_redemption_date: str = wire(TEXT, default="")
