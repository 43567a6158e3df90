"""Names and places of a run's files."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_ibkr.report.accounts import is_reserved, masked
from pytest_ibkr.report.files import new_run_directory, safe_name

MOMENT = datetime(2026, 7, 10, 14, 3, 9, tzinfo=UTC)


def test_a_run_gets_a_dated_directory(tmp_path: Path) -> None:
    run = new_run_directory(tmp_path / "reports", MOMENT)
    assert run == tmp_path / "reports" / "20260710-140309"
    assert run.is_dir()


def test_two_runs_of_one_second_do_not_share_a_directory(tmp_path: Path) -> None:
    runs = {new_run_directory(tmp_path, MOMENT).name for _ in range(3)}
    assert runs == {"20260710-140309", "20260710-140309-2", "20260710-140309-3"}


@given(st.lists(st.text(min_size=1), unique=True, min_size=2, max_size=20))
def test_names_are_unique_and_at_home_on_every_file_system(ids: list[str]) -> None:
    names = [safe_name(one) for one in ids]
    assert len(set(names)) == len(ids)
    for name in names:
        assert set(name) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-")
        assert len(name) <= 130


def test_a_name_shows_which_test_it_belongs_to() -> None:
    assert safe_name("tests/x/test_a.py::test_b[SPY-C]").startswith("test_a.py-test_b-SPY-C-")


@pytest.mark.parametrize(
    ("account", "reserved"),
    [("DU0000001", True), ("DU0000999", True), ("DU0000000", False), ("DU5555555", False)],
)
def test_only_the_simulators_range_is_reserved(account: str, reserved: bool) -> None:
    assert is_reserved(account) is reserved
    assert (account in masked(f"account {account}, please")) is reserved
