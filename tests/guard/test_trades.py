"""What happened on an account is told apart, netted and named as people name it."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from itertools import permutations

import pytest

from pytest_ibkr.guard.trades import (
    Baseline,
    Present,
    described,
    may_be_same,
    net,
    new_fills,
    root,
    signed,
)
from pytest_ibkr.wire.messages.contract import Contract
from tests.guard.account_facts import QQQ, SPY, fill, held, sent, works

COMBO = Contract(con_id=9, symbol="SPY", sec_type="BAG")


def shares(*exec_ids: str) -> list[int]:
    """Of executions of 1, 2, 3 ... shares under these ids: how many shares count."""
    fills = [fill(number, exec_id=each) for number, each in enumerate(exec_ids, 1)]
    return [int(each.shares) for each in new_fills(fills, Baseline())]


def test_a_new_version_of_an_order_knows_all_before_it() -> None:
    first, second, third = sent(1), sent(5), sent(2)
    assert first.after(None) is first
    assert third.after(second.after(first)) == replace(third, earlier=(Decimal(1), Decimal(5)))


def test_an_order_is_named_by_its_client_and_number() -> None:
    assert sent(1, order_id=4).key == (7201, 4)
    assert str(sent(-3, order_id=4)) == "order 4 of client 7201 (SELL 3 SPY MKT)"
    assert str(replace(sent(3), order_type="")) == "order 1 of client 7201 (BUY 3 SPY)"


def test_a_position_is_the_sum_of_what_is_held_of_the_contract() -> None:
    present = Present((held(3), held(7, QQQ), held(-1)))
    assert present.position(1) == Decimal(2)
    assert isinstance(present.position(5), Decimal)
    assert present.position(5) == 0


@pytest.mark.parametrize(
    ("exec_id", "common"),
    [("0001.65a1.01.02", "0001.65a1.01"), ("a.1", "a"), ("plain", "plain"), (".1", ".1"), ("", "")],
)
def test_corrections_have_all_but_their_last_part_in_common(exec_id: str, common: str) -> None:
    assert root(exec_id) == common


@pytest.mark.parametrize(
    "exec_ids",
    [
        *(("a.1.01", "a.1.02", "a.1.03"), ("a.1.8", "a.1.9", "a.1.10")),
        *(("a.1.x", "a.1.01"), ("a.1.\u00b2", "a.1.01"), ("a.1." + "9" * 5000, "a.1.1")),
    ],
)
def test_of_a_corrected_execution_the_last_correction_counts(exec_ids: tuple[str, ...]) -> None:
    last = exec_ids[-1]
    for order in permutations(exec_ids):
        assert shares(*order) == [order.index(last) + 1]


def test_of_equal_corrections_the_one_heard_last_counts() -> None:
    assert shares("a.1.01", "a.1.01") == [2]
    assert shares("a.1.1", "a.1.01") == [2]


def test_other_executions_stay_beside_it() -> None:
    assert shares("a.1.01", "a.2.01", "b.1.01") == [1, 2, 3]


def test_what_was_there_before_and_the_row_of_a_combination_are_passed_over() -> None:
    fills = (
        fill(1, exec_id="old.1.02"),
        fill(2, exec_id="c.1.01", contract=COMBO),
        fill(3, exec_id="d.1.01"),
    )
    assert new_fills(fills, Baseline(executions=frozenset({"old.1"}))) == fills[2:]


def test_what_is_bought_is_above_zero_and_what_is_sold_below() -> None:
    assert signed(fill(2)) == Decimal(2)
    assert signed(fill(-2)) == Decimal(-2)
    assert signed(fill(2, side="bot")) == 0
    assert net([fill(5), fill(-2)]) == Decimal(3)


def test_nothing_comes_to_a_decimal_too() -> None:
    assert isinstance(net([]), Decimal)
    assert net([]) == 0


OPTION = Contract(
    con_id=3,
    symbol="SPY",
    sec_type="OPT",
    expiry="20260717",
    strike=755.0,
    right="C",
    local_symbol="SPY   260717C00755000",
)


@pytest.mark.parametrize(
    "changes",
    [
        *({"con_id": 0}, {"symbol": ""}, {"sec_type": ""}, {"expiry": ""}, {"strike": 0.0}),
        *({"right": ""}, {"right": "CALL"}, {"currency": "EUR"}),
    ],
)
def test_what_is_not_said_of_a_contract_fits(changes: dict[str, object]) -> None:
    said = replace(OPTION, con_id=0)
    assert may_be_same(replace(said, **changes), OPTION)
    assert may_be_same(said, replace(OPTION, **changes))


@pytest.mark.parametrize(
    "changes",
    [
        *({"symbol": "QQQ"}, {"sec_type": "FOP"}, {"expiry": "20260724"}, {"strike": 760.0}),
        {"right": "P"},
    ],
)
def test_what_is_said_of_a_contract_must_fit(changes: dict[str, object]) -> None:
    other = replace(OPTION, **changes)
    assert not may_be_same(replace(OPTION, con_id=0), other)
    assert not may_be_same(OPTION, replace(other, con_id=0))
    assert may_be_same(OPTION, other)


@pytest.mark.parametrize(
    "changes",
    [{"expiry": "202607"}, {"right": "CALL"}, {"right": "c"}, {"symbol": "spy"}],
)
def test_what_is_said_in_another_way_fits(changes: dict[str, object]) -> None:
    """An order of this run that is taken for another would be left working."""
    assert may_be_same(replace(OPTION, con_id=0, **changes), OPTION)


def test_ids_decide_where_both_are_known() -> None:
    assert may_be_same(SPY, replace(QQQ, con_id=1))
    assert not may_be_same(SPY, replace(SPY, con_id=2))


def test_only_options_have_an_expiry_a_right_and_a_strike_to_fit() -> None:
    said = replace(SPY, con_id=0, expiry="20260717", right="C", strike=755.0)
    assert may_be_same(said, replace(said, expiry="20260724", right="P", strike=760.0))


def test_an_order_is_listed_as_it_was_or_as_an_earlier_version() -> None:
    order = sent(3).after(sent(5))
    assert order.is_listed_as(works(3))
    assert order.is_listed_as(works(5))
    assert not order.is_listed_as(works(4))
    assert not order.is_listed_as(works(-3))
    assert not order.is_listed_as(replace(works(3), contract=QQQ))


@pytest.mark.parametrize(
    ("contract", "name"),
    [
        (SPY, "SPY"),
        (OPTION, "SPY 20260717 C 755"),
        (replace(OPTION, sec_type="FOP", strike=752.5, right="P"), "SPY 20260717 P 752.5"),
        (Contract(con_id=4, local_symbol="ESU6", sec_type="FUT"), "ESU6"),
        (Contract(con_id=4, symbol="ES", local_symbol="ESU6", sec_type="FUT"), "ES"),
        (Contract(con_id=4), "conId 4"),
    ],
)
def test_contracts_are_named_as_people_name_them(contract: Contract, name: str) -> None:
    assert described(contract) == name
