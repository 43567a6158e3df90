"""Historical bars."""

from __future__ import annotations

from pytest_ibkr.wire.declare import (
    BOOL,
    INT,
    TEXT,
    Kind,
    Message,
    embed,
    one_of,
    record,
    request,
    response,
    rows,
    wire,
)
from pytest_ibkr.wire.messages.contract import C12, Contract
from pytest_ibkr.wire.messages.market_data import RatioLeg
from pytest_ibkr.wire.versions import HISTORY_END

# Trailing zeros as gateway logs show them: "681.80", but "682" for a weighted price.
BAR_PRICE = Kind("bar price", "bar_price({v})", "float({t} or 0)")
AVERAGE = Kind("average", "short_number({v})", "float({t} or 0)")


@request(20, "reqHistoricalData")
class ReqHistoricalData(Message):
    """OUT 20. Bar size comes before duration on the wire."""

    request_id: int = wire(INT)
    contract: Contract = embed(Contract, C12)
    include_expired: bool = wire(BOOL, default=False)
    end: str = wire(TEXT, default="")
    bar_size: str = wire(TEXT)
    duration: str = wire(TEXT)
    use_rth: bool = wire(BOOL)
    what_to_show: str = wire(TEXT)
    date_format: int = wire(INT, default=1)
    legs: tuple[RatioLeg, ...] = rows(RatioLeg, when=one_of("contract.sec_type", "BAG"))
    keep_up_to_date: bool = wire(BOOL, default=False)
    options: str = wire(TEXT, default="")


@request(25, "cancelHistoricalData")
class CancelHistoricalData(Message):
    """OUT 25."""

    layout: int = wire(INT, default=1)
    request_id: int = wire(INT)


@record
class HistoricalBar:
    """One bar; volume, weighted price and count are -1 for quote bars."""

    date: str = wire(TEXT)
    open: float = wire(BAR_PRICE)
    high: float = wire(BAR_PRICE)
    low: float = wire(BAR_PRICE)
    close: float = wire(BAR_PRICE)
    volume: int = wire(INT)
    wap: float = wire(AVERAGE)
    count: int = wire(INT)


@response(90)
class HistoricalDataUpdate(Message):
    """IN 90. The running bar of a request kept up to date; close comes before high and low."""

    request_id: int = wire(INT)
    count: int = wire(INT)
    date: str = wire(TEXT)
    open: float = wire(BAR_PRICE)
    close: float = wire(BAR_PRICE)
    high: float = wire(BAR_PRICE)
    low: float = wire(BAR_PRICE)
    wap: float = wire(AVERAGE)
    volume: int = wire(INT)


@response(17)
class HistoricalData(Message):
    """IN 17. Start and end are the window that was asked for; later versions send it as 108."""

    request_id: int = wire(INT)
    start: str = wire(TEXT, until=HISTORY_END, default="")
    end: str = wire(TEXT, until=HISTORY_END, default="")
    bars: tuple[HistoricalBar, ...] = rows(HistoricalBar)


@response(108)
class HistoricalDataEnd(Message):
    """IN 108. From server version 196 on: the bars are complete, for the window asked for."""

    request_id: int = wire(INT)
    start: str = wire(TEXT)
    end: str = wire(TEXT)
