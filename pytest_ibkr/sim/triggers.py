"""At which price of a quote a trigger fires, by trigger method; pure.

Methods as the API numbers them: 0 default, 1 double bid/ask, 2 last, 3 double last, 4 bid/ask,
7 last or bid/ask, 8 midpoint. The double ones want two looks in a row, which the caller counts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from pytest_ibkr.sim.quotes import Quote

METHODS: Final = frozenset({0, 1, 2, 3, 4, 7, 8})
DOUBLE: Final = frozenset({1, 3})
_LAST: Final = frozenset({2, 3, 7})
_SIDES: Final = frozenset({1, 4, 7})
_DEFAULT, _LAST_PRICE, _BID_ASK, _MIDDLE = 0, 2, 4, 8


def prices(
    quote: Quote, *, method: int, side: Literal["bid", "ask"], option: bool
) -> tuple[float, ...]:
    """The prices a trigger looks at; empty: nothing valid to look at.

    Args:
        quote: of the instrument the trigger is about.
        method: one of ``METHODS``. The default is bid/ask for options and last for all else.
        side: which side counts where a method looks at sides.
        option: whether the instrument is one.
    """
    if method == _DEFAULT:
        method = _BID_ASK if option else _LAST_PRICE
    found = [quote.last] if method in _LAST else []
    bid, ask = quote.bid, quote.ask
    if bid is not None and ask is not None and bid <= ask:
        if method in _SIDES:
            found.append(bid if side == "bid" else ask)
        elif method == _MIDDLE:
            found.append((bid + ask) / 2)
    return tuple(price for price in found if price is not None and price > 0)
