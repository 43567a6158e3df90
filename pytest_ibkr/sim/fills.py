"""When a quote fills an order, at what price and for how much: the paper engine's rules, pure.

The top of the book counts, price and size, nothing behind it. Without a valid two-sided quote
nothing fills. A resting limit fills when the opposite quote reaches it, never because trades
print there (gateway-behaviour.md 3.9).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import TYPE_CHECKING, Final

from pytest_ibkr.sim import triggers
from pytest_ibkr.sim.order_types import LIMITED, TYPES
from pytest_ibkr.sim.positions import ZERO, exact

if TYPE_CHECKING:
    from pytest_ibkr.sim.order_state import Order
    from pytest_ibkr.sim.quotes import Quote

STALE_AFTER_S: Final = 60.0


@dataclass(frozen=True, slots=True)
class Offer:
    """What the market offers an order: dollars per share, and shares or contracts."""

    price: Decimal
    size: Decimal


def mark_price(quote: Quote) -> Decimal | None:
    """The price a position is valued at: the mid, else the last, else the previous close."""
    bid, ask = quote.bid, quote.ask
    if bid is not None and ask is not None and (ask > 0 or quote.signed) and bid <= ask:
        return (exact(bid) + exact(ask)) / 2
    known = quote.last if quote.last is not None else quote.close
    return None if known is None else exact(known)


def opposite(quote: Quote, *, buys: bool) -> Offer | None:
    """The other side of the book; None when the quote is missing, empty, crossed or (unless it is
    a combination's) zero.
    """
    if quote.bid is None or quote.ask is None or quote.bid > quote.ask:
        return None
    price = quote.ask if buys else quote.bid
    size = quote.ask_size if buys else quote.bid_size
    if (price <= 0 and not quote.signed) or not size:
        return None
    return Offer(exact(price), Decimal(size))


def limit_of(order: Order) -> Decimal | None:
    """The worst price an order accepts; None for any."""
    if order.cap is not None:
        return order.cap
    if order.limit is not None:
        return order.limit
    return order.terms.limit_price if order.order_type in LIMITED else None


def acceptable(order: Order, offer: Offer) -> bool:
    """Whether the offer reaches the order's limit, or what it may give beyond it unseen."""
    limit = limit_of(order)
    if limit is None:
        return True
    discretion = exact(order.terms.discretionary_amount)
    if order.buys:
        return offer.price <= limit + discretion
    return offer.price >= limit - discretion


def trigger_price(order: Order, quote: Quote) -> Decimal | None:
    """The price a stop looks at; None: nothing valid to look at.

    By default that is for options the side the order would trade against, for everything else
    the last price; ``trigger_method`` names another.
    """
    seen = _seen(order, quote)
    return exact(seen[0]) if seen else None


def _seen(order: Order, quote: Quote) -> tuple[float, ...]:
    return triggers.prices(
        quote,
        method=order.terms.trigger_method,
        side="ask" if order.buys else "bid",
        option=order.instrument.sec_type == "OPT",
    )


def stop_reached(order: Order, quote: Quote) -> bool:
    """Whether the market is at or through the order's stop; what waits for a touch comes from the
    other side of it. Trigger methods that want two looks in a row are counted in the order.
    """
    if order.stop is None:
        return False
    level = float(order.stop)
    above = order.buys is not (TYPES[order.order_type].waits == "touch")
    there = any(price >= level if above else price <= level for price in _seen(order, quote))
    first = there and order.terms.trigger_method in triggers.DOUBLE and not order.confirmed
    order.confirmed = there
    return there and not first


def trailed_stop(order: Order, quote: Quote, *, tick: Decimal) -> Decimal | None:
    """Where a trailing stop belongs now: it follows the market and never steps back.

    Returns:
        Dollars per share on the tick grid; None while neither a price nor a stop is known.
    """
    price = trigger_price(order, quote)
    if price is None:
        return order.stop
    terms = order.terms
    if terms.trailing_percent is not None:
        distance = price * exact(terms.trailing_percent) / 100
    else:
        distance = terms.aux_price or ZERO
    wanted = ((price + distance if order.buys else price - distance) / tick).to_integral() * tick
    if order.stop is None:
        return wanted
    return min(order.stop, wanted) if order.buys else max(order.stop, wanted)


def trailed_limit(order: Order) -> Decimal | None:
    """The limit of a trailing stop limit order: as far from its stop as it was sent."""
    if order.order_type != "TRAIL LIMIT" or order.stop is None:
        return None
    terms, sign = order.terms, 1 if order.buys else -1
    if terms.limit_price_offset is not None:
        return order.stop + sign * exact(terms.limit_price_offset)
    if terms.limit_price is None or terms.trail_stop_price is None:
        return None
    return order.stop + (terms.limit_price - terms.trail_stop_price)


def pegged_price(order: Order, quote: Quote, *, tick: Decimal) -> Decimal | None:
    """Where a pegged order rests now: better than its own side by its offset, or in the middle.

    It never crosses the market, stays within its cap, and one pegged to its own side does not
    step back. None while there is no two-sided market and it never had a price.
    """
    if not quote.two_sided or quote.bid is None or quote.ask is None:
        return order.limit
    bid, ask = exact(quote.bid), exact(quote.ask)
    primary = TYPES[order.order_type].pegged == "primary"
    wanted = (bid if order.buys else ask) if primary else (bid + ask) / 2
    if primary:
        terms = order.terms
        share = exact(terms.percent_offset) / 100 * wanted if terms.percent_offset else None
        offset = share if share is not None else terms.aux_price or ZERO
        wanted += offset if order.buys else -offset
    cap, rounding = order.terms.limit_price, ROUND_FLOOR if order.buys else ROUND_CEILING
    found = (wanted / tick).to_integral_value(rounding) * tick
    best, outer = (min, max) if order.buys else (max, min)
    found = best(found, ask - tick if order.buys else bid + tick)
    if cap:
        found = best(found, cap)
    return outer(found, order.limit) if primary and order.limit is not None else found


@dataclass(slots=True)
class Liquidity:
    """How much of the displayed size of the present quote is taken already.

    A side of a quote is the same one as long as it shows the same price and size: quotes are
    looked at more often than they change, and what is taken comes back only with a new one.
    """

    _used: dict[tuple[int, bool], tuple[Offer, Decimal]] = field(default_factory=dict)

    def left(self, con_id: int, offer: Offer, *, buys: bool) -> Decimal:
        """Size still offered on one side."""
        seen, used = self._used.get((con_id, buys), (None, ZERO))
        return max(ZERO, offer.size - used) if seen == offer else offer.size

    def take(self, con_id: int, offer: Offer, size: Decimal, *, buys: bool) -> None:
        """Remember that size was taken from what one side offers."""
        seen, used = self._used.get((con_id, buys), (None, ZERO))
        self._used[con_id, buys] = offer, size + (used if seen == offer else ZERO)
