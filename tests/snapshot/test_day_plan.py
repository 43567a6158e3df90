"""days.json: what is read from it, and what is said of one that cannot be used."""

from __future__ import annotations

import json
import pickle
from pathlib import Path
from typing import Any

import pytest

from pytest_ibkr.errors import UsageError
from pytest_ibkr.snapshot.day_plan import DayPlan
from tests.snapshot import days_samples as samples


def refusal(directory: Path) -> str:
    with pytest.raises(UsageError) as caught:
        DayPlan(directory / "days.json")
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)
    return str(caught.value)


def test_its_days_are_the_trading_days_that_have_bars_of_everything(tmp_path: Path) -> None:
    plan = DayPlan(samples.write(tmp_path, without=["VIX 20260624"]) / "days.json")
    assert plan.dates[:4] == ["20260622", "20260623", "20260625", "20260626"]
    assert plan.dates[-1] == samples.LAST
    assert plan.why_closed("20260624") == "20260624: no bars of VIX, the market is closed"
    assert plan.why_closed(samples.HOLIDAY).endswith("no trading day, the market is closed")
    assert plan.why_closed("20260627").endswith("no trading day, the market is closed")
    assert plan.why_closed("20260713") == "20260713: outside 20260622 to 20260710"
    assert plan.why_closed("20260623") == ""


def test_without_a_surface_there_are_days_of_bars_alone(tmp_path: Path) -> None:
    plan = DayPlan(samples.write(tmp_path, surface=None) / "days.json")
    assert plan.surface is None
    assert plan.provenance("20260623") == "synthetic: composed of imported bars"
    assert plan.surface_detail("SPY", "20260623") == "no surface: no options"


def test_a_change_of_any_file_is_another_market(tmp_path: Path) -> None:
    before = DayPlan(samples.write(tmp_path) / "days.json").digest
    assert DayPlan(tmp_path / "days.json").digest == before
    with (tmp_path / "days.csv").open("a", encoding="utf-8") as file:
        file.write("\n".join(samples.daily_rows({"QQQ": 700.0})) + "\n")
    assert DayPlan(tmp_path / "days.json").digest != before


WRONG: list[Any] = [
    pytest.param({"first": "20260231"}, "first: ", id="a date that is none"),
    pytest.param({"first": "20260711"}, "last: comes before first", id="an end before the start"),
    pytest.param({"seed": "7"}, "seed: Input should be a valid integer", id="a number in quotes"),
    pytest.param({"sead": 7}, "sead: Extra inputs are not permitted", id="an unknown key"),
    pytest.param({"schemaVersion": 2}, "schemaVersion: ", id="another version"),
    pytest.param({"volatilityIndex": None}, "volatilityIndex: a surface needs", id="no index"),
    pytest.param({"volatilityIndex": "VXN"}, "VXN is not among the symbols", id="a strange index"),
    pytest.param({"symbols": {}}, "symbols: there is no stock", id="no symbols"),
    pytest.param({"surface": "../surface.json"}, "surface: String should match", id="a way out"),
    pytest.param({"notListed": ["SPY 750"]}, "notListed[0]: String should", id="half a contract"),
    pytest.param({"surface": "absent.json"}, "absent.json cannot be used", id="no surface file"),
]


@pytest.mark.parametrize(("values", "text"), WRONG)
def test_what_is_wrong_is_named_with_its_place(
    values: dict[str, Any], text: str, tmp_path: Path
) -> None:
    told = refusal(samples.write(tmp_path, **values))
    assert text in told
    assert "state: no day was composed" in told
    assert "docs/reference/days.md" in told


def test_a_missing_table_of_bars_is_named(tmp_path: Path) -> None:
    samples.write(tmp_path)
    (tmp_path / "days.csv").unlink()
    assert "days.csv cannot be used" in refusal(tmp_path)


@pytest.mark.parametrize(
    ("row", "text"),
    [
        ("SPY,2026-06-22 09:30:00,1,1,1,1,1", "start has no UTC offset"),
        ("SPY,2026-06-22 09:30:00-04:00,x,1,1,1,1", "could not convert"),
        ("SPY,2026-06-22 09:30:00-04:00,1,1,2,1,1", "outside low and high"),
        ("SPY,2026-06-22 09:30:00-04:00,nan,nan,nan,nan,1", "outside low and high"),
        ("SPY,2026-06-22 09:30:00-04:00,1,1,1", "not as many fields"),
    ],
    ids=["no-offset", "no-number", "crossed", "nan", "short"],
)
def test_a_broken_bar_is_named_with_its_line(row: str, text: str, tmp_path: Path) -> None:
    samples.write(tmp_path)
    header = "symbol,start,open,high,low,close,volume"
    good = "SPY,2026-06-19 00:00:00-04:00,1,1,1,1,1"
    (tmp_path / "days.csv").write_text("\n".join([header, good, row]) + "\n", "utf-8")
    told = refusal(tmp_path)
    assert text in told
    assert "line 3" in told


def test_a_table_without_the_columns_is_refused(tmp_path: Path) -> None:
    samples.write(tmp_path)
    (tmp_path / "days.csv").write_text("ticker,price\nSPY,1\n", "utf-8")
    assert "no table of bars" in refusal(tmp_path)


@pytest.mark.parametrize("content", ["", "{", "[]", '{"schemaVersion": 1}', "[" * 100_000])
def test_no_json_or_another_is_refused(content: str, tmp_path: Path) -> None:
    samples.write(tmp_path)
    (tmp_path / "days.json").write_text(content, "utf-8")
    assert "days.json cannot be used" in refusal(tmp_path)


def test_a_surface_whose_maturities_do_not_ascend_is_refused(tmp_path: Path) -> None:
    samples.write(tmp_path)
    rows = samples.surface()["symbols"]["SPY"]["knots"][::-1]
    (tmp_path / "surface.json").write_text(json.dumps(samples.surface(knots=rows)), "utf-8")
    assert "symbols.SPY.knots: days do not ascend" in refusal(tmp_path)


def test_a_table_of_spreads_must_be_one(tmp_path: Path) -> None:
    samples.write(tmp_path)
    table = {"days": [1.0, 5.0], "deltas": [0.5], "dollars": [[0.1]]}
    (tmp_path / "surface.json").write_text(json.dumps(samples.surface(spreads=table)), "utf-8")
    assert "symbols.SPY.spreads: not a row per maturity" in refusal(tmp_path)


def test_a_surface_of_a_symbol_that_is_not_there_is_refused(tmp_path: Path) -> None:
    samples.write(tmp_path)
    made = samples.surface()
    made["symbols"]["QQQ"] = made["symbols"]["SPY"]
    (tmp_path / "surface.json").write_text(json.dumps(made), "utf-8")
    assert "surface: has QQQ, symbols has not" in refusal(tmp_path)
