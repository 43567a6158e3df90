"""European option values on a forward (Black 1976); pure arithmetic, imports only ``math``.

Prices are per share in today's money, volatilities decimal fractions a year, times years.
Source: F. Black, "The pricing of commodity contracts", J. Financial Economics 3 (1976).
"""

from __future__ import annotations

from dataclasses import dataclass
from math import erf, exp, log, pi, sqrt

YEAR_S = 365.0 * 86400.0
_SQRT2 = sqrt(2.0)
_DENSITY = 1.0 / sqrt(2.0 * pi)
_LOWEST_VOL, _HIGHEST_VOL = 1e-4, 20.0
_MAX_STEPS = 100


@dataclass(frozen=True, slots=True)
class Greeks:
    """Sensitivities of one option: delta and gamma to the spot, theta a day, vega a point."""

    delta: float
    gamma: float
    theta: float
    vega: float


def normal_cdf(x: float) -> float:
    """Probability that a standard normal variable is below ``x``."""
    return 0.5 * (1.0 + erf(x / _SQRT2))


def intrinsic(forward: float, strike: float, right: str, *, discount: float = 1.0) -> float:
    """Value with no volatility left: the lower bound of :func:`price`."""
    edge = forward - strike if right == "C" else strike - forward
    return discount * edge if edge > 0.0 else 0.0


def price(
    forward: float, strike: float, years: float, *, vol: float, right: str, discount: float = 1.0
) -> float:
    """Value of a call (``right`` "C") or put ("P").

    Args:
        forward: forward price of the underlying for the expiry, > 0.
        strike: > 0.
        years: time to expiry; 0 or less gives the intrinsic value.
        vol: volatility a year, >= 0.
        right: "C" or "P".
        discount: value today of 1 paid at expiry.
    """
    spread = vol * sqrt(years) if years > 0.0 else 0.0
    if spread <= 0.0:
        return intrinsic(forward, strike, right, discount=discount)
    d1 = log(forward / strike) / spread + 0.5 * spread
    d2 = d1 - spread
    if right == "C":
        value = forward * (1.0 + erf(d1 / _SQRT2)) - strike * (1.0 + erf(d2 / _SQRT2))
    else:
        value = strike * (1.0 + erf(-d2 / _SQRT2)) - forward * (1.0 + erf(-d1 / _SQRT2))
    return 0.5 * discount * value


def implied_vol(
    value: float,
    forward: float,
    strike: float,
    *,
    years: float,
    right: str,
    discount: float = 1.0,
    guess: float | None = None,
) -> float | None:
    """The volatility at which :func:`price` gives ``value``; None when there is none.

    ``guess`` only makes it faster.

    There is none at or below the intrinsic value, at or above the largest possible value
    (the discounted forward for a call, the discounted strike for a put), and at expiry.
    Newton steps inside a bracket that bisection keeps shrinking, so it always ends.
    """
    highest = discount * (forward if right == "C" else strike)
    floor = intrinsic(forward, strike, right, discount=discount)
    if years <= 0.0 or not floor < value < highest:
        return None
    low, high = _LOWEST_VOL, _HIGHEST_VOL
    root = sqrt(years)
    # The inflection point of price in vol: Newton converges from there on either side.
    vol = guess or min(max(sqrt(2.0 * abs(log(forward / strike)) / years), 0.05), 5.0)
    for _ in range(_MAX_STEPS):
        error = price(forward, strike, years, vol=vol, right=right, discount=discount) - value
        if error > 0.0:
            high = vol
        else:
            low = vol
        if abs(error) < 1e-10 or high - low < 1e-12:
            break
        d1 = log(forward / strike) / (vol * root) + 0.5 * vol * root
        slope = discount * forward * root * _DENSITY * exp(-0.5 * d1 * d1)
        step = vol - error / slope if slope > 1e-12 else -1.0
        vol = step if low < step < high else 0.5 * (low + high)
    at_edge = vol <= _LOWEST_VOL * 1.01 or vol >= _HIGHEST_VOL * 0.99
    return None if at_edge else vol


def greeks(
    forward: float,
    strike: float,
    years: float,
    *,
    vol: float,
    right: str,
    spot: float,
    discount: float = 1.0,
) -> Greeks:
    """Sensitivities in the units the gateway reports.

    Args:
        forward, strike, years, vol, right, discount: as for :func:`price`; ``years`` and ``vol``
            above 0.
        spot: price of the underlying; forward and spot move in proportion.

    Returns:
        Delta per dollar of spot, gamma per dollar squared, theta per calendar day with spot and
        forward unchanged, vega per 0.01 of volatility.
    """
    root = sqrt(years)
    spread = vol * root
    d1 = log(forward / strike) / spread + 0.5 * spread
    density = _DENSITY * exp(-0.5 * d1 * d1)
    carry = discount * forward / spot
    above = normal_cdf(d1)
    delta = carry * (above if right == "C" else above - 1.0)
    gamma = carry * (forward / spot) * density / (forward * spread)
    decay = -discount * forward * density * vol / (2.0 * root)
    # A shorter life also means less discounting: the value grows at the implied rate.
    rate = -log(discount) / years
    value = price(forward, strike, years, vol=vol, right=right, discount=discount)
    theta = (decay + rate * value) / 365.0
    return Greeks(delta, gamma, theta, discount * forward * density * root / 100.0)
