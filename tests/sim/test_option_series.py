"""Which options are listed on a day, against the real chains of July 2026."""

from __future__ import annotations

import itertools

import pytest

from pytest_ibkr.sim.option_series import Listings, expiries, strikes
from pytest_ibkr.snapshot.day_calendar import moved
from pytest_ibkr.snapshot.days_layout import StrikeGrid
from tests.snapshot.days_samples import CALENDAR

GRID = StrikeGrid(fine=1.0, fineShare=0.02, coarse=5.0, coarseShare=0.05)

# The twelve nearest expiries of SPY, as the chains after the close of these days had them.
REAL = {
    "20260708": "0709 0710 0713 0714 0715 0716 0717 0720 0721 0724 0731 0807",
    "20260709": "0710 0713 0714 0715 0716 0717 0720 0721 0724 0731 0807 0814",
    "20260710": "0713 0714 0715 0716 0717 0720 0721 0724 0731 0807 0814 0821",
}


@pytest.mark.parametrize("day", REAL)
def test_the_nearest_expiries_are_the_real_ones(day: str) -> None:
    listed = [each[4:] for each in expiries(day, CALENDAR) if each > day]
    assert listed[:12] == REAL[day].split()


def test_the_further_ones_are_months_month_ends_and_quarters() -> None:
    assert expiries("20260710", CALENDAR)[13:] == [
        *("20260831", "20260918", "20260930", "20261016", "20261120", "20261218", "20261231"),
    ]


def test_a_holiday_moves_an_expiry_to_the_day_before() -> None:
    listed = expiries("20260622", CALENDAR)
    assert "20260702" in listed
    assert "20260703" not in listed


def test_the_day_itself_is_the_first() -> None:
    assert expiries("20260713", CALENDAR)[0] == "20260713"


def test_what_is_listed_stays_listed_until_it_expires() -> None:
    days = CALENDAR.trading("20260615", "20260807")
    for day, following in itertools.pairwise(days):
        left = {each for each in expiries(day, CALENDAR) if each >= following}
        assert left <= set(expiries(following, CALENDAR))


def test_new_weeklies_appear_as_time_passes() -> None:
    assert "20260814" not in expiries("20260702", CALENDAR)
    assert "20260814" in expiries("20260706", CALENDAR)


def test_strikes_are_fine_around_the_money_and_coarse_further_out() -> None:
    found = strikes(100.0, 100.0, GRID, days=10)
    assert found == [95.0, 98.0, 99.0, 100.0, 101.0, 102.0, 105.0]
    assert strikes(100.0, 100.0, GRID, days=90) == [95.0, 100.0, 105.0]


def listings(closes: dict[str, float], **stored: dict[str, frozenset[float]]) -> Listings:
    def listed(day: str) -> dict[str, frozenset[float]]:
        return {k: v for name, found in stored.items() if name[1:] < day for k, v in found.items()}

    return Listings(CALENDAR, closes, GRID, first="20260706", listed=listed)


def test_a_strike_stays_when_the_price_has_left_it() -> None:
    found = listings({"20260702": 100.0, "20260706": 110.0})
    before = set(found.strikes("20260706", "20260710"))
    after = set(found.strikes("20260707", "20260710"))
    assert before < after
    assert {95.0, 98.0, 112.0} <= after


def test_the_price_of_the_day_itself_lists_nothing() -> None:
    found = listings({"20260702": 100.0, "20260706": 200.0})
    assert max(found.strikes("20260706", "20260710")) == 105.0


def test_what_a_stored_day_has_stays_listed() -> None:
    found = listings(
        {"20260702": 100.0}, d20260707={"20260710": frozenset({77.5}), "20280121": frozenset({1.0})}
    )
    assert 77.5 not in found.strikes("20260707", "20260710")
    assert 77.5 in found.strikes("20260708", "20260710")
    assert found.expiries("20260708")[-1] == "20280121"
    assert found.strikes("20260708", "20280121") == [1.0]


def test_without_a_price_nothing_is_listed() -> None:
    assert listings({}).strikes("20260706", moved("20260706", 4)) == []
