"""Trading days by rule: Monday to Friday without the listed holidays; standard library only.

A market of many days carries its holidays, so reading one needs no calendar package.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from functools import cache
from typing import Final
from zoneinfo import ZoneInfo

from pytest_ibkr.snapshot.rows import TradingSession

ZONE: Final = ZoneInfo("America/New_York")
_OPEN, _CLOSE, _EARLY_CLOSE = time(9, 30), time(16, 0), time(13, 0)
_SATURDAY: Final = 5


class DayCalendar:
    """Which days are traded on. Dates are ``YYYYMMDD``.

    Args:
        closed: weekdays without a session.
        half_days: days that end at 13:00 New York time.
        closed_weight: what a day without trading adds to a maturity, in trading days.
    """

    def __init__(
        self, closed: Iterable[str], half_days: Iterable[str], *, closed_weight: float
    ) -> None:
        self.closed, self.half_days = frozenset(closed), frozenset(half_days)
        self._closed_weight = closed_weight
        self._sessions: dict[str, TradingSession] = {}

    def is_trading(self, day: str) -> bool:
        """Whether there is a session."""
        return day not in self.closed and _date(day).weekday() < _SATURDAY

    def session(self, day: str) -> TradingSession:
        """The day's session; without times where there is none."""
        found = self._sessions.get(day)
        if found is None:
            opens = closes = None
            if self.is_trading(day):
                ends = _EARLY_CLOSE if day in self.half_days else _CLOSE
                opens = datetime.combine(_date(day), _OPEN, ZONE)
                closes = datetime.combine(_date(day), ends, ZONE)
            found = self._sessions[day] = TradingSession(day, opens, closes)
        return found

    def close(self, day: str) -> datetime:
        """The end of a day's session; 16:00 on a day without one."""
        return self.session(day).close or datetime.combine(_date(day), _CLOSE, ZONE)

    def around(self, day: str, *, days: int = 60) -> list[TradingSession]:
        """Every calendar day from ``days`` before ``day`` to ``days`` after it."""
        return [self.session(moved(day, number)) for number in range(-days, days + 1)]

    def trading(self, first: str, last: str) -> list[str]:
        """The trading days from ``first`` to ``last``, both included."""
        found, day = [], first
        while day <= last:
            if self.is_trading(day):
                found.append(day)
            day = moved(day, 1)
        return found

    def before(self, day: str) -> str:
        """The last trading day before ``day``."""
        day = moved(day, -1)
        while not self.is_trading(day):
            day = moved(day, -1)
        return day

    def maturity(self, day: str, expiry: str) -> float:
        """Trading days after ``day`` up to ``expiry``; days without trading count their weight."""
        length = days_between(day, expiry)
        traded = len(self.trading(moved(day, 1), expiry))
        return traded + self._closed_weight * (length - traded)


@cache
def _date(day: str) -> date:
    return date(int(day[:4]), int(day[4:6]), int(day[6:8]))


@cache
def moved(day: str, days: int) -> str:
    """The calendar date some days later (earlier, if negative)."""
    return f"{_date(day) + timedelta(days=days):%Y%m%d}"


def days_between(day: str, later: str) -> int:
    """Calendar days from one date to another."""
    return (_date(later) - _date(day)).days


def weekday(day: str) -> int:
    """0 is Monday."""
    return _date(day).weekday()
