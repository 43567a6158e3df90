"""Values the whole bot speaks in: contracts, quotes, orders, account. Pure, no I/O."""

from bot.domain.account import AccountBalance, AccountInfo, Position
from bot.domain.clock import Clock
from bot.domain.contracts import (
    Contract,
    ContractDetails,
    OptionParameters,
    PriceIncrement,
    index,
    option,
    stock,
)
from bot.domain.orders import (
    CANCELLED_STATUSES,
    TERMINAL,
    WORKING,
    CompletedOrder,
    Execution,
    OrderState,
    OrderStatus,
    OrderTicket,
)
from bot.domain.quotes import Bar, Greeks, Quote

__all__ = [
    "CANCELLED_STATUSES",
    "TERMINAL",
    "WORKING",
    "AccountBalance",
    "AccountInfo",
    "Bar",
    "Clock",
    "CompletedOrder",
    "Contract",
    "ContractDetails",
    "Execution",
    "Greeks",
    "OptionParameters",
    "OrderState",
    "OrderStatus",
    "OrderTicket",
    "Position",
    "PriceIncrement",
    "Quote",
    "index",
    "option",
    "stock",
]
