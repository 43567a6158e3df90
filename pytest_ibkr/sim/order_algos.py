"""Algorithms of orders: which exist, what their parameters may be, which are worked here; pure.

Adaptive is worked as the order it is attached to when the condition ``adaptive_algo`` says so:
what it does to a price is IB's secret. The others are refused as not allowed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pytest_ibkr.sim.refusal import Refusal

if TYPE_CHECKING:
    from pytest_ibkr.sim.conditions import Conditions
    from pytest_ibkr.wire.messages.place_order import PlaceOrder

# Algorithms IB has for US stocks and options.
ALGOS: Final = frozenset(
    {"Adaptive", "ArrivalPx", "DarkIce", "Vwap", "Twap", "PctVol", "BalanceImpactRisk"}
    | {"MinImpact", "ClosePx", "AD", "PctVolPx", "PctVolSz", "PctVolTm"}
)
PRIORITIES: Final = frozenset({"Urgent", "Normal", "Patient"})
_PRIORITY: Final = "adaptivePriority"
UNKNOWN: Final = Refusal(439, "Order processing failed. Algorithm definition not found.")
NOT_ALLOWED: Final = Refusal(442, "Specified algorithm is not allowed for this order.")


def check(terms: PlaceOrder, order_type: str, conditions: Conditions) -> None:
    """Refuse algorithms that do not exist or are not worked here, and wrong parameters.

    Raises:
        Refusal: 439 no such algorithm, 443 no such parameter, 441 a value it does not take, 442.
    """
    if not terms.algo_strategy:
        return
    if terms.algo_strategy not in ALGOS:
        raise UNKNOWN
    if terms.algo_strategy == "Adaptive":
        for each in terms.algo_params:
            if each.tag != _PRIORITY:
                raise Refusal(443, f"Order processing failed. Unknown algo attribute: {each.tag}")
            if each.value not in PRIORITIES:
                raise Refusal(441, f"Algo attributes validation failed: {_PRIORITY}: {each.value}")
        if conditions.adaptive_algo == "worked" and order_type in ("MKT", "LMT"):
            return
    raise NOT_ALLOWED
