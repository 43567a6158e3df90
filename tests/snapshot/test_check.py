"""The completeness rule, at its boundaries."""

from __future__ import annotations

import pytest

from pytest_ibkr.snapshot.check import MIN_BARS, MIN_OPTIONS, check
from pytest_ibkr.snapshot.compose import SymbolParts
from tests.snapshot.samples import option, small, symbol


def found(parts: SymbolParts) -> list[tuple[str, str]]:
    return [(issue.code, issue.place) for issue in check(small(parts))]


@pytest.mark.req("SC-034")
def test_just_enough_is_complete() -> None:
    made = small(symbol(bars=MIN_BARS, options=MIN_OPTIONS))
    assert check(made) == []
    assert made.complete
    assert made.issues == []


CASES = [
    pytest.param(symbol(bars=19), "too_few_bars", "historicalBars", id="19-bars"),
    pytest.param(symbol(bars=0), "too_few_bars", "historicalBars", id="no-bars"),
    pytest.param(symbol(options=9), "too_few_options", "optionChain", id="9-options"),
    pytest.param(symbol(options=0), "too_few_options", "optionChain", id="no-options"),
    pytest.param(symbol(price=None), "price_missing", "currentPrice", id="no-price"),
    pytest.param(symbol(price=0.0), "price_missing", "currentPrice", id="price-0"),
    pytest.param(
        symbol(chain=[option(100.0 + n, delta=None) for n in range(10)]),
        "no_greeks",
        "optionChain",
        id="no-delta",
    ),
]


@pytest.mark.req("SC-034")
@pytest.mark.parametrize(("parts", "code", "place"), CASES)
def test_one_thing_missing_is_one_issue(parts: SymbolParts, code: str, place: str) -> None:
    assert found(parts) == [(code, f"symbols.ABC.{place}")]
    made = small(parts, issues=["a remark"])
    assert not made.complete
    assert made.issues == [check(made)[0].text, "a remark"]
    assert "ABC" in made.issues[0]


@pytest.mark.req("SC-034")
def test_one_delta_is_enough() -> None:
    chain = [option(100.0 + number, delta=None) for number in range(9)]
    assert found(symbol(chain=[*chain, option(200.0, delta=0.0)])) == []


def test_an_index_needs_no_chain_but_a_chain_it_has_must_do() -> None:
    assert found(symbol(sec_type="IND", options=0)) == []
    assert found(symbol(sec_type="IND", options=9)) == [
        ("too_few_options", "symbols.ABC.optionChain")
    ]


def test_a_remark_does_not_make_a_snapshot_incomplete() -> None:
    made = small(issues=["three rows are crossed"])
    assert made.complete
    assert made.issues == ["three rows are crossed"]
