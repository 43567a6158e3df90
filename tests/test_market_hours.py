"""Exchange hours against what the exchange published, written down here and not computed."""

from __future__ import annotations

import datetime as dt
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest

from pytest_ibkr import market_hours
from pytest_ibkr.errors import UsageError

NEW_YORK = ZoneInfo("America/New_York")
FIRST, LAST = dt.date(2024, 1, 1), dt.date(2028, 12, 31)

# Source: NYSE, "Holidays & Trading Hours" (nyse.com/markets/hours-calendars) and its notices;
# 9 January 2025: national day of mourning, NYSE notice of 30 December 2024. 2028: no day off for
# New Year's Day, which is a Saturday (NYSE rule 7.2), as in 2022.
HOLIDAYS = {
    2024: "0101 0115 0219 0329 0527 0619 0704 0902 1128 1225",
    2025: "0101 0109 0120 0217 0418 0526 0619 0704 0901 1127 1225",
    2026: "0101 0119 0216 0403 0525 0619 0703 0907 1126 1225",
    2027: "0101 0118 0215 0326 0531 0618 0705 0906 1125 1224",
    2028: "0117 0221 0414 0529 0619 0704 0904 1123 1225",
}
# Closing at 13:00: the day after Thanksgiving always; 3 July and 24 December where they are
# trading days before the holiday.
HALF_DAYS = {
    2024: "0703 1129 1224",
    2025: "0703 1128 1224",
    2026: "1127 1224",
    2027: "1126",
    2028: "0703 1124",
}
SESSIONS_A_YEAR = {2024: 252, 2025: 250, 2026: 251, 2027: 251, 2028: 251}


def days(table: dict[int, str]) -> set[dt.date]:
    """The dates of a table above."""
    return {
        dt.date(year, int(day[:2]), int(day[2:]))
        for year, text in table.items()
        for day in text.split()
    }


def every_day() -> list[dt.date]:
    """All calendar days of the five years."""
    return [FIRST + dt.timedelta(days=number) for number in range((LAST - FIRST).days + 1)]


def new_york(day: dt.date, hour: int, minute: int = 0) -> dt.datetime:
    """A moment on the exchange's clock."""
    return dt.datetime(day.year, day.month, day.day, hour, minute, tzinfo=NEW_YORK)


def differences() -> list[dt.date]:
    """The days that our calendar has otherwise than the exchange published them."""
    holidays, half_days = days(HOLIDAYS), days(HALF_DAYS)
    wrong = []
    for day in every_day():
        closing = 13 if day in half_days else 16
        session = market_hours.Session(day, new_york(day, 9, 30), new_york(day, closing))
        expected = () if day.weekday() >= 5 or day in holidays else (session,)
        if market_hours.sessions_on(day) != expected:
            wrong.append(day)
    return wrong


@pytest.mark.req("XC-003")
def test_every_day_of_five_years_is_as_the_exchange_published_it() -> None:
    assert differences() == []


def without_half_days(session: market_hours.Session) -> market_hours.Session:
    """Every session closes at 16:00."""
    return replace(session, closes=session.closes.replace(hour=16))


def by_utc(session: market_hours.Session) -> market_hours.Session:
    """Hours that stand still on UTC's clock: an hour off in summer."""
    opens = session.opens.replace(tzinfo=dt.timezone(dt.timedelta(hours=-5)))
    return replace(session, opens=opens)


@pytest.mark.parametrize(
    ("broken", "wrong"),
    [
        pytest.param(
            *(without_half_days, lambda day: day in days(HALF_DAYS)),
            marks=pytest.mark.req("XC-003", counter_proof="a calendar without half days"),
        ),
        pytest.param(
            *(by_utc, lambda day: bool(new_york(day, 12).dst())),
            marks=pytest.mark.req("XC-003", counter_proof="hours that ignore daylight saving"),
        ),
    ],
)
def test_a_broken_calendar_differs_from_what_was_published(
    monkeypatch: pytest.MonkeyPatch,
    broken: Callable[[market_hours.Session], market_hours.Session],
    wrong: Callable[[dt.date], bool],
) -> None:
    right = market_hours._sessions
    monkeypatch.setattr(
        *(market_hours, "_sessions"),
        lambda name, year, *, extended: tuple(map(broken, right(name, year, extended=extended))),
    )
    holidays = days(HOLIDAYS)
    trading_days = (day for day in every_day() if day.weekday() < 5 and day not in holidays)
    assert differences() == [day for day in trading_days if wrong(day)]


@pytest.mark.req("XC-003")
def test_a_day_off_that_no_rule_foresees_is_closed() -> None:
    mourning = dt.date(2025, 1, 9)
    assert mourning.weekday() < 5
    assert market_hours.sessions_on(mourning) == ()
    assert market_hours.next_opening(new_york(mourning, 10)) == new_york(
        dt.date(2025, 1, 10), 9, 30
    )


@pytest.mark.req("XC-003")
def test_the_number_of_sessions_a_year_is_the_published_one() -> None:
    counted = dict.fromkeys(SESSIONS_A_YEAR, 0)
    for day in every_day():
        counted[day.year] += len(market_hours.sessions_on(day))
    assert counted == SESSIONS_A_YEAR


@pytest.mark.req("XC-003")
def test_the_extended_session_runs_from_four_to_twenty_and_shorter_on_half_days() -> None:
    half_days = days(HALF_DAYS)
    for day in every_day():
        for session in market_hours.sessions_on(day, extended=True):
            last = 17 if day in half_days else 20
            assert (session.opens, session.closes) == (new_york(day, 4), new_york(day, last))


@pytest.mark.parametrize(
    ("now", "is_open"),
    [
        pytest.param("2026-03-06T14:29:59+00:00", False, id="friday-before-spring"),
        pytest.param("2026-03-06T14:30:00+00:00", True, id="friday-before-spring-open"),
        pytest.param("2026-03-09T13:29:59+00:00", False, id="monday-after-spring"),
        pytest.param("2026-03-09T13:30:00+00:00", True, id="monday-after-spring-open"),
        pytest.param("2026-03-09T19:59:59+00:00", True, id="monday-after-spring-last-second"),
        pytest.param("2026-03-09T20:00:00+00:00", False, id="monday-after-spring-close"),
        pytest.param("2026-10-30T13:30:00+00:00", True, id="friday-before-autumn-open"),
        pytest.param("2026-11-02T13:30:00+00:00", False, id="monday-after-autumn"),
        pytest.param("2026-11-02T14:30:00+00:00", True, id="monday-after-autumn-open"),
        pytest.param("2026-11-02T20:59:59+00:00", True, id="monday-after-autumn-last-second"),
        pytest.param("2026-11-02T21:00:00+00:00", False, id="monday-after-autumn-close"),
    ],
)
def test_daylight_saving_moves_the_hours_with_the_exchange(now: str, is_open: bool) -> None:
    moment = dt.datetime.fromisoformat(now)
    assert (market_hours.session_at(moment) is not None) is is_open
    assert market_hours.facts(moment.timestamp()).open is is_open


@pytest.mark.parametrize(
    ("now", "opens"),
    [
        pytest.param("2026-03-06T21:00:00+00:00", "2026-03-09T13:30:00+00:00", id="over-spring"),
        pytest.param("2026-10-30T20:00:00+00:00", "2026-11-02T14:30:00+00:00", id="over-autumn"),
        pytest.param("2026-11-26T15:00:00+00:00", "2026-11-27T14:30:00+00:00", id="thanksgiving"),
        pytest.param("2026-11-27T18:00:00+00:00", "2026-11-30T14:30:00+00:00", id="half-day-ended"),
        pytest.param("2026-07-02T20:00:00+00:00", "2026-07-06T13:30:00+00:00", id="independence"),
        pytest.param("2026-12-31T21:00:00+00:00", "2027-01-04T14:30:00+00:00", id="new-year"),
        pytest.param("2027-12-31T23:30:00-05:00", "2028-01-03T14:30:00+00:00", id="utc-is-ahead"),
        pytest.param("2026-07-10T13:29:59+00:00", "2026-07-10T13:30:00+00:00", id="same-day"),
        pytest.param("2026-07-10T13:30:00+00:00", "2026-07-13T13:30:00+00:00", id="at-the-opening"),
    ],
)
def test_the_next_opening_is_found_over_weekends_holidays_and_years(now: str, opens: str) -> None:
    found = market_hours.next_opening(dt.datetime.fromisoformat(now))
    assert found == dt.datetime.fromisoformat(opens)
    assert found.tzinfo == NEW_YORK


@pytest.mark.parametrize(
    ("now", "minutes"),
    [
        pytest.param("2026-07-10T15:50:00-04:00", 10, id="ten-minutes"),
        pytest.param("2026-07-10T15:50:00.600-04:00", 9.99, id="less"),
        pytest.param("2026-11-27T12:00:00-05:00", 60, id="half-day"),
        pytest.param("2026-07-10T16:00:00-04:00", None, id="closed"),
        pytest.param("2026-07-11T12:00:00-04:00", None, id="saturday"),
    ],
)
def test_minutes_to_the_close_count_down_to_it(now: str, minutes: float | None) -> None:
    found = market_hours.minutes_to_close(dt.datetime.fromisoformat(now))
    assert found == (None if minutes is None else pytest.approx(minutes))


def test_facts_name_the_second_the_session_closes() -> None:
    opened = new_york(dt.date(2026, 11, 27), 12, 59).timestamp()
    closes = new_york(dt.date(2026, 11, 27), 13).timestamp()
    assert market_hours.facts(opened) == (True, closes)
    assert market_hours.facts(closes) == (False, None)


def test_the_sessions_of_the_coming_week_are_given_in_seconds() -> None:
    thanksgiving = dt.date(2026, 11, 26)
    hours = [(25, 16), (27, 13), (30, 16)]
    assert market_hours.stretches_s(new_york(thanksgiving, 9).timestamp(), days=5) == [
        (
            new_york(dt.date(2026, 11, day), 9, 30).timestamp(),
            new_york(dt.date(2026, 11, day), closing).timestamp(),
        )
        for day, closing in hours
    ]


def test_the_zone_a_moment_is_written_in_does_not_matter() -> None:
    tokyo = ZoneInfo("Asia/Tokyo")
    moment = new_york(dt.date(2026, 7, 10), 12).astimezone(tokyo)
    assert market_hours.minutes_to_close(moment) == 240


def test_a_moment_without_a_zone_is_refused() -> None:
    with pytest.raises(UsageError, match="give a moment with a zone"):
        market_hours.session_at(dt.datetime(2026, 7, 10, 12))  # noqa: DTZ001


# Source: the exchanges' own calendars for 2026: London closed on 3 April and 25 May, open on
# 3 July; Tokyo trades 09:00 to 11:30 and 12:30 to 15:30.
@pytest.mark.parametrize(
    ("calendar", "now", "is_open"),
    [
        pytest.param("XLON", "2026-07-03T10:00:00+01:00", True, id="london-on-an-american-holiday"),
        pytest.param("XLON", "2026-07-03T16:30:00+01:00", False, id="london-closed"),
        pytest.param("XLON", "2026-05-25T10:00:00+01:00", False, id="london-bank-holiday"),
        pytest.param("XTKS", "2026-07-10T11:29:59+09:00", True, id="tokyo-morning"),
        pytest.param("XTKS", "2026-07-10T12:00:00+09:00", False, id="tokyo-lunch"),
        pytest.param("XTKS", "2026-07-10T12:30:00+09:00", True, id="tokyo-afternoon"),
        pytest.param("NYSE", "2026-07-03T12:00:00-04:00", False, id="new-york-by-its-other-name"),
    ],
)
def test_other_exchanges_are_known_by_name(calendar: str, now: str, is_open: bool) -> None:
    moment = dt.datetime.fromisoformat(now)
    assert (market_hours.session_at(moment, calendar=calendar) is not None) is is_open


def test_a_year_the_library_does_not_know_is_said_to_be_unknown() -> None:
    with pytest.raises(UsageError, match="exchange_calendars has no XHKG of 2099"):
        market_hours.sessions_on(dt.date(2099, 7, 1), calendar="XHKG")


def test_without_the_extra_its_name_is_given_and_importing_costs_nothing() -> None:
    code = """
import sys
sys.modules["exchange_calendars"] = None  # as if it were not installed
from pytest_ibkr import market_hours
from pytest_ibkr.errors import UsageError
market_hours.check_calendar("XNYS")  # needs no library
assert "pandas" not in sys.modules
try:
    market_hours.facts(0)
except UsageError as exc:
    print(exc)
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert "pip install 'pytest-ibkr[calendar]'" in done.stdout
