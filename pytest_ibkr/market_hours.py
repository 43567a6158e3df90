"""When an exchange is open, on its own calendar: sessions, half days, the next opening.

Needs the extra ``calendar``; imported where used, because it brings pandas. Pure otherwise:
every moment is an argument. The extended session of US shares is our own table, since no
published calendar has it.
"""

from __future__ import annotations

import datetime as dt
import warnings
from bisect import bisect_right
from dataclasses import dataclass
from functools import lru_cache
from importlib import import_module
from typing import Any, Final, NamedTuple

from pytest_ibkr.errors import UsageError

CALENDAR: Final = "XNYS"
EXTENDED_OPEN: Final = dt.time(4)
EXTENDED_AFTER_CLOSE: Final = dt.timedelta(hours=4)  # 20:00; 17:00 after a half day
NEW_YORK_NAMES: Final = ("XNYS", "NYSE", "NASDAQ", "XNAS", "BATS")  # one calendar, many names


class MarketFacts(NamedTuple):
    """Whether the regular session is open, and the epoch second it closes; None when shut."""

    open: bool
    closes_s: float | None


@dataclass(frozen=True, slots=True)
class Session:
    """One stretch of trading: ``opens`` belongs to it, ``closes`` does not.

    Attributes:
        date: the trading day it counts for.
        opens: aware, in the exchange's zone.
        closes: aware, in the exchange's zone.
    """

    date: dt.date
    opens: dt.datetime
    closes: dt.datetime


def facts(now_s: float) -> MarketFacts:
    """The regular session of US shares and options at an instant.

    Args:
        now_s: epoch seconds, of whichever clock decides.

    Raises:
        UsageError: the extra is not installed.
    """
    now = dt.datetime.fromtimestamp(now_s, dt.UTC)
    session = session_at(now)
    return MarketFacts(session is not None, None if session is None else session.closes.timestamp())


def stretches_s(now_s: float, *, days: int = 7) -> list[tuple[float, float]]:
    """Opening and close of every regular session from a day before to ``days`` after an instant.

    Args:
        now_s: epoch seconds; so are the results.
        days: up to 31.

    Raises:
        UsageError: the extra is not installed.
    """
    now, sessions = _around(
        dt.datetime.fromtimestamp(now_s, dt.UTC), calendar=CALENDAR, extended=False
    )
    first, last = now - dt.timedelta(days=1), now + dt.timedelta(days=days)
    return [
        (session.opens.timestamp(), session.closes.timestamp())
        for session in sessions
        if first <= session.closes and session.opens <= last
    ]


def session_at(
    moment: dt.datetime, *, calendar: str = CALENDAR, extended: bool = False
) -> Session | None:
    """The session that contains an aware moment; None when the exchange is shut.

    Args:
        moment: aware.
        calendar: a name that exchange_calendars knows.
        extended: with the hours before the opening and after the close (US shares only).

    Raises:
        UsageError: the extra is not installed, or the calendar is not known.
    """
    now, sessions = _around(moment, calendar=calendar, extended=extended)
    index = bisect_right(sessions, now, key=_opens)
    if index and now < sessions[index - 1].closes:
        return sessions[index - 1]
    return None


def next_opening(
    moment: dt.datetime, *, calendar: str = CALENDAR, extended: bool = False
) -> dt.datetime | None:
    """The first opening after an aware moment, in the exchange's zone; None when not known.

    Raises:
        UsageError: see ``session_at``.
    """
    now, sessions = _around(moment, calendar=calendar, extended=extended)
    index = bisect_right(sessions, now, key=_opens)
    return sessions[index].opens if index < len(sessions) else None


def minutes_to_close(
    moment: dt.datetime, *, calendar: str = CALENDAR, extended: bool = False
) -> float | None:
    """Minutes until the running session ends; None when the exchange is shut.

    Raises:
        UsageError: see ``session_at``.
    """
    session = session_at(moment, calendar=calendar, extended=extended)
    if session is None:
        return None
    return (session.closes - moment.astimezone(dt.UTC)).total_seconds() / 60


def sessions_on(
    day: dt.date, *, calendar: str = CALENDAR, extended: bool = False
) -> tuple[Session, ...]:
    """The sessions of a trading day: none on a holiday, two where there is a lunch break.

    Raises:
        UsageError: see ``session_at``.
    """
    every = _sessions(calendar, day.year, extended=extended)
    return tuple(session for session in every if session.date == day)


def check_calendar(name: str, *, extended: bool = False) -> None:
    """Accept a calendar's name.

    Raises:
        ValueError: it is unknown, or its extended hours are.
        UsageError: the extra is not installed.
    """
    if extended and name not in NEW_YORK_NAMES:
        raise ValueError(f"calendar={name!r} has no extended session we know: only {CALENDAR} has")
    if name in NEW_YORK_NAMES:
        return
    known = _library().get_calendar_names(include_aliases=True)
    if name not in known:
        raise ValueError(
            f"calendar={name!r} is not one that exchange_calendars knows"
            f" ({len(known)} names, such as XNYS, XLON, XETR, XTKS, CMES)"
        )


def _opens(session: Session) -> dt.datetime:
    return session.opens


def _around(
    moment: dt.datetime, *, calendar: str, extended: bool
) -> tuple[dt.datetime, tuple[Session, ...]]:
    """The moment in UTC (moments of one zone compare by its wall clock), and what is near it."""
    if moment.tzinfo is None:
        raise UsageError(f"market hours of {moment.isoformat()}: give a moment with a zone")
    now = moment.astimezone(dt.UTC)
    return now, _sessions(calendar, now.year, extended=extended)


@lru_cache(maxsize=32)
def _sessions(name: str, year: int, *, extended: bool) -> tuple[Session, ...]:
    """Every session of a year, of December before it and of January after it."""
    try:
        check_calendar(name, extended=extended)
    except ValueError as exc:
        raise UsageError(str(exc)) from None
    first, last = dt.date(year - 1, 12, 1), dt.date(year + 1, 1, 31)
    with warnings.catch_warnings():  # of pandas about exchange_calendars: nothing to do with us
        warnings.simplefilter("ignore")
        try:
            calendar = _library().get_calendar(name, start=first.isoformat(), end=last.isoformat())
        except ValueError as exc:
            raise UsageError(f"exchange_calendars has no {name} of {year}: {exc}") from None
        rows = list(calendar.schedule.itertuples())
    regular = [session for row in rows for session in _stretches(row, calendar.tz)]
    return tuple(_extended(session) for session in regular) if extended else tuple(regular)


def _stretches(row: Any, zone: dt.tzinfo) -> list[Session]:
    """A row of the library's schedule: one stretch, or two around a lunch break."""
    date = row.Index.date()
    moments: list[dt.datetime] = [
        moment.to_pydatetime().astimezone(zone)
        for moment in (row.open, row.break_start, row.break_end, row.close)
        if moment == moment  # "not a time" does not equal itself
    ]
    return [Session(date, *pair) for pair in zip(moments[::2], moments[1::2], strict=True)]


def _extended(regular: Session) -> Session:
    """From 04:00; after a half day it ends as much earlier as the regular session does."""
    opens = dt.datetime.combine(regular.date, EXTENDED_OPEN, regular.opens.tzinfo)
    return Session(regular.date, opens, regular.closes + EXTENDED_AFTER_CLOSE)


def _library() -> Any:
    try:
        return import_module("exchange_calendars")
    except ImportError as exc:
        raise UsageError(
            "market hours need the exchange's calendar, which is not installed\n"
            "  state: nothing was decided about the market\n"
            "  fix:   pip install 'pytest-ibkr[calendar]'"
        ) from exc
