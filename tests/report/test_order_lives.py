"""Orders as their clients knew them, step by step."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from pytest_ibkr.report.order_lives import MOST_ORDERS, order_lives
from pytest_ibkr.report.wire_model import OrderLife
from pytest_ibkr.sim.journal import Journal
from pytest_ibkr.wire.messages.contract import Contract
from pytest_ibkr.wire.messages.order import CancelOrder, OrderStatus
from pytest_ibkr.wire.messages.place_order import PlaceOrder
from pytest_ibkr.wire.messages.session import ErrorNotice

AT_S = 1_783_692_000.0  # 2026-07-10 10:00 New York
CALL = Contract(
    symbol="SPY", sec_type="OPT", expiry="20260717", strike=700.0, right="C", exchange="SMART"
)


@pytest.fixture
def journal() -> Journal:
    return Journal()


def order(order_id: int = 3, **changes: Any) -> PlaceOrder:
    terms = {"action": "BUY", "quantity": Decimal(2), "order_type": "LMT"}
    limit = Decimal("5.25")
    return PlaceOrder(
        order_id=order_id, **{**terms, "contract": CALL, "limit_price": limit, **changes}
    )


def status(word: str, order_id: int = 3, *, filled: int = 0) -> OrderStatus:
    return OrderStatus(
        order_id=order_id,
        status=word,
        filled=Decimal(filled),
        remaining=Decimal(2 - filled),
        average_fill_price=Decimal("5.2") if filled else Decimal(0),
        perm_id=9,
        client_id=7001,
    )


def lives(journal: Journal) -> list[OrderLife]:
    return order_lives(journal.entries())[0]


def steps(life: OrderLife) -> list[str]:
    return [step.text for step in life.steps]


def test_a_life_goes_from_placing_to_its_end_without_repeats(journal: Journal) -> None:
    journal.add(AT_S, 1, "in", order())
    for after_s, message in enumerate(
        [
            status("PreSubmitted"),
            status("Submitted"),
            status("Submitted"),
            status("Submitted", filled=1),
            status("Filled", filled=2),
        ]
    ):
        journal.add(AT_S + 1 + after_s, 1, "out", message)
    [life] = lives(journal)
    assert (life.order_id, life.what) == (3, "BUY 2 SPY 20260717 700 C LMT 5.25")
    assert steps(life) == [
        "placed",
        "PreSubmitted",
        "Submitted",
        "Submitted 1 of 2 at 5.2",
        "Filled 2 of 2 at 5.2",
    ]
    assert life.steps[-1].at == "2026-07-10T14:00:05.000+00:00"


def test_changes_cancels_and_errors_are_steps(journal: Journal) -> None:
    journal.add(AT_S, 1, "in", order())
    journal.add(AT_S, 1, "in", order(limit_price=Decimal("5.3")))
    journal.add(AT_S, 1, "in", CancelOrder(order_id=3))
    journal.add(AT_S, 1, "out", ErrorNotice(request_id=3, code=202, text="Order Canceled"))
    journal.add(AT_S, 1, "out", ErrorNotice(request_id=4, code=200, text="not about an order"))
    [life] = lives(journal)
    assert steps(life) == [
        "placed",
        "modified: BUY 2 SPY 20260717 700 C LMT 5.3",
        "cancel asked for",
        "202: Order Canceled",
    ]


def test_an_order_of_an_earlier_time_is_known_by_its_statuses(journal: Journal) -> None:
    journal.add(AT_S, 1, "out", status("Submitted"))
    [life] = lives(journal)
    assert (life.what, steps(life)) == ("", ["Submitted"])


def test_two_clients_may_use_one_id(journal: Journal) -> None:
    for connection in (1, 2):
        journal.add(AT_S, connection, "in", order())
    assert [(life.connection, life.order_id) for life in lives(journal)] == [(1, 3), (2, 3)]


def test_many_orders_and_long_lives_are_bounded_and_say_so(journal: Journal) -> None:
    for number in range(MOST_ORDERS + 5):
        journal.add(AT_S, 1, "in", order(number))
    for n in range(40):
        journal.add(AT_S + n, 1, "out", status("Submitted" if n % 2 else "PreSubmitted", 0))
    told, left_out = order_lives(journal.entries())
    assert (len(told), left_out) == (MOST_ORDERS, 5)
    assert (len(told[0].steps), told[0].steps_not_shown) == (12, 29)
