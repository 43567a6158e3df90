"""Option prices on the tick grid, and what a captured row overrides; pure functions."""

from __future__ import annotations

from decimal import Decimal
from math import floor
from typing import Final

from pytest_ibkr.sim.instruments import Instrument
from pytest_ibkr.sim.quotes import Computation
from pytest_ibkr.snapshot.rows import OptionRow

_WIDER_FROM: Final = 3
_TINY: Final = 1e-9


def around_mid(option: Instrument, spread: float, mid: float) -> tuple[float, float]:
    """Bid and ask around a mid: the captured spread in ticks, at least one."""
    per = ticks_per_dollar(option, mid)
    ticks = max(1, round(spread * per))
    bid = floor(mid * per - ticks / 2 + 0.5 + _TINY)
    if bid < 1:  # nobody bids a fraction of a tick
        return 0.0, max(1, min(ticks, floor(mid * per * 2 + 0.5))) / per
    return bid / per, (bid + ticks) / per


def ticks_per_dollar(option: Instrument, price: float | Decimal) -> int:
    """Ticks per dollar at a price >= 0.

    Cents, or nickels from $3 up outside the penny classes; cash-settled index options move in
    nickels and from $3 up in dimes (cboe.com, contract specifications of SPX).
    """
    if option.nickel:
        return 20 if price < _WIDER_FROM else 10
    return 100 if option.penny or price < _WIDER_FROM else 20


def on_grid(option: Instrument, price: float) -> float:
    """A price moved to the nearest tick."""
    per = ticks_per_dollar(option, price)
    return floor(price * per + 0.5) / per


def traded_at(option: Instrument, price: float) -> float:
    """The price of a trade: on the grid, and at least a tick, because nobody trades for nothing."""
    return max(on_grid(option, price), least_trade(option))


def least_trade(option: Instrument) -> float:
    """The lowest price of a trade: one tick."""
    return 1 / ticks_per_dollar(option, 0.0)


def as_captured(computed: Computation, row: OptionRow) -> Computation:
    """A computation with the vendor's values wherever the captured row has them."""

    def given(vendor: float | None, own: float | None) -> float | None:
        return own if vendor is None else vendor

    return Computation(
        implied_vol=given(row.implied_vol, computed.implied_vol),
        delta=given(row.delta, computed.delta),
        price=given(row.option_price, computed.price),
        pv_dividend=computed.pv_dividend,
        gamma=given(row.gamma, computed.gamma),
        vega=given(row.vega, computed.vega),
        theta=given(row.theta, computed.theta),
        under_price=given(row.underlying_price, computed.under_price),
    )
