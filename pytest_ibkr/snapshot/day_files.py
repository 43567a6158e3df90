"""Which days a directory has: snapshots by the day they were captured on, and ``days.json``.

Judges by names alone; imports this package only.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pytest_ibkr.errors import UsageError
from pytest_ibkr.snapshot import store

PLAN_NAME: Final = "days.json"
_USUAL: Final = "normal"


@dataclass(frozen=True, slots=True)
class DayFiles:
    """What a directory of days has.

    Attributes:
        directory: where.
        snapshots: the snapshot of each stored day by date ``YYYYMMDD``, ascending.
        plan: its ``days.json``; None: the stored days are all there is.
    """

    directory: Path
    snapshots: Mapping[str, Path]
    plan: Path | None


def find_days(directory: Path) -> DayFiles:
    """Look into a directory; of several captures of one day ``normal`` comes first, then the last.

    Raises:
        UsageError: no directory, or neither a snapshot nor a ``days.json`` in it.
    """
    if not directory.is_dir():
        raise UsageError(
            f"{directory} is no directory: a market of many days is one\n"
            "  state: nothing was read\n"
            "  fix:   name a directory with snapshots, or one with a days.json"
        )
    found: dict[str, store.Stored] = {}
    for stored in store.available(directory):  # oldest first
        if stored.kind != "capture":
            continue
        before = found.get(stored.stamp[:8])
        if before is None or stored.scenario == _USUAL or before.scenario != _USUAL:
            found[stored.stamp[:8]] = stored
    plan = directory / PLAN_NAME
    if not found and not plan.is_file():
        raise UsageError(
            f"{directory} has no day of a market: no snapshot_…_YYYYMMDD_HHMMSS.json[.gz]"
            f" and no {PLAN_NAME}\n"
            "  state: nothing was read\n"
            "  fix:   pytest-ibkr capture or pytest-ibkr snapshot import make snapshots"
        )
    return DayFiles(
        directory,
        {day: found[day].path for day in sorted(found)},
        plan if plan.is_file() else None,
    )
