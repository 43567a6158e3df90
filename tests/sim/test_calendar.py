"""The session table by instant: open, closed, half days, weekends, the clock change."""

from __future__ import annotations

from datetime import datetime

from pytest_ibkr.sim.calendar import EXCHANGE_ZONE, SessionCalendar, date_of
from pytest_ibkr.snapshot.rows import TradingSession


def _moment(day, hour, minute=0, *, month=11):
    return datetime(2026, month, day, hour, minute, tzinfo=EXCHANGE_ZONE)


def _session(day, closes=16, *, month=11):
    date = f"2026{month:02}{day:02}"
    opening = _moment(day, 9, 30, month=month)
    return TradingSession(date, opening, _moment(day, closes, month=month))


# Thanksgiving 2026: closed on Thursday 26 November, half a day on Friday.
WEEK = SessionCalendar(
    [
        _session(25),
        TradingSession("20261126", None, None),
        _session(27, 13),
        TradingSession("20261128", None, None),
        TradingSession("20261129", None, None),
        _session(30),
    ]
)


def test_a_session_holds_its_opening_and_not_its_close():
    assert not WEEK.is_open(_moment(25, 9, 29).timestamp())
    assert WEEK.is_open(_moment(25, 9, 30).timestamp())
    assert WEEK.is_open(_moment(25, 15, 59).timestamp())
    assert not WEEK.is_open(_moment(25, 16).timestamp())


def test_holidays_and_weekends_have_no_session():
    for day in (26, 28, 29):
        noon = _moment(day, 12).timestamp()
        assert WEEK.session_of(noon) is None
        assert not WEEK.is_open(noon)


def test_half_days_close_early():
    assert WEEK.is_open(_moment(27, 12, 59).timestamp())
    assert not WEEK.is_open(_moment(27, 13).timestamp())


def test_the_next_opening_skips_what_is_closed_and_ends_with_the_table():
    assert WEEK.next_open_s(_moment(25, 16).timestamp()) == _moment(27, 9, 30).timestamp()
    assert WEEK.next_open_s(_moment(27, 9, 30).timestamp()) == _moment(30, 9, 30).timestamp()
    assert WEEK.next_open_s(_moment(30, 9, 30).timestamp()) is None


def test_the_latest_session_is_the_one_whose_day_began():
    assert WEEK.latest(_moment(28, 12).timestamp()).date == "20261127"
    assert WEEK.latest(_moment(30, 0).timestamp()).date == "20261130"
    assert WEEK.latest(_moment(24, 12).timestamp()) is None
    assert WEEK.previous(WEEK.on("20261127")).date == "20261125"
    assert WEEK.previous(WEEK.on("20261125")) is None


def test_a_session_has_begun_from_its_opening_on():
    before, opening = _moment(27, 9, 29).timestamp(), _moment(27, 9, 30).timestamp()
    assert WEEK.begun(before).date == "20261125"
    assert WEEK.begun(opening).date == "20261127"
    assert WEEK.begun(_moment(29, 12).timestamp()).date == "20261127"
    assert WEEK.begun(_moment(25, 9).timestamp()) is None


def test_the_next_bell_opens_or_closes():
    def bell(*moment: int) -> float | None:
        return WEEK.next_bell_s(_moment(*moment).timestamp())

    assert bell(25, 9, 29) == _moment(25, 9, 30).timestamp()
    assert bell(25, 9, 30) == _moment(25, 16).timestamp()
    assert bell(25, 16) == _moment(27, 9, 30).timestamp()
    assert bell(27, 12) == _moment(27, 13).timestamp(), "a half day"
    assert bell(30, 16) is None


def test_hours_are_printed_as_contract_details_print_them():
    noon = _moment(25, 12).timestamp()
    assert WEEK.trading_hours_text(noon, liquid=True) == (
        "20261125:0930-20261125:1600;20261126:CLOSED;20261127:0930-20261127:1300;"
        "20261128:CLOSED;20261129:CLOSED;20261130:0930-20261130:1600"
    )
    extended = WEEK.trading_hours_text(noon, liquid=False).split(";")
    assert extended[0] == "20261125:0400-20261125:2000"
    assert extended[2] == "20261127:0400-20261127:1700"


def test_dates_are_the_exchanges_whatever_the_machine_thinks():
    assert date_of(_moment(25, 23, 59).timestamp()) == "20261125"
    assert date_of(_moment(26, 0).timestamp()) == "20261126"


def test_the_clock_change_moves_the_opening_by_an_hour_of_epoch_time():
    summer, winter = _session(30, month=10), _session(2)
    table = SessionCalendar([summer, winter])
    friday, monday = table.sessions
    assert monday.open_s - friday.open_s == (3 * 24 + 1) * 3600
