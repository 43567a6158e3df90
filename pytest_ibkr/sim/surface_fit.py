"""Fits a surface to a real option chain: used when days are prepared, never while they run.

Volatilities are solved from mids with forwards from put-call parity; what a vendor says of
volatility is not looked at (placeholders such as 0.500005 and 0.00001 are among it).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from math import exp, log, pi, sqrt
from statistics import median
from typing import Final

from pytest_ibkr.sim import pricing
from pytest_ibkr.snapshot.rows import OptionRow
from pytest_ibkr.snapshot.surface import Knot, Slice

_NEAREST: Final = 16  # strikes around the money that make a forward
_FEWEST: Final = 5
_FARTHEST: Final = 4.0  # standard deviations from the forward: beyond it are pennies
_WIDEST: Final = 0.5  # ask minus bid, share of the mid
_STEPS: Final = 400
_EASY: Final = 2.0  # half-spreads up to which errors count fully


@dataclass(frozen=True, slots=True)
class Point:
    """One out-of-the-money quote: forward-moneyness, volatility of its mid, and what it costs.

    ``vega`` is dollars per 1.0 of volatility, ``half_spread`` dollars.
    """

    k: float
    vol: float
    vega: float
    half_spread: float


@dataclass(frozen=True, slots=True)
class Smile:
    """The usable quotes of one expiry; ``days`` trading days, ``years`` calendar time."""

    expiry: str
    days: float
    years: float
    forward: float
    points: tuple[Point, ...]


@dataclass(frozen=True, slots=True)
class Misfit:
    """How well a slice meets a smile: volatility points (0.01) and quotes hit."""

    quotes: int
    within: int
    mean_vol: float
    worst_vol: float


def smile(
    rows: Iterable[OptionRow], *, spot: float, days: float, years: float, rate: float
) -> Smile | None:
    """The usable quotes of one expiry; None when too few strikes have both rights.

    Args:
        rows: both rights of one expiry.
        spot: the underlying's price.
        days: trading days to the expiry.
        years: calendar time to the expiry.
        rate: discount rate a year.
    """
    quoted: dict[tuple[float, str], tuple[float, float]] = {
        (row.strike, row.right): (row.bid, row.ask)
        for row in rows
        if row.bid and row.ask and row.bid < row.ask
    }
    discount = exp(-rate * years)
    forward = _forward(quoted, spot, discount)
    if forward is None:
        return None
    expiry = next(iter(row.expiry for row in rows))
    found = []
    for (strike, right), (bid, ask) in sorted(quoted.items()):
        mid = 0.5 * (bid + ask)
        if (right == "C") != (strike >= forward) or ask - bid > max(_WIDEST * mid, 0.03):
            continue
        vol = pricing.implied_vol(mid, forward, strike, years=years, right=right, discount=discount)
        if vol is not None:
            found.append(_point(log(strike / forward), vol, years, forward, discount, ask - bid))
    centre = sorted(found, key=lambda point: abs(point.k))[:_FEWEST]
    if len(centre) < _FEWEST:
        return None
    reach = _FARTHEST * median(point.vol for point in centre) * sqrt(years)
    near = tuple(point for point in found if abs(point.k) <= reach)
    return Smile(expiry, days, years, forward, near)


def _point(
    k: float, vol: float, years: float, forward: float, discount: float, spread: float
) -> Point:
    deviation = vol * sqrt(years)
    d1 = -k / deviation + 0.5 * deviation
    vega = discount * forward * sqrt(years / (2.0 * pi)) * exp(-0.5 * d1 * d1)
    return Point(k, vol, vega, 0.5 * spread)


def _forward(
    quoted: dict[tuple[float, str], tuple[float, float]], spot: float, discount: float
) -> float | None:
    pairs = []
    for (strike, right), call in quoted.items():
        put = quoted.get((strike, "P"))
        if right == "C" and put is not None:
            value = 0.5 * (sum(call) - sum(put)) / discount
            width = call[1] - call[0] + put[1] - put[0]
            pairs.append((abs(strike - spot), width, strike + value))
    near = sorted(pairs)[:_NEAREST]
    tight = sorted(near, key=lambda pair: pair[1])[: _NEAREST // 2]
    return median(forward for *_, forward in tight) if len(tight) >= _FEWEST else None


def fitted(found: Smile) -> Slice:
    """The slice that meets a smile best, free of butterflies by construction."""
    centre = sorted(found.points, key=lambda point: abs(point.k))[:_FEWEST]
    theta = median(point.vol for point in centre) ** 2 * found.years

    def loss(x: Sequence[float]) -> float:
        return _loss(found, _shaped(x, theta))

    return _shaped(_descend(loss, [0.0, -1.2, -0.5]), theta)


def _shaped(x: Sequence[float], theta: float) -> Slice:
    level = theta * exp(x[0])
    right, left = exp(x[1]), exp(x[2])  # in units of the root of theta
    excess = (right + left) * max(right, left) / 2.0
    shrink = sqrt(level) / max(1.0, sqrt(excess))
    return Slice(level, right * shrink, left * shrink)


def _loss(found: Smile, made: Slice) -> float:
    total = 0.0
    for point in found.points:
        vol = sqrt(max(made.total_variance(point.k), 1e-12) / found.years)
        error = abs(vol - point.vol) * point.vega / point.half_spread
        total += error * error if error < _EASY else _EASY * (2.0 * error - _EASY)
    return total / len(found.points)


def misfit(found: Smile, made: Slice) -> Misfit:
    """Residuals of a slice: at how many quotes its price lies within bid and ask."""
    errors = []
    within = 0
    for point in found.points:
        vol = sqrt(max(made.total_variance(point.k), 1e-12) / found.years)
        errors.append((abs(vol - point.vol), point.vega))
        within += abs(vol - point.vol) * point.vega <= point.half_spread
    heavy = sum(vega for _, vega in errors)
    mean = sum(error * vega for error, vega in errors) / heavy
    return Misfit(len(errors), within, 100.0 * mean, 100.0 * max(error for error, _ in errors))


def monotone(values: Sequence[float], weights: Sequence[float]) -> list[float]:
    """The ascending values nearest to ``values`` (pool adjacent violators)."""
    pools: list[list[float]] = []
    for value, weight in zip(values, weights, strict=True):
        pools.append([value, weight, 1.0])
        while len(pools) > 1 and pools[-2][0] > pools[-1][0]:
            last, before = pools.pop(), pools.pop()
            weight = last[1] + before[1]
            mean = (last[0] * last[1] + before[0] * before[1]) / weight
            pools.append([mean, weight, last[2] + before[2]])
    return [value for value, _, count in pools for _ in range(int(count))]


def knots_of(smiles: Sequence[Smile]) -> list[Knot]:
    """Slices of a day's smiles by maturity, ascending, without calendar spreads."""
    slices = [fitted(each) for each in smiles]
    weights = [float(len(each.points)) for each in smiles]
    thetas, rights, lefts = (
        monotone([getattr(each, name) for each in slices], weights)
        for name in ("theta", "right", "left")
    )
    return [
        Knot(each.days, Slice(theta, right, left))
        for each, theta, right, left in zip(smiles, thetas, rights, lefts, strict=True)
    ]


def _descend(loss: Callable[[Sequence[float]], float], start: Sequence[float]) -> list[float]:
    """The minimum near ``start``: Nelder and Mead's simplex, until it stands still."""
    points = [list(start)]
    for number in range(len(start)):
        points.append([x + (0.3 if place == number else 0.0) for place, x in enumerate(start)])
    simplex = sorted((loss(point), point) for point in points)
    for _ in range(_STEPS):
        worst, out = simplex[-1]
        if worst - simplex[0][0] < 1e-10:
            break
        middle = [sum(x) / len(start) for x in zip(*(p for _, p in simplex[:-1]), strict=True)]

        def tried(
            times: float, middle: list[float] = middle, out: list[float] = out
        ) -> tuple[float, list[float]]:
            point = [m + times * (m - x) for m, x in zip(middle, out, strict=True)]
            return loss(point), point

        new = tried(1.0)
        if new[0] < simplex[0][0]:
            new = min(new, tried(2.0))
        elif new[0] >= simplex[-2][0]:
            new = min(tried(0.5), tried(-0.5))
        if new[0] < worst:
            simplex[-1] = new
        else:
            best = simplex[0][1]
            shrunk = [[0.5 * (a + b) for a, b in zip(best, p, strict=True)] for _, p in simplex[1:]]
            simplex[1:] = [(loss(point), point) for point in shrunk]
        simplex.sort()
    return simplex[0][1]
