"""Sessions around a day, against the exchange's published calendar."""

from __future__ import annotations

import sys
from datetime import date, timedelta

import pytest

from pytest_ibkr.errors import UsageError
from pytest_ibkr.snapshot.trading_days import sessions_around


def test_every_day_is_there_and_holidays_and_half_days_are_what_they_are() -> None:
    days = sessions_around(date(2026, 12, 1), days=40)
    assert [day.date for day in days] == [
        f"{date(2026, 12, 1) + timedelta(days=number):%Y%m%d}" for number in range(-40, 41)
    ]
    hours = {
        day.date: f"{day.open:%H:%M}-{day.close:%H:%M}" if day.open and day.close else "closed"
        for day in days
    }
    assert hours["20261125"] == "09:30-16:00"
    assert hours["20261126"] == "closed"  # Thanksgiving
    assert hours["20261127"] == "09:30-13:00"
    assert hours["20261128"] == "closed"  # Saturday
    assert hours["20261224"] == "09:30-13:00"
    assert hours["20261225"] == "closed"
    assert hours["20270101"] == "closed"


def test_without_the_calendar_the_message_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "exchange_calendars", None)
    with pytest.raises(UsageError, match=r"pytest-ibkr\[calendar\]"):
        sessions_around(date(2026, 12, 1))
