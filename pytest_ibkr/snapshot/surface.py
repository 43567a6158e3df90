"""An implied-volatility surface with few numbers, free of static arbitrage; imports ``math`` only.

One maturity is a slice of extended SSVI: with ``k`` = ln(strike / forward), total variance is
``w(k) = (theta + s k + sqrt(p^2 k^2 + 2 s theta k + theta^2)) / 2``, ``p = right + left``,
``s = right - left``. ``theta`` is the total variance at the forward, ``right`` and ``left`` the
slopes of the wings. No butterfly: ``p max(right, left) <= 2 theta`` and both wings below 2. No
calendar spread: theta and both wings grow with the maturity, ``p / theta`` falls. Straight lines
between maturities keep all of it.
Sources: J. Gatheral, A. Jacquier, "Arbitrage-free SVI volatility surfaces" (2014); S. Hendriks,
C. Martini, "The extended SSVI volatility surface" (2019).
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import inf, sqrt
from typing import Final

_LEAST_GROWTH: Final = 1e-9  # of theta, per day: a variance that stood still has no slope


@dataclass(frozen=True, slots=True)
class Slice:
    """One maturity; all three are numbers of total variance, not of variance a year."""

    theta: float
    right: float
    left: float

    def total_variance(self, k: float) -> float:
        """Variance up to the maturity at forward-moneyness ``k`` = ln(strike / forward)."""
        wings, skew = self.wings, self.right - self.left
        root = sqrt(max(0.0, (wings * k) ** 2 + 2.0 * skew * self.theta * k + self.theta**2))
        return 0.5 * (self.theta + skew * k + root)

    @property
    def wings(self) -> float:
        """Both slopes together, ``p``."""
        return self.right + self.left

    @property
    def butterfly_free(self) -> bool:
        """Whether no strike has a negative probability; sufficient, not necessary."""
        steepest = max(self.right, self.left)
        return (
            self.theta > 0.0
            and min(self.right, self.left) >= 0.0
            and steepest < 2.0
            and self.wings * steepest <= 2.0 * self.theta * (1.0 + 1e-9)
        )


@dataclass(frozen=True, slots=True)
class Knot:
    """A slice at a maturity in trading days (see :class:`day_calendar.DayCalendar`)."""

    days: float
    slice: Slice


class Surface:
    """Slices at some maturities and straight lines between them.

    Args:
        knots: ascending; what would be arbitrage between them is mended, see :func:`mended`.
    """

    def __init__(self, knots: Sequence[Knot]) -> None:
        self.knots = mended(knots)
        self._days = [knot.days for knot in self.knots]

    def at(self, days: float) -> Slice:
        """The slice at a maturity > 0: towards 0 it shrinks, beyond the last it goes on."""
        place = bisect_left(self._days, days)
        if place == 0:
            return _mixed(Slice(0.0, 0.0, 0.0), self.knots[0].slice, days / self._days[0])
        if place == len(self._days):
            last = self.knots[-1].slice
            return Slice(last.theta * days / self._days[-1], last.right, last.left)
        near, far = self.knots[place - 1], self.knots[place]
        return _mixed(near.slice, far.slice, (days - near.days) / (far.days - near.days))

    def moved(self, times: Callable[[float], float]) -> Surface:
        """The surface with every volatility at a maturity times ``times(days)``."""
        found = []
        for knot in self.knots:
            factor, old = times(knot.days), knot.slice
            new = Slice(old.theta * factor * factor, old.right * factor, old.left * factor)
            found.append(Knot(knot.days, new))
        return Surface(found)


def mended(knots: Sequence[Knot]) -> tuple[Knot, ...]:
    """Knots without arbitrage: what shrinks with the maturity is lifted to the one before.

    A butterfly is mended by flatter wings, but never flatter than those of the slice before,
    which are free of it at a smaller theta.
    """
    before, day = Slice(0.0, 0.0, 0.0), 0.0
    found = []
    for knot in knots:
        old = knot.slice
        theta = max(old.theta, before.theta + _LEAST_GROWTH * (knot.days - day))
        wanted = Slice(theta, max(old.right, before.right), max(old.left, before.left))
        floor = Slice(theta, before.right, before.left)
        widest = before.wings * theta / before.theta if before.theta else inf
        before, day = _tamed(wanted, floor, widest=widest), knot.days
        found.append(Knot(day, before))
    return tuple(found)


def _tamed(wanted: Slice, floor: Slice, *, widest: float) -> Slice:
    """The steepest wings between those of ``floor`` and ``wanted`` that are no arbitrage."""
    if wanted.butterfly_free and wanted.wings <= widest:
        return wanted
    low, high = 0.0, 1.0
    for _ in range(40):
        middle = 0.5 * (low + high)
        tried = _mixed(floor, wanted, middle)
        if tried.butterfly_free and tried.wings <= widest:
            low = middle
        else:
            high = middle
    return _mixed(floor, wanted, low)


def _mixed(near: Slice, far: Slice, share: float) -> Slice:
    return Slice(
        (1.0 - share) * near.theta + share * far.theta,
        (1.0 - share) * near.right + share * far.right,
        (1.0 - share) * near.left + share * far.left,
    )
