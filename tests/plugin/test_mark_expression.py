"""Which -m expressions ask for live tests and nothing else."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_ibkr.markexpr import cannot_hold_without

NEEDS_LIVE = [
    "live",
    "(live)",
    "live and market_hours",
    "market_hours and live",
    "live and not slow",
    "live and (market_hours or slow)",
    "(live and slow) or (live and not slow)",
    "not not live",
    "not (not live or slow)",
    "live or (slow and not slow)",
    "live(reason='x)')",
    'live (reason="(")  and slow',
    "live and places_orders(kind=1)",
]
HOLDS_WITHOUT = [
    "not live",
    "live or slow",
    "slow",
    "live or not slow",
    "not (live and slow)",
    "market_hours and (live or slow)",
    "(live and slow) or market_hours",
    "livelihood",
    "not slow(n=1) or live",
    "live or slow or not slow",
]
NOT_EXPRESSIONS = ["", "live and", "(live", "live live", "and live", "live)", "live('x", "a == b"]


@pytest.mark.parametrize("expression", NEEDS_LIVE)
def test_an_expression_that_only_live_tests_can_match_implies_live(expression: str) -> None:
    assert cannot_hold_without(expression, "live")


@pytest.mark.parametrize("expression", HOLDS_WITHOUT)
def test_an_expression_that_another_test_can_match_does_not(expression: str) -> None:
    assert not cannot_hold_without(expression, "live")


@pytest.mark.parametrize("expression", NOT_EXPRESSIONS)
def test_what_pytest_will_refuse_is_left_to_pytest(expression: str) -> None:
    assert not cannot_hold_without(expression, "live")


NAMES = ("live", "a", "b", "c")
EXPRESSIONS = st.recursive(
    st.sampled_from(NAMES),
    lambda inner: st.one_of(
        inner.map("not ({})".format),
        inner.map("not {}".format),
        st.lists(inner, min_size=2, max_size=3).map(" and ".join),
        st.lists(inner, min_size=2, max_size=3).map(" or ".join),
        inner.map("({})".format),
    ),
    max_leaves=12,
)


@given(EXPRESSIONS)
def test_the_answer_is_the_one_of_trying_every_combination(expression: str) -> None:
    """Markers a, b, c present or not: Python's own operators bind as pytest's do."""
    possible = any(
        eval(expression, {"live": False, **dict(zip(NAMES[1:], values, strict=True))})
        for values in product((True, False), repeat=3)
    )
    assert cannot_hold_without(expression, "live") is (not possible)
