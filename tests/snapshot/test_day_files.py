"""Which days a directory has, judged by file names."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_ibkr.errors import UsageError
from pytest_ibkr.snapshot.day_files import find_days


def touched(directory: Path, *names: str) -> Path:
    for name in names:
        (directory / name).touch()
    return directory


def test_days_are_captures_by_date(tmp_path: Path) -> None:
    found = find_days(
        touched(
            tmp_path,
            "snapshot_normal_20260710_160000.json.gz",
            "snapshot_normal_20260709_160000.json",
            "snapshot_normal_20260708_160000_partial.json",
            "snapshot_normal_latest.json",
            "notes.json",
        )
    )
    assert list(found.snapshots) == ["20260709", "20260710"]
    assert found.plan is None


@pytest.mark.parametrize(
    ("names", "wanted"),
    [
        (("wild_20260710_160000", "normal_20260710_100000"), "normal_20260710_100000"),
        (("wild_20260710_100000", "calm_20260710_160000"), "calm_20260710_160000"),
        (("normal_20260710_100000", "normal_20260710_160000"), "normal_20260710_160000"),
        (("normal_20260710_100000", "wild_20260710_160000"), "normal_20260710_100000"),
    ],
    ids=["normal wins", "else the last", "the last normal", "normal wins later too"],
)
def test_of_several_of_one_day_there_is_one(
    names: tuple[str, ...], wanted: str, tmp_path: Path
) -> None:
    found = find_days(touched(tmp_path, *(f"snapshot_{name}.json" for name in names)))
    assert found.snapshots["20260710"].name == f"snapshot_{wanted}.json"


def test_a_plan_alone_is_enough(tmp_path: Path) -> None:
    assert find_days(touched(tmp_path, "days.json")).plan == tmp_path / "days.json"


@pytest.mark.parametrize("name", [".", "absent", "file"])
def test_nothing_there_is_said(name: str, tmp_path: Path) -> None:
    touched(tmp_path, "file")
    with pytest.raises(UsageError, match="state: nothing was read"):
        find_days(tmp_path / name)
