"""Option calculators: 54 to 57; the answer is message 21 with tick type 53.

Layouts from ``ibapi`` 9.81 and 10.46; none changes between server versions 151 and 200.
"""

from __future__ import annotations

from pytest_ibkr.wire.declare import (
    DOUBLE,
    INT,
    OPT_INT,
    TEXT,
    Condition,
    Message,
    embed,
    request,
    wire,
)
from pytest_ibkr.wire.messages.contract import C12, Contract

# 9.81 and ib_async send a count and the options, 10.46 the options alone, always empty.
_COUNTED = Condition("option_count", "({v} is not None)")


@request(54, "calculateImpliedVolatility")
class ReqImpliedVolatility(Message):
    """OUT 54. Dollars per share, of the option and of its underlying."""

    layout: int = wire(INT, default=3)
    request_id: int = wire(INT)
    contract: Contract = embed(Contract, C12)
    option_price: float = wire(DOUBLE)
    under_price: float = wire(DOUBLE)
    option_count: int | None = wire(OPT_INT, default=None)
    options: str = wire(TEXT, when=_COUNTED, default="")


@request(55, "calculateOptionPrice")
class ReqOptionPrice(Message):
    """OUT 55. Volatility as a decimal fraction a year, the underlying in dollars per share."""

    layout: int = wire(INT, default=3)
    request_id: int = wire(INT)
    contract: Contract = embed(Contract, C12)
    volatility: float = wire(DOUBLE)
    under_price: float = wire(DOUBLE)
    option_count: int | None = wire(OPT_INT, default=None)
    options: str = wire(TEXT, when=_COUNTED, default="")


@request(56, "cancelCalculateImpliedVolatility")
class CancelImpliedVolatility(Message):
    """OUT 56."""

    layout: int = wire(INT, default=1)
    request_id: int = wire(INT)


@request(57, "cancelCalculateOptionPrice")
class CancelOptionPrice(Message):
    """OUT 57."""

    layout: int = wire(INT, default=1)
    request_id: int = wire(INT)
