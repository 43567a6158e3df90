"""The checks for arbitrage find it where it is, and nowhere else."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pytest_ibkr.sim.arbitrage import of_model, of_quotes
from pytest_ibkr.sim.composed_options import ExpiryAtClose
from pytest_ibkr.snapshot.rows import OptionRow
from pytest_ibkr.snapshot.surface import Slice
from tests.snapshot.samples import option

STRIKES = [90.0, 95.0, 100.0, 105.0, 110.0]
NEAR = ExpiryAtClose("20260717", 100.0, 100.0, 0.02, 5.0, 1.0, Slice(4e-4, 0.004, 0.012))
FAR = replace(NEAR, expiry="20260814", years=0.1, days=25.0, slice=Slice(2e-3, 0.01, 0.03))


def row(right: str, strike: float, bid: float | None, ask: float | None) -> OptionRow:
    return option(strike, right=right, bid=bid, ask=ask)


def test_a_sound_model_has_none() -> None:
    assert of_model([(NEAR, STRIKES), (FAR, STRIKES)]) == []


def test_a_smile_that_is_too_steep_makes_butterflies() -> None:
    steep = replace(NEAR, slice=Slice(4e-4, 0.2, 0.2))
    found = of_model([(steep, [float(k) for k in range(94, 107)])])
    assert any("butterfly" in text for text in found)


def test_a_variance_that_falls_makes_calendar_spreads() -> None:
    found = of_model([(replace(NEAR, slice=FAR.slice), STRIKES), (NEAR, STRIKES)])
    assert len(found) == len(STRIKES)
    assert all("variance falls" in text for text in found)


def test_honest_quotes_have_none() -> None:
    rows = [row("C", 95.0, 6.0, 6.2), row("C", 100.0, 2.5, 2.6), row("C", 105.0, 0.7, 0.8)]
    rows += [row("P", 95.0, 0.9, 1.0), row("P", 100.0, 2.4, 2.5), row("P", 105.0, 5.6, 5.8)]
    assert of_quotes(rows) == []


@pytest.mark.parametrize(("right", "dear", "cheap"), [("C", 95.0, 100.0), ("P", 100.0, 95.0)])
def test_a_spread_that_pays_at_once_is_found(right: str, dear: float, cheap: float) -> None:
    found = of_quotes([row(right, dear, 2.0, 2.1), row(right, cheap, 2.2, 2.3)])
    assert len(found) == 1
    assert "costs less than 0" in found[0]


def test_a_butterfly_that_pays_at_once_is_found() -> None:
    rows = [row("C", 95.0, 6.0, 6.2), row("C", 100.0, 4.0, 4.1), row("C", 105.0, 0.7, 0.8)]
    assert of_quotes(rows) == ["20260213 C 100: a butterfly pays 0.50 at once"]


def test_who_is_not_quoted_is_not_asked() -> None:
    rows = [row("C", 95.0, None, 6.2), row("C", 100.0, 9.0, 8.0), row("C", 105.0, 0.7, 0.8)]
    assert of_quotes(rows) == []
