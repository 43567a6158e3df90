"""Which snapshot a run uses, parsed once per process; the packaged one when there is no other."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pytest_ibkr.settings import Settings
from pytest_ibkr.snapshot import store
from pytest_ibkr.snapshot.errors import (
    ScenarioNotFound,
    SnapshotFileMissing,
    SnapshotNotFound,
    SnapshotUnreadable,
)
from pytest_ibkr.snapshot.model import Snapshot

PACKAGED: Final = Path(__file__).parent / "data"
_USUAL: Final = "normal"


@dataclass(frozen=True, slots=True)
class Choice:
    """A snapshot and the file it was read from."""

    snapshot: Snapshot
    path: Path

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

    Raises:
        SnapshotError: none answers to it, or the file is not usable.
    """
    for place in (directory, PACKAGED):
        try:
            return _load(store.find(name_or_path, directory=place))
        except SnapshotNotFound:
            continue
    if not is_path(name_or_path):
        raise SnapshotNotFound(name_or_path, directory, available(directory))
    if (directory / name_or_path).is_dir():  # an absolute path stays what it is
        raise SnapshotUnreadable(directory / name_or_path, "it is a directory")
    raise SnapshotFileMissing(name_or_path, directory, available(directory))


def available(directory: Path) -> list[str]:
    """Names of the snapshots that can be asked for: a project's own, then the packaged ones."""
    own = [stored.name for stored in store.available(directory)]
    packaged = [stored.name for stored in store.available(PACKAGED)]
    return [*own, *(f"{name} (packaged)" for name in packaged if name not in own)]


def is_path(name_or_path: str) -> bool:
    """Whether a snapshot is asked for by path, and not by name."""
    return any(mark in name_or_path for mark in "/\\") or name_or_path.endswith(store.SUFFIXES)


def _load(path: Path) -> Choice:
    path = path.resolve()
    key = (path, path.stat().st_mtime_ns)
    if key not in _loaded:
        _loaded[key] = Choice(store.load(path, directory=path.parent), path)
    return _loaded[key]
