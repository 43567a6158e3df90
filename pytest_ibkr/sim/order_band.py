"""How far beyond the market IB lets a limit go: the price band of stocks, pure.

One captured order shows it (gateway-behaviour.md 3.2, script S13): a buy at ten times the price of
AAPL came back with a limit 2.94 % above the market named beside it. Limits on the passive side are
taken whatever they are, and nothing is checked outside the session. Options have a band as well,
but the published refusals name anything from 7 to 23 %, so none is applied to them.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Final

from pytest_ibkr.sim.fills import limit_of

if TYPE_CHECKING:
    from pytest_ibkr.sim.fills import Offer
    from pytest_ibkr.sim.order_state import Order

BAND: Final = Decimal("0.03")  # "about 3 %": the capture's market moved between its two numbers
_REASON: Final = (
    "We cannot accept an order at a limit price at or more aggressive than {bound:f}. Please"
    " submit your order <br>using a limit price that is closer to the current market price of"
    " {market:f}."
)
# As a user of the API reported it.
_CAPPED: Final = (
    "{order}  In accordance with our regulatory obligations as a broker, we will initially cap (or"
    " limit) the price of your Limit Order to {bound:f} or a more aggressive price still within"
    " your specified limit price."
)


def refusal(order: Order, offer: Offer | None) -> str:
    """Why IB cancels an order for its limit; empty when it does not.

    Args:
        order: looked at when it begins to work, or is changed while it works.
        offer: what the session's market offers its side; None: closed, or no valid quote.
    """
    bound = bound_of(order, offer)
    if bound is None or offer is None:
        return ""
    return _REASON.format(bound=_short(bound), market=_short(offer.price))


def bound_of(order: Order, offer: Offer | None) -> Decimal | None:
    """Where the band ends for an order whose limit is beyond it; None: its limit is not."""
    limit = limit_of(order)
    if limit is None or offer is None or order.instrument.sec_type != "STK":
        return None
    bound = offer.price * (1 + BAND if order.buys else 1 - BAND)
    return bound if (limit >= bound if order.buys else limit <= bound) else None


def cap_text(order: Order, bound: Decimal) -> str:
    """The text of 2161, which comes instead where the condition ``price_band`` says capped."""
    terms = order.terms
    order_text = f"{terms.action} {order.quantity:f} {order.instrument.symbol}"
    return _CAPPED.format(
        order=f"{order_text} @ {terms.limit_price:.2f}",
        bound=_short(bound),
    )


def _short(price: Decimal) -> Decimal:
    """At most six decimals, none of them zeros at the end, as captured."""
    return round(price, 6).normalize()
