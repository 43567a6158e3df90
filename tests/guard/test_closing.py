"""Orders of a closing run only reduce positions, whatever comes in whatever order."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_ibkr.guard.decision import Allow, Refuse
from pytest_ibkr.wire.messages.account import Position
from pytest_ibkr.wire.messages.order import CancelOrder
from tests.guard.bench import ACCOUNT, CALL, CLOSE_S, FIRST_ID, SPY, Bench, limits, order, status


def closing(position: int = 5, *, contract: Any = CALL) -> Bench:
    made = Bench()
    made.run.mode = "close"
    made.client = made.connect()
    held(made, position, contract=contract)
    made.quote(contract, 1.0, 1.1)
    return made


def held(made: Bench, position: int, *, contract: Any = CALL) -> None:
    made.hear(
        Position(account=ACCOUNT, contract=contract, position=Decimal(position),
                 average_cost=Decimal(1))
    )  # fmt: skip


def sell(order_id: int = FIRST_ID, quantity: int = 1, **changes: Any) -> Any:
    usual = {"contract": CALL, "action": "SELL", "limit_price": Decimal(1)}
    return order(order_id, quantity=Decimal(quantity), **usual | changes)


def test_no_test_need_run_to_close() -> None:
    made = closing()
    made.run.open_ledger = True
    assert made.rule(sell(quantity=5)) is None
    placed = made.run.orders.get(7001, FIRST_ID)
    assert placed is not None
    assert placed.test == ""


def test_a_position_is_not_closed_twice_over() -> None:
    made = closing(5)
    decision = made.send(sell(quantity=6))
    assert isinstance(decision, Refuse)
    assert decision.rule == "order.position"
    assert decision.request_id == FIRST_ID
    assert decision.reason == ("SELL 6 would not just reduce a position: 5 are left to close")


@pytest.mark.parametrize(
    ("position", "action", "rule"),
    [
        (5, "SELL", None),
        (5, "BUY", "order.position"),
        (-5, "BUY", None),
        (-5, "SELL", "order.position"),
        (0, "SELL", "order.position"),
        (0, "BUY", "order.position"),
    ],
)
def test_only_the_other_side_closes(position: int, action: str, rule: str | None) -> None:
    decision = closing(position).send(sell(action=action))
    assert (decision.rule if isinstance(decision, Refuse) else None) == rule
    if isinstance(decision, Refuse):
        assert decision.reason.endswith("a position: 0 are left to close")


@pytest.mark.parametrize(("position", "action"), [(5, "SELL"), (-5, "BUY")])
def test_all_that_is_held_is_closed_and_not_one_more(position: int, action: str) -> None:
    assert closing(position).rule(sell(quantity=6, action=action)) == "order.position"
    assert closing(position).rule(sell(quantity=5, action=action)) is None


def test_the_refusal_says_how_much_is_left() -> None:
    decision = closing(1).send(sell(quantity=2))
    assert isinstance(decision, Refuse)
    assert decision.reason.endswith("1 are left to close")


def test_all_working_orders_count_against_what_is_held_by_now() -> None:
    made = closing(10)
    held(made, 5)
    assert made.rule(sell(quantity=2)) is None
    assert made.rule(sell(FIRST_ID + 1, quantity=2)) is None
    assert made.rule(sell(FIRST_ID + 2, quantity=2)) == "order.position"
    assert made.rule(sell(FIRST_ID + 2, quantity=1)) is None


def test_a_contract_nobody_said_is_held_is_not_closed() -> None:
    made = closing()
    made.quote(SPY, 1.0, 1.1)
    assert made.rule(sell(contract=SPY)) == "order.position"


def test_a_contract_without_its_id_is_not_closed() -> None:
    made = closing(contract=replace(CALL, con_id=0))
    assert made.rule(sell(contract=replace(CALL, con_id=0))) == "order.position"


def test_working_orders_take_their_share() -> None:
    made = closing(5)
    assert made.rule(sell(quantity=3)) is None
    assert made.rule(sell(FIRST_ID + 1, quantity=3)) == "order.position"
    assert made.rule(sell(FIRST_ID + 1, quantity=2)) is None


def test_an_order_may_be_changed_up_to_all_that_is_held() -> None:
    made = closing(5)
    assert made.rule(sell(quantity=3)) is None
    assert made.rule(sell(quantity=5)) is None
    assert made.rule(sell(quantity=6)) == "order.position"


def test_the_same_number_of_another_client_is_another_order() -> None:
    made = closing(5)
    second = made.connect(7002, connection=2)
    assert made.rule(sell(quantity=3)) is None
    assert made.rule(sell(quantity=3), client=second) == "order.position"
    assert made.rule(sell(quantity=2), client=second) is None


def test_orders_of_other_contracts_take_nothing() -> None:
    made = closing(5)
    held(made, 100, contract=SPY)
    made.quote(SPY, 1.0, 1.1, request_id=2)
    assert made.rule(sell(quantity=50, contract=SPY)) is None
    assert made.rule(sell(FIRST_ID + 1, quantity=5)) is None


def test_a_fill_counts_before_the_position_follows() -> None:
    made = closing(5)
    assert made.rule(sell(quantity=3)) is None
    made.hear(status(word="Filled", filled=Decimal(3)))
    assert made.rule(sell(FIRST_ID + 1, quantity=3)) == "order.position"
    held(made, 2)
    assert made.rule(sell(FIRST_ID + 1, quantity=3)) == "order.position"
    assert made.rule(sell(FIRST_ID + 1, quantity=2)) is None


def test_the_position_counts_before_the_fill_follows() -> None:
    made = closing(5)
    assert made.rule(sell(quantity=3)) is None
    held(made, 2)
    assert made.rule(sell(FIRST_ID + 1, quantity=1)) == "order.position"
    made.hear(status(word="Filled", filled=Decimal(3)))
    assert made.rule(sell(FIRST_ID + 1, quantity=2)) is None


def test_a_cancelled_order_gives_back_what_it_did_not_trade() -> None:
    made = closing(5)
    assert made.rule(sell(quantity=5)) is None
    made.hear(status(word="Cancelled", filled=Decimal(1)))
    held(made, 4)
    assert made.rule(sell(FIRST_ID + 1, quantity=5)) == "order.position"
    assert made.rule(sell(FIRST_ID + 1, quantity=4)) is None


def test_what_somebody_else_closes_meanwhile_is_not_closed_again() -> None:
    made = closing(5)
    held(made, 1)
    assert made.rule(sell(quantity=2)) == "order.position"
    assert made.rule(sell(quantity=1)) is None


def test_what_is_bought_meanwhile_stays() -> None:
    made = closing(5)
    held(made, 9)
    assert made.rule(sell(quantity=6)) == "order.position"


def test_the_other_limits_hold_too() -> None:
    made = closing(50)
    assert made.rule(sell(quantity=11)) == "order.size"
    assert made.rule(sell(tif="GTC")) == "order.tif"
    assert limits(made, notional_usd=Decimal(100)).rule(sell(quantity=2)) == "order.notional"
    made = closing()
    made.run.expected_account = None
    assert made.rule(sell()) == "account.unnamed"


def test_closing_goes_on_to_the_very_close() -> None:
    made = closing()
    made.now_s = CLOSE_S - 1
    assert made.rule(sell()) is None
    made.now_s = CLOSE_S
    assert made.rule(sell(FIRST_ID + 1)) == "order.market-closed"


def test_a_closing_run_cancels_every_order_of_its_client_id() -> None:
    assert closing().rule(CancelOrder(order_id=3)) is None


STEPS = st.lists(
    st.tuples(st.sampled_from(["BUY", "SELL"]), st.integers(1, 8), st.integers(0, 8)), max_size=12
)


@given(st.integers(-8, 8), STEPS)
def test_no_sequence_of_closing_orders_goes_through_zero(
    position: int, steps: list[tuple[str, int, int]]
) -> None:
    made, now = closing(position), position
    for number, (action, quantity, fills) in enumerate(steps):
        decision = made.send(sell(FIRST_ID + number, quantity, action=action))
        if isinstance(decision, Allow):
            traded = min(quantity, fills)
            now += traded if action == "BUY" else -traded
            word = "Filled" if traded == quantity else "Submitted"
            made.hear(status(FIRST_ID + number, word, filled=Decimal(traded)))
            if fills % 2:
                held(made, now)
        assert 0 <= now * (1 if position > 0 else -1) <= abs(position)
