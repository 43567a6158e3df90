"""snapshot days: what each day is made of, and what is wrong with it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pytest_ibkr.cli import main
from tests.snapshot import days_samples as samples


def test_each_calendar_day_has_a_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    samples.write(tmp_path, without=["SPY 20260624"])
    assert main(["snapshot", "days", str(tmp_path)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 19
    assert lines[0] == "20260622  synthetic: options from a surface moved with the index"
    assert lines[2] == "20260624  no bars of SPY, the market is closed"
    assert lines[5] == "20260627  no trading day, the market is closed"


def test_checked_days_are_complete(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    directory = samples.write(tmp_path, first="20260708")
    rows = []
    for day in samples.CALENDAR.trading("20260629", samples.LAST):
        rows += samples.five_minutes("SPY", day, 750.0)
    header = "symbol,start,open,high,low,close,volume"
    (directory / "fine.csv").write_text("\n".join([header, *rows]) + "\n", "utf-8")
    plan = samples.document(first="20260708")
    plan["bars"].append(
        {"file": "fine.csv", "size": "5 mins", "origin": "synthetic", "detail": "flat"}
    )
    (directory / "days.json").write_text(json.dumps(plan), "utf-8")
    code = main(["snapshot", "days", str(directory), "--check"])
    told = capsys.readouterr()
    # An index of daily bars alone has no hourly ones, which completeness asks for.
    assert code == 3
    assert "20260708  synthetic" in told.out
    assert "error: 20260708: VIX has 0 bars, at least 20 are needed" in told.out
    assert "SPY has" not in told.out
    assert told.err == "3 days, 3 problems\n"


@pytest.mark.ci
@pytest.mark.timeout(300)
def test_two_contracts_of_one_id_are_named_with_what_to_do(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for file in samples.SUMMER.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    plan = json.loads((tmp_path / "days.json").read_text("utf-8"))
    assert plan["notListed"]
    plan["notListed"] = []
    (tmp_path / "days.json").write_text(json.dumps(plan), "utf-8")
    assert main(["snapshot", "days", str(tmp_path), "--check"]) == 3
    told = capsys.readouterr()
    assert 'add "IWM 20260804 P 289" to notListed' in told.out
    assert told.err == "38 days, 1 problems\n"  # and nothing else is wrong with any day


def test_a_directory_without_days_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["snapshot", "days", str(tmp_path)]) == 2
    assert "has no day of a market" in capsys.readouterr().err
