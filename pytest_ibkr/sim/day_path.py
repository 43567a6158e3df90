"""One session of a stock or index: the seeded path inside its bars, and what it adds up to.

Inside a bar the path runs open -> first extreme -> other extreme -> close, touches high and low
exactly, and carries small seeded noise; sub-bar detail is therefore synthetic. Imports the
snapshot's bars; knows nothing of clients. Instants are epoch milliseconds.
"""

from __future__ import annotations

import random
from array import array
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, NamedTuple

from pytest_ibkr.sim.calendar import Session
from pytest_ibkr.snapshot.rows import Bar

_PERSISTENCE: Final = 0.9  # of the noise from one step to the next
_NOISE_SHARE: Final = 0.03  # of the bar's range; at least _LEAST_NOISE ticks
_LEAST_NOISE: Final = 0.8


class Window(NamedTuple):
    """Trades of a stretch of time; prices in dollars, volume in shares."""

    open: float
    high: float
    low: float
    close: float
    volume: int | None
    wap: float | None
    trades: int | None


class Point(NamedTuple):
    """The path at one instant: last price, the day's high and low so far, the day's volume."""

    price_ticks: int
    high_ticks: int
    low_ticks: int
    volume: int | None
    step: int


@dataclass(slots=True, eq=False)
class PathBar:
    """One stored bar with its place in time and, once asked for, its path."""

    start_ms: int
    end_ms: int
    grid_ms: int
    bar: Bar
    per_dollar: int
    seed: str
    _steps: tuple[array[int], array[int], array[int]] | None = None

    @property
    def count(self) -> int:
        """Number of steps."""
        return max(1, (self.end_ms - self.start_ms) // self.grid_ms)

    def index(self, at_ms: int) -> int:
        """The step that holds at an instant inside the bar."""
        return min(max(0, (at_ms - self.start_ms) // self.grid_ms), self.count - 1)

    def steps(self) -> tuple[array[int], array[int], array[int]]:
        """Price, running high and running low in ticks, per step."""
        if self._steps is None:
            self._steps = _walk(self)
        return self._steps

    def volume_until(self, index: int) -> int | None:
        """Shares traded from the bar's start through a step."""
        volume = self.bar.volume
        return None if volume is None else volume * (index + 1) // self.count


def _walk(path: PathBar) -> tuple[array[int], array[int], array[int]]:
    rng = random.Random(path.seed)
    bar, per_dollar, count = path.bar, path.per_dollar, path.count
    start, high, low, end = (
        round(x * per_dollar) for x in (bar.open, bar.high, bar.low, bar.close)
    )
    extremes = (low, high) if end >= start else (high, low)
    first = round(count * rng.uniform(0.15, 0.45))
    second = round(count * rng.uniform(0.55, 0.85))
    knots = [(0, start), (first, extremes[0]), (second, extremes[1]), (count - 1, end)]
    sigma = max(_LEAST_NOISE, (high - low) * _NOISE_SHARE) * (1 - _PERSISTENCE**2) ** 0.5
    prices = array("i", [start])
    noise = 0.0
    gauss = rng.gauss
    for (left, left_price), (right, right_price) in pairwise(knots):
        if right <= left:
            continue
        slope = (right_price - left_price) / (right - left)
        for k in range(1, right - left):
            noise = _PERSISTENCE * noise + gauss(0.0, sigma)
            price = round(left_price + slope * k + noise)
            prices.append(low if price < low else high if price > high else price)
        prices.append(right_price)
    return prices, *highs_and_lows(prices)


def highs_and_lows(prices: array[int]) -> tuple[array[int], array[int]]:
    """The highest and the lowest so far, per step."""
    highs, lows = array("i"), array("i")
    top = bottom = prices[0]
    for price in prices:
        if price > top:
            top = price
        elif price < bottom:
            bottom = price
        highs.append(top)
        lows.append(bottom)
    return highs, lows


class DayPath:
    """One session of one underlying. ``bars`` may be empty: then nothing is known of the day."""

    def __init__(self, session: Session, bars: Sequence[PathBar], *, bar_s: int) -> None:
        self.session, self.bars = session, tuple(bars)
        self.bar_s = bar_s  # length of the stored bars, seconds; 86,400: only the day is known
        self._starts = [bar.start_ms for bar in self.bars]
        self._before: list[tuple[int, int, int | None]] = []
        high, low, volume = -(1 << 60), 1 << 60, 0
        known = True
        for path in self.bars:
            self._before.append((high, low, volume if known else None))
            high = max(high, round(path.bar.high * path.per_dollar))
            low = min(low, round(path.bar.low * path.per_dollar))
            known = known and path.bar.volume is not None
            volume += path.bar.volume or 0

    def point(self, at_ms: int) -> Point | None:
        """The path at an instant, or at the nearest one the bars cover; None without bars."""
        if not self.bars:
            return None
        place = max(0, bisect_right(self._starts, at_ms) - 1)
        path = self.bars[place]
        index = path.index(at_ms)
        prices, highs, lows = path.steps()
        high, low, volume = self._before[place]
        now = path.volume_until(index)
        return Point(
            prices[index],
            max(high, highs[index]),
            min(low, lows[index]),
            None if volume is None or now is None else volume + now,
            index,
        )

    def price_ticks(self, at_ms: int) -> int | None:
        """The last price alone; several times cheaper than :meth:`point`."""
        if not self.bars:
            return None
        path = self.bars[max(0, bisect_right(self._starts, at_ms) - 1)]
        index = (at_ms - path.start_ms) // path.grid_ms
        prices = path.steps()[0]
        return prices[min(max(0, index), len(prices) - 1)]

    def window(self, start_ms: int, end_ms: int) -> Window | None:
        """What was traded in ``[start_ms, end_ms)``; whole bars as stored; None: nothing."""
        parts = [
            part
            for path in self.bars
            if path.start_ms < end_ms
            and path.end_ms > start_ms
            and (part := _part(path, start_ms, end_ms)) is not None
        ]
        return merge(parts)


def _part(path: PathBar, start_ms: int, end_ms: int) -> Window | None:
    bar = path.bar
    if start_ms <= path.start_ms and end_ms >= path.end_ms:
        return Window(bar.open, bar.high, bar.low, bar.close, bar.volume, bar.wap, bar.bar_count)
    first = 0 if start_ms <= path.start_ms else -(-(start_ms - path.start_ms) // path.grid_ms)
    stop = min(path.count, -(-(end_ms - path.start_ms) // path.grid_ms))
    if first >= stop:
        return None
    prices = path.steps()[0][first:stop]
    per = path.per_dollar
    volume = path.volume_until(stop - 1)
    if volume is not None and first:
        volume -= path.volume_until(first - 1) or 0
    return Window(
        prices[0] / per, max(prices) / per, min(prices) / per, prices[-1] / per, volume, None, None
    )


def merge(parts: Sequence[Window]) -> Window | None:
    """One window out of consecutive ones; what one of them does not know stays unknown."""
    if not parts:
        return None
    if len(parts) == 1:
        return parts[0]
    volumes = [part.volume for part in parts if part.volume is not None]
    counts = [part.trades for part in parts if part.trades is not None]
    turnover = [p.wap * p.volume for p in parts if p.wap is not None and p.volume is not None]
    volume = sum(volumes) if len(volumes) == len(parts) else None
    return Window(
        parts[0].open,
        max(part.high for part in parts),
        min(part.low for part in parts),
        parts[-1].close,
        volume,
        sum(turnover) / volume if volume and len(turnover) == len(parts) else None,
        sum(counts) if len(counts) == len(parts) else None,
    )
