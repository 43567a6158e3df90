"""Ticks of one request become one quote: live and delayed ids alike, sentinels become unknown.

Source: requirements.md A.7, gateway-behaviour.md 2.3 ("Tick ids", "Option computations").
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final, Literal

from pytest_ibkr.wire.declare import Message
from pytest_ibkr.wire.messages.market_data import (
    MarketDataType,
    TickOptionComputation,
    TickPrice,
    TickSize,
)

_LIVE_PRICES: Final = {1: "bid", 2: "ask", 4: "last", 6: "high", 7: "low", 9: "close", 14: "open"}
_DELAYED: Final = {66: 1, 67: 2, 68: 4, 69: 0, 70: 3, 71: 5, 72: 6, 73: 7, 74: 8, 75: 9, 76: 14}
_LIVE_SIZES: Final = {0: "bid_size", 3: "ask_size", 5: "last_size", 8: "volume"}
PRICES: Final = _LIVE_PRICES | {
    tick: _LIVE_PRICES[live] for tick, live in _DELAYED.items() if live in _LIVE_PRICES
}
SIZES: Final = _LIVE_SIZES | {
    tick: _LIVE_SIZES[live] for tick, live in _DELAYED.items() if live in _LIVE_SIZES
}
MODEL: Final = frozenset({13, 83})  # 10-12 and 80-82 are computed of bid, ask and last
_SIZE_OF: Final = {"bid": "bid_size", "ask": "ask_size", "last": "last_size"}
_NO_GREEK: Final = -2.0
_UNSET: Final = 1e300  # clients write 1.797e308 for a number that is not set
_UNSET_SIZE: Final = 2**63  # and 2^127 - 1 for a size

PriceSource = Literal["last", "mid", "close"]


@dataclass(frozen=True, slots=True)
class Greeks:
    """The model's computation; None is "not computed". Units as in ``snapshot.rows.OptionRow``."""

    implied_vol: float | None = None
    delta: float | None = None
    gamma: float | None = None
    vega: float | None = None
    theta: float | None = None
    option_price: float | None = None
    underlying_price: float | None = None


@dataclass(slots=True)
class TickBoard:
    """What has ticked so far: dollars per share, sizes in shares or contracts.

    Attributes:
        values: by field, as named in ``PRICES`` and ``SIZES``; what never ticked or is unknown
            is not in it.
        greeks: the model's last computation.
        data_type: as delivered: 1 live, 2 frozen, 3 delayed, 4 delayed and frozen.
    """

    values: dict[str, float | int] = field(default_factory=dict)
    greeks: Greeks = field(default_factory=Greeks)
    data_type: int | None = None

    def take(self, message: Message) -> None:
        """Note a message; what is no tick is ignored."""
        if isinstance(message, TickPrice):
            self._price(message)
        elif isinstance(message, TickSize):
            if (name := SIZES.get(message.tick)) is not None:
                self._set(name, size(message.size))
        elif isinstance(message, TickOptionComputation):
            if message.tick in MODEL:
                self.greeks = greeks(message)
        elif isinstance(message, MarketDataType):
            self.data_type = message.data_type

    def _price(self, tick: TickPrice) -> None:
        name = PRICES.get(tick.tick)
        if name is None:
            return
        found = price(tick.price)
        if name not in ("bid", "ask"):
            found = found or None  # nothing is traded for nothing; a bid of 0 is a real quote
        self._set(name, found)
        # Delayed data has its sizes in here; live data repeats them as ticks of their own.
        if (size_name := _SIZE_OF.get(name)) is not None and (known := size(tick.size)):
            self._set(size_name, known)

    def _set(self, name: str, value: float | int | None) -> None:
        if value is None:
            self.values.pop(name, None)
        else:
            self.values[name] = value

    @property
    def ticked(self) -> bool:
        """Whether any price is known; -1 on both sides is nothing known."""
        return not self.values.keys().isdisjoint(PRICES.values())

    def price(self, name: str) -> float | None:
        """A price by field; None when unknown."""
        found = self.values.get(name)
        return None if found is None else float(found)

    def size(self, name: str) -> int | None:
        """A size by field; None when unknown, or when the side it belongs to is."""
        for side, own in _SIZE_OF.items():
            if own == name and side not in self.values:
                return None
        found = self.values.get(name)
        return None if found is None else int(found)


def current_price(board: TickBoard) -> tuple[float | None, PriceSource | None]:
    """Last trade, else the middle of a quote that is not crossed, else the previous close.

    Nothing is made up: without any of them the price is unknown.
    """
    if (last := board.price("last")) is not None:
        return last, "last"
    bid, ask = board.price("bid"), board.price("ask")
    if bid and ask and bid <= ask:
        return float((Decimal(str(bid)) + Decimal(str(ask))) / 2), "mid"
    if (close := board.price("close")) is not None:
        return close, "close"
    return None, None


def price(value: float) -> float | None:
    """A price, >= 0; None for -1, NaN and "not set"."""
    return value if math.isfinite(value) and 0 <= value < _UNSET else None


def size(value: Decimal | int | float) -> int | None:
    """A size, whole, >= 0; None for -1, NaN and "not set"."""
    if isinstance(value, Decimal) and not value.is_finite():
        return None  # comparing a NaN of this kind raises
    return int(value) if 0 <= value < _UNSET_SIZE else None


def greeks(message: TickOptionComputation) -> Greeks:
    """The computation with its sentinels as None.

    -1 stands for a volatility or price that was not computed, -2 for a greek; any negative
    volatility is unset, as the official client has it.
    """
    return Greeks(
        implied_vol=price(message.implied_vol),
        delta=_greek(message.delta, most=1.0),
        gamma=_greek(message.gamma),
        vega=_greek(message.vega),
        theta=_greek(message.theta),
        option_price=price(message.option_price),
        underlying_price=price(message.under_price),
    )


def _greek(value: float, *, most: float = _UNSET) -> float | None:
    known = math.isfinite(value) and value != _NO_GREEK and abs(value) <= most
    return value if known else None
