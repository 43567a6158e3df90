"""Which expiries and strikes are captured, on any grid and on every day of a year."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_ibkr.capture import chain
from pytest_ibkr.snapshot.trading_days import sessions_around
from pytest_ibkr.wire.messages.contract import OptionParameter, Strike, Text

NEW_YORK = ZoneInfo("America/New_York")
YEAR = [date(2026, 1, 1) + timedelta(days=number) for number in range(366)]
GOOD_FRIDAY = date(2026, 4, 3)


def entry(exchange="SMART", trading_class="SPY", multiplier="100", **lists):
    return OptionParameter(
        request_id=1,
        exchange=exchange,
        under_con_id=756733,
        trading_class=trading_class,
        multiplier=multiplier,
        expirations=tuple(Text(value=each) for each in lists.get("expiries", ["20260713"])),
        strikes=tuple(Strike(value=each) for each in lists.get("strikes", [750.0])),
    )


# ------------------------------------------------------------------ the entry


def test_the_smart_entry_of_the_symbols_own_class_counts():
    rows = [
        entry("CBOE", strikes=[1.0]),
        entry("SMART", "2SPY", strikes=[2.0]),
        entry("SMART", "SPY", "10", strikes=[3.0]),
        entry(expiries=["20260717", "20260713"], strikes=[751.0, 750.0]),
    ]
    found = chain.listed(rows, symbol="SPY")
    assert found == chain.Listed(("20260713", "20260717"), (750.0, 751.0))
    assert chain.listed(rows[:3], symbol="SPY") is None


def test_expiries_that_are_no_dates_and_strikes_at_nothing_are_left_out():
    found = chain.listed(
        [entry(expiries=["20260230", "", "20260713"], strikes=[0.0, 5.0])], symbol="SPY"
    )
    assert found == chain.Listed(("20260713",), (5.0,))


# ------------------------------------------------------------------ strikes


@pytest.mark.req("SC-017")
@given(
    step=st.sampled_from([0.5, 1.0, 2.5, 5.0]),
    first=st.integers(1, 400),
    count=st.integers(1, 60),
    price=st.floats(0.01, 4000.0),
)
def test_five_neighbouring_listed_strikes_surround_the_one_nearest_the_price(
    step, first, count, price
):
    grid = [(first + index) * step for index in range(count)]
    found = chain.pick_strikes(grid, price)
    assert len(found) == min(5, count)
    at = grid.index(found[0])
    assert list(found) == grid[at : at + len(found)]
    nearest = min(abs(strike - price) for strike in grid)
    middle = chain.at_the_money(grid, price)
    assert abs(grid[middle] - price) == pytest.approx(nearest)
    if 2 <= middle < count - 2:
        assert found == tuple(grid[middle - 2 : middle + 3])


@pytest.mark.req("SC-017")
def test_of_two_strikes_equally_near_the_higher_one_is_at_the_money():
    assert chain.pick_strikes([578.0, 579.0, 580.0, 581.0, 582.0, 583.0], 580.5)[2] == 581.0
    assert chain.pick_strikes([577.5, 580.0, 582.5, 585.0, 587.5], 581.25) == (
        *(577.5, 580.0, 582.5, 585.0, 587.5),
    )


@pytest.mark.req("SC-017")
def test_an_uneven_grid_is_walked_by_index():
    grid = [295.0, 296.0, 296.5, 297.0, 297.5, 300.0, 305.0]
    assert chain.pick_strikes(grid, 297.1) == (296.0, 296.5, 297.0, 297.5, 300.0)


@given(
    strikes=st.lists(st.integers(1, 2000), min_size=1, max_size=40, unique=True),
    price=st.floats(0.01, 2000.0),
)
def test_replacements_go_outwards_and_name_every_strike_once(strikes, price):
    grid = sorted(float(each) for each in strikes)
    found = chain.outward(grid, price)
    assert sorted(found) == grid
    assert found[0] == grid[chain.at_the_money(grid, price)]
    steps = [abs(grid.index(each) - grid.index(found[0])) for each in found]
    assert steps == sorted(steps)


@pytest.mark.req("SC-017")
@pytest.mark.parametrize(("price", "rounded"), [(580.5, 581), (581.5, 582), (580.49, 580)])
def test_arithmetic_rounds_halves_up(price, rounded):
    assert chain.whole_dollar(price) == rounded
    assert chain.arithmetic_strikes(price) == tuple(rounded + step for step in (-2, -1, 0, 1, 2))


def test_without_strikes_there_is_no_chain():
    assert chain.pick_strikes([], 5.0) == ()
    assert chain.outward([], 5.0) == []
    with pytest.raises(ValueError, match="no strike"):
        chain.at_the_money([], 5.0)


# ------------------------------------------------------------------ expiries


def sessions_of_2026():
    days = [
        *sessions_around(date(2026, 3, 1), days=60),
        *sessions_around(date(2026, 7, 1), days=61),
    ]
    days += [
        *sessions_around(date(2026, 11, 1), days=61),
        *sessions_around(date(2027, 1, 20), days=20),
    ]
    return sorted({day.date for day in days if day.open is not None})


OPEN_DAYS = sessions_of_2026()


def check_expiries(pick) -> None:
    """What must hold of a choice on every day of a year, Thursdays and holidays included."""
    for today in YEAR:
        now = datetime(today.year, today.month, today.day, 12, tzinfo=NEW_YORK)
        is_open = f"{today:%Y%m%d}" in OPEN_DAYS
        earliest = chain.earliest_expiry(now, now.replace(hour=16) if is_open else None)
        found = pick(OPEN_DAYS, today, earliest)
        assert len(set(found)) == 2, f"{today}: {found} are not two expiries"
        assert set(found) <= set(OPEN_DAYS), f"{today}: {found} are not listed"
        assert list(found) == sorted(found)
        assert min(found) >= f"{earliest:%Y%m%d}", f"{today}: {found} is over"
        days = [(date.fromisoformat(each) - today).days for each in found]
        assert abs(days[0] - 2) <= 2, f"{today}: {days[0]} days are far from 2"
        assert abs(days[1] - 7) <= 2, f"{today}: {days[1]} days are far from 7"


def rolled_to_fridays(listed, today, earliest):
    """As the source system has it: both targets meet in one Friday on Thursdays and Fridays."""
    wanted = [today + timedelta(days=each) for each in (2, 7)]
    return tuple(f"{each + timedelta(days=(4 - each.weekday()) % 7):%Y%m%d}" for each in wanted)


@pytest.mark.req("SC-018")
def test_every_day_has_two_listed_expiries_near_two_and_seven_days():
    check_expiries(
        lambda listed, today, earliest: chain.pick_expiries(listed, today=today, earliest=earliest)
    )


@pytest.mark.req("SC-018", counter_proof="both targets roll to one Friday")
def test_counter_proof_the_collapse_of_thursdays_is_noticed():
    with pytest.raises(AssertionError, match="are not two expiries"):
        check_expiries(rolled_to_fridays)


@pytest.mark.req("SC-018")
@pytest.mark.parametrize(
    ("today", "listed", "taken"),
    [
        (date(2026, 2, 5), ["20260206", "20260213", "20260220"], ("20260206", "20260213")),
        (date(2026, 2, 6), ["20260206", "20260213", "20260220"], ("20260206", "20260213")),
        (date(2026, 4, 1), ["20260402", "20260406", "20260410"], ("20260402", "20260410")),
        (date(2026, 7, 10), ["20260713", "20260714", "20260717"], ("20260713", "20260717")),
    ],
    ids=["thursday", "friday", "before-good-friday", "friday-with-dailies"],
)
def test_targets_never_share_an_expiry(today, listed, taken):
    assert chain.pick_expiries(listed, today=today, earliest=today) == taken


def test_of_two_expiries_equally_near_the_later_one_is_taken():
    assert chain.pick_expiries(
        ["20260707", "20260709"], today=date(2026, 7, 6), earliest=date(2026, 7, 6), targets=(2,)
    ) == ("20260709",)


def test_fewer_are_taken_when_fewer_are_listed():
    today = date(2026, 7, 6)
    assert chain.pick_expiries(["20260706"], today=today, earliest=today) == ("20260706",)
    assert chain.pick_expiries(["20260703"], today=today, earliest=today) == ()


@pytest.mark.req("SC-018")
def test_todays_expiry_counts_before_the_close_only():
    closes = datetime(2026, 11, 27, 13, tzinfo=NEW_YORK)  # a half day
    assert chain.earliest_expiry(closes - timedelta(minutes=1), closes) == date(2026, 11, 27)
    assert chain.earliest_expiry(closes, closes) == date(2026, 11, 28)
    assert chain.earliest_expiry(closes, None) == date(2026, 11, 28)


@pytest.mark.parametrize("today", YEAR)
def test_arithmetic_expiries_are_two_fridays_or_the_session_before(today):
    closed = {
        GOOD_FRIDAY,
        date(2026, 7, 3),
        date(2026, 6, 19),
        date(2026, 12, 25),
        date(2027, 1, 1),
    }
    found = chain.arithmetic_expiries(today, closed=closed)
    assert len(set(found)) == 2
    for each in found:
        day = date.fromisoformat(each)
        assert day >= today
        assert day not in closed
        assert day.weekday() == 4 or day + timedelta(days=1) in closed


def test_arithmetic_collapses_on_thursday_and_takes_the_next_friday():
    assert chain.arithmetic_expiries(date(2026, 2, 5)) == ("20260213", "20260220")
    assert chain.arithmetic_expiries(date(2026, 2, 6)) == ("20260213", "20260220")
    assert chain.arithmetic_expiries(date(2026, 2, 4)) == ("20260206", "20260213")
    assert chain.arithmetic_expiries(date(2026, 3, 30), closed={GOOD_FRIDAY}) == (
        *("20260402", "20260410"),
    )
