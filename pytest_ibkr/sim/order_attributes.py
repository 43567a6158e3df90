"""Which attributes of an order this gateway applies, which are labels, and which it refuses.

Every attribute of ``PlaceOrder`` is in exactly one of the three. A refused one must be at its
default, in any spelling clients and echoes use for it (empty, 0, INT_MAX, the text ``None``), so
no order ever works under terms that nothing here would honour. Pure; may import only refusals,
times and the wire. The table for people: docs/reference/orders.md.

Codes are the gateway's own for the attribute where there is one (gateway-behaviour.md 2.0 and 3.4,
and IB's list of message codes), otherwise 10340, which names the attribute.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from pytest_ibkr.sim.refusal import NO_DEFINITION, Refusal
from pytest_ibkr.wire.scalars import INT_MAX

if TYPE_CHECKING:
    from pytest_ibkr.wire.messages.place_order import PlaceOrder

# Applied, or checked by the rule that owns them (order_rules, buying_power, order_flow).
APPLIED: Final = frozenset(
    {"order_id", "contract", "action", "quantity", "order_type", "limit_price", "aux_price"}
    | {"tif", "oca_group", "oca_type", "transmit", "parent_id", "outside_rth", "what_if"}
    | {"account", "trail_stop_price", "trailing_percent", "trigger_method"}
    | {"e_trade_only", "firm_quote_only"}  # retired; refused on demand (refuse_etrade_only)
    | {"good_after_time", "good_till_date"}  # order_hours
    | {"conditions", "conditions_ignore_rth", "conditions_cancel_order"}  # order_conditions
    | {"all_or_none", "display_size", "hidden", "discretionary_amount", "sweep_to_fill"}
    | {"block_order", "percent_offset", "limit_price_offset"}  # order_features
    | {"algo_strategy", "algo_params"}  # order_algos
    | {"advanced_error_override"}  # combo_risk
    | {"legs", "leg_prices"}  # combo, order_rules
)
# They say who, why or for which audit; a paper fill is the same with and without them.
LABELS: Final = frozenset(
    {"order_ref", "open_close", "solicited", "override_percentage", "shares_allocation"}
    | {"manual_order_time", "ext_operator", "manual_order_indicator"}
    | {"customer_account", "professional_customer"}
    | {"submitter", "bond_accrued_interest"}
    | {"rfq_text", "rfq_number"}  # three versions had them, no client ever filled them
    | {"mifid_decision_maker", "mifid_decision_algo", "mifid_execution_trader"}
    | {"mifid_execution_algo", "dont_use_auto_price_for_hedge"}
    # Only on the wire with another attribute or type, which is refused itself or never fills.
    | {"routing", "hedge_param", "dn_con_id"}
    | {"dn_settling_firm", "dn_clearing_account", "dn_clearing_intent", "dn_open_close"}
    | {"dn_short_sale", "dn_short_sale_slot", "dn_designated_location", "delta_neutral_con_id"}
    | {"delta_neutral_delta", "delta_neutral_price", "reference_con_id", "pegged_decrease"}
    | {"pegged_change", "reference_change", "reference_exchange"}
    | {"min_compete_size", "compete_offset", "mid_offset_whole"}
    | {"mid_offset_half", "scale_adjust_value", "scale_adjust_interval", "scale_profit_offset"}
    | {"scale_auto_reset", "scale_init_position", "scale_init_fill", "scale_random_percent"}
)
Code = tuple[int, str]
_NO_ADVISOR: Final = (344, "The account logged into is not a financial advisor account.")
_NOT_AWAY: Final = (346, "Not an institutional account or an away clearing account.")
_NO_DISCRETION: Final = (
    325,
    "Discretionary orders are not supported for this combination of exchange and order type.",
)
_NOT_VOL: Final = "Do not set it for other order types."
_VOL_ONLY: Final = "Do not set it for non-VOL orders."
_NO_RANGE: Final = (373, "Can only set stock range attribute on VOL or RELATIVE TO STOCK order.")
_NOT_COMBO: Final = (
    429,
    "Delta neutral orders are only supported for combos (BAG security type).",
)
_WITH_OWN_CODE: Final[dict[str, Code]] = {
    "sec_id_type": (200, NO_DEFINITION),
    "sec_id": (200, NO_DEFINITION),
    "origin": (311, "The origin is invalid."),
    "discretionary_up_to_limit": _NO_DISCRETION,
    **dict.fromkeys(
        ("fa_group", "fa_method", "fa_percentage", "fa_profile", "model_code"), _NO_ADVISOR
    ),
    **dict.fromkeys(("settling_firm", "clearing_account", "clearing_intent"), _NOT_AWAY),
    "short_sale_slot": (
        348,
        "Order not a short sale -- type must be SSHORT to specify short sale slot.",
    ),
    "trigger_price": (361, "Invalid trigger price."),
    "adjusted_stop_price": (362, "Invalid adjusted stop price."),
    "adjusted_stop_limit_price": (363, "Invalid adjusted stop limit price."),
    "adjusted_trailing_amount": (364, "Invalid adjusted trailing amount."),
    "volatility_type": (367, f"Volatility type if set must be 1 or 2 for VOL orders. {_NOT_VOL}"),
    "reference_price_type": (
        368,
        f"Reference Price Type must be 1 or 2 for dynamic volatility management. {_VOL_ONLY}",
    ),
    "volatility": (
        371,
        f"VOL order requires positive floating point value for volatility. {_NOT_VOL}",
    ),
    "continuous_update": (372, "Cannot set dynamic VOL attribute on non-VOL order."),
    "stock_range_lower": _NO_RANGE,
    "stock_range_upper": _NO_RANGE,
    "dn_order_type": _NOT_COMBO,
    "delta_neutral": _NOT_COMBO,
    "cash_quantity": (10244, "Cash Quantity cannot be used for this order"),
    "nbbo_price_cap": (10270, "The 'nbboPriceCap' order attribute is not supported"),
    "not_held": (10297, "Not Held attribute is invalid for this order."),
    "min_trade_quantity": (10302, "Min trade trade quantity is not allowed for this order"),
}
_UNSUPPORTED: Final = "The following order attribute is not supported: "
# By the name the API has for it, as the text prints it.
_WITHOUT_OWN_CODE: Final = {
    "min_quantity": "minQty",
    "designated_location": "designatedLocation",
    "exempt_code": "exemptCode",
    "rule_80a": "rule80A",
    "auction_strategy": "auctionStrategy",
    "starting_price": "startingPrice",
    "stock_ref_price": "stockRefPrice",
    "delta": "delta",
    "dn_aux_price": "deltaNeutralAuxPrice",
    "scale_init_size": "scaleInitLevelSize",
    "scale_subs_size": "scaleSubsLevelSize",
    "scale_increment": "scalePriceIncrement",
    "scale_table": "scaleTable",
    "active_start_time": "activeStartTime",
    "active_stop_time": "activeStopTime",
    "hedge_type": "hedgeType",
    "opt_out_smart_routing": "optOutSmartRouting",
    "algo_id": "algoId",
    "misc_options": "orderMiscOptions",
    "randomize_size": "randomizeSize",
    "randomize_price": "randomizePrice",
    "adjusted_order_type": "adjustedOrderType",
    "adjustable_trailing_unit": "adjustableTrailingUnit",
    "soft_dollar_name": "softDollarTier",
    "soft_dollar_value": "softDollarTier",
    "is_oms_container": "isOmsContainer",
    "use_price_mgmt_algo": "usePriceMgmtAlgo",
    "duration": "duration",
    "post_to_ats": "postToAts",
    "auto_cancel_parent": "autoCancelParent",
    "include_overnight": "includeOvernight",
    "imbalance_only": "imbalanceOnly",
    "deactivate": "deactivate",
    "post_only": "postOnly",
    "allow_pre_open": "allowPreOpen",
    "ignore_open_auction": "ignoreOpenAuction",
    "route_marketable_to_bbo": "routeMarketableToBbo",
    "seek_price_improvement": "seekPriceImprovement",
    "what_if_type": "whatIfType",
    "sl_order_id": "slOrderId",
    "sl_order_type": "slOrderType",
    "pt_order_id": "ptOrderId",
    "pt_order_type": "ptOrderType",
    "hedge_max_size": "hedgeMaxSize",
}
REFUSED: Final[dict[str, Code]] = _WITH_OWN_CODE | {
    name: (10340, _UNSUPPORTED + api_name) for name, api_name in _WITHOUT_OWN_CODE.items()
}
# Values that say as little as an empty one, beside what is false.
_UNSET: Final[dict[str, object]] = {"exempt_code": -1, "clearing_intent": "IB"}
_IN_GENERAL: Final = (INT_MAX, "None")
HEDGES: Final = frozenset({"D", "B", "F", "P"})


def check_attributes(terms: PlaceOrder) -> None:
    """Refuse an order that asks for what nothing here would do.

    Raises:
        Refusal: what ``_check_hedge`` says, otherwise the code of the first attribute not at its
            default.
    """
    _check_hedge(terms)
    for name, (code, text) in REFUSED.items():
        if not is_unset(name, getattr(terms, name)):
            raise Refusal(code, text)


def unsupported(api_name: str) -> Refusal:
    """The refusal that names an attribute as the API does."""
    return Refusal(10340, _UNSUPPORTED + api_name)


def is_unset(name: str, value: object) -> bool:
    """Whether a value is one of the spellings of "not given" of an attribute."""
    return not value or value in _IN_GENERAL or value == _UNSET.get(name)


def _check_hedge(terms: PlaceOrder) -> None:
    """Refuse a hedge the way its own rules would; a faultless one is refused by its attribute."""
    if not terms.hedge_type:
        return
    if terms.hedge_type not in HEDGES:
        raise Refusal(10007, "Invalid hedge type.")
    if terms.hedge_type == "P" and not _is_number(terms.hedge_param.removeprefix("ratio=")):
        raise Refusal(320, "Error reading request. Invalid hedge ratio")
    if terms.quantity:
        raise Refusal(10032, "Specifying size for hedge order is not allowed, send zero.")


def _is_number(text: str) -> bool:
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False
