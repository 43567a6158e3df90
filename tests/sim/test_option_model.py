"""One expiry's fit: forward and discount from parity, volatility from mids, what dirt does."""

from __future__ import annotations

from dataclasses import replace
from math import exp

import pytest

from pytest_ibkr.sim import pricing
from pytest_ibkr.sim.contracts import Instrument
from pytest_ibkr.sim.option_model import Expiry, mid_of
from pytest_ibkr.snapshot.rows import OptionRow
from tests.sim.data_bench import normal_world, option

SPOT, CARRY, RATE, CAPTURED_S = 500.0, 1.004, 0.04, 1_000_000_000.0
EMPTY = normal_world().book.row(option())


def _row(strike, right, bid, ask, **rest) -> OptionRow:
    number = round(strike * 10) + (right == "P")
    values = {"con_id": number, "strike": strike, "right": right, "bid": bid, "ask": ask}
    return replace(EMPTY, **values, **{"implied_vol": None, **rest})


def _chain(years, *, vol=0.2, half_spread=0.02) -> list[OptionRow]:
    """Quotes around Black-76 values with a known forward, discount and volatility."""
    discount, rows = exp(-RATE * years), []
    for strike in range(400, 605, 5):
        for right in "CP":
            value = pricing.price(
                SPOT * CARRY, strike, years, vol=vol, right=right, discount=discount
            )
            rows.append(_row(float(strike), right, value - half_spread, value + half_spread))
    return [row for row in rows if row.bid > 0]


def _expiry(rows, years, *, fallback=None) -> Expiry:
    return Expiry(
        rows,
        spot=SPOT,
        captured_s=CAPTURED_S,
        expires_s=CAPTURED_S + years * pricing.YEAR_S,
        fallback_vol=lambda: fallback,
    )


def _option(row) -> Instrument:
    return replace(option(), con_id=row.con_id, strike=row.strike, right=row.right)


def test_forward_discount_and_volatility_come_back_out_of_the_quotes():
    rows = _chain(0.5)
    expiry = _expiry(rows, 0.5)
    assert expiry.forward == pytest.approx(SPOT * CARRY, rel=1e-5)
    assert expiry.discount == pytest.approx(exp(-RATE * 0.5), rel=1e-5)
    for row in rows:
        if row.bid > 1 and abs(row.strike - SPOT) < 60:
            assert expiry.fit(_option(row)).vol == pytest.approx(0.2, abs=1e-3)


def test_a_few_wild_quotes_do_not_move_the_forward():
    rows = _chain(0.5)
    bad = {497.5, 500.0, 505.0}
    wild = [replace(r, ask=r.ask + 8) if r.strike in bad and r.right == "C" else r for r in rows]
    assert _expiry(wild, 0.5).forward == pytest.approx(SPOT * CARRY, rel=2e-3)


def test_near_expiries_are_not_discounted():
    assert _expiry(_chain(0.01), 0.01).discount == 1.0


def test_the_captured_mid_is_reproduced_even_where_no_volatility_gives_it():
    rows = _chain(0.5)
    rows = [r for r in rows if (r.strike, r.right) != (430.0, "C")]
    cheap = _row(430.0, "C", 60.0, 62.0)  # its mid is below intrinsic value
    expiry = _expiry([*rows, cheap], 0.5)
    fit = expiry.fit(_option(cheap))
    assert not fit.solved
    assert expiry.value(_option(cheap), CAPTURED_S, SPOT) == pytest.approx(61.0)
    assert fit.vol == pytest.approx(0.2, abs=0.05)  # that of the put of the same strike


def test_with_no_volatility_anywhere_the_vendors_and_then_a_later_expirys_is_used():
    lone = _row(600.0, "C", None, None, implied_vol=0.31)
    assert _expiry([lone], 0.5, fallback=0.25).fit(_option(lone)).vol == 0.31
    lone = _row(600.0, "C", None, None)
    assert _expiry([lone], 0.5, fallback=0.25).fit(_option(lone)).vol == 0.25


def test_on_its_last_day_an_option_runs_into_its_intrinsic_value():
    hours = 6 / 24 / 365
    expiry = _expiry(_chain(hours), hours)
    row = next(r for r in _chain(hours) if (r.strike, r.right) == (500.0, "C"))
    values = [
        expiry.value(_option(row), CAPTURED_S + share * hours * pricing.YEAR_S, SPOT)
        for share in (0.0, 0.5, 0.9, 1.0, 1.1)
    ]
    assert values == sorted(values, reverse=True)
    forward = SPOT * expiry.forward / SPOT
    assert values[-2] == values[-1] == pytest.approx(forward - 500.0)


def test_an_expiry_captured_at_its_end_borrows_a_volatility_for_the_hours_before():
    rows = [_row(500.0, "C", 2.0, 2.02), _row(500.0, "P", 0.0, 0.01)]
    expiry = _expiry(rows, 0.0, fallback=0.18)
    early = expiry.value(_option(rows[0]), CAPTURED_S - 3600, SPOT)
    assert expiry.fit(_option(rows[0])).vol == 0.18
    assert early > expiry.value(_option(rows[0]), CAPTURED_S, SPOT)


def test_without_pairs_the_forward_is_the_spot():
    assert _expiry([_row(500.0, "C", 5.0, 5.1)], 0.1).forward == SPOT


@pytest.mark.parametrize(
    ("bid", "ask", "mid"),
    [(1.0, 1.2, 1.1), (0.0, 0.02, 0.01), (1.2, 1.0, None), (1.0, 1.0, None), (None, 1.0, None)],
)
def test_a_mid_needs_somebody_on_both_sides(bid, ask, mid):
    assert mid_of(_row(500.0, "C", bid, ask)) == (None if mid is None else pytest.approx(mid))
