"""The days of a market that have a snapshot file, and what composed days must know of them.

Imports this package's snapshots; composes nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from pytest_ibkr.sim.option_model import mid_of
from pytest_ibkr.snapshot import store
from pytest_ibkr.snapshot.day_files import DayFiles
from pytest_ibkr.snapshot.errors import SnapshotUnreadable
from pytest_ibkr.snapshot.model import Snapshot

Strikes = Mapping[str, frozenset[float]]  # by expiry


class StoredDays:
    """Snapshots by day; read when asked for and not kept, what is derived from them is."""

    def __init__(self, files: DayFiles) -> None:
        self._files = files
        self.dates: tuple[str, ...] = tuple(files.snapshots)
        self._known = frozenset(self.dates)
        self._mids: dict[str, Mapping[int, float]] = {}
        self._strikes: dict[str, Mapping[str, Strikes]] = {}
        self._before: dict[tuple[str, str], Strikes] = {}

    def __contains__(self, day: object) -> bool:
        return day in self._known

    @property
    def seed(self) -> int | None:
        """A seed for all of them, of their names; None: a single day has its own."""
        if len(self.dates) < 2:
            return None
        names = "|".join(path.name for path in self._files.snapshots.values())
        return int.from_bytes(hashlib.sha256(names.encode()).digest()[:8], "big") >> 1

    def snapshot(self, day: str) -> Snapshot:
        """The file's content.

        Raises:
            SnapshotError: it cannot be read, or was captured on another day than its name says.
        """
        path = self._files.snapshots[day]
        found = store.load(path, directory=self._files.directory)
        captured = f"{found.captured_at:%Y%m%d}"
        if captured != day:
            raise SnapshotUnreadable(path, f"its name says {day}, its content {captured}")
        return found

    def mids(self, day: str) -> Mapping[int, float] | None:
        """Mids of the day's options by contract id; None: the day is not stored."""
        if day not in self:
            return None
        self._derive(day)
        return self._mids[day]

    def strikes_before(self, symbol: str, day: str) -> Strikes:
        """Strikes by expiry that the stored days before ``day`` have."""
        found = self._before.get((symbol, day))
        if found is None:
            merged: dict[str, frozenset[float]] = {}
            for stored in self.dates:
                if stored < day:
                    self._derive(stored)
                    for expiry, strikes in self._strikes[stored].get(symbol, {}).items():
                        merged[expiry] = merged.get(expiry, frozenset()) | strikes
            found = self._before[symbol, day] = merged
        return found

    def _derive(self, day: str) -> None:
        if day in self._mids:
            return
        mids: dict[int, float] = {}
        strikes: dict[str, dict[str, set[float]]] = {}
        for symbol, block in self.snapshot(day).symbols.items():
            own = strikes.setdefault(symbol, {})
            for row in block.option_chain:
                own.setdefault(row.expiry, set()).add(row.strike)
                if (mid := mid_of(row)) is not None:
                    mids[row.con_id] = mid
        self._mids[day] = mids
        self._strikes[day] = {
            symbol: {expiry: frozenset(found) for expiry, found in own.items()}
            for symbol, own in strikes.items()
        }
