"""Market scanners: 22 to 24, 19 and 20.

Layouts from ``ibapi`` 9.81 and 10.46; none of them changes between server versions 151 and 200.
"""

from __future__ import annotations

from pytest_ibkr.wire.declare import (
    BOOL,
    DOUBLE,
    INT,
    OPT_DOUBLE,
    OPT_INT,
    TEXT,
    Message,
    record,
    request,
    response,
    rows,
    wire,
)


@request(22, "reqScannerSubscription")
class ReqScannerSubscription(Message):
    """OUT 22. Prices in dollars, volumes in shares; what is empty or None does not filter.

    ``filter_options`` holds further filters as ``tag=value;`` pairs; ``row_count`` None or -1 means
    as many as there may be.
    """

    request_id: int = wire(INT)
    row_count: int | None = wire(OPT_INT, default=None)
    instrument: str = wire(TEXT)
    location: str = wire(TEXT)
    scan_code: str = wire(TEXT)
    above_price: float | None = wire(OPT_DOUBLE, default=None)
    below_price: float | None = wire(OPT_DOUBLE, default=None)
    above_volume: int | None = wire(OPT_INT, default=None)
    market_cap_above: float | None = wire(OPT_DOUBLE, default=None)
    market_cap_below: float | None = wire(OPT_DOUBLE, default=None)
    moody_above: str = wire(TEXT, default="")
    moody_below: str = wire(TEXT, default="")
    sp_above: str = wire(TEXT, default="")
    sp_below: str = wire(TEXT, default="")
    maturity_above: str = wire(TEXT, default="")
    maturity_below: str = wire(TEXT, default="")
    coupon_above: float | None = wire(OPT_DOUBLE, default=None)
    coupon_below: float | None = wire(OPT_DOUBLE, default=None)
    exclude_convertible: bool = wire(BOOL, default=False)
    average_option_volume_above: int | None = wire(OPT_INT, default=None)
    setting_pairs: str = wire(TEXT, default="")
    stock_type: str = wire(TEXT, default="")
    filter_options: str = wire(TEXT, default="")
    options: str = wire(TEXT, default="")


@request(23, "cancelScannerSubscription")
class CancelScannerSubscription(Message):
    """OUT 23."""

    layout: int = wire(INT, default=1)
    request_id: int = wire(INT)


@request(24, "reqScannerParameters")
class ReqScannerParameters(Message):
    """OUT 24."""

    layout: int = wire(INT, default=1)


@response(19)
class ScannerParameters(Message):
    """IN 19. What can be scanned for, as XML."""

    layout: int = wire(INT, default=1)
    xml: str = wire(TEXT)


@record
class ScannerRow:
    """One instrument found; ranks count from 0."""

    rank: int = wire(INT)
    con_id: int = wire(INT)
    symbol: str = wire(TEXT)
    sec_type: str = wire(TEXT)
    expiry: str = wire(TEXT, default="")
    strike: float = wire(DOUBLE, default=0.0)
    right: str = wire(TEXT, default="")
    exchange: str = wire(TEXT)
    currency: str = wire(TEXT)
    local_symbol: str = wire(TEXT)
    market_name: str = wire(TEXT)
    trading_class: str = wire(TEXT)
    distance: str = wire(TEXT, default="")
    benchmark: str = wire(TEXT, default="")
    projection: str = wire(TEXT, default="")
    legs: str = wire(TEXT, default="")


@response(20)
class ScannerData(Message):
    """IN 20. The whole result, every time."""

    layout: int = wire(INT, default=3)
    request_id: int = wire(INT)
    rows: tuple[ScannerRow, ...] = rows(ScannerRow)
