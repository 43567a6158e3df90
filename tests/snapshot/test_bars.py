"""Arithmetic on bars, against values worked out by hand."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_ibkr.snapshot.bars import (
    DaySoFar,
    aggregate,
    day_so_far,
    last_sessions,
    previous_close,
    up_to,
)
from pytest_ibkr.snapshot.rows import Bar

NEW_YORK = ZoneInfo("America/New_York")
FIVE = timedelta(minutes=5)


def at(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 7, day, hour, minute, tzinfo=NEW_YORK)


def five_minutes(day: int = 10, count: int = 78) -> list[Bar]:
    """Bar n opens at 100 + n, closes half a dollar higher, trades n + 1 shares at its middle."""
    return [
        Bar(
            at(day, 9, 30) + number * FIVE,
            100.0 + number,
            101.0 + number,
            99.0 + number,
            100.5 + number,
            number + 1,
            100.0 + number,
            2,
        )
        for number in range(count)
    ]


def test_hourly_bars_start_with_half_an_hour_and_then_on_full_hours() -> None:
    hourly = aggregate(five_minutes(), minutes=60)
    assert [f"{bar.start:%H:%M}" for bar in hourly] == [
        "09:30", "10:00", "11:00", "12:00", "13:00", "14:00", "15:00",
    ]  # fmt: skip
    assert [bar.bar_count for bar in hourly] == [12, 24, 24, 24, 24, 24, 24]


def test_an_hourly_bar_is_what_its_parts_make_by_hand() -> None:
    first, second, *_ = aggregate(five_minutes(), minutes=60)
    # parts 0..5: shares 1+2+…+6 = 21; turnover 100·1+101·2+…+105·6 = 2170
    assert first == Bar(at(10, 9, 30), 100.0, 106.0, 99.0, 105.5, 21, 2170 / 21, 12)
    # parts 6..17: shares 7+…+18 = 150
    assert (second.open, second.high, second.low, second.close) == (106.0, 118.0, 105.0, 117.5)
    assert second.volume == 150


@pytest.mark.parametrize(
    ("minutes", "starts"),
    [(10, "09:30 09:40 09:50 10:00"), (15, "09:30 09:45 10:00"), (20, "09:30 09:40 10:00")],
)
def test_shorter_bars_lie_on_the_clock_too(minutes: int, starts: str) -> None:
    bars = aggregate(five_minutes(count=7), minutes=minutes)
    assert " ".join(f"{bar.start:%H:%M}" for bar in bars) == starts


def test_the_opening_is_the_session_s() -> None:
    bars = [*five_minutes(count=0), *five_minutes(count=12)]
    early = aggregate(bars, minutes=60, opens=time(9, 45))
    # what comes before the opening keeps its clock boundary, what comes after is cut there
    assert [f"{bar.start:%H:%M}" for bar in early] == ["09:00", "09:45", "10:00"]


@pytest.mark.parametrize("minutes", [0, 7, 25, 120])
def test_lengths_that_do_not_end_on_full_hours_are_refused(minutes: int) -> None:
    with pytest.raises(ValueError, match=f"{minutes} minutes"):
        aggregate([], minutes=minutes)


def test_what_one_part_does_not_know_the_whole_does_not_know() -> None:
    known, unknown = five_minutes(count=2)
    unknown = Bar(unknown.start, 1.0, 1.0, 1.0, 1.0, None, None, None)
    [bar] = aggregate([known, unknown], minutes=60)
    assert (bar.volume, bar.wap, bar.bar_count) == (None, None, None)


def test_an_hour_without_a_trade_has_no_average_price() -> None:
    quiet = [Bar(at(10, 10), 5.0, 5.0, 5.0, 5.0, 0, 5.0, 0)]
    [bar] = aggregate(quiet, minutes=60)
    assert (bar.volume, bar.wap, bar.bar_count) == (0, None, 0)


@given(
    prices=st.lists(st.floats(1, 1e4), min_size=1, max_size=78),
    minutes=st.sampled_from([5, 10, 15, 20, 30, 60]),
)
def test_coarser_bars_keep_the_day(prices: list[float], minutes: int) -> None:
    start = at(10, 9, 30)
    fine = [
        Bar(start + number * FIVE, price, price + 1, price - 1, price, 10, None, None)
        for number, price in enumerate(prices)
    ]
    coarse = aggregate(fine, minutes=minutes)
    assert (coarse[0].open, coarse[-1].close) == (fine[0].open, fine[-1].close)
    assert max(bar.high for bar in coarse) == max(bar.high for bar in fine)
    assert min(bar.low for bar in coarse) == min(bar.low for bar in fine)
    assert sum(bar.volume or 0 for bar in coarse) == 10 * len(fine)
    assert [bar.start for bar in coarse] == sorted({bar.start for bar in coarse})
    assert aggregate(coarse, minutes=minutes) == coarse


def test_a_running_bar_is_the_future() -> None:
    bars = five_minutes()
    assert len(up_to(bars, at(10, 9, 35), length=FIVE)) == 1
    assert len(up_to(bars, at(10, 9, 34), length=FIVE)) == 0
    assert up_to(bars, at(10, 16), length=FIVE) == bars


def test_the_day_so_far_is_what_had_ended() -> None:
    bars = five_minutes(9) + five_minutes(10)
    assert day_so_far(bars, at(10, 9, 44), length=FIVE) == DaySoFar(100.0, 102.0, 99.0, 101.5, 3)
    assert day_so_far(bars, at(10, 16), length=FIVE).volume == 78 * 79 // 2


def test_before_the_first_bar_nothing_is_known_of_the_day() -> None:
    assert day_so_far(five_minutes(9), at(10, 9, 31), length=FIVE) == DaySoFar()


def test_the_day_is_the_one_of_the_bars_own_zone() -> None:
    chicago = [
        Bar(
            datetime(2026, 7, 10, 15, tzinfo=ZoneInfo("America/Chicago")), 1, 1, 1, 1, 0, None, None
        )
    ]
    late = datetime(2026, 7, 11, 0, 30, tzinfo=NEW_YORK)  # 23:30 of the 10th in Chicago
    assert day_so_far(chicago, late, length=timedelta(hours=1)).last == 1


def test_the_previous_close_is_of_the_session_before_not_the_day_before() -> None:
    friday, monday = (
        Bar(at(day, 0), 1.0, 1.0, 1.0, float(day), None, None, None) for day in (10, 13)
    )
    assert previous_close([monday, friday], date(2026, 7, 13)) == 10.0
    assert previous_close([monday, friday], date(2026, 7, 14)) == 13.0
    assert previous_close([monday, friday], date(2026, 7, 10)) is None


def test_the_last_sessions_are_days_with_bars() -> None:
    bars = five_minutes(8, 2) + five_minutes(9, 3) + five_minutes(10, 1)
    assert len(last_sessions(bars, 2)) == 4
    assert last_sessions(bars, 9) == bars
    assert last_sessions([], 2) == []
