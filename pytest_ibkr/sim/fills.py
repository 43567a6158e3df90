"""When a quote fills an order, at what price and for how much: the paper engine's rules, pure.

The top of the book counts, price and size, nothing behind it. Without a valid two-sided quote
nothing fills. A resting limit fills when the opposite quote reaches it, never because trades
print there (gateway-behaviour.md 3.9).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Final

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
    if bid is not None and ask is not None and ask > 0 and bid <= ask:
        return (exact(bid) + exact(ask)) / 2
    known = quote.last if quote.last is not None else quote.close
    return None if known is None else exact(known)


def opposite(quote: Quote, *, buys: bool) -> Offer | None:
    """The other side of the book; None when the quote is missing, empty, zero or crossed."""
    if quote.bid is None or quote.ask is None or quote.bid > quote.ask:
        return None
    price = quote.ask if buys else quote.bid
    size = quote.ask_size if buys else quote.bid_size
    if price <= 0 or not size:
        return None
    return Offer(exact(price), Decimal(size))


def limit_of(order: Order) -> Decimal | None:
    """The worst price an order accepts; None for any."""
    return order.terms.limit_price if order.order_type in ("LMT", "STP LMT") else None


def acceptable(order: Order, offer: Offer) -> bool:
    """Whether the offer reaches the order's limit."""
    limit = limit_of(order)
    if limit is None:
        return True
    return offer.price <= limit if order.buys else offer.price >= limit


def trigger_price(order: Order, quote: Quote) -> Decimal | None:
    """The price a stop looks at; None: nothing valid to look at.

    Options: the side the order would trade against. Everything else: the last price
    (IB's default trigger methods).
    """
    if order.instrument.sec_type == "OPT":
        offer = opposite(quote, buys=order.buys)
        return None if offer is None else offer.price
    return None if quote.last is None else exact(quote.last)


def stop_reached(order: Order, quote: Quote) -> bool:
    """Whether the trigger price is at or through the order's stop."""
    price, stop = trigger_price(order, quote), order.stop
    if price is None or stop is None:
        return False
    return price >= stop if order.buys else price <= stop


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
