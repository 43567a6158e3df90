"""Option pricing against known values, identities and its own finite differences."""

from __future__ import annotations

from math import exp

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from pytest_ibkr.sim import pricing

FORWARDS = st.floats(10.0, 1000.0)
MONEYNESS = st.floats(0.7, 1.4)
YEARS = st.floats(1 / 365, 2.0)
VOLS = st.floats(0.05, 1.5)
RIGHTS = st.sampled_from("CP")

# Published examples. The Black-Scholes ones are restated as Black-76: F = S exp((r - q) T).
KNOWN = [
    # J. Hull, Options, Futures, and Other Derivatives: S 42, K 40, r 10 %, sigma 20 %, T 0.5
    pytest.param(42 * exp(0.05), 40, 0.5, 0.2, "C", exp(-0.05), 4.76, id="hull-call"),
    pytest.param(42 * exp(0.05), 40, 0.5, 0.2, "P", exp(-0.05), 0.81, id="hull-put"),
    # Hull's futures option: F 20, K 20, r 9 %, sigma 25 %, T 4/12
    pytest.param(20, 20, 4 / 12, 0.25, "P", exp(-0.03), 1.12, id="hull-futures-put"),
    # E. Haug, Complete Guide to Option Pricing Formulas: S 60, K 65, T .25, r 8 %, sigma 30 %
    pytest.param(60 * exp(0.02), 65, 0.25, 0.3, "C", exp(-0.02), 2.1334, id="haug-call"),
    # Haug's futures option: F 19, K 19, T 0.75, r 10 %, sigma 28 %
    pytest.param(19, 19, 0.75, 0.28, "C", exp(-0.075), 1.7011, id="haug-futures-call"),
]


@pytest.mark.parametrize(("forward", "strike", "years", "vol", "right", "discount", "known"), KNOWN)
def test_prices_agree_with_published_examples(forward, strike, years, vol, right, discount, known):
    value = pricing.price(forward, strike, years, vol=vol, right=right, discount=discount)
    digits = len(str(known).split(".")[1])
    assert round(value, digits) == known


@given(FORWARDS, MONEYNESS, YEARS, VOLS, st.floats(0.8, 1.0))
def test_a_call_less_a_put_is_the_discounted_forward_less_the_strike(
    forward, moneyness, years, vol, discount
):
    strike = forward * moneyness
    call = pricing.price(forward, strike, years, vol=vol, right="C", discount=discount)
    put = pricing.price(forward, strike, years, vol=vol, right="P", discount=discount)
    assert call - put == pytest.approx(discount * (forward - strike), abs=1e-9 * forward)


@given(FORWARDS, MONEYNESS, YEARS, VOLS, RIGHTS)
def test_a_price_lies_between_its_bounds_and_grows_with_volatility_and_time(
    forward, moneyness, years, vol, right
):
    strike = forward * moneyness
    value = pricing.price(forward, strike, years, vol=vol, right=right)
    slack = 1e-9 * forward
    assert pricing.intrinsic(forward, strike, right) - slack <= value
    assert value <= (forward if right == "C" else strike) + slack
    assert pricing.price(forward, strike, years, vol=vol * 1.1, right=right) >= value - slack
    assert pricing.price(forward, strike, years * 1.1, vol=vol, right=right) >= value - slack


@given(FORWARDS, MONEYNESS, YEARS, VOLS)
def test_a_call_falls_and_a_put_rises_with_the_strike(forward, moneyness, years, vol):
    strike = forward * moneyness
    for right, sign in (("C", -1), ("P", 1)):
        low = pricing.price(forward, strike, years, vol=vol, right=right)
        high = pricing.price(forward, strike * 1.05, years, vol=vol, right=right)
        assert sign * (high - low) >= -1e-9 * forward


@given(FORWARDS, MONEYNESS, YEARS, VOLS, RIGHTS, st.floats(0.9, 1.0))
def test_the_implied_volatility_reprices_the_option(
    forward, moneyness, years, vol, right, discount
):
    strike = forward * moneyness
    value = pricing.price(forward, strike, years, vol=vol, right=right, discount=discount)
    floor = pricing.intrinsic(forward, strike, right, discount=discount)
    assume(value - floor > 1e-6 * forward)  # below that no volatility can be told from another
    found = pricing.implied_vol(value, forward, strike, years=years, right=right, discount=discount)
    assert found is not None
    again = pricing.price(forward, strike, years, vol=found, right=right, discount=discount)
    assert again == pytest.approx(value, abs=1e-8)


@pytest.mark.parametrize("value", [-1.0, 0.0, 9.99, 10.0, 110.0, 200.0])
def test_a_value_outside_the_bounds_has_no_implied_volatility(value):
    assert pricing.implied_vol(value, 110.0, 100.0, years=0.5, right="C") is None


def test_an_expired_option_is_worth_its_intrinsic_value_and_has_no_volatility():
    assert pricing.price(110.0, 100.0, 0.0, vol=0.3, right="C") == 10.0
    assert pricing.price(110.0, 100.0, -1.0, vol=0.3, right="P") == 0.0
    assert pricing.implied_vol(10.5, 110.0, 100.0, years=0.0, right="C") is None


@given(st.floats(50, 500), MONEYNESS, st.floats(5 / 365, 2.0), st.floats(0.08, 1.0), RIGHTS)
def test_greeks_agree_with_finite_differences(spot, moneyness, years, vol, right):
    strike, carry, rate = spot * moneyness, 1.01, 0.03
    discount = exp(-rate * years)

    def value(*, at: float = spot, time: float = years, sigma: float = vol) -> float:
        return pricing.price(
            at * carry, strike, time, vol=sigma, right=right, discount=exp(-rate * time)
        )

    found = pricing.greeks(
        spot * carry, strike, years, vol=vol, right=right, spot=spot, discount=discount
    )
    step = spot * 1e-3
    delta = (value(at=spot + step) - value(at=spot - step)) / (2 * step)
    gamma = (value(at=spot + step) - 2 * value() + value(at=spot - step)) / step**2
    hour = 1 / 24 / 365
    theta = (value(time=years - hour) - value(time=years + hour)) / (2 * hour) / 365
    vega = (value(sigma=vol + 1e-4) - value(sigma=vol - 1e-4)) / 2e-4 / 100
    assert found.delta == pytest.approx(delta, abs=1e-3)
    assert found.gamma == pytest.approx(gamma, rel=0.02, abs=1e-4)
    assert found.theta == pytest.approx(theta, rel=0.01, abs=spot * 1e-6)
    assert found.vega == pytest.approx(vega, rel=1e-3, abs=spot * 1e-7)
