"""Which options are listed on a day: expiries and strikes by rule; pure.

The expiries follow the listing of SPY, QQQ and IWM as the chains of 2026-07-08 to 2026-07-10 show
it: every trading day to the Tuesday of the week after next, Fridays five weeks ahead, the third
Friday of the coming months, the last trading day of some months. A holiday moves an expiry to the
trading day before. What is listed stays listed until it expires.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import ceil, floor
from typing import Final

from pytest_ibkr.snapshot.day_calendar import DayCalendar, days_between, moved, weekday
from pytest_ibkr.snapshot.days_layout import StrikeGrid

_DAILY_AHEAD: Final = 15  # calendar days from Monday of the week: Tuesday of the week after next
_WEEKLIES_AHEAD: Final = 39  # Friday five weeks after this one
_MONTHS: Final = 4  # third Fridays: the coming months
_MONTH_ENDS: Final = 3
_QUARTERS: Final = (3, 6, 9, 12)
_QUARTERS_AHEAD: Final = 2
_FINE_DAYS: Final = 50  # nearer than this an expiry has the fine strikes too


def expiries(day: str, calendar: DayCalendar) -> list[str]:
    """The expiries listed on a trading day, its own included, ascending."""
    monday = moved(day, -weekday(day))
    found = set(calendar.trading(day, moved(monday, _DAILY_AHEAD)))
    for number in range(4, _WEEKLIES_AHEAD + 1, 7):
        found.add(_traded(moved(monday, number), calendar))
    months = [_month(day, number) for number in range(13)]
    quarters = [month for month in months if int(month[4:]) in _QUARTERS][:_QUARTERS_AHEAD]
    thirds = {*months[: _MONTHS + 1], *quarters}
    found |= {_traded(_third_friday(month), calendar) for month in thirds}
    ends = {*months[:_MONTH_ENDS], *quarters}
    found |= {_traded(moved(f"{_month(m + '01', 1)}01", -1), calendar) for m in ends}
    return sorted(expiry for expiry in found if expiry >= day)


def strikes(low: float, high: float, grid: StrikeGrid, *, days: int) -> list[float]:
    """Strikes around the prices since the listing.

    Args:
        low, high: of the underlying since then: a listed strike stays.
        grid: how far apart, and how far around.
        days: calendar days to the expiry.
    """
    found = set(_steps(low, high, grid["coarse"], grid["coarseShare"]))
    if days <= _FINE_DAYS:
        found |= set(_steps(low, high, grid["fine"], grid["fineShare"]))
    return sorted(found)


def _steps(low: float, high: float, step: float, share: float) -> Sequence[float]:
    first, last = ceil(low * (1 - share) / step), floor(high * (1 + share) / step)
    return [number * step for number in range(first, last + 1)]


def _traded(day: str, calendar: DayCalendar) -> str:
    return day if calendar.is_trading(day) else calendar.before(day)


def _month(day: str, later: int) -> str:
    number = int(day[:4]) * 12 + int(day[4:6]) - 1 + later
    return f"{number // 12:04}{number % 12 + 1:02}"


def _third_friday(month: str) -> str:
    first = f"{month}01"
    return moved(first, (4 - weekday(first)) % 7 + 14)


class Listings:
    """The expiries and strikes of one underlying, remembered day by day.

    Args:
        calendar: the trading days.
        closes: the underlying's closes by date.
        grid: its strikes.
        first: the market's first day: nobody holds what was listed before.
        listed: strikes by expiry that stored days before a date have; they stay listed.
    """

    def __init__(
        self,
        calendar: DayCalendar,
        closes: Mapping[str, float],
        grid: StrikeGrid,
        *,
        first: str,
        listed: Callable[[str], Mapping[str, frozenset[float]]],
    ) -> None:
        self._calendar, self._closes, self._grid = calendar, closes, grid
        self._first, self._listed = first, listed
        self._expiries: dict[str, frozenset[str]] = {}

    def expiries(self, day: str) -> list[str]:
        """As :func:`expiries`, and those of stored days before that are still to come."""
        return sorted({*self._by_rule(day), *(e for e in self._listed(day) if e >= day)})

    def strikes(self, day: str, expiry: str) -> list[float]:
        """The strikes of an expiry that is listed on ``day``; ascending."""
        found = set(self._listed(day).get(expiry, ()))
        prices: list[float] = []
        each = day
        while each >= self._first and expiry in self._by_rule(each):
            each = self._calendar.before(each)  # a strike is listed by the close before
            if each in self._closes:
                prices.append(self._closes[each])
        if prices:
            days = days_between(day, expiry)
            found |= set(strikes(min(prices), max(prices), self._grid, days=days))
        return sorted(found)

    def _by_rule(self, day: str) -> frozenset[str]:
        found = self._expiries.get(day)
        if found is None:
            found = self._expiries[day] = frozenset(expiries(day, self._calendar))
        return found
