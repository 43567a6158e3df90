"""Where the official client keeps what a declared field says: paths from our names."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from tests.conformance.wire_official.support import NEW

CONTRACT = {
    "con_id": "conId",
    "sec_type": "secType",
    "expiry": "lastTradeDateOrContractMonth",
    "primary_exchange": "primaryExchange",
    "local_symbol": "localSymbol",
    "trading_class": "tradingClass",
}
_FEES = "CommissionAndFees" if NEW else "Commission"
ORDER = {
    "quantity": "totalQuantity",
    "limit_price": "lmtPrice",
    "discretionary_amount": "discretionaryAmt",
    "rule_80a": "rule80A",
    "min_quantity": "minQty",
    "override_percentage": "overridePercentageConstraints",
    "legs_description": "contract.comboLegsDescrip",
    "scale_init_size": "scaleInitLevelSize",
    "scale_subs_size": "scaleSubsLevelSize",
    "scale_increment": "scalePriceIncrement",
    "scale_adjust_value": "scalePriceAdjustValue",
    "scale_adjust_interval": "scalePriceAdjustInterval",
    "scale_init_fill": "scaleInitFillQty",
    "reference_con_id": "referenceContractId",
    "pegged_decrease": "isPeggedChangeAmountDecrease",
    "pegged_change": "peggedChangeAmount",
    "reference_change": "referenceChangeAmount",
    "reference_exchange": "referenceExchangeId",
    "adjusted_trail_stop_price": "trailStopPrice",
    "limit_price_offset": "lmtPriceOffset",
    "soft_dollar_name": "softDollarTier.name",
    "soft_dollar_value": "softDollarTier.val",
    "soft_dollar_display": "softDollarTier.displayName",
    "cash_quantity": "cashQty",
    "discretionary_up_to_limit": "discretionaryUpToLimitPrice",
    "min_trade_quantity": "minTradeQty",
    "compete_offset": "competeAgainstBestOffset",
    "mid_offset_whole": "midOffsetAtWhole",
    "mid_offset_half": "midOffsetAtHalf",
    "mifid_decision_maker": "mifid2DecisionMaker",
    "mifid_decision_algo": "mifid2DecisionAlgo",
    "mifid_execution_trader": "mifid2ExecutionTrader",
    "mifid_execution_algo": "mifid2ExecutionAlgo",
    "delta_neutral_con_id": "contract.deltaNeutralContract.conId",
    "delta_neutral_delta": "contract.deltaNeutralContract.delta",
    "delta_neutral_price": "contract.deltaNeutralContract.price",
    "sec_id_type": "contract.secIdType",
    "sec_id": "contract.secId",
}
STATE = {
    "status": "status",
    "init_margin_before": "initMarginBefore",
    "maint_margin_before": "maintMarginBefore",
    "equity_before": "equityWithLoanBefore",
    "init_margin_change": "initMarginChange",
    "maint_margin_change": "maintMarginChange",
    "equity_change": "equityWithLoanChange",
    "init_margin_after": "initMarginAfter",
    "maint_margin_after": "maintMarginAfter",
    "equity_after": "equityWithLoanAfter",
    "commission": _FEES[0].lower() + _FEES[1:],
    "min_commission": f"min{_FEES}",
    "max_commission": f"max{_FEES}",
    "commission_currency": f"{_FEES[0].lower()}{_FEES[1:]}Currency",
    "warning_text": "warningText",
    "completed_time": "completedTime",
    "completed_status": "completedStatus",
}
# Read and dropped by the clients, or (trail_stop_price) overwritten by a later field.
DROPPED = {"shares_allocation", "trail_stop_price", "delta_neutral"}
if NEW:
    DROPPED |= {"e_trade_only", "firm_quote_only", "nbbo_price_cap", "fa_profile"}


def camel(name: str) -> str:
    """``outside_rth`` to ``outsideRth``; ``dn_`` stands for deltaNeutral."""
    first, *rest = name.removesuffix("_").split("_")
    return ("deltaNeutral" if first == "dn" else first) + "".join(part.title() for part in rest)


def order_path(name: str) -> str:
    """Path below (contract, order, state) of a field of an order message."""
    if name in STATE:
        return f"state.{STATE[name]}"
    path = ORDER.get(name, camel(name))
    return path if path.startswith("contract.") else f"order.{path}"


def contract_path(name: str) -> str:
    """Attribute of the official Contract."""
    return CONTRACT.get(name, name)


def follow(root: Any, path: str) -> Any:
    """The value at a dotted path; numbers index."""
    for part in path.split("."):
        root = root[int(part)] if part.isdigit() else getattr(root, part)
    return root


def conditions(found: Iterable[Any]) -> list[tuple[Any, ...]]:
    """Conditions of the official client as comparable tuples."""
    rows = []
    for one in found:
        value = next(
            (getattr(one, n) for n in ("price", "time", "percent", "volume", "changePercent")
             if hasattr(one, n)), None,
        )  # fmt: skip
        rows.append(
            (
                one.type(),
                "a" if one.isConjunctionConnection else "o",
                getattr(one, "isMore", False),
                None if value is None else float(value),
                getattr(one, "conId", 0),
                "" if one.type() == 5 else getattr(one, "exchange", ""),
                getattr(one, "triggerMethod", 0),
                getattr(one, "secType", ""),
                one.exchange if one.type() == 5 else "",
                getattr(one, "symbol", ""),
            )
        )
    return rows


def our_conditions(found: Iterable[Any]) -> list[tuple[Any, ...]]:
    """Declared conditions in the same form."""
    return [
        (
            *(one.type, one.conjunction, one.is_more, float(one.value) if one.value else None),
            *(one.con_id, one.exchange, one.trigger_method),
            *(one.sec_type, one.execution_exchange, one.symbol),
        )
        for one in found
    ]
