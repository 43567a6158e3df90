"""The contract record and the messages that look contracts up."""

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
    Kind,
    Message,
    body_request,
    embed,
    one_of,
    record,
    request,
    response,
    rows,
    wire,
)
from pytest_ibkr.wire.versions import (
    BOND_ISSUER_ID,
    DECIMAL_SIZES,
    FUND_FIELDS,
    INELIGIBILITY,
    LAST_TRADE_DATE,
    SIZE_RULES,
    STOCK_TYPE,
)

# Contract details and order echoes print a strike as "0" or "600", all others as "600.0".
SHORT_NUMBER = Kind("number", "short_number({v})", "float({t} or 0)")

FUND = one_of("sec_type", "FUND")

C11 = (
    *("con_id", "symbol", "sec_type", "expiry", "strike", "right", "multiplier"),
    *("exchange", "currency", "local_symbol", "trading_class"),
)
C12 = (*C11[:8], "primary_exchange", *C11[8:])


@record
class Contract:
    """What a message says of a contract; empty text and 0 mean "not given"."""

    con_id: int = wire(INT, default=0)
    symbol: str = wire(TEXT, default="")
    sec_type: str = wire(TEXT, default="")
    expiry: str = wire(TEXT, default="")
    strike: float = wire(DOUBLE, default=0.0)
    right: str = wire(TEXT, default="")
    multiplier: str = wire(TEXT, default="")
    exchange: str = wire(TEXT, default="")
    primary_exchange: str = wire(TEXT, default="")
    currency: str = wire(TEXT, default="")
    local_symbol: str = wire(TEXT, default="")
    trading_class: str = wire(TEXT, default="")


@record
class TagValue:
    """A tag and its value."""

    tag: str = wire(TEXT)
    value: str = wire(TEXT)


@request(9, "reqContractDetails")
class ReqContractDetails(Message):
    """OUT 9."""

    layout: int = wire(INT, default=8)
    request_id: int = wire(INT)
    contract: Contract = embed(Contract, C12)
    include_expired: bool = wire(BOOL, default=False)
    sec_id_type: str = wire(TEXT, default="")
    sec_id: str = wire(TEXT, default="")
    issuer_id: str = wire(TEXT, since=BOND_ISSUER_ID, default="")


@body_request(106, "cancelContractData")
class CancelContractData(Message):
    """OUT 106. From 215 on. Silent; what of 9 is not answered yet is not answered any more."""

    request_id: int = wire(INT)


@request(78, "reqSecDefOptParams")
class ReqOptionParameters(Message):
    """OUT 78 (reqSecDefOptParams). A non-empty futures exchange yields no rows for stocks."""

    request_id: int = wire(INT)
    symbol: str = wire(TEXT)
    fut_fop_exchange: str = wire(TEXT, default="")
    sec_type: str = wire(TEXT)
    con_id: int = wire(INT)


@record
class Ineligibility:
    """Why a contract cannot be traded by this account."""

    id: str = wire(TEXT)
    description: str = wire(TEXT)


@response(10)
class ContractData(Message):
    """IN 10. One row of contract details.

    ``expiry`` is a bare date or ``date time zone``; ``last_trade_date`` is always bare.
    """

    layout: int = wire(INT, until=SIZE_RULES, default=8)
    request_id: int = wire(INT)
    symbol: str = wire(TEXT)
    sec_type: str = wire(TEXT)
    expiry: str = wire(TEXT, default="")
    last_trade_date: str = wire(TEXT, since=LAST_TRADE_DATE, default="")
    strike: float = wire(SHORT_NUMBER, default=0.0)
    right: str = wire(TEXT, default="")
    exchange: str = wire(TEXT)
    currency: str = wire(TEXT)
    local_symbol: str = wire(TEXT)
    market_name: str = wire(TEXT)
    trading_class: str = wire(TEXT)
    con_id: int = wire(INT)
    min_tick: float = wire(PRICE)
    size_multiplier: int = wire(INT, until=SIZE_RULES, default=1)
    multiplier: str = wire(TEXT, default="")
    order_types: str = wire(TEXT)
    valid_exchanges: str = wire(TEXT)
    price_magnifier: int = wire(INT, default=1)
    under_con_id: int = wire(INT, default=0)
    long_name: str = wire(TEXT7)
    primary_exchange: str = wire(TEXT, default="")
    contract_month: str = wire(TEXT, default="")
    industry: str = wire(TEXT, default="")
    category: str = wire(TEXT, default="")
    subcategory: str = wire(TEXT, default="")
    time_zone: str = wire(TEXT)
    trading_hours: str = wire(TEXT)
    liquid_hours: str = wire(TEXT)
    ev_rule: str = wire(TEXT, default="")
    ev_multiplier: str = wire(TEXT, default="")
    sec_ids: tuple[TagValue, ...] = rows(TagValue)
    agg_group: int = wire(INT, default=1)
    under_symbol: str = wire(TEXT, default="")
    under_sec_type: str = wire(TEXT, default="")
    market_rule_ids: str = wire(TEXT)
    real_expiration: str = wire(TEXT, default="")
    stock_type: str = wire(TEXT, since=STOCK_TYPE, default="")
    size_min_tick: Decimal = wire(SIZE, since=DECIMAL_SIZES, until=SIZE_RULES, default=Decimal(1))
    min_size: Decimal = wire(SIZE, since=SIZE_RULES, default=Decimal(1))
    size_increment: Decimal = wire(SIZE, since=SIZE_RULES, default=Decimal(1))
    suggested_size_increment: Decimal = wire(SIZE, since=SIZE_RULES, default=Decimal(1))
    fund_name: str = wire(TEXT, since=FUND_FIELDS, when=FUND, default="")
    fund_family: str = wire(TEXT, since=FUND_FIELDS, when=FUND, default="")
    fund_type: str = wire(TEXT, since=FUND_FIELDS, when=FUND, default="")
    fund_front_load: str = wire(TEXT, since=FUND_FIELDS, when=FUND, default="")
    fund_back_load: str = wire(TEXT, since=FUND_FIELDS, when=FUND, default="")
    fund_back_load_interval: str = wire(TEXT, since=FUND_FIELDS, when=FUND, default="")
    fund_management_fee: str = wire(TEXT, since=FUND_FIELDS, when=FUND, default="")
    fund_closed: bool = wire(BOOL, since=FUND_FIELDS, when=FUND, default=False)
    fund_closed_for_new_investors: bool = wire(BOOL, since=FUND_FIELDS, when=FUND, default=False)
    fund_closed_for_new_money: bool = wire(BOOL, since=FUND_FIELDS, when=FUND, default=False)
    fund_notify_amount: str = wire(TEXT, since=FUND_FIELDS, when=FUND, default="")
    fund_minimum_initial_purchase: str = wire(TEXT, since=FUND_FIELDS, when=FUND, default="")
    fund_subsequent_minimum_purchase: str = wire(TEXT, since=FUND_FIELDS, when=FUND, default="")
    fund_blue_sky_states: str = wire(TEXT, since=FUND_FIELDS, when=FUND, default="")
    fund_blue_sky_territories: str = wire(TEXT, since=FUND_FIELDS, when=FUND, default="")
    fund_distribution_policy: str = wire(TEXT, since=FUND_FIELDS, when=FUND, default="")
    fund_asset_type: str = wire(TEXT, since=FUND_FIELDS, when=FUND, default="")
    ineligibility: tuple[Ineligibility, ...] = rows(Ineligibility, since=INELIGIBILITY)


@response(52)
class ContractDataEnd(Message):
    """IN 52."""

    layout: int = wire(INT, default=1)
    request_id: int = wire(INT)


@record
class Text:
    """One text of a list."""

    value: str = wire(TEXT)


@record
class Strike:
    """One strike of a list, dollars."""

    value: float = wire(DOUBLE)


@response(75)
class OptionParameter(Message):
    """IN 75. One row per exchange and trading class."""

    request_id: int = wire(INT)
    exchange: str = wire(TEXT)
    under_con_id: int = wire(INT)
    trading_class: str = wire(TEXT)
    multiplier: str = wire(TEXT)
    expirations: tuple[Text, ...] = rows(Text)
    strikes: tuple[Strike, ...] = rows(Strike)


@response(76)
class OptionParameterEnd(Message):
    """IN 76."""

    request_id: int = wire(INT)


@request(91, "reqMarketRule")
class ReqMarketRule(Message):
    """OUT 91. The price grid of a rule named in contract details; the answer has no request id."""

    rule_id: int = wire(INT)


@record
class PriceStep:
    """From ``low_edge`` dollars on, prices move by ``increment`` dollars."""

    low_edge: float = wire(SHORT_NUMBER)
    increment: float = wire(PRICE)


@response(93)
class MarketRule(Message):
    """IN 93."""

    rule_id: int = wire(INT)
    steps: tuple[PriceStep, ...] = rows(PriceStep)
