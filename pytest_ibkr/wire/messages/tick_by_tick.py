"""Tick-by-tick data: 97, 98 and their answer.

Layouts from ``ibapi`` 9.81 and 10.46; none changes between server versions 151 and 200.
"""

from __future__ import annotations

from decimal import Decimal

from pytest_ibkr.wire.declare import (
    BOOL,
    INT,
    PRICE,
    SIZE,
    TEXT,
    Message,
    embed,
    one_of,
    request,
    response,
    wire,
)
from pytest_ibkr.wire.messages.contract import C12, Contract

LAST, ALL_LAST, BID_ASK, MID_POINT = 1, 2, 3, 4  # kinds of message 99


@request(97, "reqTickByTickData")
class ReqTickByTick(Message):
    """OUT 97. ``kind`` is Last, AllLast, BidAsk or MidPoint; ``count`` past ticks come first."""

    request_id: int = wire(INT)
    contract: Contract = embed(Contract, C12)
    kind: str = wire(TEXT)
    count: int = wire(INT, default=0)
    ignore_size: bool = wire(BOOL, default=False)


@request(98, "cancelTickByTickData")
class CancelTickByTick(Message):
    """OUT 98."""

    request_id: int = wire(INT)


@response(99)
class TickByTick(Message):
    """IN 99. One tick at ``at_s`` (epoch seconds): 1, 2 a trade, 3 a quote, 4 its middle."""

    request_id: int = wire(INT)
    kind: int = wire(INT)
    at_s: int = wire(INT)
    price: float = wire(PRICE, when=one_of("kind", LAST, ALL_LAST), default=0.0)
    size: Decimal | int = wire(SIZE, when=one_of("kind", LAST, ALL_LAST), default=0)
    bid: float = wire(PRICE, when=one_of("kind", BID_ASK), default=0.0)
    ask: float = wire(PRICE, when=one_of("kind", BID_ASK), default=0.0)
    bid_size: Decimal | int = wire(SIZE, when=one_of("kind", BID_ASK), default=0)
    ask_size: Decimal | int = wire(SIZE, when=one_of("kind", BID_ASK), default=0)
    mask: int = wire(INT, when=one_of("kind", LAST, ALL_LAST, BID_ASK), default=0)
    exchange: str = wire(TEXT, when=one_of("kind", LAST, ALL_LAST), default="")
    conditions: str = wire(TEXT, when=one_of("kind", LAST, ALL_LAST), default="")
    mid_point: float = wire(PRICE, when=one_of("kind", MID_POINT), default=0.0)
