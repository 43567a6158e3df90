"""A market of many days: one world for each trading day, made when it is asked for.

Stored days come from snapshot files, the days between from bars and a fitted surface; imports
worlds and snapshots, no engine and no client.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final, TypeVar

from pytest_ibkr.errors import UsageError
from pytest_ibkr.sim.arbitrage import of_model, of_quotes
from pytest_ibkr.sim.composed_day import DayComposer, extended
from pytest_ibkr.sim.day_snapshot import DaySnapshot
from pytest_ibkr.sim.instrument_pool import InstrumentPool
from pytest_ibkr.sim.stored_days import StoredDays
from pytest_ibkr.sim.world import World
from pytest_ibkr.snapshot.check import check
from pytest_ibkr.snapshot.day_calendar import moved
from pytest_ibkr.snapshot.day_files import find_days
from pytest_ibkr.snapshot.day_plan import DayPlan
from pytest_ibkr.snapshot.model import Snapshot

T = TypeVar("T")
_KEPT: Final = 3  # yesterday, today, tomorrow
_ORIGINS: Final = {"gateway": "captured", "imported": "imported"}


class MarketDays:
    """The trading days of a directory.

    All days have one seed, so a past day looks the same from every later one; a single stored
    day keeps its own.

    Attributes:
        directory: where they come from.
        dates: trading days ``YYYYMMDD`` in order.

    Args:
        directory: snapshots by day and, if days are to be composed, a ``days.json``.
        make_world: turns a day's snapshot into its world.

    Raises:
        UsageError: the directory has no days, or its ``days.json`` cannot be used.
    """

    def __init__(
        self, directory: Path, *, make_world: Callable[[Snapshot], World] | None = None
    ) -> None:
        self.directory = directory
        self._pool = InstrumentPool()
        self._make_world = make_world or self._pooled
        files = find_days(directory)
        self._stored = StoredDays(files)
        self._composer: DayComposer | None = None
        if files.plan is not None:
            self._composer = DayComposer(
                DayPlan(files.plan),
                stored_mids=self._stored.mids,
                stored_strikes=self._stored.strikes_before,
            )
        composed = self._composer.plan.dates if self._composer else []
        self.dates: tuple[str, ...] = tuple(sorted({*self._stored.dates, *composed}))
        if not self.dates:
            raise UsageError(
                f"{directory} has no trading day: its days.json names no bars of any day that all"
                " symbols have\n"
                "  state: no day was composed\n"
                "  fix:   name bars of the days from first to last, see docs/reference/days.md"
            )
        self._snapshots: OrderedDict[str, Snapshot] = OrderedDict()
        self._worlds: OrderedDict[str, World] = OrderedDict()

    def world(self, date: str) -> World:
        """The world of a trading day; the last few are kept.

        Raises:
            KeyError: the market has no such day; :meth:`closed` says why.
            SnapshotError: the day's file cannot be used.
        """
        found = self._worlds.get(date)
        if found is None:
            found = _keep(self._worlds, date, self._make_world(self.snapshot(date)))
        self._worlds.move_to_end(date)
        return found

    def _pooled(self, snapshot: Snapshot) -> World:
        return World(snapshot, pool=self._pool, dates=self.dates)

    def snapshot(self, date: str) -> Snapshot:
        """The snapshot of a trading day, captured at its close. Errors as of :meth:`world`."""
        found = self._snapshots.get(date)
        if found is None:
            self._check(date)
            found = _keep(self._snapshots, date, self._made(date))
        self._snapshots.move_to_end(date)
        return found

    def provenance(self, date: str) -> str:
        """Where a day comes from: ``captured``, ``imported`` or ``synthetic: …``."""
        self._check(date)
        if date not in self._stored and self._composer is not None:
            return self._composer.plan.provenance(date)
        return _ORIGINS.get(self.snapshot(date).source, "synthetic: made up")

    def after(self, date: str) -> str | None:
        """The first trading day after a date; None: the market ends before it."""
        place = bisect_right(self.dates, date)
        return self.dates[place] if place < len(self.dates) else None

    def closed(self, date: str) -> str:
        """Why there is no trading on a date; empty when there is."""
        if date in self._stored:
            return ""
        if self._composer is not None:
            return self._composer.plan.why_closed(date)
        if not self.dates[0] <= date <= self.dates[-1]:
            return f"{date}: outside {self.dates[0]} to {self.dates[-1]}"
        return f"{date}: no data of this day, the market is closed"

    def calendar_days(self) -> Iterator[str]:
        """Every date from the first to the last trading day, closed ones included."""
        day = self.dates[0]
        while day <= self.dates[-1]:
            yield day
            day = moved(day, 1)

    def problems(self, date: str) -> list[str]:
        """What is wrong with a day: an incomplete snapshot, arbitrage in what was composed."""
        snapshot = self.snapshot(date)
        found = [issue.text for issue in check(snapshot)]
        if self._composer is None or date in self._stored:
            return found
        for symbol, block in snapshot.symbols.items():
            if block.option_chain:
                found += [f"{symbol} {t}" for t in of_model(self._composer.listed(symbol, date))]
                found += [f"{symbol} {text}" for text in of_quotes(block.option_chain)]
        return found

    def _check(self, date: str) -> None:
        if reason := self.closed(date):
            raise KeyError(reason)

    def _made(self, date: str) -> Snapshot:
        composer = self._composer
        if composer is None or date in self._stored:
            stored = self._stored.snapshot(date)
            if composer is None:
                seed = self._stored.seed
                return stored if seed is None else DaySnapshot.of(stored, seed)
            if composer.plan.document["extendStored"]:
                return extended(stored, composer, date)
            return DaySnapshot.of(stored, composer.plan.document["seed"])
        return composer.snapshot(date)


def _keep(cache: OrderedDict[str, T], date: str, made: T) -> T:
    cache[date] = made
    if len(cache) > _KEPT:
        cache.popitem(last=False)
    return made
