"""When the simulated market is open; reads the session table of a snapshot, nothing else."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Final
from zoneinfo import ZoneInfo

from pytest_ibkr.snapshot.rows import TradingSession

EXCHANGE_ZONE: Final = ZoneInfo("America/New_York")
_HOURS_DAYS: Final = 6  # days a contract's hours speak of (captured 2026-01-02)
_EXTENDED_OPEN: Final = "0400"
_EXTENDED_AFTER_CLOSE_H: Final = 4  # 20:00 after a full day, 17:00 after a half day


@dataclass(frozen=True, slots=True)
class Session:
    """One regular session: epoch seconds of the day's start (exchange time), open and close."""

    date: str
    day_start_s: float
    open_s: float
    close_s: float


def _day_start_s(date: str) -> float:
    year, month, day = int(date[:4]), int(date[4:6]), int(date[6:8])
    return datetime(year, month, day, tzinfo=EXCHANGE_ZONE).timestamp()


class SessionCalendar:
    """The session table, searchable by instant. All times are epoch seconds."""

    def __init__(self, days: Iterable[TradingSession]) -> None:
        self._days = tuple(days)
        self.sessions: tuple[Session, ...] = tuple(
            Session(day.date, _day_start_s(day.date), day.open.timestamp(), day.close.timestamp())
            for day in self._days
            if day.open is not None and day.close is not None
        )
        self._starts = [session.day_start_s for session in self.sessions]
        self._by_date = {session.date: session for session in self.sessions}

    def is_open(self, at_s: float) -> bool:
        """Whether ``at_s`` lies in a regular session; the opening instant does, the close not."""
        session = self.session_of(at_s)
        return session is not None and session.open_s <= at_s < session.close_s

    def session_of(self, at_s: float) -> Session | None:
        """The session of the calendar day of ``at_s``; None on a day without one."""
        session = self.latest(at_s)
        if session is None or date_of(at_s) != session.date:
            return None
        return session

    def latest(self, at_s: float) -> Session | None:
        """The last session whose calendar day has begun at ``at_s``."""
        index = bisect_right(self._starts, at_s)
        return self.sessions[index - 1] if index else None

    def previous(self, session: Session) -> Session | None:
        """The session before ``session``; None before the table begins."""
        index = self.sessions.index(session)
        return self.sessions[index - 1] if index else None

    def on(self, date: str) -> Session | None:
        """The session of a date ``YYYYMMDD``; None when there is none."""
        return self._by_date.get(date)

    def next_open_s(self, at_s: float) -> float | None:
        """The first opening instant after ``at_s``; None when the table ends before it."""
        return next((s.open_s for s in self.sessions if s.open_s > at_s), None)

    def begun(self, at_s: float) -> Session | None:
        """The last session that has opened by ``at_s``."""
        session = self.latest(at_s)
        if session is not None and at_s < session.open_s:
            session = self.previous(session)
        return session

    def next_bell_s(self, at_s: float) -> float | None:
        """The first opening or closing instant after ``at_s``; None when the table ends before."""
        session = self.latest(at_s)
        if session is not None and session.open_s <= at_s < session.close_s:
            return session.close_s
        return self.next_open_s(at_s)

    def trading_hours_text(self, at_s: float, *, liquid: bool, zone: tzinfo = EXCHANGE_ZONE) -> str:
        """Hours of six days from the day of ``at_s``, as contract details print them.

        Args:
            at_s: epoch seconds.
            liquid: regular hours; otherwise with the extended session (from 04:00), which only
                what trades in the exchange's own zone has.
            zone: whose clock the hours are told by.
        """
        today = date_of(at_s)
        days = [day for day in self._days if day.date >= today][:_HOURS_DAYS]
        return ";".join(_hours(day, liquid=liquid, zone=zone) for day in days)


def _hours(day: TradingSession, *, liquid: bool, zone: tzinfo) -> str:
    if day.open is None or day.close is None:
        return f"{day.date}:CLOSED"
    opened, closed = day.open.astimezone(zone), day.close.astimezone(zone)
    first, last = f"{opened:%H%M}", f"{closed:%H%M}"
    if not liquid:
        first, last = _EXTENDED_OPEN, f"{closed.hour + _EXTENDED_AFTER_CLOSE_H:02}{closed:%M}"
    return f"{day.date}:{first}-{day.date}:{last}"


def date_of(at_s: float) -> str:
    """The exchange's calendar date of an instant, ``YYYYMMDD``."""
    return f"{datetime.fromtimestamp(at_s, EXCHANGE_ZONE):%Y%m%d}"
