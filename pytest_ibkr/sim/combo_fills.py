"""How much of a combination the market takes, and at which prices of its legs; pure.

Every leg needs its own size at its natural price; what one order takes of a leg is gone for the
next, for orders on the leg itself too.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from pytest_ibkr.sim import combo_quotes
from pytest_ibkr.sim.fills import Liquidity, Offer
from pytest_ibkr.sim.positions import ZERO, exact

if TYPE_CHECKING:
    from pytest_ibkr.sim.combo import Combo


def natural_prices(
    combo: Combo, quote_of: combo_quotes.QuoteOf, *, buys: bool
) -> tuple[Decimal | None, ...]:
    """What each leg costs when the combination trades now; None: that leg has no such price."""
    return tuple(
        combo_quotes.side(leg, quote_of(leg.instrument), buys=buys)[0] for leg in combo.legs
    )


def take(
    liquidity: Liquidity,
    combo: Combo,
    quote_of: combo_quotes.QuoteOf,
    *,
    buys: bool,
    wanted: Decimal,
) -> Decimal:
    """Take what all legs have room for, whole combinations up to ``wanted``, and return it."""
    offers: list[tuple[int, int, bool, Offer]] = []
    for leg in combo.legs:
        found, takes_ask = quote_of(leg.instrument), (leg.ratio > 0) is buys
        price = found.ask if takes_ask else found.bid
        size = found.ask_size if takes_ask else found.bid_size
        if price is None or price <= 0 or not size:
            return ZERO
        offer = Offer(exact(price), Decimal(size))
        offers.append((leg.instrument.con_id, abs(leg.ratio), takes_ask, offer))
    room = [
        liquidity.left(con_id, offer, buys=takes_ask) // ratio
        for con_id, ratio, takes_ask, offer in offers
    ]
    taken = min(*room, wanted)
    if taken > 0:
        for con_id, ratio, takes_ask, offer in offers:
            liquidity.take(con_id, offer, taken * ratio, buys=takes_ask)
    return taken
