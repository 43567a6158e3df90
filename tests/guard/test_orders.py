"""One order, one thing wrong with it, one rule that says so."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from pytest_ibkr.guard import notional, orders
from pytest_ibkr.guard.decision import Allow, Refuse
from pytest_ibkr.wire.messages.contract import Contract
from pytest_ibkr.wire.messages.session import ManagedAccounts, NextValidId, StartApi
from tests.guard.bench import (
    ACCOUNT,
    CALL,
    FIRST_ID,
    LIVE,
    OTHER,
    SPY,
    Bench,
    bench,
    echo,
    limits,
    status,
)
from tests.guard.bench import order as one


def contract(**changes: Any) -> Contract:
    named = {name: getattr(SPY, name) for name in SPY.__dataclass_fields__}
    return Contract(**named | changes)


def option(**changes: Any) -> Contract:
    named = {name: getattr(CALL, name) for name in CALL.__dataclass_fields__}
    return Contract(**named | changes)


REFUSED = [
    pytest.param({"order_type": "LIT"}, "order.type", id="another-type"),
    pytest.param({"order_type": "lmt"}, "order.type", id="a-type-in-small-letters"),
    pytest.param({"order_type": "STPLMT"}, "order.type", id="another-name-of-a-type"),
    pytest.param({"order_type": "MOC"}, "order.type", id="market-on-close"),
    pytest.param({"order_type": ""}, "order.type", id="no-type"),
    pytest.param({"order_type": "LMT "}, "order.type", id="a-type-with-a-blank"),
    pytest.param({"tif": "GTC"}, "order.tif", id="good-till-cancelled"),
    pytest.param({"tif": "GTD"}, "order.tif", id="good-till-date"),
    pytest.param({"tif": "OPG"}, "order.tif", id="at-the-opening"),
    pytest.param({"tif": ""}, "order.tif", id="no-time-in-force"),
    pytest.param({"tif": "day"}, "order.tif", id="time-in-force-in-small-letters"),
    pytest.param({"action": "SSHORT"}, "order.action", id="short-sale-by-name"),
    pytest.param({"action": "buy"}, "order.action", id="side-in-small-letters"),
    pytest.param({"action": ""}, "order.action", id="no-side"),
    pytest.param({"account": OTHER}, "order.account", id="another-account"),
    pytest.param({"account": LIVE}, "order.account", id="a-live-account"),
    pytest.param({"parent_id": 999}, "order.parent", id="a-parent-nobody-placed-here"),
    pytest.param({"parent_id": -1}, "order.parent", id="a-parent-of-the-users"),
    pytest.param({"parent_id": FIRST_ID}, "order.parent", id="its-own-parent"),
    pytest.param({"fa_group": "All"}, "order.field", id="a-group-of-accounts"),
    pytest.param({"clearing_account": "x"}, "order.field", id="a-clearing-account"),
    pytest.param({"contract": contract(sec_type="")}, "order.security-type", id="no-sec-type"),
    pytest.param({"contract": contract(sec_type="FUT")}, "order.security-type", id="a-future"),
    pytest.param({"contract": contract(sec_type="BAG")}, "order.security-type", id="a-combo"),
    pytest.param({"contract": contract(sec_type="CASH")}, "order.security-type", id="forex"),
    pytest.param({"contract": contract(sec_type="stk")}, "order.security-type", id="small-stk"),
    pytest.param({"contract": contract(currency="EUR")}, "order.currency", id="euros"),
    pytest.param({"contract": contract(currency="")}, "order.currency", id="no-currency"),
    pytest.param({"contract": contract(multiplier="100")}, "order.multiplier", id="stock-of-100"),
    pytest.param({"contract": option(multiplier="10")}, "order.multiplier", id="mini-option"),
    pytest.param({"contract": option(multiplier="1")}, "order.multiplier", id="option-of-1"),
    pytest.param({"quantity": Decimal(0)}, "order.quantity", id="nothing"),
    pytest.param({"quantity": Decimal(-1)}, "order.quantity", id="less-than-nothing"),
    pytest.param({"quantity": Decimal("0.5")}, "order.quantity", id="half-a-share"),
    pytest.param({"quantity": Decimal("1.5")}, "order.quantity", id="one-and-a-half"),
    pytest.param({"quantity": Decimal(101)}, "order.size", id="one-share-too-many"),
    pytest.param(
        {"contract": CALL, "quantity": Decimal(11)}, "order.size", id="one-contract-too-many"
    ),
    pytest.param({"limit_price": None}, "order.price", id="a-limit-order-without-limit"),
    pytest.param({"order_type": "MKT"}, "order.quote", id="a-market-order-without-quote"),
    pytest.param({"limit_price": Decimal("25000.01")}, "order.notional", id="too-dear"),
]

ALLOWED = [
    pytest.param({}, id="a-limit-order"),
    pytest.param({"tif": "IOC"}, id="immediate-or-cancel"),
    pytest.param({"tif": "FOK"}, id="fill-or-kill"),
    pytest.param({"account": ACCOUNT}, id="the-verified-account-by-name"),
    pytest.param({"quantity": Decimal(100)}, id="a-hundred-shares"),
    pytest.param({"contract": CALL, "quantity": Decimal(1)}, id="an-option"),
    pytest.param({"contract": option(multiplier="")}, id="an-option-without-multiplier"),
    pytest.param(
        {"contract": CALL, "quantity": Decimal(10), "limit_price": Decimal(25)},
        id="ten-contracts-for-all-that-may-be-spent",
    ),
    pytest.param({"limit_price": Decimal(25000)}, id="all-that-may-be-spent"),
    pytest.param({"oca_group": "mine", "oca_type": 1}, id="a-group-of-its-own"),
    pytest.param({"transmit": False}, id="an-order-that-waits"),
    pytest.param({"outside_rth": True, "order_ref": "a test's"}, id="outside-regular-hours"),
    pytest.param({"order_type": "STP LMT", "aux_price": Decimal(190)}, id="a-stop-limit-order"),
]


@pytest.mark.parametrize(("changes", "rule"), REFUSED)
def test_an_order_with_one_thing_wrong_is_refused(changes: dict[str, Any], rule: str) -> None:
    decision = bench().send(one(**changes))
    assert isinstance(decision, Refuse)
    assert decision.rule == rule
    assert decision.request_id == FIRST_ID
    assert decision.code == 321
    assert not decision.hang_up


@pytest.mark.parametrize("changes", ALLOWED)
def test_an_order_within_every_limit_passes(changes: dict[str, Any]) -> None:
    order = one(**changes)
    assert bench().send(order) == Allow(order)


@pytest.mark.parametrize(
    ("contract", "quantity", "reason"),
    [
        (SPY, 101, "101 shares are more than the 100 of one order"),
        (CALL, 11, "11 contracts are more than the 10 of one order"),
    ],
)
def test_a_size_is_told_in_shares_or_contracts(
    contract: Contract, quantity: int, reason: str
) -> None:
    decision = bench().send(one(contract=contract, quantity=Decimal(quantity)))
    assert isinstance(decision, Refuse)
    assert decision.reason == reason


def test_what_may_be_said_is_this_and_nothing_else() -> None:
    assert notional.TYPES == ("MKT", "LMT", "STP", "STP LMT", "TRAIL")
    assert orders.TIMES_IN_FORCE == ("DAY", "IOC", "FOK")
    assert orders.ACTIONS == ("BUY", "SELL")
    assert dict(notional.MULTIPLIERS) == {"STK": 1, "OPT": 100}
    assert orders.HIGHEST_ID == 2**31 - 2


# ------------------------------------------------------------------ order ids


@pytest.mark.parametrize("order_id", [FIRST_ID, FIRST_ID + 1, 5000, 2**31 - 2])
def test_a_new_order_id_is_one_from_nextvalidid_on(order_id: int) -> None:
    assert bench().rule(one(order_id)) is None


@pytest.mark.parametrize("order_id", [FIRST_ID - 1, 1, 0, -1, 2**31 - 1, 2**31, 10**12])
def test_any_other_order_id_is_refused(order_id: int) -> None:
    decision = bench().send(one(order_id))
    assert isinstance(decision, Refuse)
    assert decision.rule == "order.id"
    assert decision.reason == f"{order_id} is not a new order id: they begin at {FIRST_ID}"


def test_no_order_id_is_new_before_nextvalidid_came() -> None:
    made = bench()
    made.client.next_order_id = None
    decision = made.send(one())
    assert isinstance(decision, Refuse)
    assert decision.rule == "order.id"
    assert decision.reason.endswith("they begin at nextValidId, which has not come")


def test_nextvalidid_never_goes_back() -> None:
    made = bench()
    made.hear(NextValidId(order_id=5))
    assert made.rule(one(5)) == "order.id"
    made.hear(NextValidId(order_id=20))
    assert made.rule(one(19)) == "order.id"
    assert made.rule(one(20)) is None


def test_an_order_may_be_changed_under_the_id_it_was_placed_with() -> None:
    made = bench()
    assert made.rule(one()) is None
    made.hear(NextValidId(order_id=FIRST_ID + 1))
    assert made.rule(one(limit_price=Decimal(201))) is None
    assert len(made.run.orders) == 1


def test_a_change_is_held_to_the_same_limits() -> None:
    made = bench()
    assert made.rule(one()) is None
    assert made.rule(one(quantity=Decimal(101))) == "order.size"
    assert made.rule(one(limit_price=Decimal(25001))) == "order.notional"
    assert made.rule(one(tif="GTC")) == "order.tif"


@pytest.mark.parametrize("told", [status, echo])
def test_an_order_the_gateway_knows_and_we_do_not_cannot_be_changed(told: Any) -> None:
    made = bench()
    made.hear(told(FIRST_ID + 3))
    decision = made.send(one(FIRST_ID + 3))
    assert isinstance(decision, Refuse)
    assert decision.rule == "order.foreign-id"
    assert decision.reason == f"order {FIRST_ID + 3} exists and was not placed in this run"


def test_an_order_of_another_client_id_is_not_in_the_way() -> None:
    made = bench()
    made.hear(echo(FIRST_ID, client_id=7002))
    assert made.rule(one()) is None


def test_an_order_of_this_run_belongs_to_the_client_id_that_placed_it() -> None:
    made = bench()
    second = made.connect(7002, connection=2)
    assert made.rule(one()) is None
    assert made.rule(one(FIRST_ID + 1, parent_id=FIRST_ID), client=second) == "order.parent"
    assert made.rule(one(FIRST_ID, parent_id=0), client=second) is None


# ------------------------------------------------------------------ parents and groups


def test_a_child_of_an_order_placed_here_passes() -> None:
    made = bench()
    assert made.rule(one(transmit=False)) is None
    assert made.rule(one(FIRST_ID + 1, parent_id=FIRST_ID)) is None


def test_a_group_that_somebody_elses_order_is_in_is_refused() -> None:
    made = bench()
    made.hear(echo(3, client_id=1, oca_group="theirs"))
    assert made.rule(one(oca_group="theirs")) == "order.oca-group"
    assert made.rule(one(oca_group="ours")) is None


def test_a_group_of_this_runs_own_orders_grows() -> None:
    made = bench()
    assert made.rule(one(oca_group="ours")) is None
    made.hear(echo(oca_group="ours"))
    assert made.rule(one(FIRST_ID + 1, oca_group="ours")) is None


# ------------------------------------------------------------------ contracts


def test_a_contract_that_is_something_else_than_it_says_is_refused() -> None:
    made = bench()
    made.run.security_types[SPY.con_id] = "OPT"
    decision = made.send(one())
    assert isinstance(decision, Refuse)
    assert decision.rule == "order.contract"
    assert decision.reason == f"contract {SPY.con_id} is 'OPT', not what it says"
    made.run.security_types[SPY.con_id] = "STK"
    assert made.rule(one()) is None


# ------------------------------------------------------------------ counts


def test_only_so_many_orders_work_at_a_time() -> None:
    made = limits(bench(), working=3)
    for number in range(3):
        assert made.rule(one(FIRST_ID + number)) is None
    decision = made.send(one(FIRST_ID + 3))
    assert isinstance(decision, Refuse)
    assert decision.rule == "order.working"
    assert decision.reason == "3 orders of this run work already"
    assert decision.fix == "cancel some first: 3 may work at a time"
    assert made.rule(one(FIRST_ID + 2, limit_price=Decimal(1))) is None  # a change is no more
    made.hear(status(FIRST_ID, "Cancelled"))
    assert made.rule(one(FIRST_ID + 3)) is None


def test_an_order_that_ended_cannot_be_revived_over_the_limit() -> None:
    made = limits(bench(), working=1)
    assert made.rule(one()) is None
    made.hear(status(FIRST_ID, "Cancelled"))
    assert made.rule(one(FIRST_ID + 1)) is None
    assert made.rule(one()) == "order.working"


def test_only_so_many_orders_are_placed_in_a_run() -> None:
    made = limits(bench(), per_session=2)
    assert made.rule(one()) is None
    assert made.rule(one(FIRST_ID + 1)) is None
    for number in range(2):
        made.hear(status(FIRST_ID + number, "Filled"))
    decision = made.send(one(FIRST_ID + 2))
    assert isinstance(decision, Refuse)
    assert decision.rule == "order.per-session"
    assert decision.reason == "this run placed 2 orders"
    assert decision.fix == "order less often: a run has 2 orders"
    assert made.rule(one(FIRST_ID + 1)) is None


def test_twenty_work_and_two_hundred_are_placed() -> None:
    made = bench()
    for number in range(200):
        assert made.rule(one(FIRST_ID + number)) is None
        if number >= 19:
            assert made.run.orders.working == 20
            assert made.rule(one(FIRST_ID + 500)) in ("order.working", "order.per-session")
            made.hear(status(FIRST_ID + number - 19, "Filled"))
    assert made.run.orders.working == 19
    assert made.rule(one(FIRST_ID + 200)) == "order.per-session"


def test_a_refused_order_is_not_counted() -> None:
    made = limits(bench(), per_session=1)
    assert made.rule(one(tif="GTC")) == "order.tif"
    assert len(made.run.orders) == 0
    assert made.rule(one()) is None


def test_what_was_placed_is_noted_with_its_test_and_moment() -> None:
    made = bench()
    assert made.rule(one()) is None
    [placed] = made.run.orders
    assert (placed.client_id, placed.order_id, placed.test) == (7001, FIRST_ID, "test_orders")
    assert (placed.at_s, placed.message, placed.most) == (made.now_s, one(), Decimal(1))


# ------------------------------------------------------------------ what-if


def test_a_preview_needs_verified_paper_accounts_only() -> None:
    made = Bench()
    made.run.expected_account = None
    made.client = made.connect()
    made.run.market.open = False
    preview = one(-5, what_if=True, order_type="PEG BENCH", tif="GTC", fa_group="All",
                  quantity=Decimal(10**6), account=OTHER)  # fmt: skip
    assert made.rule(preview) is None
    assert len(made.run.orders) == 0


def test_a_preview_before_the_accounts_are_known_is_refused() -> None:
    made = Bench()
    assert made.rule(StartApi(client_id=7001)) is None
    assert made.rule(one(what_if=True)) == "session.unverified"
    made.hear(ManagedAccounts(accounts=ACCOUNT))
    assert made.rule(one(what_if=True)) is None


def test_the_echo_of_a_preview_is_no_order_of_somebody_else() -> None:
    made = bench()
    assert made.rule(one(what_if=True)) is None
    made.hear(echo(word="PreSubmitted", oca_group="grouped"))
    assert made.rule(one(oca_group="grouped")) is None
    made.hear(echo(word="PreSubmitted"))
    assert made.run.orders.working == 1
