"""Market depth: 10, 11 and their answers.

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
    request,
    response,
    wire,
)
from pytest_ibkr.wire.messages.contract import C12, Contract

INSERT, UPDATE, DELETE = 0, 1, 2
ASK, BID = 0, 1


@request(10, "reqMktDepth")
class ReqMarketDepth(Message):
    """OUT 10. ``rows`` prices a side; ``smart_depth`` for the book over all exchanges."""

    layout: int = wire(INT, default=5)
    request_id: int = wire(INT)
    contract: Contract = embed(Contract, C12)
    rows: int = wire(INT)
    smart_depth: bool = wire(BOOL, default=False)
    options: str = wire(TEXT, default="")


@request(11, "cancelMktDepth")
class CancelMarketDepth(Message):
    """OUT 11."""

    layout: int = wire(INT, default=1)
    request_id: int = wire(INT)
    smart_depth: bool = wire(BOOL, default=False)


@response(12)
class MarketDepth(Message):
    """IN 12. Operation 0 insert, 1 update, 2 delete at a place of side 0 ask, 1 bid."""

    layout: int = wire(INT, default=1)
    request_id: int = wire(INT)
    position: int = wire(INT)
    operation: int = wire(INT)
    side: int = wire(INT)
    price: float = wire(PRICE)
    size: Decimal | int = wire(SIZE)


@response(13)
class MarketDepthL2(Message):
    """IN 13. As 12, with the market maker or, in SMART depth, the exchange of each row."""

    layout: int = wire(INT, default=1)
    request_id: int = wire(INT)
    position: int = wire(INT)
    market_maker: str = wire(TEXT)
    operation: int = wire(INT)
    side: int = wire(INT)
    price: float = wire(PRICE)
    size: Decimal | int = wire(SIZE)
    smart_depth: bool = wire(BOOL)
