"""Market data: requests, ticks, option computations, data type, snapshot end."""

from __future__ import annotations

from decimal import Decimal

from pytest_ibkr.wire.declare import (
    BOOL,
    DOUBLE,
    INT,
    PRICE,
    SIZE,
    TEXT,
    Message,
    embed,
    filled,
    one_of,
    record,
    request,
    response,
    rows,
    wire,
)
from pytest_ibkr.wire.messages.contract import C12, Contract
from pytest_ibkr.wire.versions import TICK_ATTRIB


@record
class RatioLeg:
    """A combo leg as data requests carry it."""

    con_id: int = wire(INT)
    ratio: int = wire(INT)
    action: str = wire(TEXT)
    exchange: str = wire(TEXT)


@request(1, "reqMktData")
class ReqMarketData(Message):
    """OUT 1. ``generic_ticks`` is a comma-joined list of ids."""

    layout: int = wire(INT, default=11)
    request_id: int = wire(INT)
    contract: Contract = embed(Contract, C12)
    legs: tuple[RatioLeg, ...] = rows(RatioLeg, when=one_of("contract.sec_type", "BAG"))
    delta_neutral: bool = wire(BOOL, default=False)
    delta_neutral_con_id: int = wire(INT, when=filled("delta_neutral"), default=0)
    delta_neutral_delta: float = wire(DOUBLE, when=filled("delta_neutral"), default=0.0)
    delta_neutral_price: float = wire(DOUBLE, when=filled("delta_neutral"), default=0.0)
    generic_ticks: str = wire(TEXT, default="")
    snapshot: bool = wire(BOOL, default=False)
    regulatory_snapshot: bool = wire(BOOL, default=False)
    options: str = wire(TEXT, default="")


@request(2, "cancelMktData")
class CancelMarketData(Message):
    """OUT 2. Silent when the stream is live."""

    layout: int = wire(INT, default=2)
    request_id: int = wire(INT)


@request(59, "reqMarketDataType")
class ReqMarketDataType(Message):
    """OUT 59. 1 live, 2 frozen, 3 delayed, 4 delayed-frozen; silent; for later requests only."""

    layout: int = wire(INT, default=1)
    data_type: int = wire(INT)


@response(1)
class TickPrice(Message):
    """IN 1. Dollars per share; -1 with size 0 means no price."""

    layout: int = wire(INT, default=6)
    request_id: int = wire(INT)
    tick: int = wire(INT)
    price: float = wire(PRICE)
    size: Decimal | int = wire(SIZE, default=0)
    mask: int = wire(INT, default=0)


@response(2)
class TickSize(Message):
    """IN 2."""

    layout: int = wire(INT, default=6)
    request_id: int = wire(INT)
    tick: int = wire(INT)
    size: Decimal | int = wire(SIZE)


@response(21)
class TickOptionComputation(Message):
    """IN 21. -1 (volatility, prices, dividend) and -2 (greeks) mean "not computed"."""

    layout: int = wire(INT, until=TICK_ATTRIB, default=6)
    request_id: int = wire(INT)
    tick: int = wire(INT)
    attribute: int = wire(INT, since=TICK_ATTRIB, default=0)
    implied_vol: float = wire(DOUBLE)
    delta: float = wire(DOUBLE)
    option_price: float = wire(DOUBLE)
    pv_dividend: float = wire(DOUBLE)
    gamma: float = wire(DOUBLE)
    vega: float = wire(DOUBLE)
    theta: float = wire(DOUBLE)
    under_price: float = wire(DOUBLE)


@response(45)
class TickGeneric(Message):
    """IN 45."""

    layout: int = wire(INT, default=6)
    request_id: int = wire(INT)
    tick: int = wire(INT)
    value: float = wire(DOUBLE)


@response(46)
class TickString(Message):
    """IN 46. Tick 45 and 88: last trade, epoch seconds as text."""

    layout: int = wire(INT, default=6)
    request_id: int = wire(INT)
    tick: int = wire(INT)
    value: str = wire(TEXT)


@response(57)
class TickSnapshotEnd(Message):
    """IN 57."""

    layout: int = wire(INT, default=1)
    request_id: int = wire(INT)


@response(58)
class MarketDataType(Message):
    """IN 58. Per request: 1 live, 2 frozen, 3 delayed, 4 delayed-frozen."""

    layout: int = wire(INT, default=1)
    request_id: int = wire(INT)
    data_type: int = wire(INT)


@response(81)
class TickReqParams(Message):
    """IN 81. Once per request: price increment and the exchange-map key."""

    request_id: int = wire(INT)
    min_tick: float = wire(PRICE)
    bbo_exchange: str = wire(TEXT)
    snapshot_permissions: int = wire(INT)
