"""What a cleanup may trade: never more than the run did, never what somebody else traded."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_ibkr.guard.flatten import Left, Plan, Trade, plan, unaccounted
from pytest_ibkr.guard.trades import Baseline, Present
from pytest_ibkr.wire.messages.contract import Contract
from tests.guard.account_facts import QQQ, SPY, fill, held, sent

OPTION = {
    "symbol": "SPY",
    "sec_type": "OPT",
    "expiry": "20260717",
    "strike": 600.0,
    "right": "C",
}
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


@pytest.mark.parametrize(("traded", "action"), [(1, "SELL"), (-1, "BUY")])
def test_a_single_share_is_brought_back_too(traded: int, action: str) -> None:
    trade = decided(0, traded, fill(traded))
    assert trade == Trade(SPY, action, Decimal(1), target=Decimal(0))
    assert str(trade) == f"{action} 1 SPY"


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
    assert left == Left(
        SPY,
        "somebody else traded it during this run (+1 beside this run's +3); the position is 4,"
        " it was 0",
        "look at the position in TWS and close by hand what you do not want",
        settles=False,
    )
    assert str(left) == f"SPY stays as it is: {left.reason}\n  fix:   {left.fix}"
    assert left.settles is False


def test_a_direct_client_under_the_runs_own_client_id_is_somebody_else() -> None:
    left = decided(0, 4, fill(3), fill(1, exec_id="z.1.01", order_id=99))
    assert isinstance(left, Left)


def test_a_position_that_executions_do_not_explain_is_left() -> None:
    left = decided(0, 2, fill(3))
    assert left == Left(
        SPY,
        "this run's executions come to +3, but the position went from 0 to 2: something else"
        " changed it (expiry, exercise, a transfer, another program)",
        "look at the position in TWS and close by hand what you do not want",
        settles=True,
    )


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


def test_contracts_are_decided_one_by_one_by_their_id() -> None:
    fills = (
        fill(4, exec_id="q.1.01", contract=QQQ),
        fill(2, exec_id="t.1.01", client_id=9),
        fill(1, exec_id="r.1.01", contract=QQQ),
    )
    both = Present((held(2), held(5, QQQ)), fills)
    assert plan(Baseline(), both, OURS) == Plan((Trade(QQQ, "SELL", Decimal(5), Decimal(0)),))
    own = Present((held(2), held(5, QQQ)), (*fills[::2], fill(2, exec_id="t.1.01")))
    assert [each.contract for each in plan(Baseline(), own, OURS).trades] == [SPY, QQQ]


def untold(contract: Contract, moved: str, explained: str, *orders: str) -> Left:
    """What is said of a position that an order of the run may have moved."""
    return Left(
        contract,
        f"the position went {moved}, the executions that are still listed explain {explained},"
        f" and what became of {', '.join(orders)} is not told any more",
        "look at the position in TWS and close by hand what you do not want",
        settles=True,
        unknown=True,
    )


FIRST, SECOND = "order 1 of client 7201 (BUY 3 SPY MKT)", "order 2 of client 7201 (SELL 1 SPY MKT)"


def test_a_position_only_an_untold_order_explains_is_reported() -> None:
    present = Present((held(3), held(1, QQQ)))
    orders = (sent(3), sent(-1, order_id=2))
    found = unaccounted(Baseline({2: Decimal(1)}), present, orders)
    assert found == (untold(SPY, "from 0 to 3", "+0", FIRST, SECOND),)


def test_a_position_that_is_gone_is_reported_by_its_id() -> None:
    found = unaccounted(Baseline({1: Decimal(5)}), Present(), [sent(3)])
    assert found == (untold(Contract(con_id=1), "from 5 to 0", "+0", FIRST),)


def test_executions_of_others_explain_their_part_in_their_contract() -> None:
    others = (
        fill(1, client_id=9, exec_id="a.1.01"),
        fill(4, client_id=9, exec_id="b.1.01", contract=QQQ),
    )
    [left] = unaccounted(Baseline(), Present((held(4), held(4, QQQ)), others), [sent(3)])
    assert left == untold(SPY, "from 0 to 4", "+1", FIRST)
    assert unaccounted(Baseline(), Present((held(1),), others[:1]), [sent(3)]) == ()


def test_an_order_whose_executions_are_listed_is_no_suspect() -> None:
    elsewhere = (fill(3, contract=QQQ),)
    present = Present((held(7), held(3, QQQ)), elsewhere)
    assert unaccounted(Baseline(), present, [sent(3)]) == ()
    found = unaccounted(Baseline(), present, [sent(3), sent(-1, order_id=2)])
    assert found == (untold(SPY, "from 0 to 7", "+0", SECOND),)


def test_a_position_that_did_not_move_is_no_matter() -> None:
    assert unaccounted(Baseline({1: Decimal(2)}), Present((held(2),)), [sent(3)]) == ()


def test_a_contract_in_which_the_run_has_executions_is_for_the_plan() -> None:
    present = Present((held(7),), (fill(3),))
    assert unaccounted(Baseline(), present, [sent(3), sent(-1, order_id=2)]) == ()


def test_an_order_of_another_contract_is_no_suspect() -> None:
    assert unaccounted(Baseline(), Present((held(3),)), [sent(3, contract=QQQ)]) == ()


def test_untold_positions_come_by_their_id() -> None:
    present = Present((held(2, QQQ), held(3)))
    found = unaccounted(Baseline(), present, [sent(3), sent(2, order_id=2, contract=QQQ)])
    assert [left.contract for left in found] == [SPY, QQQ]
    assert not any(left.unknown for left in plan(Baseline(), present, OURS).left)


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
