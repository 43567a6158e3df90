"""What an order can be worth in dollars: by its own price where that bounds it, else by a quote.

The limit of a purchase is a ceiling and the stop of a sale is one (it trades at or below). The
limit of a sale and the stop of a purchase are floors: the market may be far above them, so a
price of the contract must have been seen, and the higher one counts. An order without a price
needs bid and ask, live and fresh.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from types import MappingProxyType
from typing import Final

from pytest_ibkr.guard.decision import Refuse
from pytest_ibkr.guard.limits import Limits
from pytest_ibkr.guard.quotes import QuoteBoard
from pytest_ibkr.wire.messages.place_order import PlaceOrder

TYPES: Final = ("MKT", "LMT", "STP", "STP LMT", "TRAIL")
# Security type: how many dollars one of it is worth per dollar of price.
MULTIPLIERS: Final[Mapping[str, int]] = MappingProxyType({"STK": 1, "OPT": 100})
_NONE: Final = Decimal(0)
_PRICES: Final = MappingProxyType(
    {"LMT": ("limit_price",), "STP": ("aux_price",), "STP LMT": ("limit_price", "aux_price")}
)


def judge(order: PlaceOrder, quotes: QuoteBoard, limits: Limits, *, now_s: float) -> Refuse | None:
    """Why an order of a known type and security type is worth too much, or too little is known."""
    for name in _PRICES.get(order.order_type, ()):
        price = getattr(order, name)
        if price is None or price <= 0:
            return Refuse(
                "order.price",
                f"a {order.order_type} order needs a positive {name.replace('_', ' ')}",
                "give the order its price in dollars per share",
                order.order_id,
            )
    price = _price(order, quotes, since_s=now_s - limits.quote_fresh_s)
    if price is None:
        return Refuse(
            "order.quote",
            f"nobody can say what {order.action} {order.order_type} is worth: no quote of the"
            " contract is known that is good enough",
            "ask for its market data on the same connection and wait for bid and ask; an order"
            f" without a price needs live ones of the last {limits.quote_fresh_s:g} s",
            order.order_id,
        )
    worth = price * order.quantity * MULTIPLIERS[order.contract.sec_type]
    if worth > limits.notional_usd:
        return Refuse(
            "order.notional",
            f"the order can be worth ${worth:,.2f}; the limit is ${limits.notional_usd:,.2f}",
            "order less, or something cheaper",
            order.order_id,
        )
    return None


def _price(order: PlaceOrder, quotes: QuoteBoard, *, since_s: float) -> Decimal | None:
    """The highest price per share the order can trade at; None when nothing says it."""
    buys = order.action == "BUY"
    limit, stop = order.limit_price or _NONE, order.aux_price or _NONE
    match order.order_type:
        case "LMT":
            return limit if buys else _above(limit, quotes.highest(order.contract))
        case "STP":
            return _above(stop, quotes.highest(order.contract)) if buys else stop
        case "STP LMT":
            return limit if buys else max(limit, stop)
        case "TRAIL":
            return _trailing(order, quotes.fresh(order.contract, since_s=since_s))
        case _:
            return quotes.fresh(order.contract, since_s=since_s)


def _above(floor: Decimal, seen: Decimal | None) -> Decimal | None:
    return None if seen is None else max(floor, seen)


def _trailing(order: PlaceOrder, quote: Decimal | None) -> Decimal | None:
    """Where a trailing stop can trade: a purchase that far above the market."""
    if quote is None:
        return None
    share = Decimal(str(order.trailing_percent or 0)) / 100
    trail = abs(order.aux_price or _NONE) + abs(quote * share)
    return max(quote + trail, order.trail_stop_price or quote)
