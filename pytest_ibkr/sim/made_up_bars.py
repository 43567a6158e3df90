"""Bars of instruments that no snapshot has: scaled from a symbol's, or a seeded walk; pure."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from itertools import groupby
from math import exp, sqrt
from typing import Final

from pytest_ibkr.sim.listing import Follows, Walks
from pytest_ibkr.snapshot.model import SymbolBlock
from pytest_ibkr.snapshot.rows import Bar

Bars = Mapping[str, tuple[Bar, ...]]
_DAILY, _FINE = "1 day", "5 mins"
_DAYS_A_YEAR: Final = 252
_STEPS_A_DAY: Final = 78  # five-minute bars of a full session
_WICK: Final = 0.5  # how far a bar reaches beyond open and close, in its own deviations


class Grid:
    """Prices on a grid of ticks; ``per_dollar`` ticks a dollar."""

    def __init__(self, tick: float) -> None:
        self.per_dollar = max(1, round(1 / tick))

    def __call__(self, price: float) -> float:
        return round(price * self.per_dollar) / self.per_dollar


def factor(source: Follows, day: str) -> float:
    """What the followed price is multiplied by on a day ``YYYYMMDD``."""
    if not source.until:
        return source.ratio
    years = (_date(source.until) - _date(day)).days / 365
    return source.ratio * exp(source.carry * years)


def scaled(source: Follows, bar: Bar, times: float, *, per_dollar: int) -> Bar:
    """A bar times a factor, on a grid of ``per_dollar`` ticks."""
    prices = (round(x * times * per_dollar) / per_dollar for x in (bar.open, bar.high, bar.low))
    opened, high, low = prices
    volume = None if bar.volume is None else round(bar.volume * source.volume_share)
    return Bar(
        bar.start,
        opened,
        high,
        low,
        round(bar.close * times * per_dollar) / per_dollar,
        volume if source.volume_share else None,
        None,
        None,
    )


def followed(source: Follows, block: SymbolBlock, grid: Grid) -> Bars:
    """The bars of ``block``, scaled day by day; none after the day of ``until``."""
    factors: dict[date, float] = {}

    def one(bar: Bar) -> Bar:
        day = bar.start.date()
        if day not in factors:
            factors[day] = factor(source, f"{day:%Y%m%d}")
        return scaled(source, bar, factors[day], per_dollar=grid.per_dollar)

    last = _date(source.until) if source.until else date.max
    return {
        size: tuple(one(bar) for bar in bars if bar.start.date() <= last)
        for size, bars in block.bars.items()
    }


def walked(source: Walks, block: SymbolBlock, grid: Grid, *, seed: str, at: datetime) -> Bars:
    """A walk over the days and five-minute steps that ``block`` has bars of.

    Args:
        source: price and volatility.
        block: whose bars tell the days and steps there are.
        grid: the tick grid.
        seed: text that makes the walk.
        at: the captured instant: the last bar that begins before it closes at the price.
    """
    fine = {day: list(bars) for day, bars in groupby(block.bars.get(_FINE, ()), key=_day_of)}
    daily = block.bars.get(_DAILY, ())
    days = {_day_of(bar): [bar] for bar in daily} | fine
    raw = _unit_walk(days, set(fine), random.Random(seed), yearly_vol=source.yearly_vol)
    closes = [bar.close for day in sorted(raw) for bar in raw[day] if bar.start < at]
    times = source.price / (closes[-1] if closes else 1.0)

    def placed(bar: Bar, share: float) -> Bar:
        volume = None if source.day_volume is None else round(source.day_volume * share)
        opened, high, low, close = (
            grid(x * times) for x in (bar.open, bar.high, bar.low, bar.close)
        )
        return Bar(bar.start, opened, high, low, close, volume, None, None)

    return {
        _FINE: tuple(placed(bar, 1 / _STEPS_A_DAY) for day in sorted(fine) for bar in raw[day]),
        _DAILY: tuple(placed(_whole(bar.start, raw[_day_of(bar)]), 1.0) for bar in daily),
    }


def _unit_walk(
    days: Mapping[str, Sequence[Bar]], fine: set[str], rng: random.Random, *, yearly_vol: float
) -> dict[str, list[Bar]]:
    """A walk that begins at 1.0, with one bar for every bar of ``days``."""
    level = 1.0
    found: dict[str, list[Bar]] = {}
    for day in sorted(days):
        share = 1 / _STEPS_A_DAY if day in fine else 1.0
        deviation = yearly_vol * sqrt(share / _DAYS_A_YEAR)
        found[day] = []
        for bar in days[day]:
            found[day].append(_step(bar.start, level, rng, deviation=deviation))
            level = found[day][-1].close
    return found


def _day_of(bar: Bar) -> str:
    return f"{bar.start:%Y%m%d}"


def _step(start: datetime, opened: float, rng: random.Random, *, deviation: float) -> Bar:
    close = opened * exp(rng.gauss(0.0, deviation)) if deviation else opened
    above, below = (abs(rng.gauss(0.0, deviation * _WICK)) if deviation else 0.0 for _ in "ab")
    high, low = max(opened, close) * (1 + above), min(opened, close) * (1 - below)
    return Bar(start, opened, high, low, close, None, None, None)


def _whole(start: datetime, bars: Sequence[Bar]) -> Bar:
    high, low = max(bar.high for bar in bars), min(bar.low for bar in bars)
    return Bar(start, bars[0].open, high, low, bars[-1].close, None, None, None)


def _date(day: str) -> date:
    return date(int(day[:4]), int(day[4:6]), int(day[6:8]))
