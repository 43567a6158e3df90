"""Made-up pieces that stand in where the real data has a gap; pure, imports rows only.

Everything follows from a seed, and whoever uses a piece says ``synthetic`` in its
provenance. Real numbers that a piece is anchored to are met exactly.
"""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from datetime import datetime, timedelta
from statistics import NormalDist

from pytest_ibkr.snapshot.rows import Bar, TradingSession

TICK = 0.01
_FINE = 4  # path points per bar: its high and low are not just its open and close
_TRIES = 100  # bridges to choose from: a badly fitting one would jump when it is bent
_NORMAL = NormalDist()


def intraday_bars(
    daily: Bar, *, opens: datetime, closes: datetime, minutes: int, seed: str
) -> list[Bar]:
    """Bars of one session that add up to its daily bar.

    The first open, the last close, the highest high, the lowest low and the sum of the
    volumes are those of ``daily``, exactly; every other price is rounded to a cent and
    lies between low and high. Of some random bridges from open to close the one that
    fits the day's range best, bent to touch both extremes. Volume is heavy at both ends of the day.
    """
    count = int((closes - opens) / timedelta(minutes=minutes))
    rng = random.Random(seed)
    walks = [_bridge(count * _FINE, rng) for _ in range(_TRIES)]
    path = _bent(
        min((_raw(walk, daily) for walk in walks), key=lambda raw: _strain(raw, daily)), daily
    )
    volumes = _split(daily.volume, count, rng)
    bars = []
    for number in range(count):
        points = path[number * _FINE : (number + 1) * _FINE + 1]
        start = opens + timedelta(minutes=minutes * number)
        low, high = min(points), max(points)
        bars.append(Bar(start, points[0], high, low, points[-1], volumes[number], None, None))
    return bars


def _normal(rng: random.Random) -> float:
    # random() alone is the same in every Python version; its derived draws are not promised
    return _NORMAL.inv_cdf(max(rng.random(), 1e-12))


def _bridge(steps: int, rng: random.Random) -> list[float]:
    """``steps + 1`` points of a walk that starts and ends at 0, and goes both ways."""
    while True:
        walk = [0.0]
        for _ in range(steps):
            walk.append(walk[-1] + _normal(rng))
        bridge = [each - walk[-1] * number / steps for number, each in enumerate(walk)]
        if min(bridge) < 0 < max(bridge):
            return bridge


def _raw(bridge: Sequence[float], daily: Bar) -> list[float]:
    """The bridge laid from open to close, as wide as the day's range."""
    drift = (daily.close - daily.open) / (len(bridge) - 1)
    scale = (daily.high - daily.low) / (max(bridge) - min(bridge))
    return [daily.open + drift * number + scale * each for number, each in enumerate(bridge)]


def _strain(raw: Sequence[float], daily: Bar) -> float:
    """How far the path would have to be bent to meet high and low; 0 is not at all."""
    return abs(max(raw) - daily.high) + abs(min(raw) - daily.low)


def _bent(raw: Sequence[float], daily: Bar) -> list[float]:
    """The path with its excursions scaled to meet high and low, rounded to a cent."""
    above, below = max(daily.open, daily.close), min(daily.open, daily.close)
    top, bottom = max(raw), min(raw)

    def bent(price: float) -> float:
        if price > above:
            price = above + (price - above) * (daily.high - above) / (top - above)
        elif price < below:
            price = below - (below - price) * (below - daily.low) / (below - bottom)
        return min(max(round(price, 2), daily.low), daily.high)

    path = [bent(price) for price in raw]
    path[_inner(raw, top)], path[_inner(raw, bottom)] = daily.high, daily.low
    path[0], path[-1] = daily.open, daily.close
    return path


def _inner(values: Sequence[float], wanted: float) -> int:
    """Where ``wanted`` is, but not at an end: those belong to the open and the close."""
    return min(max(values.index(wanted), 1), len(values) - 2)


def _split(volume: int | None, count: int, rng: random.Random) -> list[int | None]:
    """``volume`` in ``count`` parts, larger at both ends, that add up to it."""
    if volume is None:
        return [None] * count
    middle = (count - 1) / 2
    weights = [
        (0.55 + ((number - middle) / middle) ** 2) * math.exp(0.25 * _normal(rng))
        for number in range(count)
    ]
    total, done, given, parts = sum(weights), 0.0, 0, list[int | None]()
    for weight in weights:
        done += weight
        upto = round(volume * done / total)
        parts.append(upto - given)
        given = upto
    return parts


def daily_bars(
    sessions: Sequence[TradingSession],
    *,
    last_close: float,
    yearly_vol: float,
    mean_volume: int,
    seed: str,
) -> list[Bar]:
    """Daily bars of a made-up past that ends at ``last_close``, one for each open session.

    ``yearly_vol`` is a decimal fraction; prices are rounded to a cent.
    """
    rng = random.Random(seed)
    daily_vol = yearly_vol / math.sqrt(252)
    close, bars = last_close, list[Bar]()
    for session in reversed([each for each in sessions if each.open]):
        before = close * math.exp(-daily_vol * _normal(rng))  # the previous session's close
        opened = before * math.exp(0.4 * daily_vol * _normal(rng))
        high = max(opened, close) * (1 + 0.5 * daily_vol * abs(_normal(rng)))
        low = min(opened, close) * (1 - 0.5 * daily_vol * abs(_normal(rng)))
        volume = round(mean_volume * math.exp(0.25 * _normal(rng)))
        assert session.open is not None  # noqa: S101 - filtered above
        start = session.open.replace(hour=0, minute=0)
        opened, high, low = round(opened, 2), round(high, 2), round(low, 2)
        bars.append(Bar(start, opened, high, low, round(close, 2), volume, None, None))
        close = before
    return bars[::-1]


def quote_size(side_price: float | None, *, activity: int, seed: str) -> int | None:
    """A plausible size for one side of a quote: more where more is traded.

    ``None`` where there is no price, 0 where the price is 0 (nobody is there), else 1
    to 5,000, around the square root of ``activity``.
    """
    if side_price is None or side_price == 0:
        return None if side_price is None else 0
    middle = 1 + math.sqrt(activity)
    return min(max(round(middle * math.exp(0.6 * _normal(random.Random(seed)))), 1), 5000)
