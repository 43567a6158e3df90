"""The snapshot that comes with the plugin: the committed one, small, used for want of another."""

from __future__ import annotations

import gzip

import pytest

from pytest_ibkr.settings import Settings
from pytest_ibkr.snapshot import store
from pytest_ibkr.snapshot.errors import SnapshotNotFound
from pytest_ibkr.snapshot_choice import PACKAGED, chosen, named
from tests.plugin.pack_snapshot import SOURCE, TARGET

LIMIT_BYTES = 400_000


def test_it_is_the_committed_snapshot() -> None:
    """If not: python -m tests.plugin.pack_snapshot."""
    assert gzip.decompress(TARGET.read_bytes()) == SOURCE.read_bytes()
    packaged = store.load(TARGET, directory=PACKAGED)
    assert packaged == store.load(SOURCE, directory=SOURCE.parent)


def test_it_is_small() -> None:
    assert [path.name for path in PACKAGED.iterdir()] == [TARGET.name]
    assert TARGET.stat().st_size < LIMIT_BYTES


def test_it_is_used_where_a_project_has_none(tmp_path) -> None:
    choice = chosen(Settings(snapshot_dir=tmp_path / "none"))
    assert choice.packaged
    assert choice.snapshot.name == "snapshot_normal_20260710_160000"


def test_a_project_with_a_snapshot_uses_its_own(tmp_path) -> None:
    own = tmp_path / "snapshot_calm_20260710_160000.json.gz"
    own.write_bytes(TARGET.read_bytes())
    choice = chosen(Settings(snapshot_dir=tmp_path))
    assert (choice.packaged, choice.path) == (False, own)


def test_of_several_the_newest_normal_one_is_used(tmp_path) -> None:
    for name in ("normal_20260101_100000", "normal_20260301_100000", "wild_20260601_100000"):
        (tmp_path / f"snapshot_{name}.json.gz").write_bytes(TARGET.read_bytes())
    settings = Settings(snapshot_dir=tmp_path)
    assert chosen(settings).snapshot.name == "snapshot_normal_20260301_100000"
    wild = Settings(snapshot_dir=tmp_path, scenario="wild")
    assert chosen(wild).snapshot.name == "snapshot_wild_20260601_100000"


def test_it_has_a_name_in_every_project(tmp_path) -> None:
    assert named("normal", directory=tmp_path).packaged


def test_a_name_nobody_has_is_refused_with_the_projects_directory(tmp_path) -> None:
    with pytest.raises(SnapshotNotFound) as refused:
        chosen(Settings(snapshot_dir=tmp_path, snapshot="nowhere"))
    assert str(tmp_path) in str(refused.value)
    with pytest.raises(SnapshotNotFound):
        chosen(Settings(snapshot_dir=tmp_path, scenario="nowhere"))


def test_it_is_parsed_once_per_process(tmp_path) -> None:
    settings = Settings(snapshot_dir=tmp_path)
    assert chosen(settings).snapshot is chosen(settings).snapshot
