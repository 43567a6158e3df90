"""Five-second bars: 50, 51 and their answer.

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
from pytest_ibkr.wire.messages.history import AVERAGE


@request(50, "reqRealTimeBars")
class ReqRealTimeBars(Message):
    """OUT 50. ``bar_size_s`` is 5; TRADES, MIDPOINT, BID or ASK."""

    layout: int = wire(INT, default=3)
    request_id: int = wire(INT)
    contract: Contract = embed(Contract, C12)
    bar_size_s: int = wire(INT, default=5)
    what_to_show: str = wire(TEXT)
    use_rth: bool = wire(BOOL, default=False)
    options: str = wire(TEXT, default="")


@request(51, "cancelRealTimeBars")
class CancelRealTimeBars(Message):
    """OUT 51."""

    layout: int = wire(INT, default=1)
    request_id: int = wire(INT)


@response(50)
class RealTimeBar(Message):
    """IN 50. Starts at ``at_s`` (epoch seconds); quote bars have -1 for volume, average, count."""

    layout: int = wire(INT, default=3)
    request_id: int = wire(INT)
    at_s: int = wire(INT)
    open: float = wire(PRICE)
    high: float = wire(PRICE)
    low: float = wire(PRICE)
    close: float = wire(PRICE)
    volume: Decimal | int = wire(SIZE)
    wap: float = wire(AVERAGE)
    count: int = wire(INT)
