"""Combinations that cannot lose: orders for them are refused; pure.

The gateway answers a limit at which a combination of options pays at least its price whatever
happens with 201 "Riskless combination orders are not allowed."; reports of public clients have it,
with an override that a client may send along (8229=COMBOPAYOUT). How it finds them is not
documented. Here: the smallest value the legs can have at their common expiry, at every strike, at
zero and beyond the last strike, is not below what is paid.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Final

from pytest_ibkr.sim.combo import Combo
from pytest_ibkr.sim.fills import limit_of
from pytest_ibkr.sim.positions import ZERO, exact
from pytest_ibkr.sim.refusal import Refusal

if TYPE_CHECKING:
    from pytest_ibkr.sim.combo import Leg
    from pytest_ibkr.sim.order_state import Order

RISKLESS: Final = "Order rejected - reason:Riskless combination orders are not allowed."
OVERRIDE: Final = "COMBOPAYOUT"


def riskless_refusal(order: Order) -> Refusal | None:
    """The 201 of an order that could not lose; None for every other order."""
    combo, limit = order.instrument, limit_of(order)
    if not isinstance(combo, Combo) or limit is None:
        return None
    if OVERRIDE in order.terms.advanced_error_override:
        return None
    worst = worst_value(combo, buys=order.buys)
    paid = limit if order.buys else -limit
    return Refusal(201, RISKLESS) if worst is not None and worst >= paid else None


def worst_value(combo: Combo, *, buys: bool) -> Decimal | None:
    """What the legs are worth at expiry at least, dollars per share of the combination's unit.

    Returns:
        None when it has no bound, or the legs are no options of one expiry.
    """
    sign = 1 if buys else -1
    if {leg.instrument.sec_type for leg in combo.legs} != {"OPT"}:
        return None
    if len({leg.instrument.series for leg in combo.legs}) > 1:
        return None
    if sum(sign * leg.unit for leg in combo.legs if leg.instrument.right == "C") < 0:
        return None
    prices = [ZERO, *(exact(leg.instrument.strike) for leg in combo.legs)]
    return min(sum((sign * _payoff(leg, at) for leg in combo.legs), ZERO) for at in prices) / (
        combo.multiplier
    )


def _payoff(leg: Leg, underlying: Decimal) -> Decimal:
    strike = exact(leg.instrument.strike)
    gain = underlying - strike if leg.instrument.right == "C" else strike - underlying
    return leg.unit * max(ZERO, gain)
