"""Which market a run uses, read once per process; the packaged snapshot when there is no other.

A market is one snapshot, or a directory of days. Imports no session.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from pytest_ibkr.errors import UsageError
from pytest_ibkr.settings import Settings
from pytest_ibkr.snapshot import store
from pytest_ibkr.snapshot.errors import (
    ScenarioNotFound,
    SnapshotFileMissing,
    SnapshotNotFound,
    SnapshotUnreadable,
)
from pytest_ibkr.snapshot.model import Snapshot

if TYPE_CHECKING:
    from pytest_ibkr.sim.market_days import MarketDays

PACKAGED: Final = Path(__file__).parent / "data"
_USUAL: Final = "normal"


@dataclass(frozen=True, slots=True)
class Choice:
    """A snapshot and the file it was read from.

    Of a market of many days it is the first day's, and ``path`` their directory.
    """

    snapshot: Snapshot
    path: Path
    days: MarketDays | None = None

    @property
    def packaged(self) -> bool:
        """Whether it is the one that comes with the plugin."""
        return self.path.parent == PACKAGED


_loaded: dict[tuple[Path, int], Choice] = {}


def chosen(settings: Settings) -> Choice:
    """The run's snapshot: named, newest of a scenario, newest ``normal``, newest, packaged.

    Raises:
        SnapshotError: none answers to the name, or the file is not usable.
    """
    if settings.snapshot is not None:
        return named(settings.snapshot, directory=settings.snapshot_dir)
    if settings.scenario is not None:
        for directory in (settings.snapshot_dir, PACKAGED):
            if found := store.newest(directory, scenario=settings.scenario):
                return _load(found)
        raise ScenarioNotFound(
            settings.scenario, settings.snapshot_dir, available(settings.snapshot_dir)
        )
    for directory in (settings.snapshot_dir, PACKAGED):
        found = store.newest(directory, scenario=_USUAL) or store.newest(directory)
        if found is not None:
            return _load(found)
    raise SnapshotNotFound("any snapshot", settings.snapshot_dir, [])


def named(name_or_path: str, *, directory: Path) -> Choice:
    """A snapshot by name or path, in ``directory`` and then among the packaged ones.

    A directory there, or anywhere when it is given by path, is a market of many days.

    Raises:
        SnapshotError: none answers to it, or the file is not usable.
    """
    if (directory / name_or_path).is_dir():  # an absolute path stays what it is
        return _load_days(directory / name_or_path)
    for place in (directory, PACKAGED):
        try:
            return _load(store.find(name_or_path, directory=place))
        except SnapshotNotFound:
            continue
    if not is_path(name_or_path):
        raise SnapshotNotFound(name_or_path, directory, available(directory))
    raise SnapshotFileMissing(name_or_path, directory, available(directory))


def available(directory: Path) -> list[str]:
    """Names of the snapshots that can be asked for: a project's own, then the packaged ones."""
    own = [stored.name for stored in store.available(directory)]
    packaged = [stored.name for stored in store.available(PACKAGED)]
    return [*own, *(f"{name} (packaged)" for name in packaged if name not in own)]


def is_path(name_or_path: str) -> bool:
    """Whether a snapshot is asked for by path, and not by name."""
    return any(mark in name_or_path for mark in "/\\") or name_or_path.endswith(store.SUFFIXES)


def days_of(snapshot: Snapshot) -> MarketDays | None:
    """The market of many days that begins with a snapshot that was chosen here; None: it is one."""
    known = (each for each in _loaded.values() if each.snapshot is snapshot)
    return next((each.days for each in known), None)


def _load_days(path: Path) -> Choice:
    from pytest_ibkr.sim.market_days import MarketDays

    path = path.resolve()
    key = (path, path.stat().st_mtime_ns)
    if key not in _loaded:
        try:
            days = MarketDays(path)
        except UsageError as exc:
            raise SnapshotUnreadable(path, f"it is a directory, and {_first_line(exc)}") from exc
        _loaded[key] = Choice(days.snapshot(days.dates[0]), path, days)
    return _loaded[key]


def _first_line(exc: Exception) -> str:
    return str(exc).splitlines()[0]


def _load(path: Path) -> Choice:
    path = path.resolve()
    key = (path, path.stat().st_mtime_ns)
    if key not in _loaded:
        _loaded[key] = Choice(store.load(path, directory=path.parent), path)
    return _loaded[key]
