"""Details of bonds; prices are percent of par."""

from __future__ import annotations

from decimal import Decimal

from pytest_ibkr.wire.declare import (
    BOOL,
    DOUBLE,
    INT,
    PRICE,
    SIZE,
    TEXT,
    TEXT7,
    Message,
    response,
    rows,
    wire,
)
from pytest_ibkr.wire.messages.contract import TagValue
from pytest_ibkr.wire.versions import BOND_HOURS, SIZE_RULES


@response(18)
class BondData(Message):
    """IN 18. One row of contract details of a bond.

    ``coupon`` percent a year, ``maturity`` ``date`` or ``date time zone``, ``min_tick`` percent
    of par.
    """

    layout: int = wire(INT, until=SIZE_RULES, default=6)
    request_id: int = wire(INT)
    symbol: str = wire(TEXT)
    sec_type: str = wire(TEXT)
    cusip: str = wire(TEXT)
    coupon: float = wire(DOUBLE)
    maturity: str = wire(TEXT)
    issue_date: str = wire(TEXT)
    ratings: str = wire(TEXT, default="")
    bond_type: str = wire(TEXT, default="")
    coupon_type: str = wire(TEXT, default="")
    convertible: bool = wire(BOOL, default=False)
    callable: bool = wire(BOOL, default=False)
    putable: bool = wire(BOOL, default=False)
    description: str = wire(TEXT, default="")
    exchange: str = wire(TEXT)
    currency: str = wire(TEXT)
    market_name: str = wire(TEXT)
    trading_class: str = wire(TEXT)
    con_id: int = wire(INT)
    min_tick: float = wire(PRICE)
    size_multiplier: int = wire(INT, until=SIZE_RULES, default=1)
    order_types: str = wire(TEXT)
    valid_exchanges: str = wire(TEXT)
    next_option_date: str = wire(TEXT, default="")
    next_option_type: str = wire(TEXT, default="")
    next_option_partial: bool = wire(BOOL, default=False)
    notes: str = wire(TEXT, default="")
    long_name: str = wire(TEXT7)
    time_zone: str = wire(TEXT, since=BOND_HOURS, default="")
    trading_hours: str = wire(TEXT, since=BOND_HOURS, default="")
    liquid_hours: str = wire(TEXT, since=BOND_HOURS, default="")
    ev_rule: str = wire(TEXT, default="")
    ev_multiplier: str = wire(TEXT, default="")
    sec_ids: tuple[TagValue, ...] = rows(TagValue)
    agg_group: int = wire(INT, default=1)
    market_rule_ids: str = wire(TEXT)
    min_size: Decimal = wire(SIZE, since=SIZE_RULES, default=Decimal(1))
    size_increment: Decimal = wire(SIZE, since=SIZE_RULES, default=Decimal(1))
    suggested_size_increment: Decimal = wire(SIZE, since=SIZE_RULES, default=Decimal(1))
