"""Quarterly months and their expiries."""

from __future__ import annotations

from datetime import date

import pytest

from pytest_ibkr.sim.futures import quarterly_months, third_friday


@pytest.mark.parametrize(
    ("month", "day"), [((2026, 9), 18), ((2026, 5), 15), ((2027, 1), 15), ((2025, 8), 15)]
)
def test_the_third_friday(month, day):
    assert third_friday(*month) == date(*month, day)


def test_months_go_on_from_the_one_that_is_over():
    found = quarterly_months("20260710", count=3)
    assert [each.code for each in found] == ["M6", "U6", "Z6", "H7"]
    assert [each.expiry for each in found] == ["20260619", "20260918", "20261218", "20270319"]
    assert found[1].month == "202609"


@pytest.mark.parametrize(("today", "next_code"), [("20260918", "U6"), ("20260919", "Z6")])
def test_on_its_last_day_a_month_still_trades(today, next_code):
    assert quarterly_months(today, count=1)[1].code == next_code


def test_a_year_may_turn_before_the_next_month():
    assert [each.code for each in quarterly_months("20261231", count=1)] == ["Z6", "H7"]
