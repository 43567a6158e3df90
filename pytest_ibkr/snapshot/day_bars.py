"""The bars of a market of many days, by symbol and day, each with its origin.

Reads the tables that ``days.json`` names; imports this package only. A table has bars of one size
and one origin; a day of a symbol comes from the first table that has it.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from pytest_ibkr.snapshot.bars import aggregate
from pytest_ibkr.snapshot.days_layout import BarFile, refused
from pytest_ibkr.snapshot.rows import Bar, Provenance
from pytest_ibkr.snapshot.tables import read_table

FINE, HOURLY, DAILY = "5 mins", "1 hour", "1 day"
_KEPT_DAYS: Final = {FINE: 60, HOURLY: 90, DAILY: 253}  # sessions that a snapshot looks back on


@dataclass(slots=True)
class Series:
    """Bars of one symbol and size, ascending; ``origins`` by date ``YYYYMMDD``."""

    bars: list[Bar] = field(default_factory=list)
    origins: dict[str, Provenance] = field(default_factory=dict)
    dates: list[str] = field(default_factory=list)  # of each bar
    days: list[str] = field(default_factory=list)

    def of(self, day: str) -> Sequence[Bar]:
        """The bars of one day."""
        return self.bars[bisect_left(self.dates, day) : bisect_right(self.dates, day)]

    def up_to(self, day: str, sessions: int) -> tuple[Bar, ...]:
        """The bars of the last ``sessions`` days that end with ``day``."""
        last = bisect_right(self.days, day)
        if not last:
            return ()
        first = bisect_left(self.dates, self.days[max(0, last - sessions)])
        return tuple(self.bars[first : bisect_right(self.dates, day)])

    def before(self, day: str) -> Bar | None:
        """The last bar of an earlier day."""
        place = bisect_left(self.dates, day)
        return self.bars[place - 1] if place else None

    def origin(self, days: Sequence[str]) -> Provenance:
        """What is to be said of some days together: synthetic as soon as one of them is."""
        known = [self.origins[day] for day in days if day in self.origins]
        made_up = [each for each in known if each.origin == "synthetic"]
        if not made_up or len(made_up) == len(known):
            return (made_up or known or [Provenance("synthetic", "no bars")])[-1]
        detail = f"{len(made_up)} of {len(known)} days: {made_up[-1].detail}"
        return Provenance("synthetic", detail)


class DayBars:
    """All bars of a market.

    Args:
        directory: where the tables are.
        files: what ``days.json`` says of them.
        zones: the symbols that are wanted and the zone each one's bars are stamped in.

    Raises:
        UsageError: a table is missing or broken; names the file and, where known, the line.
    """

    def __init__(
        self, directory: Path, files: Sequence[BarFile], *, zones: Mapping[str, ZoneInfo]
    ) -> None:
        self._series: dict[tuple[str, str], Series] = {}
        self._zones = zones
        for file in files:
            self._read(directory / file["file"], file)
        for symbol in zones:
            self._hours_of(symbol)

    def series(self, symbol: str, size: str) -> Series:
        """The bars of a symbol; empty when there are none."""
        return self._series.get((symbol, size)) or Series()

    def last(self, symbol: str, day: str) -> Mapping[str, tuple[Bar, ...]]:
        """What a snapshot of ``day`` looks back on, by size; sizes without bars are left out."""
        found = {
            size: self.series(symbol, size).up_to(day, sessions)
            for size, sessions in _KEPT_DAYS.items()
        }
        return {size: bars for size, bars in found.items() if bars}

    def traded(self, symbol: str, day: str) -> bool:
        """Whether anything is known of a day."""
        return any(day in self.series(symbol, size).origins for size in _KEPT_DAYS)

    def close(self, symbol: str, day: str) -> float | None:
        """The last price of a day: the daily bar's, else the last finer bar's."""
        for size in (DAILY, FINE, HOURLY):
            bars = self.series(symbol, size).of(day)
            if bars:
                return bars[-1].close
        return None

    def origin(self, symbol: str, day: str) -> Provenance | None:
        """Where the course of a day comes from: the finest bars there are."""
        for size in (FINE, HOURLY, DAILY):
            found = self.series(symbol, size).origins.get(day)
            if found is not None:
                return found
        return None

    def close_origin(self, symbol: str, day: str) -> Provenance | None:
        """Where :meth:`close` comes from."""
        for size in (DAILY, FINE, HOURLY):
            found = self.series(symbol, size).origins.get(day)
            if found is not None:
                return found
        return None

    def before_origin(self, symbol: str, day: str) -> Provenance:
        """Where the close of the daily bar before a day comes from."""
        series = self.series(symbol, DAILY)
        before = series.before(day)
        if before is None:
            return Provenance("synthetic", "no daily bar before: unknown")
        found = series.origins[f"{before.start:%Y%m%d}"]
        return Provenance(found.origin, f"close of the daily bar before; {found.detail}")

    def _read(self, path: Path, file: BarFile) -> None:
        fresh: dict[str, list[Bar]] = {}
        try:
            for number, row in enumerate(read_table(path), start=2):
                zone = self._zones.get(row["symbol"])
                if zone is not None:
                    fresh.setdefault(row["symbol"], []).append(_bar(row, zone, number))
        except (OSError, EOFError, ValueError, KeyError) as exc:
            raise refused(path, [f"no table of bars: {exc}"]) from None
        origin = Provenance(file["origin"], file["detail"])
        for symbol, bars in fresh.items():
            self._enter(symbol, file["size"], bars, lambda _day: origin)

    def _enter(
        self, symbol: str, size: str, bars: list[Bar], origin_of: Callable[[str], Provenance]
    ) -> None:
        series = self._series.setdefault((symbol, size), Series())
        known = set(series.origins)
        merged = list(zip(series.dates, series.bars, strict=True))
        for bar in bars:
            day = f"{bar.start:%Y%m%d}"
            if day not in known:
                merged.append((day, bar))
                series.origins[day] = series.origins.get(day) or origin_of(day)
        merged.sort(key=lambda pair: pair[1].start)
        series.bars, series.dates = [bar for _, bar in merged], [day for day, _ in merged]
        series.days = sorted(series.origins)

    def _hours_of(self, symbol: str) -> None:
        """Hourly bars where there are finer ones and no hourly ones."""
        fine = self._series.get((symbol, FINE))
        if fine is None:
            return

        def origin_of(day: str) -> Provenance:
            found = fine.origins[day]
            return Provenance(found.origin, f"aggregated from 5-minute bars; {found.detail}")

        self._enter(symbol, HOURLY, aggregate(fine.bars, minutes=60), origin_of)


def _bar(row: Mapping[str, str], zone: ZoneInfo, line: int) -> Bar:
    try:
        start = datetime.fromisoformat(row["start"])
        if start.tzinfo is None:
            raise ValueError("start has no UTC offset")
        opened, high, low, close = (float(row[key]) for key in ("open", "high", "low", "close"))
        volume = int(row["volume"]) if row["volume"] else None
    except ValueError as exc:
        raise ValueError(f"line {line}: {exc}") from None
    if not 0 < low <= min(opened, close) <= max(opened, close) <= high < 1e7:
        raise ValueError(f"line {line}: open or close is outside low and high, or no price")
    return Bar(start.astimezone(zone), opened, high, low, close, volume, None, None)
