"""The echo of a finished order: completedOrder.

Field by field after the official decoders; defaults are what the annotated frame of
gateway-behaviour.md, appendix B, showed for openOrder.
"""

from __future__ import annotations

from decimal import Decimal

from pytest_ibkr.wire.declare import (
    BOOL,
    DOUBLE,
    INF_DOUBLE,
    INT,
    MAX_DOUBLE,
    MAX_INT,
    OPT_BOOL,
    OPT_DOUBLE,
    OPT_INT,
    OPT_MONEY,
    SIZE,
    TEXT,
    ZERO_MONEY,
    Message,
    embed,
    filled,
    response,
    rows,
    wire,
)
from pytest_ibkr.wire.messages.contract import C11, SHORT_NUMBER, Contract, TagValue
from pytest_ibkr.wire.messages.order_echo import AMOUNT, DN, NONE_TEXT, SCALED
from pytest_ibkr.wire.messages.place_order import PEG_BENCH, LegPrice, OrderCondition, OrderLeg
from pytest_ibkr.wire.scalars import LONG_MAX_TEXT
from pytest_ibkr.wire.versions import (
    CUSTOMER_ACCOUNT,
    HEDGE_MAX_SIZE,
    NO_FA_PROFILE,
    ORDER_PARAMETERS_1,
    ORDER_PARAMETERS_2,
    PEG_OFFSETS,
    PROFESSIONAL_CUSTOMER,
    PROTOBUF_COMPLETED_ORDERS,
    SUBMITTER,
)


@response(101)
class CompletedOrder(Message):
    """IN 101. A finished order; carries the permId but neither order id nor commission."""

    contract: Contract = embed(Contract, C11, kinds={"strike": SHORT_NUMBER})
    action: str = wire(TEXT)
    quantity: Decimal = wire(SIZE)
    order_type: str = wire(TEXT)
    limit_price: Decimal = wire(ZERO_MONEY, default=Decimal(0))
    aux_price: Decimal = wire(ZERO_MONEY, default=Decimal(0))
    tif: str = wire(TEXT)
    oca_group: str = wire(TEXT, default="")
    account: str = wire(TEXT)
    open_close: str = wire(TEXT, default="")
    origin: int = wire(INT, default=0)
    order_ref: str = wire(TEXT, default="")
    perm_id: int = wire(INT)
    outside_rth: bool = wire(BOOL, default=False)
    hidden: bool = wire(BOOL, default=False)
    discretionary_amount: float = wire(AMOUNT, default=0.0)
    good_after_time: str = wire(TEXT, default="")
    fa_group: str = wire(TEXT, default="")
    fa_method: str = wire(TEXT, default="")
    fa_percentage: str = wire(TEXT, default="")
    fa_profile: str = wire(TEXT, until=NO_FA_PROFILE, default="")
    model_code: str = wire(TEXT, default="")
    good_till_date: str = wire(TEXT, default="")
    rule_80a: str = wire(TEXT, default="")
    percent_offset: float | None = wire(OPT_DOUBLE, default=None)
    settling_firm: str = wire(TEXT, default="")
    short_sale_slot: int = wire(INT, default=0)
    designated_location: str = wire(TEXT, default="")
    exempt_code: int = wire(INT, default=-1)
    starting_price: float | None = wire(OPT_DOUBLE, default=None)
    stock_ref_price: float | None = wire(OPT_DOUBLE, default=None)
    delta: float | None = wire(OPT_DOUBLE, default=None)
    stock_range_lower: float | None = wire(OPT_DOUBLE, default=None)
    stock_range_upper: float | None = wire(OPT_DOUBLE, default=None)
    display_size: int | None = wire(MAX_INT, default=None)
    sweep_to_fill: bool = wire(BOOL, default=False)
    all_or_none: bool = wire(BOOL, default=False)
    min_quantity: int | None = wire(OPT_INT, default=None)
    oca_type: int = wire(INT, default=3)
    trigger_method: int = wire(INT, default=0)
    volatility: float | None = wire(OPT_DOUBLE, default=None)
    volatility_type: int = wire(INT, default=0)
    dn_order_type: str = wire(TEXT, default=NONE_TEXT)
    dn_aux_price: float | None = wire(OPT_DOUBLE, default=None)
    dn_con_id: int = wire(INT, when=DN, default=0)
    dn_short_sale: bool = wire(BOOL, when=DN, default=False)
    dn_short_sale_slot: int = wire(INT, when=DN, default=0)
    dn_designated_location: str = wire(TEXT, when=DN, default="")
    continuous_update: bool = wire(BOOL, default=False)
    reference_price_type: int = wire(INT, default=0)
    trail_stop_price: Decimal | None = wire(OPT_MONEY, default=None)
    trailing_percent: float | None = wire(OPT_DOUBLE, default=None)
    legs_description: str = wire(TEXT, default="")
    legs: tuple[OrderLeg, ...] = rows(OrderLeg)
    leg_prices: tuple[LegPrice, ...] = rows(LegPrice)
    routing: tuple[TagValue, ...] = rows(TagValue)
    scale_init_size: int | None = wire(MAX_INT, default=None)
    scale_subs_size: int | None = wire(MAX_INT, default=None)
    scale_increment: float | None = wire(OPT_DOUBLE, default=None)
    scale_adjust_value: float | None = wire(OPT_DOUBLE, when=SCALED, default=None)
    scale_adjust_interval: int | None = wire(OPT_INT, when=SCALED, default=None)
    scale_profit_offset: float | None = wire(OPT_DOUBLE, when=SCALED, default=None)
    scale_auto_reset: bool = wire(BOOL, when=SCALED, default=False)
    scale_init_position: int | None = wire(OPT_INT, when=SCALED, default=None)
    scale_init_fill: int | None = wire(OPT_INT, when=SCALED, default=None)
    scale_random_percent: bool = wire(BOOL, when=SCALED, default=False)
    hedge_type: str = wire(TEXT, default="")
    hedge_param: str = wire(TEXT, when=filled("hedge_type"), default="")
    clearing_account: str = wire(TEXT, default="")
    clearing_intent: str = wire(TEXT, default="IB")
    not_held: bool = wire(BOOL, default=False)
    delta_neutral: bool = wire(BOOL, default=False)
    delta_neutral_con_id: int = wire(INT, when=filled("delta_neutral"), default=0)
    delta_neutral_delta: float = wire(DOUBLE, when=filled("delta_neutral"), default=0.0)
    delta_neutral_price: float = wire(DOUBLE, when=filled("delta_neutral"), default=0.0)
    algo_strategy: str = wire(TEXT, default="")
    algo_params: tuple[TagValue, ...] = rows(TagValue, when=filled("algo_strategy"))
    solicited: bool = wire(BOOL, default=False)
    status: str = wire(TEXT)
    randomize_size: bool = wire(BOOL, default=False)
    randomize_price: bool = wire(BOOL, default=False)
    reference_con_id: int = wire(INT, when=PEG_BENCH, default=0)
    pegged_decrease: bool = wire(BOOL, when=PEG_BENCH, default=False)
    pegged_change: float = wire(DOUBLE, when=PEG_BENCH, default=0.0)
    reference_change: float = wire(DOUBLE, when=PEG_BENCH, default=0.0)
    reference_exchange: str = wire(TEXT, when=PEG_BENCH, default="")
    conditions: tuple[OrderCondition, ...] = rows(OrderCondition)
    conditions_ignore_rth: bool = wire(BOOL, when=filled("conditions"), default=False)
    conditions_cancel_order: bool = wire(BOOL, when=filled("conditions"), default=False)
    adjusted_trail_stop_price: float | None = wire(MAX_DOUBLE, default=None)
    limit_price_offset: float | None = wire(MAX_DOUBLE, default=None)
    cash_quantity: float = wire(AMOUNT, default=0.0)
    dont_use_auto_price_for_hedge: bool = wire(BOOL, default=True)
    is_oms_container: bool = wire(BOOL, default=False)
    auto_cancel_date: str = wire(TEXT, default="")
    filled_quantity: Decimal = wire(SIZE)
    ref_futures_con_id: int = wire(INT, default=0)
    auto_cancel_parent: bool = wire(BOOL, default=False)
    shareholder: str = wire(TEXT, default="Not an insider or substantial shareholder")
    imbalance_only: bool = wire(BOOL, default=False)
    route_marketable_to_bbo: bool = wire(BOOL, default=False)
    parent_perm_id: str = wire(TEXT, default=LONG_MAX_TEXT)
    completed_time: str = wire(TEXT)
    completed_status: str = wire(TEXT)
    min_trade_quantity: int | None = wire(OPT_INT, since=PEG_OFFSETS, default=None)
    min_compete_size: int | None = wire(OPT_INT, since=PEG_OFFSETS, default=100)
    compete_offset: float | None = wire(INF_DOUBLE, since=PEG_OFFSETS, default=0.02)
    mid_offset_whole: float | None = wire(OPT_DOUBLE, since=PEG_OFFSETS, default=None)
    mid_offset_half: float | None = wire(OPT_DOUBLE, since=PEG_OFFSETS, default=None)
    customer_account: str = wire(TEXT, since=CUSTOMER_ACCOUNT, default="")
    professional_customer: bool = wire(BOOL, since=PROFESSIONAL_CUSTOMER, default=False)
    submitter: str = wire(TEXT, since=SUBMITTER, default="")
    # From here on in protobuf only.
    active_start_time: str = wire(TEXT, since=PROTOBUF_COMPLETED_ORDERS, default="")
    active_stop_time: str = wire(TEXT, since=PROTOBUF_COMPLETED_ORDERS, default="")
    deactivate: bool = wire(BOOL, since=ORDER_PARAMETERS_1, default=False)
    post_only: bool = wire(BOOL, since=ORDER_PARAMETERS_1, default=False)
    allow_pre_open: bool = wire(BOOL, since=ORDER_PARAMETERS_1, default=False)
    ignore_open_auction: bool = wire(BOOL, since=ORDER_PARAMETERS_1, default=False)
    seek_price_improvement: bool | None = wire(OPT_BOOL, since=ORDER_PARAMETERS_2, default=None)
    what_if_type: int | None = wire(OPT_INT, since=ORDER_PARAMETERS_2, default=None)
    hedge_max_size: int | None = wire(OPT_INT, since=HEDGE_MAX_SIZE, default=None)
