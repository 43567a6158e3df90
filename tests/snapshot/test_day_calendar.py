"""Trading days by rule, against the exchange's calendar."""

from __future__ import annotations

import json
from datetime import date

from pytest_ibkr.snapshot.day_calendar import DayCalendar
from pytest_ibkr.snapshot.trading_days import sessions_around
from tests.snapshot.days_samples import CALENDAR, SUMMER


def test_the_committed_days_have_the_exchanges_sessions() -> None:
    plan = json.loads((SUMMER / "days.json").read_text("utf-8"))
    own = DayCalendar(plan["closed"], plan["halfDays"], closed_weight=0.1)
    assert [own.session(day.date) for day in sessions_around(date(2026, 7, 10), days=90)] == (
        sessions_around(date(2026, 7, 10), days=90)
    )


def test_a_holiday_is_closed_and_a_half_day_ends_at_one() -> None:
    assert CALENDAR.session("20260703").open is None
    assert f"{CALENDAR.close('20261127'):%H:%M}" == "13:00"
    assert f"{CALENDAR.close('20260702'):%H:%M}" == "16:00"


def test_a_maturity_counts_trading_days_and_a_tenth_of_the_others() -> None:
    assert CALENDAR.maturity("20260708", "20260709") == 1.0
    assert CALENDAR.maturity("20260710", "20260713") == 1.2
    assert CALENDAR.maturity("20260702", "20260706") == 1.3
    assert CALENDAR.maturity("20260702", "20260702") == 0.0


def test_the_day_before_is_a_trading_day() -> None:
    assert CALENDAR.before("20260706") == "20260702"


def test_around_has_every_calendar_day() -> None:
    days = [day.date for day in CALENDAR.around("20260703", days=2)]
    assert days == ["20260701", "20260702", "20260703", "20260704", "20260705"]
