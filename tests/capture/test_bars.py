"""Bars as gateways send them become a snapshot's bars; running and broken ones are left out."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from pytest_ibkr.capture.bars import bar_start, read_bars
from pytest_ibkr.snapshot.trading_days import sessions_around
from pytest_ibkr.wire.messages.history import HistoricalBar

NEW_YORK, CHICAGO = ZoneInfo("America/New_York"), ZoneInfo("America/Chicago")
DAY = date(2026, 7, 10)
SESSIONS = sessions_around(DAY)
AT = datetime(2026, 7, 10, 10, 30, tzinfo=NEW_YORK)


def row(when, **values):
    usual = {"open": 10.0, "high": 12.0, "low": 9.0, "close": 11.0}
    return HistoricalBar(date=when, **(usual | {"volume": 100, "wap": 10.5, "count": 7} | values))


def read(*rows, size="1 hour", zone=NEW_YORK, now=AT, **more):
    return read_bars(rows, size=size, zone=zone, now=now, sessions=SESSIONS, **more)


@pytest.mark.parametrize(
    "text",
    [
        "20260710 09:30:00 US/Eastern",
        "20260710 09:30:00 America/New_York",
        "20260710-13:30:00",
        "20260710-13:30:00Z",
        "20260710  09:30:00",
        "20260710 08:30:00 US/Central",
    ],
)
def test_every_spelling_of_a_bars_start_is_read(text):
    assert bar_start(text, NEW_YORK) == datetime(2026, 7, 10, 9, 30, tzinfo=NEW_YORK)
    assert bar_start(text, CHICAGO).hour == 8 or "  " in text


def test_a_days_bar_starts_at_midnight_of_its_zone():
    assert bar_start("20260710", NEW_YORK) == datetime(2026, 7, 10, tzinfo=NEW_YORK)


@pytest.mark.parametrize(
    "text", ["", "finished", "2026071", "20260732", "20260710 09:30:00 Moon/Sea"]
)
def test_what_is_no_date_of_a_bar_is_refused(text):
    with pytest.raises(ValueError, match=r"date|day|zone|match|month|remains"):
        bar_start(text, NEW_YORK)


def test_the_first_hour_of_a_session_is_half_an_hour_long():
    first, second = "20260710 09:30:00 US/Eastern", "20260710 10:00:00 US/Eastern"
    found = read(row(first), row(second))
    assert ([bar.start.hour for bar in found.bars], found.running) == ([9], 1)
    later = AT.replace(hour=11, minute=0)
    assert len(read(row(first), row(second), now=later).bars) == 2


@pytest.mark.parametrize(
    ("size", "begun", "ended"),
    [
        ("5 mins", "20260710 10:20:00 US/Eastern", "20260710 10:25:00 US/Eastern"),
        ("1 hour", "20260709 15:00:00 US/Eastern", "20260710 09:30:00 US/Eastern"),
        ("1 day", "20260708", "20260709"),
    ],
)
def test_a_bar_that_is_still_running_is_left_out(size, begun, ended):
    running = {"5 mins": "20260710 10:30:00 US/Eastern", "1 day": "20260710"}
    last = running.get(size, "20260710 10:00:00 US/Eastern")
    found = read(row(begun), row(ended), row(last), size=size)
    assert (len(found.bars), found.running, found.broken) == (2, 1, 0)


def test_a_days_bar_is_over_at_the_close_and_an_indexs_a_quarter_later():
    close = datetime(2026, 7, 10, 16, tzinfo=NEW_YORK)
    assert read(row("20260710"), size="1 day", now=close).bars
    assert not read(row("20260710"), size="1 day", now=close, index=True).bars
    late = close + timedelta(minutes=15)
    assert read(row("20260710"), size="1 day", now=late, index=True).bars


def test_bars_before_the_session_table_and_of_closed_days_are_over():
    found = read(row("20250110"), row("20260704"), size="1 day")
    assert len(found.bars) == 2


def test_bars_are_kept_in_the_instruments_zone():
    found = read(row("20260710 09:30:00 US/Eastern"), zone=CHICAGO)
    assert found.bars[0].start.tzinfo == CHICAGO
    assert found.bars[0].start.astimezone(UTC).hour == 13


@pytest.mark.parametrize(
    "values",
    [
        {"high": 10.5},
        {"low": 10.5},
        {"open": 0.0},
        {"close": -1.0},
        {"low": float("nan")},
        {"high": float("inf")},
    ],
    ids=str,
)
def test_a_bar_that_contradicts_itself_is_counted_and_left_out(values):
    found = read(row("20260709 15:00:00 US/Eastern", **values))
    assert (found.bars, found.broken) == ((), 1)


def test_a_bar_out_of_order_or_twice_is_counted_and_left_out():
    one, two = "20260709 14:00:00 US/Eastern", "20260709 15:00:00 US/Eastern"
    found = read(row(one), row(two), row(two), row(one), row("no date"))
    assert (len(found.bars), found.broken) == (2, 3)


def test_what_a_bar_does_not_know_is_unknown():
    found = read(row("20260709 15:00:00 US/Eastern", volume=-1, wap=-1.0, count=-1)).bars[0]
    assert (found.volume, found.wap, found.bar_count) == (None, None, None)
    index = read(row("20260709 15:00:00 US/Eastern", volume=0, wap=0.0, count=12)).bars[0]
    assert (index.volume, index.wap, index.bar_count) == (0, None, 12)
