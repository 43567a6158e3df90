"""What a quote and an option computation are; plain values, imports nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Side = Literal["bid", "ask", "last", "model"]


@dataclass(frozen=True, slots=True)
class Quote:
    """One instrument at one instant. Unknown is None; a bid of 0.0 is a real quote.

    Prices in dollars per share; sizes in shares (options: contracts); ``open``, ``high``, ``low``
    and ``volume`` are the day's so far; ``close`` is the previous session's close; ``last_time_s``
    epoch seconds. ``signed`` says that prices may be zero or below, as a combination's.
    """

    bid: float | None = None
    ask: float | None = None
    last: float | None = None
    bid_size: int | None = None
    ask_size: int | None = None
    last_size: int | None = None
    open: float | None = None
    high: float | None = None
    low: float | None = None
    close: float | None = None
    volume: int | None = None
    last_time_s: int | None = None
    signed: bool = False

    @property
    def two_sided(self) -> bool:
        """Whether somebody bids (zero counts) and somebody asks more."""
        return self.bid is not None and self.ask is not None and self.bid < self.ask


@dataclass(frozen=True, slots=True)
class Computation:
    """What the gateway computes of an option at one price. Unknown is None.

    ``implied_vol`` is a decimal fraction a year, ``theta`` dollars a calendar day, ``vega``
    dollars per 0.01 of volatility, the rest dollars per share.
    """

    implied_vol: float | None
    delta: float | None
    price: float | None
    pv_dividend: float | None
    gamma: float | None
    vega: float | None
    theta: float | None
    under_price: float | None
