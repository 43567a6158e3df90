"""How a stock or index moved through each day: a seeded path that follows the real bars.

Imports the snapshot's bars and the calendar; knows nothing of clients. Instants are epoch
milliseconds unless they say ``_s``.
"""

from __future__ import annotations

from functools import cached_property
from typing import Final

from pytest_ibkr.sim.calendar import Session, SessionCalendar, date_of
from pytest_ibkr.sim.day_path import DayPath, PathBar
from pytest_ibkr.snapshot.model import SymbolBlock
from pytest_ibkr.snapshot.rows import Bar

STOCK_GRID_MS: Final = 250  # aggregated market data: at most one update per 250 ms
INDEX_GRID_MS: Final = 1000


class UnderlyingPath:
    """All days of one underlying, each built when first asked for.

    Attributes:
        leader: the path it follows; None: it goes its own way.
    """

    leader: UnderlyingPath | None = None

    def __init__(self, block: SymbolBlock, calendar: SessionCalendar, *, seed: int) -> None:
        self.block, self.calendar, self._seed = block, calendar, seed
        self.per_dollar = max(1, round(1 / block.min_tick))
        self.grid_ms = INDEX_GRID_MS if block.sec_type == "IND" else STOCK_GRID_MS
        self._days: dict[str, DayPath] = {}

    @cached_property
    def _by_day(self) -> dict[int, dict[str, list[Bar]]]:
        found: dict[int, dict[str, list[Bar]]] = {}
        for size, seconds in (("5 mins", 300), ("1 hour", 3600)):
            days: dict[str, list[Bar]] = found.setdefault(seconds, {})
            for bar in self.block.bars.get(size, ()):
                days.setdefault(date_of(bar.start.timestamp()), []).append(bar)
        return found

    @cached_property
    def daily(self) -> dict[str, Bar]:
        """Stored daily bars by date ``YYYYMMDD``."""
        return {f"{bar.start:%Y%m%d}": bar for bar in self.block.bars.get("1 day", ())}

    def day(self, session: Session) -> DayPath:
        """The path of a session, from the finest bars there are."""
        found = self._days.get(session.date)
        if found is None:
            found = self._days[session.date] = self._build(session)
        return found

    def previous_close(self, session: Session) -> float | None:
        """Close of the session before ``session``, dollars; None when the snapshot lacks it."""
        before = self.calendar.previous(session)
        if before is None:
            return None
        bar = self.daily.get(before.date)
        if bar is not None:
            return bar.close
        path = self.day(before)
        return path.bars[-1].bar.close if path.bars else None

    def _build(self, session: Session) -> DayPath:
        for seconds, days in self._by_day.items():
            bars = self._clipped(session, days.get(session.date, []), seconds)
            if bars:
                return DayPath(session, bars, bar_s=seconds)
        daily = self.daily.get(session.date)
        whole = [self._path_bar(daily, session.open_s, session.close_s)] if daily else []
        return DayPath(session, whole, bar_s=86400)

    def _clipped(self, session: Session, bars: list[Bar], seconds: int) -> list[PathBar]:
        starts = [bar.start.timestamp() for bar in bars]
        # Bars end on full clock units: the first of a session may be shorter.
        ends = [
            min((start // seconds + 1) * seconds, following, session.close_s)
            for start, following in zip(starts, [*starts, session.close_s][1:], strict=True)
        ]
        # An index is published before the session too: its day's high may lie there.
        first_s = session.day_start_s if self.block.sec_type == "IND" else session.open_s
        return [
            self._path_bar(bar, start, end)
            for bar, start, end in zip(bars, starts, ends, strict=True)
            if start < session.close_s and end > first_s
        ]

    def _path_bar(self, bar: Bar, start_s: float, end_s: float) -> PathBar:
        start_ms, end_ms = round(start_s * 1000), round(end_s * 1000)
        seed = f"{self._seed}:{self.block.con_id}:{start_ms}"
        return PathBar(start_ms, end_ms, self.grid_ms, bar, self.per_dollar, seed)
