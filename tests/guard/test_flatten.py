"""What a cleanup may trade: never more than the run did, never what somebody else traded."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from pytest_ibkr.guard.flatten import Left, plan
from pytest_ibkr.guard.trades import Baseline, Present
from tests.guard.account_facts import fill, held

OURS = {(7201, 1), (7201, 2)}


def decided(start: int, now: int, *fills, known: frozenset[str] = frozenset()):
    """The one decision about SPY."""
    baseline = Baseline({1: Decimal(start)} if start else {}, known)
    found = plan(baseline, Present((held(now),), tuple(fills)), OURS)
    both = (*found.trades, *found.left)
    assert len(both) <= 1
    return both[0] if both else None


def test_what_the_run_bought_is_sold() -> None:
    trade = decided(0, 3, fill(3))
    assert (trade.action, trade.quantity, trade.target) == ("SELL", Decimal(3), Decimal(0))


def test_what_the_user_held_before_stays() -> None:
    trade = decided(5, 7, fill(2))
    assert (trade.action, trade.quantity, trade.target) == ("SELL", Decimal(2), Decimal(5))


def test_what_the_run_sold_of_the_users_is_bought_back() -> None:
    trade = decided(5, 1, fill(-4))
    assert (trade.action, trade.quantity, trade.target) == ("BUY", Decimal(4), Decimal(5))


def test_a_run_that_closed_what_it_opened_trades_nothing() -> None:
    assert decided(5, 5, fill(2, exec_id="a.1.01"), fill(-2, exec_id="b.1.01")) is None


def test_a_contract_somebody_else_traded_is_left() -> None:
    left = decided(0, 4, fill(3), fill(1, exec_id="z.1.01", client_id=9))
    assert isinstance(left, Left)
    assert not left.settles
    assert "somebody else traded it during this run (+1 beside this run's +3)" in left.reason


def test_a_direct_client_under_the_runs_own_client_id_is_somebody_else() -> None:
    left = decided(0, 4, fill(3), fill(1, exec_id="z.1.01", order_id=99))
    assert isinstance(left, Left)


def test_a_position_that_executions_do_not_explain_is_left() -> None:
    left = decided(0, 2, fill(3))
    assert isinstance(left, Left)
    assert left.settles
    assert "come to +3, but the position went from 0 to 2" in left.reason


def test_executions_of_before_the_run_do_not_count() -> None:
    trade = decided(
        0, 3, fill(3), fill(7, exec_id="old.1.01", client_id=9), known=frozenset({"old.1"})
    )
    assert trade.quantity == Decimal(3)


def test_a_correction_replaces_what_it_corrects() -> None:
    trade = decided(0, 2, fill(3, exec_id="a.1.01"), fill(2, exec_id="a.1.02"))
    assert trade.quantity == Decimal(2)


def test_a_late_correction_of_an_old_execution_is_old() -> None:
    late = fill(7, exec_id="old.1.02", client_id=9)
    assert decided(0, 3, fill(3), late, known=frozenset({"old.1"})).quantity == Decimal(3)


def test_a_side_that_is_neither_stops_the_contract() -> None:
    assert isinstance(decided(0, 3, fill(3, side="???")), Left)


def test_a_contract_only_others_traded_is_no_business_of_the_run() -> None:
    assert decided(0, 4, fill(4, client_id=9)) is None


@given(
    start=st.integers(-20, 20),
    drift=st.integers(-5, 5),
    traded=st.lists(st.tuples(st.integers(-9, 9).filter(bool), st.booleans()), max_size=6),
)
def test_never_more_than_the_run_did_and_never_through_the_start(start, drift, traded) -> None:
    fills = [
        fill(quantity, exec_id=f"{i}.1.01", client_id=7201 if own else 9)
        for i, (quantity, own) in enumerate(traded)
    ]
    now = start + drift + sum(quantity for quantity, _ in traded)
    found = decided(start, now, *fills)
    if found is None or isinstance(found, Left):
        return
    opened = sum(quantity for quantity, own in traded if own)
    signed = found.quantity if found.action == "BUY" else -found.quantity
    assert all(own for _, own in traded)
    assert signed == -opened
    assert now + signed == start
