"""placeOrder, and the records its echoes share with it."""

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
    Condition,
    Message,
    embed,
    filled,
    one_of,
    positive,
    record,
    request,
    rows,
    wire,
)
from pytest_ibkr.wire.messages.contract import C12, Contract, TagValue
from pytest_ibkr.wire.versions import (
    ADVANCED_REJECT,
    ATTACHED_ORDERS,
    AUTO_CANCEL_PARENT,
    CME_TAGGING,
    CUSTOMER_ACCOUNT,
    DURATION,
    HEDGE_MAX_SIZE,
    IMBALANCE_ONLY,
    INCLUDE_OVERNIGHT,
    MANUAL_ORDER_TIME,
    NO_FA_PROFILE,
    NO_RFQ_FIELDS,
    ORDER_PARAMETERS_1,
    ORDER_PARAMETERS_2,
    PEG_OFFSETS,
    POST_TO_ATS,
    PROFESSIONAL_CUSTOMER,
    PROTOBUF_ORDERS,
    RFQ_FIELDS,
)

BAG = one_of("contract.sec_type", "BAG")
PEG_BENCH = one_of("order_type", "PEG BENCH", "PEGBENCH")
PEG_BEST = one_of("order_type", "PEG BEST", "PEGBEST")
PEG_MID_NAMES = ("PEG MID", "PEGMID")
# Offsets from the midpoint go with PEG MID, and with PEG BEST "up to mid", an infinite offset.
MID_OFFSETS = Condition(
    "order_type",
    f"({{v}} in {PEG_MID_NAMES!r} or {{v}} in ('PEG BEST', 'PEGBEST')"
    " and {o}.compete_offset == float('inf'))",
)


@record
class OrderLeg:
    """A combo leg as orders carry it."""

    con_id: int = wire(INT)
    ratio: int = wire(INT)
    action: str = wire(TEXT)
    exchange: str = wire(TEXT)
    open_close: int = wire(INT)
    short_sale_slot: int = wire(INT)
    designated_location: str = wire(TEXT)
    exempt_code: int = wire(INT)


@record
class LegPrice:
    """The limit of one combo leg, dollars."""

    price: Decimal | None = wire(OPT_MONEY)


@record
class OrderCondition:
    """One condition; ``type`` 1 price, 3 time, 4 margin, 5 execution, 6 volume, 7 % change."""

    type: int = wire(INT)
    conjunction: str = wire(TEXT)
    is_more: bool = wire(BOOL, when=one_of("type", 1, 3, 4, 6, 7), default=False)
    value: str = wire(TEXT, when=one_of("type", 1, 3, 4, 6, 7), default="")
    con_id: int = wire(INT, when=one_of("type", 1, 6, 7), default=0)
    exchange: str = wire(TEXT, when=one_of("type", 1, 6, 7), default="")
    trigger_method: int = wire(INT, when=one_of("type", 1), default=0)
    sec_type: str = wire(TEXT, when=one_of("type", 5), default="")
    execution_exchange: str = wire(TEXT, when=one_of("type", 5), default="")
    symbol: str = wire(TEXT, when=one_of("type", 5), default="")


@request(3, "placeOrder")
class PlaceOrder(Message):
    """OUT 3. A new order, or a change when the id is already working.

    Prices in dollars per share. Layout from server version 151; source: ``placeOrder`` of
    ibapi 9.81 and 10.46 and gateway-behaviour.md 7.3.
    """

    order_id: int = wire(INT)
    contract: Contract = embed(Contract, C12)
    sec_id_type: str = wire(TEXT, default="")
    sec_id: str = wire(TEXT, default="")
    action: str = wire(TEXT)
    quantity: Decimal = wire(SIZE)
    order_type: str = wire(TEXT)
    limit_price: Decimal | None = wire(OPT_MONEY, default=None)
    aux_price: Decimal | None = wire(OPT_MONEY, default=None)
    tif: str = wire(TEXT, default="")
    oca_group: str = wire(TEXT, default="")
    account: str = wire(TEXT, default="")
    open_close: str = wire(TEXT, default="")
    origin: int = wire(INT, default=0)
    order_ref: str = wire(TEXT, default="")
    transmit: bool = wire(BOOL, default=True)
    parent_id: int = wire(INT, default=0)
    block_order: bool = wire(BOOL, default=False)
    sweep_to_fill: bool = wire(BOOL, default=False)
    display_size: int = wire(INT, default=0)
    trigger_method: int = wire(INT, default=0)
    outside_rth: bool = wire(BOOL, default=False)
    hidden: bool = wire(BOOL, default=False)
    legs: tuple[OrderLeg, ...] = rows(OrderLeg, when=BAG)
    leg_prices: tuple[LegPrice, ...] = rows(LegPrice, when=BAG)
    routing: tuple[TagValue, ...] = rows(TagValue, when=BAG)
    shares_allocation: str = wire(TEXT, default="")
    discretionary_amount: float = wire(DOUBLE, default=0.0)
    good_after_time: str = wire(TEXT, default="")
    good_till_date: str = wire(TEXT, default="")
    fa_group: str = wire(TEXT, default="")
    fa_method: str = wire(TEXT, default="")
    fa_percentage: str = wire(TEXT, default="")
    fa_profile: str = wire(TEXT, until=NO_FA_PROFILE, default="")
    model_code: str = wire(TEXT, default="")
    short_sale_slot: int = wire(INT, default=0)
    designated_location: str = wire(TEXT, default="")
    exempt_code: int = wire(INT, default=-1)
    oca_type: int = wire(INT, default=0)
    rule_80a: str = wire(TEXT, default="")
    settling_firm: str = wire(TEXT, default="")
    all_or_none: bool = wire(BOOL, default=False)
    min_quantity: int | None = wire(OPT_INT, default=None)
    percent_offset: float | None = wire(OPT_DOUBLE, default=None)
    e_trade_only: bool = wire(BOOL, default=False)
    firm_quote_only: bool = wire(BOOL, default=False)
    nbbo_price_cap: float | None = wire(OPT_DOUBLE, default=None)
    auction_strategy: int = wire(INT, default=0)
    starting_price: float | None = wire(OPT_DOUBLE, default=None)
    stock_ref_price: float | None = wire(OPT_DOUBLE, default=None)
    delta: float | None = wire(OPT_DOUBLE, default=None)
    stock_range_lower: float | None = wire(OPT_DOUBLE, default=None)
    stock_range_upper: float | None = wire(OPT_DOUBLE, default=None)
    override_percentage: bool = wire(BOOL, default=False)
    volatility: float | None = wire(OPT_DOUBLE, default=None)
    volatility_type: int | None = wire(OPT_INT, default=None)
    dn_order_type: str = wire(TEXT, default="")
    dn_aux_price: float | None = wire(OPT_DOUBLE, default=None)
    dn_con_id: int = wire(INT, when=filled("dn_order_type"), default=0)
    dn_settling_firm: str = wire(TEXT, when=filled("dn_order_type"), default="")
    dn_clearing_account: str = wire(TEXT, when=filled("dn_order_type"), default="")
    dn_clearing_intent: str = wire(TEXT, when=filled("dn_order_type"), default="")
    dn_open_close: str = wire(TEXT, when=filled("dn_order_type"), default="")
    dn_short_sale: bool = wire(BOOL, when=filled("dn_order_type"), default=False)
    dn_short_sale_slot: int = wire(INT, when=filled("dn_order_type"), default=0)
    dn_designated_location: str = wire(TEXT, when=filled("dn_order_type"), default="")
    continuous_update: int = wire(INT, default=0)
    reference_price_type: int | None = wire(OPT_INT, default=None)
    trail_stop_price: Decimal | None = wire(OPT_MONEY, default=None)
    trailing_percent: float | None = wire(OPT_DOUBLE, default=None)
    scale_init_size: int | None = wire(OPT_INT, default=None)
    scale_subs_size: int | None = wire(OPT_INT, default=None)
    scale_increment: float | None = wire(OPT_DOUBLE, default=None)
    scale_adjust_value: float | None = wire(
        OPT_DOUBLE, when=positive("scale_increment"), default=None
    )
    scale_adjust_interval: int | None = wire(
        OPT_INT, when=positive("scale_increment"), default=None
    )
    scale_profit_offset: float | None = wire(
        OPT_DOUBLE, when=positive("scale_increment"), default=None
    )
    scale_auto_reset: bool = wire(BOOL, when=positive("scale_increment"), default=False)
    scale_init_position: int | None = wire(OPT_INT, when=positive("scale_increment"), default=None)
    scale_init_fill: int | None = wire(OPT_INT, when=positive("scale_increment"), default=None)
    scale_random_percent: bool = wire(BOOL, when=positive("scale_increment"), default=False)
    scale_table: str = wire(TEXT, default="")
    active_start_time: str = wire(TEXT, default="")
    active_stop_time: str = wire(TEXT, default="")
    hedge_type: str = wire(TEXT, default="")
    hedge_param: str = wire(TEXT, when=filled("hedge_type"), default="")
    opt_out_smart_routing: bool = wire(BOOL, default=False)
    clearing_account: str = wire(TEXT, default="")
    clearing_intent: str = wire(TEXT, default="")
    not_held: bool = wire(BOOL, default=False)
    delta_neutral: bool = wire(BOOL, default=False)
    delta_neutral_con_id: int = wire(INT, when=filled("delta_neutral"), default=0)
    delta_neutral_delta: float = wire(DOUBLE, when=filled("delta_neutral"), default=0.0)
    delta_neutral_price: float = wire(DOUBLE, when=filled("delta_neutral"), default=0.0)
    algo_strategy: str = wire(TEXT, default="")
    algo_params: tuple[TagValue, ...] = rows(TagValue, when=filled("algo_strategy"))
    algo_id: str = wire(TEXT, default="")
    what_if: bool = wire(BOOL, default=False)
    misc_options: str = wire(TEXT, default="")
    solicited: bool = wire(BOOL, default=False)
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
    adjusted_order_type: str = wire(TEXT, default="")
    trigger_price: float | None = wire(MAX_DOUBLE, default=None)
    limit_price_offset: float | None = wire(MAX_DOUBLE, default=None)
    adjusted_stop_price: float | None = wire(MAX_DOUBLE, default=None)
    adjusted_stop_limit_price: float | None = wire(MAX_DOUBLE, default=None)
    adjusted_trailing_amount: float | None = wire(MAX_DOUBLE, default=None)
    adjustable_trailing_unit: int = wire(INT, default=0)
    ext_operator: str = wire(TEXT, default="")
    soft_dollar_name: str = wire(TEXT, default="")
    soft_dollar_value: str = wire(TEXT, default="")
    cash_quantity: float | None = wire(MAX_DOUBLE, default=None)
    mifid_decision_maker: str = wire(TEXT, default="")
    mifid_decision_algo: str = wire(TEXT, default="")
    mifid_execution_trader: str = wire(TEXT, default="")
    mifid_execution_algo: str = wire(TEXT, default="")
    dont_use_auto_price_for_hedge: bool = wire(BOOL, default=False)
    is_oms_container: bool = wire(BOOL, default=False)
    discretionary_up_to_limit: bool = wire(BOOL, default=False)
    use_price_mgmt_algo: bool | None = wire(OPT_BOOL, default=None)
    duration: int | None = wire(OPT_INT, since=DURATION, default=None)
    post_to_ats: int | None = wire(OPT_INT, since=POST_TO_ATS, default=None)
    auto_cancel_parent: bool = wire(BOOL, since=AUTO_CANCEL_PARENT, default=False)
    advanced_error_override: str = wire(TEXT, since=ADVANCED_REJECT, default="")
    manual_order_time: str = wire(TEXT, since=MANUAL_ORDER_TIME, default="")
    min_trade_quantity: int | None = wire(
        OPT_INT, since=PEG_OFFSETS, when=one_of("contract.exchange", "IBKRATS"), default=None
    )
    min_compete_size: int | None = wire(OPT_INT, since=PEG_OFFSETS, when=PEG_BEST, default=None)
    compete_offset: float | None = wire(INF_DOUBLE, since=PEG_OFFSETS, when=PEG_BEST, default=None)
    mid_offset_whole: float | None = wire(
        OPT_DOUBLE, since=PEG_OFFSETS, when=MID_OFFSETS, default=None
    )
    mid_offset_half: float | None = wire(
        OPT_DOUBLE, since=PEG_OFFSETS, when=MID_OFFSETS, default=None
    )
    customer_account: str = wire(TEXT, since=CUSTOMER_ACCOUNT, default="")
    professional_customer: bool = wire(BOOL, since=PROFESSIONAL_CUSTOMER, default=False)
    # Three versions knew requests for quotes; the client fills in nothing.
    rfq_text: str = wire(TEXT, since=RFQ_FIELDS, until=NO_RFQ_FIELDS, default="")
    rfq_number: int | None = wire(MAX_INT, since=RFQ_FIELDS, until=NO_RFQ_FIELDS, default=None)
    include_overnight: bool = wire(BOOL, since=INCLUDE_OVERNIGHT, default=False)
    manual_order_indicator: int | None = wire(MAX_INT, since=CME_TAGGING, default=None)
    imbalance_only: bool = wire(BOOL, since=IMBALANCE_ONLY, default=False)
    # From here on in protobuf only. The attached stop loss (sl) and profit taker (pt) are named by
    # the order ids they shall have.
    bond_accrued_interest: str = wire(TEXT, since=PROTOBUF_ORDERS, default="")
    submitter: str = wire(TEXT, since=PROTOBUF_ORDERS, default="")
    deactivate: bool = wire(BOOL, since=ORDER_PARAMETERS_1, default=False)
    post_only: bool = wire(BOOL, since=ORDER_PARAMETERS_1, default=False)
    allow_pre_open: bool = wire(BOOL, since=ORDER_PARAMETERS_1, default=False)
    ignore_open_auction: bool = wire(BOOL, since=ORDER_PARAMETERS_1, default=False)
    route_marketable_to_bbo: bool | None = wire(OPT_BOOL, since=ORDER_PARAMETERS_2, default=None)
    seek_price_improvement: bool | None = wire(OPT_BOOL, since=ORDER_PARAMETERS_2, default=None)
    what_if_type: int | None = wire(OPT_INT, since=ORDER_PARAMETERS_2, default=None)
    sl_order_id: int | None = wire(OPT_INT, since=ATTACHED_ORDERS, default=None)
    sl_order_type: str = wire(TEXT, since=ATTACHED_ORDERS, default="")
    pt_order_id: int | None = wire(OPT_INT, since=ATTACHED_ORDERS, default=None)
    pt_order_type: str = wire(TEXT, since=ATTACHED_ORDERS, default="")
    hedge_max_size: int | None = wire(OPT_INT, since=HEDGE_MAX_SIZE, default=None)
