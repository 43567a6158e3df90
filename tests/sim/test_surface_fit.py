"""The fit gets back the surface that a chain was made of, whatever dirt is in the chain."""

from __future__ import annotations

from dataclasses import replace
from math import exp, log, sqrt
from typing import Literal

import pytest

from pytest_ibkr.sim import pricing
from pytest_ibkr.sim.surface_fit import fitted, knots_of, misfit, monotone, smile
from pytest_ibkr.snapshot.rows import OptionRow
from pytest_ibkr.snapshot.surface import Slice, Surface
from tests.snapshot.samples import option

RATE, YEARS, FORWARD = 0.038, 0.06, 751.5
TRUE = Slice(8.4e-4, 0.006, 0.021)


def chain(made: Slice = TRUE, *, years: float = YEARS, spread: float = 0.02) -> list[OptionRow]:
    rows = []
    rights: tuple[Literal["C", "P"], ...] = ("C", "P")
    for strike in range(650, 830, 2):
        for right in rights:
            vol = sqrt(made.total_variance(log(strike / FORWARD)) / years)
            value = pricing.price(
                FORWARD, strike, years, vol=vol, right=right, discount=exp(-RATE * years)
            )
            bid = max(0.0, value - spread / 2)
            rows.append(option(float(strike), right=right, bid=bid, ask=bid + spread))
    return rows


def test_a_surface_is_found_again() -> None:
    found = smile(chain(), spot=750.0, days=15.0, years=YEARS, rate=RATE)
    assert found is not None
    assert found.forward == pytest.approx(FORWARD, abs=0.02)
    made = fitted(found)
    assert made.theta == pytest.approx(TRUE.theta, rel=0.01)
    assert made.right == pytest.approx(TRUE.right, rel=0.05)
    assert made.left == pytest.approx(TRUE.left, rel=0.05)
    errors = misfit(found, made)
    assert errors.mean_vol < 0.05
    assert errors.within > 0.8 * errors.quotes


def test_what_the_vendor_says_of_volatility_is_not_looked_at() -> None:
    dirty = [
        replace(row, implied_vol=(0.500005, 1e-5, None)[n % 3]) for n, row in enumerate(chain())
    ]
    clean = smile(chain(), spot=750.0, days=15.0, years=YEARS, rate=RATE)
    assert smile(dirty, spot=750.0, days=15.0, years=YEARS, rate=RATE) == clean


def test_quotes_without_a_market_are_left_out() -> None:
    rows = chain()
    dead = [replace(row, bid=None if n % 3 else 0.0, ask=5.0) for n, row in enumerate(rows[::7])]
    crossed = [replace(row, bid=(row.ask or 0) + 1) for row in rows[3::7]]
    rows = [row for n, row in enumerate(rows) if n % 7 not in (0, 3)] + dead + crossed
    found = smile(rows, spot=750.0, days=15.0, years=YEARS, rate=RATE)
    assert found is not None
    assert fitted(found).theta == pytest.approx(TRUE.theta, rel=0.02)


def test_too_few_strikes_are_no_smile() -> None:
    assert smile(chain()[:6], spot=750.0, days=15.0, years=YEARS, rate=RATE) is None


def test_a_fit_is_free_of_butterflies_even_where_the_quotes_are_not() -> None:
    wild = Slice(8.4e-4, 0.05, 0.15)
    found = smile(chain(wild), spot=750.0, days=15.0, years=YEARS, rate=RATE)
    assert found is not None
    assert fitted(found).butterfly_free


def test_expiries_together_have_no_calendar_spread() -> None:
    near = smile(chain(), spot=750.0, days=15.0, years=YEARS, rate=RATE)
    far = smile(chain(replace(TRUE, theta=7e-4)), spot=750.0, days=16.0, years=YEARS, rate=RATE)
    assert near is not None
    assert far is not None
    knots = knots_of([near, far])
    assert knots[0].slice.theta <= knots[1].slice.theta
    surface = Surface(knots)
    for k in (-0.1, -0.02, 0.0, 0.03):
        assert surface.at(15.0).total_variance(k) <= surface.at(16.0).total_variance(k) + 1e-12


def test_ascending_values_nearest_to_others() -> None:
    assert monotone([1.0, 2.0, 3.0], [1, 1, 1]) == [1.0, 2.0, 3.0]
    assert monotone([1.0, 3.0, 2.0], [1, 1, 1]) == [1.0, 2.5, 2.5]
    assert monotone([3.0, 1.0], [3, 1]) == [2.5, 2.5]
