"""Exercising an option: checked, then rejected as a paper account's server does."""

from __future__ import annotations

import dataclasses

import pytest

from pytest_ibkr.wire.codec import decode_request, encode
from pytest_ibkr.wire.messages.exercise import ExerciseOptions, OrderBound
from pytest_ibkr.wire.messages.order import OpenOrderEnd, ReqAllOpenOrders
from pytest_ibkr.wire.versions import (
    CUSTOMER_ACCOUNT,
    MANUAL_EXERCISE_TIME,
    NEWEST_TEXT,
    OLDEST,
    PROFESSIONAL_CUSTOMER,
)
from tests.sim.data_bench import SPY, errors, option, peer

ASKED = ExerciseOptions(
    request_id=12,
    contract=option().contract(),
    action=1,
    quantity=1,
    account="DU0000001",
    override=True,
)
REJECTED = "Error processing request.-'bZ' : cause - Exercise/Lapse failed due to server rejection."


@pytest.mark.parametrize("action", [1, 2], ids=["exercise", "lapse"])
def test_a_paper_account_rejects_it_and_nothing_else_happens(action):
    client = peer()
    client.engine.accounts.add_position(option(), 1, average_cost=100)
    found = client.send(dataclasses.replace(ASKED, action=action))
    assert errors(found) == [(12, 322, REJECTED)]
    assert client.engine.accounts.quantities() == {option().con_id: 1}
    assert [type(m) for m in client.send(ReqAllOpenOrders())] == [OpenOrderEnd]


@pytest.mark.parametrize(
    ("changes", "code", "text"),
    [
        ({"action": 3}, 321, "Invalid exercise action"),
        ({"quantity": 0}, 321, "Invalid exercise quantity"),
        ({"account": "DU0000002"}, 321, "Invalid account number"),
        ({"contract": SPY}, 200, "No security definition"),
        ({"contract": dataclasses.replace(SPY, symbol="XYZ")}, 200, "No security definition"),
        ({"contract": dataclasses.replace(SPY, exchange="")}, 321, "Please enter exchange"),
    ],
)
def test_what_cannot_be_exercised_is_refused_before(changes, code, text):
    [(number, got, said)] = errors(peer().send(dataclasses.replace(ASKED, **changes)))
    assert (number, got) == (12, code)
    assert text in said


def test_a_read_only_gateway_refuses_it():
    client = peer()
    client.engine.conditions.read_only = True
    [(number, code, _text)] = errors(client.send(ASKED))
    assert (number, code) == (12, 321)


@pytest.mark.parametrize(
    ("version", "changes"),
    [
        (OLDEST, {}),
        (MANUAL_EXERCISE_TIME, {"manual_time": "20260710 10:00:00"}),
        (CUSTOMER_ACCOUNT, {"customer_account": "C1"}),
        (PROFESSIONAL_CUSTOMER, {"professional": True}),
    ],
)
def test_each_version_carries_its_fields(version, changes):
    asked = dataclasses.replace(ASKED, **changes)
    assert decode_request(encode(asked, version), version) == asked
    before = encode(asked, version - 1) if changes else b""
    assert not changes or len(before.split(b"\0")) == len(encode(asked, version).split(b"\0")) - 1


def test_a_binding_is_declared_though_nobody_enters_orders_by_hand():
    bound = OrderBound(perm_id=1979430767, client_id=0, order_id=-3)
    assert encode(bound, NEWEST_TEXT).split(b"\0")[-4:-1] == [b"1979430767", b"0", b"-3"]
