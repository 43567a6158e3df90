"""What reached the account beside the relay is found, and what went through it is not."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_ibkr.guard.bypass import bypasses
from pytest_ibkr.guard.trades import Baseline, Present
from tests.guard.account_facts import fill, held, sent, works

START = Baseline({1: Decimal(2)}, frozenset({"old.1"}), frozenset({77}))


def kinds(present: Present, *forwarded, start: Baseline = START) -> list[str]:
    return [each.kind for each in bypasses(start, present, forwarded)]


def test_a_run_whose_every_order_passed_is_clean() -> None:
    present = Present(
        (held(5),),
        (fill(3), fill(9, exec_id="old.1.01", client_id=9)),
        (works(4, order_id=2, perm_id=5), works(1, client_id=9, order_id=9, perm_id=77)),
    )
    assert kinds(present, sent(3), sent(4, order_id=2)) == []


CASES = {
    "a fill of another client": (Present((held(3),), (fill(1, client_id=9),)), ["execution"]),
    "a fill of the same client id by another order": (
        Present((held(3),), (fill(1, order_id=5),)),
        ["execution"],
    ),
    "a fill by hand": (Present((held(3),), (fill(1, client_id=0, order_id=0),)), ["execution"]),
    "an order that works": (Present((held(2),), (), (works(1, client_id=9),)), ["open order"]),
    "an order of the same client id": (
        Present((held(2),), (), (works(1, order_id=5),)),
        ["open order"],
    ),
    "a forwarded order that grew": (Present((held(2),), (), (works(9),)), ["changed order"]),
    "a forwarded order that turned": (Present((held(2),), (), (works(-3),)), ["changed order"]),
    "more filled than was forwarded": (Present((held(6),), (fill(4),)), ["changed order"]),
    "filled on the other side": (Present((held(1),), (fill(-1),)), ["changed order"]),
    "a position nobody explains": (Present((held(9),), ()), ["position"]),
    "a position that went away": (Present((), ()), ["position"]),
    "a round trip that leaves no trace in the position": (
        Present((held(2),), (fill(1, client_id=9), fill(-1, exec_id="b.1.01", client_id=9))),
        ["execution", "execution"],
    ),
}


@pytest.mark.parametrize(("present", "found"), CASES.values(), ids=CASES)
def test_it_is_found(present, found) -> None:
    assert kinds(present, sent(3)) == found


def test_the_text_says_what_happened_and_what_to_do() -> None:
    [found] = bypasses(START, Present((held(3),), (fill(1, client_id=9),)), ())
    assert str(found).startswith("an order bypassed the relay: BOT 1 SPY at 750 by client 9 as")
    assert "fix:" in str(found)


def test_a_change_that_came_too_late_is_no_bypass() -> None:
    smaller = replace(sent(1), earlier=(Decimal(3),))
    assert kinds(Present((held(5),), (fill(3),)), smaller) == []
    assert kinds(Present((held(2),), (), (works(3),)), smaller) == []


def test_legs_of_a_combination_are_the_orders() -> None:
    combo = replace(sent(1), contract=replace(sent(1).contract, sec_type="BAG", con_id=0))
    assert kinds(Present((held(4),), (fill(2),)), combo) == []


@given(
    ours=st.lists(st.integers(-9, 9).filter(bool), max_size=5),
    foreign=st.lists(st.integers(-9, 9).filter(bool), max_size=3),
)
def test_clean_exactly_when_nobody_else_traded(ours, foreign) -> None:
    fills = [fill(q, exec_id=f"o{i}.1.01", order_id=i + 1) for i, q in enumerate(ours)]
    fills += [fill(q, exec_id=f"f{i}.1.01", client_id=9) for i, q in enumerate(foreign)]
    forwarded = [sent(q, order_id=i + 1) for i, q in enumerate(ours)]
    present = Present((held(2 + sum(ours) + sum(foreign)),), tuple(fills))
    assert kinds(present, *forwarded) == ["execution"] * len(foreign)
