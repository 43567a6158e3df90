"""Historical bars of one instrument, aggregated on the gateway's boundaries; never from the future.

Stored bars are served as they are; bars finer than the stored 5 minutes are cut out of the seeded
path that quotes follow, for the days that have 5-minute bars, and so are synthetic in detail.
Options: the model over the underlying's bars. Only regular sessions exist in a snapshot.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import groupby
from typing import TYPE_CHECKING, Final

from pytest_ibkr.sim.calendar import EXCHANGE_ZONE, Session
from pytest_ibkr.sim.contracts import Instrument
from pytest_ibkr.sim.day_path import DayPath, Window, merge
from pytest_ibkr.sim.history_request import DAY_S, WEEK_S, Asked

if TYPE_CHECKING:
    from pytest_ibkr.sim.market import Market
    from pytest_ibkr.sim.world import World

_FIVE_MINUTES_S: Final = 300
_SESSIONS_A_WEEK: Final = 5


@dataclass(frozen=True, slots=True)
class BarRow:
    """One bar: start in epoch seconds; daily and longer bars are stamped with the date."""

    start_s: float
    date: str
    window: Window


class BarSource:
    """Bars of one instrument as known at ``known_s``.

    Args:
        world: the market.
        instrument: whose bars.
        known_s: nothing that happened at or after this instant is served.
        market: the session's; the world's own is not moved by a test.
    """

    def __init__(
        self,
        world: World,
        instrument: Instrument,
        *,
        known_s: float,
        market: Market | None = None,
    ) -> None:
        self._world, self._instrument, self._known_s = world, instrument, known_s
        self._market = market or world.market
        self._path = self._market.paths[instrument.prices]

    def window(self, asked: Asked) -> tuple[float, float]:
        """Start and end of what was asked for, epoch seconds.

        ``1 D`` without an end means the current session from its open; before the open and on
        days without a session the last one. ``n W`` counts five sessions a week, months and
        years are calendar ones, seconds end at the last close when the market is shut.
        """
        end_s = self._known_s if asked.end_s is None else asked.end_s
        if asked.unit == "S":
            anchor_s = end_s
            session = self._begun(end_s)
            if session is not None:
                anchor_s = min(end_s, session.close_s)
            return anchor_s - asked.count, end_s
        if asked.unit in "DW":
            count = asked.count * (_SESSIONS_A_WEEK if asked.unit == "W" else 1)
            return self._sessions_back(end_s, count), end_s
        end = datetime.fromtimestamp(end_s, EXCHANGE_ZONE)
        months = asked.count * (12 if asked.unit == "Y" else 1)
        return _months_before(end, months).timestamp(), end_s

    def _begun(self, at_s: float) -> Session | None:
        session = self._world.calendar.latest(at_s)
        if session is not None and at_s <= session.open_s:
            session = self._world.calendar.previous(session)
        return session

    def _sessions_back(self, end_s: float, count: int) -> float:
        session = self._begun(end_s)
        last = session.date if session else f"{datetime.fromtimestamp(end_s, EXCHANGE_ZONE):%Y%m%d}"
        dates = sorted(
            {day for day in self._path.daily if day <= last}
            | {each.date for each in self._world.calendar.sessions if each.date <= last}
        )
        if not dates:
            return end_s
        return self._open_s(dates[-count:][0])

    def _open_s(self, date: str) -> float:
        session = self._world.calendar.on(date)
        return session.open_s if session else _at(date, 9, 30)

    def _close_s(self, date: str) -> float:
        session = self._world.calendar.on(date)
        return session.close_s if session else _at(date, 16, 0)

    def bars(self, bar_s: int, start_s: float, end_s: float) -> list[BarRow]:
        """Bars of trades that touch ``[start_s, end_s)``, ascending.

        The first is whole; the last is cut at the end and at what is known.
        """
        limit_s = min(end_s, self._known_s)
        if bar_s < DAY_S:
            return list(self._intraday(bar_s, start_s, limit_s))
        daily = list(self._daily(start_s, limit_s))
        if bar_s == DAY_S:
            return daily
        key = _week if bar_s == WEEK_S else _month
        return [_joined(list(group)) for _, group in groupby(daily, key=lambda bar: key(bar.date))]

    def _intraday(self, bar_s: int, start_s: float, limit_s: float) -> Iterator[BarRow]:
        for session in self._world.calendar.sessions:
            if session.close_s <= start_s or session.open_s >= limit_s:
                continue
            day = self._path.day(session)
            # Finer bars than the stored ones only where the market itself has that detail.
            if day.bar_s > bar_s and day.bar_s != _FIVE_MINUTES_S:
                continue
            for begin_s, finish_s in _boundaries(session, bar_s):
                if finish_s > start_s and begin_s < limit_s:
                    window = self._traded(
                        session, day, begin_s=begin_s, finish_s=min(finish_s, limit_s)
                    )
                    if window is not None:
                        yield BarRow(begin_s, session.date, window)

    def _daily(self, start_s: float, limit_s: float) -> Iterator[BarRow]:
        stored = self._path.daily if self._instrument.sec_type != "OPT" else {}
        sessions = {each.date for each in self._world.calendar.sessions}
        for date in sorted(set(stored) | sessions):
            open_s, close_s = self._open_s(date), self._close_s(date)
            if close_s <= start_s or open_s >= limit_s:
                continue
            bar = stored.get(date)
            session = self._world.calendar.on(date)
            if bar is not None and close_s <= limit_s:
                prices = (bar.open, bar.high, bar.low, bar.close)
                yield BarRow(open_s, date, Window(*prices, bar.volume, bar.wap, bar.bar_count))
            elif session is not None:
                day = self._path.day(session)
                window = None
                if day.bar_s < DAY_S:
                    window = self._traded(
                        session, day, begin_s=open_s, finish_s=min(close_s, limit_s)
                    )
                if window is not None:
                    yield BarRow(open_s, date, window)

    def _traded(
        self, session: Session, day: DayPath, *, begin_s: float, finish_s: float
    ) -> Window | None:
        window = day.window(round(begin_s * 1000), round(finish_s * 1000))
        if window is None or self._instrument.sec_type != "OPT":
            return window
        spots = (window.open, window.high, window.low, window.close)
        # The bar's last instant inside the session: at the close an expiring option is worthless.
        at_s = min(finish_s, session.close_s - 0.25)
        values = self._market.option_values(self._instrument, session, at_s, spots=spots)
        if values is None:
            return None
        share = (finish_s - begin_s) / (session.close_s - session.open_s)
        traded = self._world.book.row(self._instrument).volume
        volume = None if traded is None else int(traded * share)
        high, low = max(values), min(values)
        return Window(values[0], high, low, values[3], volume, None, None)


def _joined(bars: list[BarRow]) -> BarRow:
    window = merge([bar.window for bar in bars])
    assert window is not None  # noqa: S101  # a group has at least one bar
    # Weekly and monthly bars carry the last trading day so far.
    return replace(bars[-1], window=window)


def _boundaries(session: Session, bar_s: int) -> Iterator[tuple[float, float]]:
    """Full clock units of the exchange's day; the first is cut by the opening."""
    unit = int((session.open_s - session.day_start_s) // bar_s)
    begin_s = session.open_s
    while begin_s < session.close_s:
        unit += 1
        finish_s = min(session.day_start_s + unit * bar_s, session.close_s)
        yield begin_s, finish_s
        begin_s = finish_s


def _week(date: str) -> str:
    year, week, _ = _day(date).isocalendar()
    return f"{year}-{week:02}"


def _month(date: str) -> str:
    return date[:6]


def _day(date: str) -> datetime:
    return datetime(int(date[:4]), int(date[4:6]), int(date[6:8]), tzinfo=EXCHANGE_ZONE)


def _at(date: str, hour: int, minute: int) -> float:
    return (_day(date).replace(hour=hour, minute=minute)).timestamp()


def _months_before(end: datetime, months: int) -> datetime:
    total = end.year * 12 + end.month - 1 - months
    first = end.replace(year=total // 12, month=total % 12 + 1, day=1)
    following = (first + timedelta(days=32)).replace(day=1)
    return first + timedelta(days=min(end.day, (following - first).days) - 1)
