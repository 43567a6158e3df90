"""Orders, their echoes and statuses, executions, commissions."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from tests.conformance.wire_official.asking import CONDITION_VALUES, Asked
from tests.conformance.wire_official.reading import Heard, heard
from tests.conformance.wire_official.values import DIGITS, FLOATS

DELTA_NEUTRAL = {
    "delta_neutral_con_id": "contract.deltaNeutralContract.conId",
    "delta_neutral_delta": "contract.deltaNeutralContract.delta",
    "delta_neutral_price": "contract.deltaNeutralContract.price",
}
SOFT_DOLLARS = {
    "soft_dollar_name": "order.softDollarTier.name",
    "soft_dollar_value": "order.softDollarTier.val",
    "soft_dollar_display": "order.softDollarTier.displayName",
}
LISTS = {
    "legs": "contract.comboLegs",
    "leg_prices": "order.orderComboLegs",
    "routing": "order.smartComboRoutingParams",
    "algo_params": "order.algoParams",
}
ECHO = {
    **DELTA_NEUTRAL,
    **SOFT_DOLLARS,
    **LISTS,
    "adjusted_trail_stop_price": "order.trailStopPrice",
    "allocations": "orderState.orderAllocations",
    "allocations.desired_quantity": "desiredAllocQty",
    "allocations.allowed_quantity": "allowedAllocQty",
}
ECHO_DROPPED = {
    "shares_allocation": "obsolete; read and dropped",
    "trail_stop_price": "overwritten by the adjusted one",
}


def has_delta_neutral(ours: bool, args: dict[str, Any], _: Any) -> bool:
    """The flag is whether the contract has the object."""
    return (args["contract"].deltaNeutralContract is not None) is ours


def same_conditions(ours: Any, args: dict[str, Any], _: Any) -> bool:
    """Conditions field by field, whatever class the client made of them."""
    theirs = args["order"].conditions or ()
    return len(ours) == len(theirs) and all(map(_same_condition, ours, theirs))


def _same_condition(ours: Any, theirs: Any) -> bool:
    conjunction = getattr(theirs, "conjunction", None)
    if conjunction is None:
        conjunction = "a" if theirs.isConjunctionConnection else "o"
    kind = theirs.type() if callable(getattr(theirs, "type", None)) else theirs.condType
    if (kind, conjunction) != (ours.type, ours.conjunction):
        return False
    exchange = getattr(theirs, "exchange", None) or getattr(theirs, "exch", "")
    if kind == 5:
        return (theirs.secType, exchange, theirs.symbol) == (
            *(ours.sec_type, ours.execution_exchange, ours.symbol),
        )
    return (
        theirs.isMore == ours.is_more
        and float(getattr(theirs, CONDITION_VALUES[kind])) == float(ours.value)
        and getattr(theirs, "conId", 0) == ours.con_id
        and exchange == ours.exchange
        and getattr(theirs, "triggerMethod", 0) == ours.trigger_method
    )


ECHO_DRAW = {
    "value": DIGITS,
    "conjunction": st.sampled_from("ao"),
    "expiry": st.sampled_from(["", "20260717"]),
    "shares_allocation": st.just(""),
    "parent_perm_id": DIGITS,
    "scale_increment": st.none() | FLOATS.filter(bool),  # ib_async takes 0.0 for unset
}
RESPONSES: dict[int, Heard] = {
    3: heard("orderStatus"),
    5: heard(
        "openOrder",
        places=ECHO,
        dropped=ECHO_DROPPED,
        judge={"delta_neutral": has_delta_neutral, "conditions": same_conditions},
        draw=ECHO_DRAW,
    ),
    11: heard(
        "execDetails",
        places={"exchange": "execution.exchange"},
        draw={"time": st.just("20260710-13:30:30"), "ev_multiplier": st.none() | st.just(2.0)},
    ),
    53: heard("openOrderEnd"),
    55: heard("execDetailsEnd"),
    59: heard(
        "commissionReport",
        "commissionAndFeesReport",
        draw={"yield_redemption_date": DIGITS},
    ),
    100: heard("orderBound"),
    101: heard(
        "completedOrder",
        places=ECHO,
        dropped=ECHO_DROPPED,
        judge={"delta_neutral": has_delta_neutral, "conditions": same_conditions},
        draw=ECHO_DRAW,
    ),
    102: heard("completedOrdersEnd"),
}
REQUESTS: dict[int, Asked] = {
    3: Asked(
        places={
            **DELTA_NEUTRAL,
            **SOFT_DOLLARS,
            **LISTS,
            "delta_neutral": "",
            "conditions": "order.conditions",
        },
        fixed={"shares_allocation": ""},
        draw={**ECHO_DRAW, "continuous_update": st.integers(0, 1)},
    ),
    7: Asked(
        places={
            "last_days": "execFilter.lastNDays",
            "dates": "execFilter.specificDates",
            **{n: f"execFilter.{n}" for n in ("time", "symbol", "exchange", "side")},
        }
    ),
}
