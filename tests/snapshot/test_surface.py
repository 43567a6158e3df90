"""Surfaces: whatever the knots say, what is served has no arbitrage."""

from __future__ import annotations

from itertools import pairwise
from math import exp, log, sqrt
from sys import float_info

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pytest_ibkr.sim import pricing
from pytest_ibkr.snapshot.surface import Knot, Slice, Surface

CALM = [
    Knot(1.0, Slice(3e-5, 0.0015, 0.0035)),
    Knot(5.0, Slice(2e-4, 0.003, 0.009)),
    Knot(22.0, Slice(1.3e-3, 0.008, 0.026)),
    Knot(120.0, Slice(1.1e-2, 0.025, 0.09)),
]
DAYS = (0.2, 1.0, 3.0, 5.0, 9.0, 22.0, 60.0, 120.0, 200.0)
ROUNDING = 8 * float_info.epsilon  # of a difference of two calls, each at most 1
MONEYNESS = [x / 50 for x in range(-40, 41)]

numbers = st.floats(1e-6, 3.0)
knots = st.lists(st.builds(Slice, numbers, numbers, numbers), min_size=1, max_size=6).map(
    lambda slices: [Knot(3.0 * n + 1.0, each) for n, each in enumerate(slices)]
)


def crossings(surface: Surface, days: tuple[float, ...]) -> list[tuple[float, float, float]]:
    """Where variance falls with the maturity at one moneyness: (near, far, k)."""
    found = []
    for near, far in pairwise(days):
        low, high = surface.at(near), surface.at(far)
        found += [
            (near, far, k)
            for k in MONEYNESS
            if high.total_variance(k) < low.total_variance(k) * (1 - 1e-9) - 1e-12
        ]
    return found


def densities(made: Slice) -> list[float]:
    """Second differences of call prices in the strike: probabilities, up to a factor.

    What rounding may take from one is given back: the strikes of a theta of 20 begin 1e-8 apart.
    """
    strikes = [exp(sqrt(made.theta) * x / 8) for x in range(-32, 33)]
    calls = [
        pricing.price(1.0, k, 1.0, vol=sqrt(made.total_variance(log(k))), right="C")
        for k in strikes
    ]
    return [
        (calls[n - 1] - calls[n]) / (strikes[n] - strikes[n - 1])
        - (calls[n] - calls[n + 1]) / (strikes[n + 1] - strikes[n])
        + ROUNDING / (strikes[n] - strikes[n - 1])
        for n in range(1, len(strikes) - 1)
    ]


def test_a_sound_surface_is_served_as_it_is() -> None:
    assert [knot.slice for knot in Surface(CALM).knots] == [knot.slice for knot in CALM]
    assert Surface(CALM).at(22.0) == CALM[2].slice


def test_at_the_forward_the_variance_is_theta() -> None:
    assert CALM[2].slice.total_variance(0.0) == pytest.approx(1.3e-3)


def test_far_from_the_forward_variance_grows_with_the_slope_of_its_wing() -> None:
    made = CALM[2].slice
    assert made.total_variance(1e4) / 1e4 == pytest.approx(made.right, rel=1e-3)
    assert made.total_variance(-1e4) / 1e4 == pytest.approx(made.left, rel=1e-3)


@given(knots)
def test_no_knots_make_a_calendar_spread(made: list[Knot]) -> None:
    assert crossings(Surface(made), (0.3, 1.0, 2.5, 4.0, 5.5, 7.0, 12.0, 16.0, 30.0)) == []


@given(knots)
@example([Knot(1.0, Slice(1.0, 2.0, 0.0625))])
def test_no_knots_make_a_butterfly(made: list[Knot]) -> None:
    surface = Surface(made)
    assert all(knot.slice.butterfly_free for knot in surface.knots)
    for days in (0.5, 1.0, 2.0, 5.5, 20.0):
        assert min(densities(surface.at(days))) > -1e-9


@pytest.mark.parametrize("ratio", [0.6, 1.0, 1.4, 3.0])
def test_a_moved_surface_is_as_sound(ratio: float) -> None:
    moved = Surface(CALM).moved(lambda days: ratio ** min(2.5, (22.0 / days) ** 0.5))
    assert crossings(moved, DAYS) == []
    assert all(knot.slice.butterfly_free for knot in moved.knots)


def test_moving_a_surface_multiplies_volatility() -> None:
    before, after = Surface(CALM).at(22.0), Surface(CALM).moved(lambda _days: 1.1).at(22.0)
    for k in (-0.1, 0.0, 0.05):
        share = sqrt(after.total_variance(k) / before.total_variance(k))
        assert share == pytest.approx(1.1, abs=0.04 * abs(k) / 0.05 + 1e-9)


def test_a_falling_variance_is_lifted_to_the_one_before() -> None:
    wrong = [CALM[2], Knot(30.0, Slice(1e-3, 0.001, 0.001))]
    lifted = Surface(wrong).knots[1].slice
    assert lifted.theta > CALM[2].slice.theta
    assert (lifted.right, lifted.left) == (CALM[2].slice.right, CALM[2].slice.left)
