"""The bars of many days: which table wins, what is aggregated, what is said of the origin."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from pytest_ibkr.snapshot.day_bars import DAILY, FINE, HOURLY, DayBars
from pytest_ibkr.snapshot.rows import Provenance
from tests.snapshot import days_samples as samples

HEADER = "symbol,start,open,high,low,close,volume"
ZONES = {"SPY": ZoneInfo("America/New_York")}


def table(directory: Path, name: str, rows: list[str], **values: Any) -> Any:
    (directory / name).write_text("\n".join([HEADER, *rows]) + "\n", "utf-8")
    return {"file": name, "size": FINE, "origin": "imported", "detail": "real", **values}


def two_days(directory: Path) -> DayBars:
    real = table(directory, "real.csv", samples.five_minutes("SPY", "20260622", 750.0))
    both = [
        *samples.five_minutes("SPY", "20260622", 1.0),
        *samples.five_minutes("SPY", "20260623", 755.0),
    ]
    made = table(directory, "made.csv", both, origin="synthetic", detail="made up")
    return DayBars(directory, [real, made], zones=ZONES)


def test_the_first_table_that_has_a_day_has_it_alone(tmp_path: Path) -> None:
    bars = two_days(tmp_path).series("SPY", FINE)
    assert len(bars.of("20260622")) == len(bars.of("20260623")) == 78
    assert bars.of("20260622")[0].open == 750.0
    assert bars.origins["20260622"] == Provenance("imported", "real")
    assert bars.origins["20260623"] == Provenance("synthetic", "made up")


def test_days_together_are_synthetic_when_one_of_them_is(tmp_path: Path) -> None:
    bars = two_days(tmp_path).series("SPY", FINE)
    assert bars.origin(["20260622"]) == Provenance("imported", "real")
    assert bars.origin(["20260622", "20260623"]) == Provenance("synthetic", "1 of 2 days: made up")


def test_hours_are_made_of_minutes_and_say_so(tmp_path: Path) -> None:
    bars = two_days(tmp_path)
    hours = bars.series("SPY", HOURLY)
    assert [f"{bar.start:%H:%M}" for bar in hours.of("20260622")] == [
        *("09:30", "10:00", "11:00", "12:00", "13:00", "14:00", "15:00"),
    ]
    assert hours.origins["20260623"].origin == "synthetic"
    assert "aggregated" in hours.origins["20260622"].detail


def test_hours_of_a_table_stay_and_only_other_days_are_aggregated(tmp_path: Path) -> None:
    rows = [
        *samples.five_minutes("SPY", "20260622", 750.0),
        *samples.five_minutes("SPY", "20260623", 755.0),
    ]
    fine = table(tmp_path, "fine.csv", rows)
    own = ["SPY,2026-06-23 09:30:00-04:00,1,9,1,5,7"]
    hours = table(tmp_path, "hours.csv", own, size=HOURLY, detail="hours")
    found = DayBars(tmp_path, [fine, hours], zones=ZONES).series("SPY", HOURLY)
    assert len(found.of("20260622")) == 7
    assert [bar.volume for bar in found.of("20260623")] == [7]
    assert found.origins["20260623"].detail == "hours"


def test_a_day_looks_back_and_never_forward(tmp_path: Path) -> None:
    bars = two_days(tmp_path)
    seen = bars.last("SPY", "20260622")
    assert set(seen) == {FINE, HOURLY}
    assert max(bar.start for bar in seen[FINE]).day == 22
    assert bars.last("SPY", "20260619") == {}


def test_the_close_is_the_daily_bars_else_the_last_of_the_finer(tmp_path: Path) -> None:
    fine = table(tmp_path, "fine.csv", samples.five_minutes("SPY", "20260622", 750.0))
    daily = table(tmp_path, "daily.csv", ["SPY,2026-06-22 00:00:00-04:00,1,9,1,5,"], size=DAILY)
    assert DayBars(tmp_path, [fine], zones=ZONES).close("SPY", "20260622") == 750.0
    both = DayBars(tmp_path, [fine, daily], zones=ZONES)
    assert both.close("SPY", "20260622") == 5.0
    assert both.series("SPY", DAILY).of("20260622")[0].volume is None
    assert both.close("SPY", "20260623") is None
