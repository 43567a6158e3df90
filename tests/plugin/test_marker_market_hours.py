"""market_hours and market_closed: at what moment a test begins offline."""

from __future__ import annotations

import datetime as dt

import pytest

from pytest_ibkr.markers import Plan, skip_reason, start_of


class Day:
    """One row of a session table, for the days the committed snapshot does not have."""

    def __init__(self, date: str, opens: dt.datetime | None, closes: dt.datetime | None) -> None:
        self.date, self.open, self.close = date, opens, closes


class Calendar:
    """The part of a snapshot that says when the market is open."""

    name = "snapshot_short_20261127_120000"

    def __init__(self, captured_at: dt.datetime, sessions: list[Day]) -> None:
        self.captured_at, self.sessions = captured_at, sessions


@pytest.mark.parametrize(
    ("marker", "start"),
    [
        pytest.param("req('x')", "2026-07-10T10:00:00-04:00", id="usual"),
        pytest.param("market_hours", "2026-07-10T10:00:00-04:00", id="open"),
        pytest.param("market_hours(at='15:45')", "2026-07-10T15:45:00-04:00", id="at"),
        pytest.param(
            "market_hours(session='extended')", "2026-07-10T08:00:00-04:00", id="extended"
        ),
        pytest.param(
            "market_hours(calendar='XLON')", "2026-07-10T08:30:00+01:00", id="open-in-london"
        ),
        pytest.param(
            "market_hours(calendar='XTKS', at='12:45')",
            "2026-07-10T12:45:00+09:00",
            id="after-lunch-in-tokyo",
        ),
        pytest.param("market_closed", "2026-07-11T12:00:00-04:00", id="closed-saturday"),
    ],
)
def test_the_clock_starts_there(run, marker: str, start: str) -> None:
    result = run(
        f"""
        import datetime as dt, time
        import pytest

        @pytest.mark.{marker}
        def test_it(ibkr_clock):
            start = dt.datetime.fromisoformat({start!r})
            for now in (ibkr_clock.now(), dt.datetime.now(dt.UTC)):
                assert 0 <= (now - start).total_seconds() < 5
            assert 0 <= time.time() - start.timestamp() < 5
        """
    )
    result.assert_outcomes(passed=1)


def test_the_ini_key_changes_the_usual_start_and_a_marker_wins(run) -> None:
    result = run(
        """
        from zoneinfo import ZoneInfo
        import pytest

        def hour(clock):
            return clock.now().astimezone(ZoneInfo("America/New_York")).strftime("%H:%M")

        def test_usual(ibkr_clock):
            assert hour(ibkr_clock) == "08:15"

        @pytest.mark.market_hours
        def test_open(ibkr_clock):
            assert hour(ibkr_clock) == "10:00"

        @pytest.mark.market_hours(at="15:45")
        def test_at(ibkr_clock):
            assert hour(ibkr_clock) == "15:45"
        """,
        ini="ibkr_clock_start = 08:15\n",
    )
    result.assert_outcomes(passed=3)


def at(day: int, hour: int, minute: int = 0) -> dt.datetime:
    eastern = dt.timezone(dt.timedelta(hours=-5), "EST")
    return dt.datetime(2026, 11, day, hour, minute, tzinfo=eastern)


HALF_DAY = Day("20261127", at(27, 9, 30), at(27, 13))


def test_on_a_half_day_a_time_after_its_close_is_refused() -> None:
    half = Calendar(at(27, 12), [HALF_DAY])
    with pytest.raises(ValueError, match="14:00 is outside the session of 20261127: 09:30 to 13:0"):
        start_of(Plan(start=dt.time(14), in_session=True), half, usual=dt.time(10))


def test_on_a_day_without_session_an_open_market_is_the_last_one() -> None:
    saturday = Calendar(at(28, 12), [HALF_DAY, Day("20261128", None, None)])
    plan = Plan(in_session=True)
    assert start_of(plan, saturday, usual=dt.time(10)) == at(27, 10)


def test_another_exchange_is_open_on_its_own_last_day_at_its_own_hours() -> None:
    bank_holiday = Calendar(dt.datetime(2026, 5, 25, 10, tzinfo=dt.UTC), [])
    plan = Plan(in_session=True, calendar="XLON")
    start = start_of(plan, bank_holiday, usual=dt.time(10))
    assert start.isoformat() == "2026-05-22T08:30:00+01:00"
    with pytest.raises(ValueError, match="12:00 is outside the session of XTKS: 09:00 to 11:30 an"):
        start_of(
            Plan(in_session=True, calendar="XTKS", start=dt.time(12)),
            Calendar(at(27, 12), []),
            usual=dt.time(10),
        )


def test_a_table_without_a_closed_day_closes_in_the_evening() -> None:
    half = Calendar(at(27, 12), [HALF_DAY])
    assert start_of(Plan(closed=True), half, usual=dt.time(10)) == at(27, 22)


def test_an_open_market_nobody_has_is_refused() -> None:
    closed = Calendar(at(28, 12), [Day("20261128", None, None)])
    with pytest.raises(ValueError, match="has no session up to 20261128"):
        start_of(Plan(in_session=True), closed, usual=dt.time(10))


def test_a_usual_start_outside_the_session_does_not_count_for_an_open_market() -> None:
    half = Calendar(at(27, 12), [HALF_DAY])
    start = start_of(Plan(in_session=True), half, usual=dt.time(8))
    assert start == at(27, 10)


FULL_DAY = Day("20261130", at(30, 9, 30), at(30, 16))
WEEKEND = [Day("20261128", None, None), Day("20261129", None, None)]
TABLE = Calendar(at(27, 12), [HALF_DAY, *WEEKEND, FULL_DAY])
OPEN, EXTENDED, CLOSED = (
    Plan(in_session=True),
    Plan(in_session=True, extended=True),
    Plan(closed=True),
)


@pytest.mark.req("LV-005")
@pytest.mark.parametrize(
    ("plan", "now", "reason"),
    [
        pytest.param(OPEN, at(27, 9, 30), None, id="at-the-open"),
        pytest.param(
            OPEN,
            at(27, 9, 29),
            "the market is closed (Friday 2026-11-27 09:29 EST);"
            " it opens Friday 2026-11-27 09:30 EST",
            id="before-the-open",
        ),
        pytest.param(
            OPEN,
            at(27, 13),
            "the market is closed (Friday 2026-11-27 13:00 EST);"
            " it opens Monday 2026-11-30 09:30 EST",
            id="at-an-early-close",
        ),
        pytest.param(
            OPEN,
            at(30, 16),
            "the market is closed (Monday 2026-11-30 16:00 EST)",
            id="next-opening-unknown",
        ),
        pytest.param(EXTENDED, at(27, 4), None, id="extended-open"),
        pytest.param(EXTENDED, at(30, 19, 59), None, id="extended-evening"),
        pytest.param(EXTENDED, at(27, 16, 59), None, id="extended-half-day"),
        pytest.param(
            EXTENDED,
            at(27, 17),
            "the market is closed (Friday 2026-11-27 17:00 EST);"
            " it opens Monday 2026-11-30 04:00 EST",
            id="extended-half-day-ends",
        ),
        pytest.param(CLOSED, at(28, 12), None, id="closed-on-saturday"),
        pytest.param(
            CLOSED,
            at(27, 12, 59),
            "the market is open (12:59 EST); it closes 13:00 EST",
            id="closed-but-open",
        ),
        pytest.param(Plan(), at(28, 12), None, id="no-marker"),
    ],
)
def test_a_live_test_is_skipped_when_the_market_is_not_as_it_needs_it(
    plan: Plan, now: dt.datetime, reason: str | None
) -> None:
    assert skip_reason(plan, TABLE, now=now) == reason


def utc(text: str) -> dt.datetime:
    """A moment of a gateway's clock."""
    return dt.datetime.fromisoformat(text).astimezone(dt.UTC)


@pytest.mark.req("LV-005")
@pytest.mark.parametrize(
    ("plan", "now", "reason"),
    [
        pytest.param(OPEN, "2026-07-10T10:00:00-04:00", None, id="open"),
        pytest.param(
            OPEN,
            "2026-07-02T16:00:00-04:00",
            "the market is closed (Thursday 2026-07-02 16:00 EDT);"
            " it opens Monday 2026-07-06 09:30 EDT",
            id="before-a-long-weekend",
        ),
        pytest.param(
            OPEN,
            "2026-03-07T12:00:00-05:00",
            "the market is closed (Saturday 2026-03-07 12:00 EST);"
            " it opens Monday 2026-03-09 09:30 EDT",
            id="over-daylight-saving",
        ),
        pytest.param(
            EXTENDED,
            "2026-11-27T17:00:00-05:00",
            "the market is closed (Friday 2026-11-27 17:00 EST);"
            " it opens Monday 2026-11-30 04:00 EST",
            id="extended-half-day",
        ),
        pytest.param(
            Plan(in_session=True, calendar="XLON"),
            "2026-07-10T16:30:00+01:00",
            "the market of XLON is closed (Friday 2026-07-10 16:30 BST);"
            " it opens Monday 2026-07-13 08:00 BST",
            id="london",
        ),
        pytest.param(CLOSED, "2026-11-26T12:00:00-05:00", None, id="closed-on-thanksgiving"),
        pytest.param(
            CLOSED,
            "2026-11-27T12:59:00-05:00",
            "the market is open (12:59 EST); it closes 13:00 EST",
            id="closed-but-open",
        ),
        pytest.param(Plan(), "2026-11-28T12:00:00-05:00", None, id="no-marker"),
    ],
)
def test_a_real_gateway_is_met_by_the_exchanges_own_calendar(
    plan: Plan, now: str, reason: str | None
) -> None:
    assert skip_reason(plan, None, now=utc(now)) == reason


@pytest.mark.req("LV-005")
def test_tests_of_the_shared_gateway_are_skipped_by_its_clock(run) -> None:
    result = run(
        """
        import datetime as dt
        import pytest

        @pytest.mark.market_hours
        def test_open(live_gateway):
            live_gateway.clock.move_to(dt.datetime(2026, 7, 10, 20, tzinfo=dt.UTC))

        @pytest.mark.market_hours
        def test_open_again(live_gateway):
            assert False

        @pytest.mark.market_closed
        def test_closed(live_gateway):
            pass
        """,
        "-rs",
        ini="ibkr_clock_start = 15:59:58\n",
    )
    result.assert_outcomes(passed=2, skipped=1)
    result.stdout.fnmatch_lines(
        ["SKIPPED *the market is closed (Friday 2026-07-10 16:00 EDT); it opens Monday 2026-07-13*"]
    )
