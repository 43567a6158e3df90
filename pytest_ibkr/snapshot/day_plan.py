"""What the days between stored snapshots are made of: ``days.json`` and the tables it names.

Imports this package only; composes nothing.
"""

from __future__ import annotations

import hashlib
from functools import cached_property
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from pytest_ibkr.snapshot.day_bars import DAILY, DayBars
from pytest_ibkr.snapshot.day_calendar import DayCalendar
from pytest_ibkr.snapshot.days_layout import (
    DAYS,
    SURFACE,
    DaysFile,
    SurfaceFile,
    SymbolSurface,
    read,
    refused,
)
from pytest_ibkr.snapshot.rows import Provenance

_CLOSED_WEIGHT: Final = 0.1  # of a day without trading, where no surface says it


class DayPlan:
    """A validated ``days.json`` with everything it names.

    Attributes:
        path: of the ``days.json``.
        document: what it says.
        surface: the surfaces; None: composed days have no options.
        calendar: its trading days.
        bars: its bars.

    Raises:
        UsageError: a file is missing, broken or contradicts itself; says which and where.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.document: DaysFile = read(path, DAYS)
        named = self.document["surface"]
        self.surface: SurfaceFile | None = read(path.parent / named, SURFACE) if named else None
        weight = self.surface["closedDayWeight"] if self.surface else _CLOSED_WEIGHT
        self.calendar = DayCalendar(
            self.document["closed"], self.document["halfDays"], closed_weight=weight
        )
        symbols = self.document["symbols"]
        strange = set(self.surface["symbols"]) - set(symbols) if self.surface else set()
        if strange:
            raise refused(path, [f"surface: has {', '.join(sorted(strange))}, symbols has not"])
        zones = {symbol: ZoneInfo(facts["timeZone"]) for symbol, facts in symbols.items()}
        self.bars = DayBars(path.parent, self.document["bars"], zones=zones)

    @cached_property
    def digest(self) -> str:
        """An identity of everything that days are made of."""
        names = [row["file"] for row in self.document["bars"]]
        names += [self.document["surface"]] if self.document["surface"] else []
        found = hashlib.sha256(self.path.read_bytes())
        for name in names:
            found.update(hashlib.sha256((self.path.parent / name).read_bytes()).digest())
        return found.hexdigest()

    @property
    def dates(self) -> list[str]:
        """The days it can compose, ascending."""
        inside = self.calendar.trading(self.document["first"], self.document["last"])
        return [day for day in inside if not self.why_closed(day)]

    def why_closed(self, day: str) -> str:
        """Why a day cannot be composed; empty when it can."""
        if not self.document["first"] <= day <= self.document["last"]:
            return f"{day}: outside {self.document['first']} to {self.document['last']}"
        if not self.calendar.is_trading(day):
            return f"{day}: no trading day, the market is closed"
        missing = [symbol for symbol in self.document["symbols"] if not self._known(symbol, day)]
        if missing:
            return f"{day}: no bars of {', '.join(missing)}, the market is closed"
        return ""

    def _known(self, symbol: str, day: str) -> bool:
        return self.bars.close(symbol, day) is not None

    def closes(self, symbol: str) -> dict[str, float]:
        """Daily closes by date."""
        series = self.bars.series(symbol, DAILY)
        return {day: bar.close for day, bar in zip(series.dates, series.bars, strict=True)}

    def index_level(self, day: str) -> float | None:
        """The volatility index at a day's close, points."""
        index = self.document["volatilityIndex"]
        return self.bars.close(index, day) if index else None

    def index_origin(self, day: str) -> Provenance:
        """Where that comes from."""
        index = self.document["volatilityIndex"]
        found = self.bars.series(index, DAILY).origins.get(day) if index else None
        return found or Provenance("synthetic", "no volatility index: unknown")

    def provenance(self, day: str) -> str:
        """A composed day in words: what is made up in it."""
        made_up = []
        for symbol, facts in self.document["symbols"].items():
            origin = self.bars.origin(symbol, day)
            if origin is not None and origin.origin == "synthetic" and facts["secType"] == "STK":
                daily = self.bars.series(symbol, DAILY).origins.get(day)
                real = daily is not None and daily.origin != "synthetic"
                made_up.append(f"intraday bars of {symbol}" if real else f"bars of {symbol}")
        parts = [*made_up]
        if self.surface is not None:
            fitted = any(day in data["fitted"] for data in self.surface["symbols"].values())
            kind = "surface fitted to the day's chain" if fitted else "surface moved with the index"
            parts.insert(0, f"options from a {kind}")
        return f"synthetic: {'; '.join(parts) or 'composed of imported bars'}"

    def surface_detail(self, symbol: str, day: str) -> str:
        """Where a composed chain comes from."""
        data: SymbolSurface | None = self.surface["symbols"].get(symbol) if self.surface else None
        if data is None or self.surface is None:
            return "no surface: no options"
        kind = (
            "surface fitted to this day's real chain"
            if day in data["fitted"]
            else f"base surface moved from an index of {data['index']} to {self.index_level(day)}"
        )
        return f"priced at the close, {kind}; {self.surface['detail']}"
