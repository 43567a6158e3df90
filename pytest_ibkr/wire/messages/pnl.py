"""Profit and loss, streamed: 92 to 95 and their answers."""

from __future__ import annotations

from decimal import Decimal

from pytest_ibkr.wire.declare import INT, MAX_MONEY, SIZE, TEXT, Message, request, response, wire


@request(92, "reqPnL")
class ReqPnl(Message):
    """OUT 92. Of the whole account; streams until 93."""

    request_id: int = wire(INT)
    account: str = wire(TEXT)
    model: str = wire(TEXT, default="")


@request(93, "cancelPnL")
class CancelPnl(Message):
    """OUT 93. Silent, or 10185 when nothing was subscribed."""

    request_id: int = wire(INT)


@request(94, "reqPnLSingle")
class ReqPnlSingle(Message):
    """OUT 94. Of one contract; streams until 95."""

    request_id: int = wire(INT)
    account: str = wire(TEXT)
    model: str = wire(TEXT, default="")
    con_id: int = wire(INT)


@request(95, "cancelPnLSingle")
class CancelPnlSingle(Message):
    """OUT 95. Silent, or 10186 when nothing was subscribed."""

    request_id: int = wire(INT)


@response(94)
class Pnl(Message):
    """IN 94. Dollars; None (DBL_MAX) is not known."""

    request_id: int = wire(INT)
    daily: Decimal | None = wire(MAX_MONEY)
    unrealized: Decimal | None = wire(MAX_MONEY)
    realized: Decimal | None = wire(MAX_MONEY)


@response(95)
class PnlSingle(Message):
    """IN 95. Shares or contracts, dollars; None (DBL_MAX) is not known, or nothing realized."""

    request_id: int = wire(INT)
    position: Decimal = wire(SIZE)
    daily: Decimal | None = wire(MAX_MONEY)
    unrealized: Decimal | None = wire(MAX_MONEY)
    realized: Decimal | None = wire(MAX_MONEY)
    value: Decimal | None = wire(MAX_MONEY)
