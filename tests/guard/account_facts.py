"""Made-up positions, executions and open orders, shortly written."""

from __future__ import annotations

from decimal import Decimal

from pytest_ibkr.guard.trades import Forwarded
from pytest_ibkr.wire.messages.account import Position
from pytest_ibkr.wire.messages.contract import Contract
from pytest_ibkr.wire.messages.executions import ExecutionData
from pytest_ibkr.wire.messages.order_echo import OpenOrder

SPY = Contract(con_id=1, symbol="SPY", sec_type="STK", exchange="SMART", currency="USD")
QQQ = Contract(con_id=2, symbol="QQQ", sec_type="STK", exchange="SMART", currency="USD")


def held(quantity: int, contract: Contract = SPY) -> Position:
    """A row of reqPositions."""
    return Position(
        account="", contract=contract, position=Decimal(quantity), average_cost=Decimal(1)
    )


def fill(
    quantity: int,
    *,
    exec_id: str = "a.1.01",
    client_id: int = 7201,
    order_id: int = 1,
    side: str | None = None,
    contract: Contract = SPY,
) -> ExecutionData:
    """An execution; bought above zero."""
    return ExecutionData(
        order_id=order_id,
        contract=contract,
        exec_id=exec_id,
        time="20260710 11:00:00 US/Eastern",
        account="",
        exchange="ARCA",
        side=side or ("BOT" if quantity > 0 else "SLD"),
        shares=Decimal(abs(quantity)),
        price=Decimal(750),
        perm_id=1,
        client_id=client_id,
        cumulative_quantity=Decimal(abs(quantity)),
        average_price=Decimal(750),
    )


def sent(
    quantity: int, *, client_id: int = 7201, order_id: int = 1, contract: Contract = SPY
) -> Forwarded:
    """An order that went through the relay; bought above zero."""
    return Forwarded(
        client_id=client_id,
        order_id=order_id,
        action="BUY" if quantity > 0 else "SELL",
        quantity=Decimal(abs(quantity)),
        contract=contract,
        order_type="MKT",
    )


def works(
    quantity: int, *, client_id: int = 7201, order_id: int = 1, perm_id: int = 1
) -> OpenOrder:
    """An open order; buys above zero."""
    return OpenOrder(
        order_id=order_id,
        contract=SPY,
        action="BUY" if quantity > 0 else "SELL",
        quantity=Decimal(abs(quantity)),
        order_type="LMT",
        tif="DAY",
        account="",
        client_id=client_id,
        perm_id=perm_id,
        status="Submitted",
    )
