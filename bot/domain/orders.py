"""Order tickets, order states and executions. Pure."""

from __future__ import annotations

import enum
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Literal

from bot.domain.contracts import Contract

Action = Literal["BUY", "SELL"]
_NEEDS_LIMIT = frozenset({"LMT", "STP LMT"})
_NEEDS_AUX = frozenset({"STP", "STP LMT", "TRAIL"})


class OrderStatus(enum.StrEnum):
    """The gateway's own words. ``ApiPending``: sent, nothing heard yet."""

    API_PENDING = "ApiPending"
    PENDING_SUBMIT = "PendingSubmit"
    PRE_SUBMITTED = "PreSubmitted"
    SUBMITTED = "Submitted"
    PENDING_CANCEL = "PendingCancel"
    CANCELLED = "Cancelled"
    API_CANCELLED = "ApiCancelled"
    FILLED = "Filled"
    INACTIVE = "Inactive"

    @property
    def is_terminal(self) -> bool:
        """True when nothing more will happen to the order."""
        return self in TERMINAL


CANCELLED_STATUSES = frozenset({OrderStatus.CANCELLED, OrderStatus.API_CANCELLED})
TERMINAL = CANCELLED_STATUSES | {OrderStatus.FILLED, OrderStatus.INACTIVE}
WORKING = frozenset({OrderStatus.PRE_SUBMITTED, OrderStatus.SUBMITTED})


@dataclass(frozen=True, kw_only=True, slots=True)
class OrderTicket:
    """What to send. Prices in dollars per share; quantity in shares or contracts, > 0.

    ``aux_price`` is the stop price (STP, STP LMT) or the trailing amount (TRAIL).

    Raises:
        ValueError: a quantity that is not positive, or a type without its price.
    """

    action: Action
    quantity: Decimal
    order_type: str = "LMT"
    limit_price: Decimal | None = None
    aux_price: Decimal | None = None
    tif: str = "DAY"
    outside_rth: bool = False
    account: str = ""
    parent_id: int = 0
    oca_group: str = ""
    oca_type: int = 0
    transmit: bool = True
    order_ref: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "quantity", Decimal(self.quantity))
        if self.action not in ("BUY", "SELL"):
            raise ValueError(f"invalid action {self.action!r}: use BUY or SELL")
        if not self.quantity.is_finite() or self.quantity <= 0:
            raise ValueError(f"invalid quantity {self.quantity}: it must be above zero")
        if self.order_type in _NEEDS_LIMIT and self.limit_price is None:
            raise ValueError(f"a {self.order_type} order needs limit_price")
        if self.order_type in _NEEDS_AUX and self.aux_price is None:
            raise ValueError(f"a {self.order_type} order needs aux_price")


@dataclass(frozen=True, kw_only=True, slots=True)
class Execution:
    """One fill. ``price`` dollars per share; ``commission`` None until its report came.

    ``realized_pnl`` is None for opening trades. ``exec_id`` of a correction ends in a
    higher number than the fill it replaces.
    """

    exec_id: str
    order_id: int
    perm_id: int
    contract: Contract
    side: Action
    quantity: Decimal
    price: Decimal
    time: datetime | None
    account: str = ""
    exchange: str = ""
    client_id: int = 0
    order_ref: str = ""
    commission: Decimal | None = None
    commission_currency: str = ""
    realized_pnl: Decimal | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class OrderState:
    """All that is known of one order at one moment. A new value for every change.

    ``avg_fill_price`` is None before the first fill. ``remaining`` keeps its value when
    an order is cancelled. ``error_code`` and ``error_text`` are the last refusal;
    warnings that leave the order alive are in ``warnings``.
    """

    order_id: int
    status: OrderStatus
    contract: Contract | None = None
    ticket: OrderTicket | None = None
    perm_id: int = 0
    client_id: int = 0
    parent_id: int = 0
    filled: Decimal = Decimal(0)
    remaining: Decimal | None = None
    avg_fill_price: Decimal | None = None
    why_held: str = ""
    error_code: int | None = None
    error_text: str = ""
    warnings: tuple[str, ...] = ()
    executions: tuple[Execution, ...] = ()
    placed_here: bool = False

    @property
    def is_terminal(self) -> bool:
        """True when nothing more will happen to the order."""
        return self.status.is_terminal

    @property
    def is_filled(self) -> bool:
        """True when the whole quantity traded."""
        return self.status is OrderStatus.FILLED

    @property
    def is_rejected(self) -> bool:
        """True when the gateway or the broker refused the order."""
        return self.status is OrderStatus.INACTIVE

    @property
    def filled_quantity(self) -> Decimal:
        """Same as ``filled``."""
        return self.filled

    @property
    def commission(self) -> Decimal | None:
        """Sum over the executions; None while any report is missing or nothing traded."""
        return total_commission(self.executions)


@dataclass(frozen=True, kw_only=True, slots=True)
class CompletedOrder:
    """A finished order as the gateway remembers it: it has a perm id but no order id."""

    perm_id: int
    contract: Contract
    action: str
    status: str
    filled: Decimal | None
    completed_status: str = ""
    completed_time: str = ""
    order_ref: str = ""


def total_commission(executions: Iterable[Execution]) -> Decimal | None:
    """Sum of commissions in account currency; None when one is unknown or none traded."""
    fees = [execution.commission for execution in executions]
    known = [fee for fee in fees if fee is not None]
    return sum(known, Decimal(0)) if fees and len(known) == len(fees) else None
