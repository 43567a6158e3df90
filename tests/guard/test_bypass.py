"""What reached the account beside the relay is found, and what went through it is not."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_ibkr.guard.bypass import Bypass, bypasses
from pytest_ibkr.guard.trades import Baseline, Present
from tests.guard.account_facts import QQQ, SPY, fill, held, sent, works

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
    assert str(found) == (
        "an order bypassed the relay: BOT 1 SPY at 750 by client 9 as order 1 (execution a.1.01)\n"
        "  state: it is on the account and was not checked by anything\n"
        "  fix:   send everything to the host and port the test was given; close what it left by"
        " hand, and trade on this account by nothing else during a run"
    )


def only(present: Present, start: Baseline = START) -> Bypass:
    """The one thing that is found beside a forwarded purchase of 3 SPY."""
    [found] = bypasses(start, present, [sent(3)])
    return found


@pytest.mark.parametrize(
    ("client_id", "order_id", "who"),
    [
        (0, 0, "hand in TWS"),
        (0, -1, "hand in TWS"),
        (0, 1, "client 0 as order 1"),
        (1, 0, "client 1 as order 0"),
        (9, -1, "client 9 as order -1"),
        (7201, 5, "client 7201 as order 5"),
    ],
)
def test_it_says_who_did_it(client_id: int, order_id: int, who: str) -> None:
    by = {"client_id": client_id, "order_id": order_id}
    traded = only(Present((held(1),), (fill(-1, **by),)))
    assert traded == Bypass("execution", f"SLD 1 SPY at 750 by {who} (execution a.1.01)", 1)
    working = only(Present((held(2),), (), (works(-2, **by),)))
    assert working == Bypass("open order", f"SELL 2 SPY LMT works, placed by {who}", 1)


def test_it_says_what_a_changed_order_was() -> None:
    was = "forwarded was order 1 of client 7201 (BUY 3 SPY MKT)"
    working = only(Present((held(2),), (), (works(9),)))
    assert working == Bypass("changed order", f"BUY 9 SPY LMT works, {was}", 1)
    traded = only(Present((held(6),), (fill(4),)))
    assert traded == Bypass("changed order", f"+4 SPY was filled, {was}", 1)
    turned = only(Present((held(1),), (fill(-1),)))
    assert turned == Bypass("changed order", f"-1 SPY was filled, {was}", 1)


def test_it_says_how_a_position_moved() -> None:
    moved = only(Present((held(9),), (fill(1),)))
    text = "the position in SPY went from 2 to 9, executions explain +1"
    assert moved == Bypass("position", text, 1)
    gone = only(Present())
    text = "the position in conId 1 went from 2 to 0, executions explain +0"
    assert gone == Bypass("position", text, 1)
    new = only(Present((held(2), held(-4, QQQ))))
    text = "the position in QQQ went from 0 to -4, executions explain +0"
    assert new == Bypass("position", text, 2)
    unseen = only(Present((held(2),), (fill(1),)))
    text = "the position in SPY went from 2 to 2, executions explain +1"
    assert unseen == Bypass("position", text, 1)


def test_nothing_hides_behind_something_else() -> None:
    combo = replace(sent(1), contract=replace(SPY, sec_type="BAG", con_id=0))
    fills = (
        fill(1, exec_id="a.1.01", client_id=9),
        fill(1, exec_id="b.1.01"),
        fill(4, exec_id="c.1.01", order_id=2),
    )
    orders = (works(1, client_id=8), works(1, order_id=7), works(9, order_id=2))
    present = Present((held(8), held(1, QQQ)), fills, orders)
    assert kinds(present, combo, sent(3, order_id=2)) == [
        *("execution", "changed order", "open order", "open order", "changed order", "position")
    ]


def test_the_fills_of_one_order_are_added_up() -> None:
    parts = (fill(2, exec_id="a.1.01"), fill(2, exec_id="b.1.01"))
    assert only(Present((held(6),), parts)).what.startswith("+4 SPY was filled, forwarded was")
    assert kinds(Present((held(5),), (fill(1, exec_id="b.1.01"), *parts[:1])), sent(3)) == []


def test_an_execution_that_was_taken_back_is_no_bypass() -> None:
    broken = (fill(3), fill(0, exec_id="a.1.02"))
    assert kinds(Present((held(2),), broken), sent(3)) == []


def test_the_same_contract_bought_again_by_another_order_is_another_order() -> None:
    fills = (fill(3), fill(3, exec_id="b.1.01", order_id=2))
    assert kinds(Present((held(8),), fills), sent(3), sent(3, order_id=2)) == []


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
