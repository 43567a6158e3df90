"""What a combination is quoted at, and what its legs cost in a fill; pure arithmetic.

Natural prices: a combination is bought where every leg it buys is offered and every leg it sells
is bid, and sold the other way round. Prices may be zero or below: a credit. No better price than
the natural one is ever assumed; real complex books may trade inside it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import ROUND_DOWN, Decimal
from typing import TYPE_CHECKING, Final

from pytest_ibkr.sim.positions import ZERO, exact
from pytest_ibkr.sim.quotes import Quote

if TYPE_CHECKING:
    from pytest_ibkr.sim.combo import Combo, Leg
    from pytest_ibkr.sim.instruments import Instrument

QuoteOf = Callable[["Instrument"], Quote]
# Complex orders of options may be entered in 0.01 whatever the legs' increments are, of broad
# index options in 0.05 (Cboe Exchange Rule 5.33(f)(1)(A)).
TICK: Final = Decimal("0.01")
INDEX_TICK: Final = Decimal("0.05")


def tick(combo: Combo) -> Decimal:
    """The increment of a combination's limit, dollars."""
    return INDEX_TICK if combo.nickel else TICK


def net(combo: Combo, prices: Sequence[Decimal]) -> Decimal:
    """The combination's price when its legs cost ``prices`` a share each, in their order."""
    total = sum((leg.unit * each for leg, each in zip(combo.legs, prices, strict=True)), ZERO)
    return total / combo.multiplier


def quote(combo: Combo, quote_of: QuoteOf) -> Quote:
    """The natural quote: sizes are whole combinations that every leg has room for.

    A side is missing when a leg's price for it is; it has no size when a leg's price is zero, at
    which nobody can be sold to. ``last`` is never known, ``close`` from the legs' closes.
    """
    quotes = [quote_of(leg.instrument) for leg in combo.legs]
    asks = [side(leg, each, buys=True) for leg, each in zip(combo.legs, quotes, strict=True)]
    bids = [side(leg, each, buys=False) for leg, each in zip(combo.legs, quotes, strict=True)]
    closes = [None if each.close is None else exact(each.close) for each in quotes]
    ask, bid = _net_or_none(combo, [p for p, _ in asks]), _net_or_none(combo, [p for p, _ in bids])
    return Quote(
        bid=bid,
        ask=ask,
        bid_size=None if bid is None else min(size for _, size in bids),
        ask_size=None if ask is None else min(size for _, size in asks),
        close=_net_or_none(combo, closes),
        signed=True,
    )


def mid(combo: Combo, quote_of: QuoteOf) -> Decimal | None:
    """The middle of the natural quote, dollars; None without one."""
    found = quote(combo, quote_of)
    if found.bid is None or found.ask is None:
        return None
    return (exact(found.bid) + exact(found.ask)) / 2


def side(leg: Leg, found: Quote, *, buys: bool) -> tuple[Decimal | None, int]:
    """Price of a leg and for how many combinations, when the combination is bought or sold."""
    takes_ask = (leg.ratio > 0) is buys
    price = found.ask if takes_ask else found.bid
    size = found.ask_size if takes_ask else found.bid_size
    if price is None or price < 0:
        return None, 0
    return exact(price), (size or 0) // abs(leg.ratio) if price > 0 else 0


def leg_prices(
    combo: Combo, price: Decimal, known: Sequence[Decimal | None]
) -> tuple[Decimal, ...]:
    """Prices of the legs that make a net price, from what is known of each.

    What the net price lacks is added to one leg on the side where it makes the price higher; a
    combination that only buys or only sells has its legs scaled, in cents. An unknown price counts
    as zero.

    Args:
        combo: what is traded.
        price: net, dollars per share of the combination's unit.
        known: quotes of the legs, in their order.
    """
    prices = [ZERO if each is None else each for each in known]
    missing = price - net(combo, prices)
    if not missing:
        return tuple(prices)
    raised = [place for place, leg in enumerate(combo.legs) if (leg.ratio > 0) is (missing > 0)]
    if raised:
        place = min(raised, key=lambda one: (abs(combo.legs[one].unit), one))
        prices[place] += missing * combo.multiplier / combo.legs[place].unit
        return tuple(prices)
    total = net(combo, prices)
    if not total:
        prices[0] += missing * combo.multiplier / combo.legs[0].unit
        return tuple(prices)
    scaled = [(each * price / total).quantize(TICK, ROUND_DOWN) for each in prices]
    place = min(range(len(scaled)), key=lambda one: (abs(combo.legs[one].unit), one))
    rest = price - net(combo, scaled)
    scaled[place] += rest * combo.multiplier / combo.legs[place].unit
    return tuple(scaled)


def _net_or_none(combo: Combo, prices: Sequence[Decimal | None]) -> float | None:
    known = [price for price in prices if price is not None]
    return float(net(combo, known)) if len(known) == len(prices) else None
