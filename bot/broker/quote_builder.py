"""Folds ticks into quotes: live and delayed tick ids feed the same fields. Pure."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from bot.domain.numbers import to_price, to_size
from bot.domain.quotes import Greeks, Quote, TimeSource

PRICE_TICKS = {
    1: "bid", 2: "ask", 4: "last", 6: "high", 7: "low", 9: "close", 14: "open",
    66: "bid", 67: "ask", 68: "last", 72: "high", 73: "low", 75: "close", 76: "open",
}  # fmt: skip
SIZE_TICKS = {
    0: "bid_size", 3: "ask_size", 5: "last_size", 8: "volume",
    69: "bid_size", 70: "ask_size", 71: "last_size", 74: "volume",
}  # fmt: skip
TIME_TICKS = frozenset({45, 88})
MODEL_TICKS = frozenset({13, 83})  # 10-12 and 80-82 are bid, ask and last computations
_GREEK_NAMES = (
    "iv", "delta", "option_price", "pv_dividend", "gamma", "vega", "theta", "underlying_price",
)  # fmt: skip


class QuoteBuilder:
    """The last known value of every field of one request. Used by one thread at a time.

    Each method says whether the tick changed anything. ``size_unit`` is how many shares or
    contracts a size of 1 means.
    """

    def __init__(self, *, size_unit: int = 1) -> None:
        self._size_unit = size_unit
        self._values: dict[str, Decimal | None] = {}
        self._exchange_time: datetime | None = None
        self._received_at: datetime | None = None
        self._greeks: Greeks | None = None
        self.market_data_type: int | None = None
        self.warnings: list[str] = []

    def price(self, tick: int, value: Any, *, at: datetime) -> bool:
        """tickPrice; -1 is "no price"."""
        field = PRICE_TICKS.get(tick)
        return field is not None and self._put(field, to_price(value), at=at)

    def size(self, tick: int, value: Any, *, at: datetime) -> bool:
        """tickSize, as int, float or Decimal."""
        field = SIZE_TICKS.get(tick)
        size = to_size(value)
        known = None if size is None else size * self._size_unit
        return field is not None and self._put(field, known, at=at)

    def text(self, tick: int, value: str, *, at: datetime) -> bool:
        """tickString: only the time of the last trade, epoch seconds."""
        if tick not in TIME_TICKS or not value.strip().isdigit() or int(value) == 0:
            return False
        self._received_at = at
        stamp = datetime.fromtimestamp(int(value), UTC)
        changed, self._exchange_time = stamp != self._exchange_time, stamp
        return changed

    def computation(self, tick: int, values: tuple[Any, ...], *, at: datetime) -> bool:
        """tickOptionComputation: only the model's."""
        if tick not in MODEL_TICKS:
            return False
        self._received_at = at
        greeks = Greeks(**dict(zip(_GREEK_NAMES, values, strict=True)))
        changed, self._greeks = greeks != self._greeks, greeks
        return changed

    def quote(self, now: datetime) -> Quote:
        """What is known; ``now`` is the time when no tick brought one."""
        source: TimeSource = "local" if self._exchange_time is None else "exchange"
        return Quote(
            time=self._exchange_time or self._received_at or now,
            time_source=source,
            received_at=self._received_at,
            market_data_type=self.market_data_type,
            greeks=self._greeks,
            warnings=tuple(self.warnings),
            **self._values,
        )

    def _put(self, field: str, value: Decimal | None, *, at: datetime) -> bool:
        self._received_at = at
        changed = field not in self._values or self._values[field] != value
        self._values[field] = value
        return changed
