"""Head timestamp, histogram, historical ticks, trading schedule: 87 to 90, 96.

Layouts from ``ibapi`` 9.81 and 10.46; none of them changes between server versions 151 and 200.
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
    body_request,
    embed,
    record,
    request,
    response,
    rows,
    wire,
)
from pytest_ibkr.wire.messages.contract import C12, Contract


@request(87, "reqHeadTimeStamp")
class ReqHeadTimestamp(Message):
    """OUT 87. When the history of a contract begins; answered once by 88."""

    request_id: int = wire(INT)
    contract: Contract = embed(Contract, C12)
    include_expired: bool = wire(BOOL, default=False)
    use_rth: bool = wire(BOOL, default=True)
    what_to_show: str = wire(TEXT)
    date_format: int = wire(INT, default=1)


@request(90, "cancelHeadTimeStamp")
class CancelHeadTimestamp(Message):
    """OUT 90."""

    request_id: int = wire(INT)


@request(88, "reqHistogramData")
class ReqHistogram(Message):
    """OUT 88. ``period`` is a number and a unit in words: ``3 days``, ``1 week``."""

    request_id: int = wire(INT)
    contract: Contract = embed(Contract, C12)
    include_expired: bool = wire(BOOL, default=False)
    use_rth: bool = wire(BOOL, default=True)
    period: str = wire(TEXT)


@request(89, "cancelHistogramData")
class CancelHistogram(Message):
    """OUT 89."""

    request_id: int = wire(INT)


@request(96, "reqHistoricalTicks")
class ReqHistoricalTicks(Message):
    """OUT 96. Either ``start`` or ``end``; ``count`` up to 1000."""

    request_id: int = wire(INT)
    contract: Contract = embed(Contract, C12)
    include_expired: bool = wire(BOOL, default=False)
    start: str = wire(TEXT, default="")
    end: str = wire(TEXT, default="")
    count: int = wire(INT)
    what_to_show: str = wire(TEXT)
    use_rth: bool = wire(BOOL, default=True)
    ignore_size: bool = wire(BOOL, default=False)
    options: str = wire(TEXT, default="")


@body_request(107, "cancelHistoricalTicks")
class CancelHistoricalTicks(Message):
    """OUT 107. From 215 on. Silent; 96 is not answered any more."""

    request_id: int = wire(INT)


@response(88)
class HeadTimestamp(Message):
    """IN 88. ``20040123-14:30:00`` (UTC) or epoch seconds."""

    request_id: int = wire(INT)
    moment: str = wire(TEXT)


@record
class HistogramStep:
    """Shares traded at one price, dollars."""

    price: float = wire(PRICE)
    size: Decimal | int = wire(SIZE)


@response(89)
class Histogram(Message):
    """IN 89. Ascending prices."""

    request_id: int = wire(INT)
    steps: tuple[HistogramStep, ...] = rows(HistogramStep)


@record
class MidpointTick:
    """The middle of the quote from ``at_s`` (epoch seconds) on; size is always 0."""

    at_s: int = wire(INT)
    unused: int = wire(INT, default=0)
    price: float = wire(PRICE)
    size: Decimal | int = wire(SIZE, default=0)


@response(96)
class HistoricalMidpoints(Message):
    """IN 96. ``done``: nothing more follows for this request."""

    request_id: int = wire(INT)
    ticks: tuple[MidpointTick, ...] = rows(MidpointTick)
    done: bool = wire(BOOL, default=True)


@record
class BidAskTick:
    """A quote from ``at_s`` (epoch seconds) on; mask bit 0 ask past high, bit 1 bid past low."""

    at_s: int = wire(INT)
    mask: int = wire(INT, default=0)
    bid: float = wire(PRICE)
    ask: float = wire(PRICE)
    bid_size: Decimal | int = wire(SIZE)
    ask_size: Decimal | int = wire(SIZE)


@response(97)
class HistoricalBidAsk(Message):
    """IN 97. ``done``: nothing more follows for this request."""

    request_id: int = wire(INT)
    ticks: tuple[BidAskTick, ...] = rows(BidAskTick)
    done: bool = wire(BOOL, default=True)


@record
class TradeTick:
    """A trade at ``at_s`` (epoch seconds); mask bit 0 past limit, bit 1 unreported."""

    at_s: int = wire(INT)
    mask: int = wire(INT, default=0)
    price: float = wire(PRICE)
    size: Decimal | int = wire(SIZE)
    exchange: str = wire(TEXT, default="")
    conditions: str = wire(TEXT, default="")


@response(98)
class HistoricalTrades(Message):
    """IN 98. ``done``: nothing more follows for this request."""

    request_id: int = wire(INT)
    ticks: tuple[TradeTick, ...] = rows(TradeTick)
    done: bool = wire(BOOL, default=True)


@record
class ScheduledSession:
    """One session, ``20260312-09:30:00`` in the schedule's zone, and its date ``20260312``."""

    start: str = wire(TEXT)
    end: str = wire(TEXT)
    date: str = wire(TEXT)


@response(106)
class HistoricalSchedule(Message):
    """IN 106. Answers reqHistoricalData SCHEDULE; times are in ``zone`` for all their dashes."""

    request_id: int = wire(INT)
    start: str = wire(TEXT)
    end: str = wire(TEXT)
    zone: str = wire(TEXT)
    sessions: tuple[ScheduledSession, ...] = rows(ScheduledSession)
