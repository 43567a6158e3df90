"""Cancels, queries and statuses of orders; what places one is ``place_order``."""

from __future__ import annotations

from decimal import Decimal

from pytest_ibkr.wire.declare import (
    BOOL,
    INT,
    MAX_INT,
    SIZE,
    TEXT,
    Kind,
    Message,
    request,
    response,
    wire,
)
from pytest_ibkr.wire.versions import CME_TAGGING, MANUAL_ORDER_TIME, NO_RFQ_FIELDS, RFQ_FIELDS

# Order statuses print a zero price as "0"; the other order messages print "0.0".
SHORT_MONEY = Kind("money0", "short_number(float({v}))", "read_decimal({t})")


@request(4, "cancelOrder")
class CancelOrder(Message):
    """OUT 4."""

    layout: int = wire(INT, until=CME_TAGGING, default=1)
    order_id: int = wire(INT)
    manual_cancel_time: str = wire(TEXT, since=MANUAL_ORDER_TIME, default="")
    # Three versions knew requests for quotes; the client fills in nothing.
    rfq_text: str = wire(TEXT, since=RFQ_FIELDS, until=NO_RFQ_FIELDS, default="")
    rfq_id: str = wire(TEXT, since=RFQ_FIELDS, until=NO_RFQ_FIELDS, default="")
    rfq_number: int | None = wire(MAX_INT, since=RFQ_FIELDS, until=NO_RFQ_FIELDS, default=None)
    ext_operator: str = wire(TEXT, since=CME_TAGGING, default="")
    manual_order_indicator: int | None = wire(MAX_INT, since=CME_TAGGING, default=None)


@request(5, "reqOpenOrders")
class ReqOpenOrders(Message):
    """OUT 5. This client's orders."""

    layout: int = wire(INT, default=1)


@request(15, "reqAutoOpenOrders")
class ReqAutoOpenOrders(Message):
    """OUT 15. No answer and no end marker; client 0 only."""

    layout: int = wire(INT, default=1)
    bind: bool = wire(BOOL)


@request(16, "reqAllOpenOrders")
class ReqAllOpenOrders(Message):
    """OUT 16. Orders of every client."""

    layout: int = wire(INT, default=1)


@request(99, "reqCompletedOrders")
class ReqCompletedOrders(Message):
    """OUT 99."""

    api_only: bool = wire(BOOL)


@request(58, "reqGlobalCancel")
class ReqGlobalCancel(Message):
    """OUT 58. Cancels the orders of every client."""

    layout: int = wire(INT, until=CME_TAGGING, default=1)
    ext_operator: str = wire(TEXT, since=CME_TAGGING, default="")
    manual_order_indicator: int | None = wire(MAX_INT, since=CME_TAGGING, default=None)


@response(3)
class OrderStatus(Message):
    """IN 3. Prices are 0 before fills; ``remaining`` keeps its value when cancelled."""

    order_id: int = wire(INT)
    status: str = wire(TEXT)
    filled: Decimal = wire(SIZE)
    remaining: Decimal = wire(SIZE)
    average_fill_price: Decimal = wire(SHORT_MONEY, default=Decimal(0))
    perm_id: int = wire(INT)
    parent_id: int = wire(INT, default=0)
    last_fill_price: Decimal = wire(SHORT_MONEY, default=Decimal(0))
    client_id: int = wire(INT)
    why_held: str = wire(TEXT, default="")
    market_cap_price: Decimal = wire(SHORT_MONEY, default=Decimal(0))


@response(53)
class OpenOrderEnd(Message):
    """IN 53."""

    layout: int = wire(INT, default=1)


@response(102)
class CompletedOrdersEnd(Message):
    """IN 102."""
