"""Which snapshot a run uses, parsed once per process; the packaged one when there is no other."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pytest_ibkr.settings import Settings
from pytest_ibkr.snapshot import store
from pytest_ibkr.snapshot.errors import SnapshotNotFound
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
        known = [stored.name for stored in store.available(settings.snapshot_dir)]
        raise SnapshotNotFound(settings.scenario, settings.snapshot_dir, known)
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
    try:
        return _load(store.find(name_or_path, directory=directory))
    except SnapshotNotFound:
        try:
            return _load(store.find(name_or_path, directory=PACKAGED))
        except SnapshotNotFound:
            pass  # the project's own directory is the one to name
        raise


def _load(path: Path) -> Choice:
    path = path.resolve()
    key = (path, path.stat().st_mtime_ns)
    if key not in _loaded:
        _loaded[key] = Choice(store.load(path, directory=path.parent), path)
    return _loaded[key]
