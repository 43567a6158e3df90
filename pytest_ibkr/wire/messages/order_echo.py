"""The long echo of an order: openOrder.

Field by field after the annotated live frame (156 fields at server version 200) of
gateway-behaviour.md, appendix B, and the official decoders; defaults are what that frame showed.
"""

from __future__ import annotations

from decimal import Decimal

from pytest_ibkr.wire.declare import (
    BOOL,
    DOUBLE,
    INF_DOUBLE,
    INT,
    LONG_SIZE,
    MAX_DOUBLE,
    MAX_INT,
    MAX_MONEY,
    OPT_BOOL,
    OPT_DOUBLE,
    OPT_INT,
    OPT_MONEY,
    SIZE,
    TEXT,
    ZERO_MONEY,
    Kind,
    Message,
    embed,
    filled,
    positive,
    record,
    response,
    rows,
    wire,
)
from pytest_ibkr.wire.messages.contract import C11, SHORT_NUMBER, Contract, TagValue
from pytest_ibkr.wire.messages.place_order import PEG_BENCH, LegPrice, OrderCondition, OrderLeg
from pytest_ibkr.wire.versions import (
    AUTO_CANCEL_PARENT,
    BOND_ACCRUED,
    CME_TAGGING_ECHO,
    CUSTOMER_ACCOUNT,
    DURATION,
    HEDGE_MAX_SIZE,
    IMBALANCE_ONLY,
    INCLUDE_OVERNIGHT,
    NO_FA_PROFILE,
    ORDER_PARAMETERS_1,
    ORDER_PARAMETERS_2,
    ORDER_PREVIEW,
    PEG_OFFSETS,
    POST_TO_ATS,
    PROFESSIONAL_CUSTOMER,
    PROTOBUF_ORDERS,
    SUBMITTER,
)

# A zero amount is printed "0" in these echoes, unlike unset prices ("0.0").
AMOUNT = Kind("amount", "short_number({v})", "float({t} or 0)")
NONE_TEXT = "None"  # the gateway sends this text, which switches eight fields on
DN = filled("dn_order_type")
SCALED = positive("scale_increment")


@record
class Allocation:
    """What an account of an advisor gets of an order, in the preview."""

    account: str = wire(TEXT)
    position: Decimal = wire(SIZE)
    position_desired: Decimal = wire(SIZE)
    position_after: Decimal = wire(SIZE)
    desired_quantity: Decimal = wire(SIZE)
    allowed_quantity: Decimal = wire(SIZE)
    is_monetary: bool = wire(BOOL)


@response(5)
class OpenOrder(Message):
    """IN 5. The order as the gateway sees it; an echo with differences."""

    order_id: int = wire(INT)
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
    client_id: int = wire(INT)
    perm_id: int = wire(INT)
    outside_rth: bool = wire(BOOL, default=False)
    hidden: bool = wire(BOOL, default=False)
    discretionary_amount: float = wire(AMOUNT, default=0.0)
    good_after_time: str = wire(TEXT, default="")
    shares_allocation: str = wire(TEXT, default="")
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
    auction_strategy: int = wire(INT, default=0)
    starting_price: float | None = wire(OPT_DOUBLE, default=None)
    stock_ref_price: float | None = wire(OPT_DOUBLE, default=None)
    delta: float | None = wire(OPT_DOUBLE, default=None)
    stock_range_lower: float | None = wire(OPT_DOUBLE, default=None)
    stock_range_upper: float | None = wire(OPT_DOUBLE, default=None)
    display_size: int | None = wire(MAX_INT, default=None)
    block_order: bool = wire(BOOL, default=False)
    sweep_to_fill: bool = wire(BOOL, default=False)
    all_or_none: bool = wire(BOOL, default=False)
    min_quantity: int | None = wire(OPT_INT, default=None)
    oca_type: int = wire(INT, default=3)
    e_trade_only: bool = wire(BOOL, default=False)
    firm_quote_only: bool = wire(BOOL, default=False)
    nbbo_price_cap: float | None = wire(OPT_DOUBLE, default=None)
    parent_id: int = wire(INT, default=0)
    trigger_method: int = wire(INT, default=0)
    volatility: float | None = wire(OPT_DOUBLE, default=None)
    volatility_type: int = wire(INT, default=0)
    dn_order_type: str = wire(TEXT, default=NONE_TEXT)
    dn_aux_price: float | None = wire(OPT_DOUBLE, default=None)
    dn_con_id: int = wire(INT, when=DN, default=0)
    dn_settling_firm: str = wire(TEXT, when=DN, default="")
    dn_clearing_account: str = wire(TEXT, when=DN, default="")
    dn_clearing_intent: str = wire(TEXT, when=DN, default="")
    dn_open_close: str = wire(TEXT, when=DN, default="?")
    dn_short_sale: bool = wire(BOOL, when=DN, default=False)
    dn_short_sale_slot: int = wire(INT, when=DN, default=0)
    dn_designated_location: str = wire(TEXT, when=DN, default="")
    continuous_update: bool = wire(BOOL, default=False)
    reference_price_type: int = wire(INT, default=0)
    trail_stop_price: Decimal | None = wire(OPT_MONEY, default=None)
    trailing_percent: float | None = wire(OPT_DOUBLE, default=None)
    basis_points: float | None = wire(OPT_DOUBLE, default=None)
    basis_points_type: int | None = wire(OPT_INT, default=None)
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
    opt_out_smart_routing: bool = wire(BOOL, default=False)
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
    what_if: bool = wire(BOOL, default=False)
    status: str = wire(TEXT)
    init_margin_before: Decimal | None = wire(MAX_MONEY, default=None)
    maint_margin_before: Decimal | None = wire(MAX_MONEY, default=None)
    equity_before: Decimal | None = wire(MAX_MONEY, default=None)
    init_margin_change: Decimal | None = wire(MAX_MONEY, default=None)
    maint_margin_change: Decimal | None = wire(MAX_MONEY, default=None)
    equity_change: Decimal | None = wire(MAX_MONEY, default=None)
    init_margin_after: Decimal | None = wire(MAX_MONEY, default=None)
    maint_margin_after: Decimal | None = wire(MAX_MONEY, default=None)
    equity_after: Decimal | None = wire(MAX_MONEY, default=None)
    commission: Decimal | None = wire(OPT_MONEY, default=None)
    min_commission: Decimal | None = wire(OPT_MONEY, default=None)
    max_commission: Decimal | None = wire(OPT_MONEY, default=None)
    commission_currency: str = wire(TEXT, default="")
    margin_currency: str = wire(TEXT, since=ORDER_PREVIEW, default="")
    init_margin_before_outside_rth: Decimal | None = wire(
        MAX_MONEY, since=ORDER_PREVIEW, default=None
    )
    maint_margin_before_outside_rth: Decimal | None = wire(
        MAX_MONEY, since=ORDER_PREVIEW, default=None
    )
    equity_before_outside_rth: Decimal | None = wire(MAX_MONEY, since=ORDER_PREVIEW, default=None)
    init_margin_change_outside_rth: Decimal | None = wire(
        MAX_MONEY, since=ORDER_PREVIEW, default=None
    )
    maint_margin_change_outside_rth: Decimal | None = wire(
        MAX_MONEY, since=ORDER_PREVIEW, default=None
    )
    equity_change_outside_rth: Decimal | None = wire(MAX_MONEY, since=ORDER_PREVIEW, default=None)
    init_margin_after_outside_rth: Decimal | None = wire(
        MAX_MONEY, since=ORDER_PREVIEW, default=None
    )
    maint_margin_after_outside_rth: Decimal | None = wire(
        MAX_MONEY, since=ORDER_PREVIEW, default=None
    )
    equity_after_outside_rth: Decimal | None = wire(MAX_MONEY, since=ORDER_PREVIEW, default=None)
    suggested_size: Decimal | None = wire(LONG_SIZE, since=ORDER_PREVIEW, default=None)
    reject_reason: str = wire(TEXT, since=ORDER_PREVIEW, default="")
    allocations: tuple[Allocation, ...] = rows(Allocation, since=ORDER_PREVIEW)
    warning_text: str = wire(TEXT, default="")
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
    adjusted_order_type: str = wire(TEXT, default=NONE_TEXT)
    trigger_price: float | None = wire(MAX_DOUBLE, default=None)
    adjusted_trail_stop_price: float | None = wire(MAX_DOUBLE, default=None)
    limit_price_offset: float | None = wire(MAX_DOUBLE, default=None)
    adjusted_stop_price: float | None = wire(MAX_DOUBLE, default=None)
    adjusted_stop_limit_price: float | None = wire(MAX_DOUBLE, default=None)
    adjusted_trailing_amount: float | None = wire(MAX_DOUBLE, default=None)
    adjustable_trailing_unit: int = wire(INT, default=0)
    soft_dollar_name: str = wire(TEXT, default="")
    soft_dollar_value: str = wire(TEXT, default="")
    soft_dollar_display: str = wire(TEXT, default="")
    cash_quantity: float = wire(AMOUNT, default=0.0)
    dont_use_auto_price_for_hedge: bool = wire(BOOL, default=True)
    is_oms_container: bool = wire(BOOL, default=False)
    discretionary_up_to_limit: bool = wire(BOOL, default=False)
    use_price_mgmt_algo: bool = wire(BOOL, default=False)
    duration: int | None = wire(OPT_INT, since=DURATION, default=None)
    post_to_ats: int | None = wire(OPT_INT, since=POST_TO_ATS, default=None)
    auto_cancel_parent: bool = wire(BOOL, since=AUTO_CANCEL_PARENT, default=False)
    min_trade_quantity: int | None = wire(OPT_INT, since=PEG_OFFSETS, default=None)
    min_compete_size: int | None = wire(OPT_INT, since=PEG_OFFSETS, default=100)
    compete_offset: float | None = wire(INF_DOUBLE, since=PEG_OFFSETS, default=0.02)
    mid_offset_whole: float | None = wire(OPT_DOUBLE, since=PEG_OFFSETS, default=None)
    mid_offset_half: float | None = wire(OPT_DOUBLE, since=PEG_OFFSETS, default=None)
    customer_account: str = wire(TEXT, since=CUSTOMER_ACCOUNT, default="")
    professional_customer: bool = wire(BOOL, since=PROFESSIONAL_CUSTOMER, default=False)
    bond_accrued_interest: str = wire(TEXT, since=BOND_ACCRUED, default="")
    include_overnight: bool = wire(BOOL, since=INCLUDE_OVERNIGHT, default=False)
    ext_operator: str = wire(TEXT, since=CME_TAGGING_ECHO, default="")
    manual_order_indicator: int | None = wire(OPT_INT, since=CME_TAGGING_ECHO, default=0)
    submitter: str = wire(TEXT, since=SUBMITTER, default="")
    imbalance_only: bool = wire(BOOL, since=IMBALANCE_ONLY, default=False)
    # From here on in protobuf only.
    active_start_time: str = wire(TEXT, since=PROTOBUF_ORDERS, default="")
    active_stop_time: str = wire(TEXT, since=PROTOBUF_ORDERS, default="")
    deactivate: bool = wire(BOOL, since=ORDER_PARAMETERS_1, default=False)
    post_only: bool = wire(BOOL, since=ORDER_PARAMETERS_1, default=False)
    allow_pre_open: bool = wire(BOOL, since=ORDER_PARAMETERS_1, default=False)
    ignore_open_auction: bool = wire(BOOL, since=ORDER_PARAMETERS_1, default=False)
    route_marketable_to_bbo: bool | None = wire(OPT_BOOL, since=ORDER_PARAMETERS_2, default=None)
    seek_price_improvement: bool | None = wire(OPT_BOOL, since=ORDER_PARAMETERS_2, default=None)
    what_if_type: int | None = wire(OPT_INT, since=ORDER_PARAMETERS_2, default=None)
    hedge_max_size: int | None = wire(OPT_INT, since=HEDGE_MAX_SIZE, default=None)
