"""The trading schedule: the session table in the instrument's zone."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pytest_ibkr.sim.engine import Engine
from pytest_ibkr.sim.history_request import DAY_S, Asked
from pytest_ibkr.sim.trading_schedule import schedule
from pytest_ibkr.wire.messages.history_queries import HistoricalSchedule
from pytest_ibkr.wire.versions import NEWEST, SCHEDULES
from tests.sim.data_bench import (
    CAPTURED,
    TEN,
    errors,
    history,
    normal_world,
    on_friday,
    peer,
)

WORLD = normal_world()
DAY = Asked(bar_s=DAY_S, count=1, unit="D", end_s=None, without_zone=False, what="SCHEDULE")


def _schedule(at_s: float = TEN, *, symbol: str = "SPY", use_rth: bool = True, **asked: object):
    instrument = WORLD.book.by_symbol(symbol)
    assert instrument is not None
    return schedule(
        Engine(WORLD, start_s=at_s),
        instrument,
        replace(DAY, **asked),  # type: ignore[arg-type]
        request_id=9,
        use_rth=use_rth,
    )


def test_a_day_is_the_running_session_with_its_close_to_come() -> None:
    found = _schedule()
    assert found.request_id == 9
    assert (found.start, found.end) == ("20260710-09:30:00", "20260710-16:00:00")
    assert found.zone == "US/Eastern"
    [session] = found.sessions
    assert (session.start, session.end, session.date) == (found.start, found.end, "20260710")


def test_a_month_leaves_out_weekends_and_holidays() -> None:
    found = _schedule(CAPTURED, count=1, unit="M")
    dates = [session.date for session in found.sessions]
    assert dates[0] == "20260611"  # that of the 10th was over a month ago
    assert dates[-1] == "20260710"
    assert not {"20260619", "20260703", "20260704"} & set(dates)
    assert len(dates) == 20


def test_the_extended_session_of_a_stock_runs_from_four_to_eight() -> None:
    [session] = _schedule(use_rth=False).sessions
    assert (session.start, session.end) == ("20260710-04:00:00", "20260710-20:00:00")


def test_an_index_is_told_in_its_own_zone_and_has_no_extended_session() -> None:
    found = _schedule(symbol="VIX", use_rth=False)
    assert found.zone == "US/Central"
    assert (found.start, found.end) == ("20260710-08:30:00", "20260710-15:00:00")


def test_an_end_ends_it() -> None:
    found = _schedule(count=3, end_s=on_friday(12, 0, day=8))
    assert [session.date for session in found.sessions] == ["20260706", "20260707", "20260708"]


@pytest.mark.parametrize("year", [1990, 2001])
def test_beyond_the_session_table_there_is_none(year: int) -> None:
    assert _schedule(end_s=float((year - 1970) * 365 * DAY_S)) is None


@pytest.mark.parametrize("version", [SCHEDULES, NEWEST])
def test_a_history_request_for_the_schedule_is_answered_by_it(version: int) -> None:
    asked = history(what_to_show="SCHEDULE", bar_size="1 day", duration="2 D")
    [found] = peer(version=version).send(asked)
    assert isinstance(found, HistoricalSchedule)
    assert found.request_id == asked.request_id
    assert [session.date for session in found.sessions] == ["20260709", "20260710"]


@pytest.mark.parametrize(("version", "end"), [(SCHEDULES - 1, ""), (NEWEST, "19900101-00:00:00")])
def test_where_there_is_none_it_is_no_data(version: int, end: str) -> None:
    asked = history(what_to_show="SCHEDULE", bar_size="1 day", end=end)
    [(request_id, code, text)] = errors(peer(version=version).send(asked))
    assert (request_id, code) == (asked.request_id, 162)
    assert text.endswith("HMDS query returned no data: SPY@SMART Schedule")


def test_a_schedule_with_finer_bars_is_refused() -> None:
    found = peer().send(history(what_to_show="SCHEDULE", bar_size="1 hour"))
    assert [code for _, code, _ in errors(found)] == [321]
