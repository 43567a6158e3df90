"""Positions under a request id: rows, changes, other accounts and models."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import pytest

from pytest_ibkr.wire.messages.account import Position, ReqAccountUpdatesMulti, ReqPositions
from pytest_ibkr.wire.messages.positions_multi import (
    CancelPositionsMulti,
    PositionMulti,
    PositionMultiEnd,
    ReqPositionsMulti,
)
from pytest_ibkr.wire.messages.session import ErrorNotice
from pytest_ibkr.wire.versions import DECIMAL_SIZES, NEWEST, OLDEST
from tests.sim.orders_bench import Bench, Desk

ACCOUNT = "DU0000001"


@pytest.fixture
def bench() -> Iterator[Bench]:
    made = Bench()
    made.engine.accounts.add_position(made.spy, Decimal(100), average_cost=Decimal("700.01"))
    made.engine.accounts.add_position(made.option, Decimal(-1), average_cost=Decimal("250.77"))
    yield made
    assert made.engine.failures == []


@pytest.fixture(params=[OLDEST, DECIMAL_SIZES, NEWEST])
def client(bench: Bench, request: pytest.FixtureRequest) -> Desk:
    return bench.start(request.param)


def asked(request_id: int = 5, account: str = ACCOUNT, model: str = "") -> ReqPositionsMulti:
    return ReqPositionsMulti(request_id=request_id, account=account, model=model)


def test_the_rows_are_those_of_all_positions_under_the_request_id(
    bench: Bench, client: Desk
) -> None:
    client.send(asked())
    bench.run(1)
    *rows, end = client.receive()
    assert end == PositionMultiEnd(request_id=5)
    client.send(ReqPositions())
    bench.run(1)
    *plain, _end = client.receive()
    assert len(rows) == 2
    for row, position in zip(rows, plain, strict=True):
        assert isinstance(row, PositionMulti)
        assert isinstance(position, Position)
        assert (row.request_id, row.account, row.model) == (5, ACCOUNT, "")
        assert (row.contract, row.position) == (position.contract, position.position)
        assert row.average_cost == position.average_cost


def test_changes_follow_without_an_end_until_cancelled(bench: Bench, client: Desk) -> None:
    client.send(asked(5))
    client.send(asked(6))
    bench.run(1)
    client.receive()
    bench.engine.orders.external_trade(bench.spy, Decimal(-100), Decimal("755.00"))
    bench.run(1)
    rows = [m for m in client.receive() if isinstance(m, PositionMulti)]
    assert [(row.request_id, row.position, row.average_cost) for row in rows] == [
        (5, Decimal(0), Decimal(0)),
        (6, Decimal(0), Decimal(0)),
    ]
    client.send(CancelPositionsMulti(request_id=5))
    client.send(CancelPositionsMulti(request_id=99))  # nobody asked: silent, too
    bench.engine.orders.external_trade(bench.spy, Decimal(7), Decimal("755.00"))
    bench.run(1)
    found = [m for m in client.receive() if isinstance(m, PositionMulti | ErrorNotice)]
    assert [(m.request_id, getattr(m, "position", None)) for m in found] == [(6, 7)]


def test_changes_close_together_are_told_as_one_row(bench: Bench, client: Desk) -> None:
    client.send(asked())
    bench.run(1)
    client.receive()
    for _ in range(3):
        bench.engine.orders.external_trade(bench.spy, Decimal(1), Decimal("755.00"))
    bench.run(1)
    rows = [m.position for m in client.receive() if isinstance(m, PositionMulti)]
    assert rows == [Decimal(103)]
    bench.engine.orders.external_trade(bench.spy, Decimal(1), Decimal("755.00"))
    bench.run(1)
    rows = [m.position for m in client.receive() if isinstance(m, PositionMulti)]
    assert rows == [Decimal(104)]


def test_a_change_that_was_cancelled_meanwhile_is_not_told(bench: Bench, client: Desk) -> None:
    client.send(asked())
    bench.run(1)
    client.receive()
    bench.engine.accounts.add_position(bench.spy, Decimal(1), average_cost=Decimal(700))
    client.send(CancelPositionsMulti(request_id=5))
    bench.run(1)
    assert client.receive() == []


def test_a_change_before_the_first_rows_is_told_with_them(bench: Bench, client: Desk) -> None:
    client.send(asked())
    bench.engine.accounts.add_position(bench.spy, Decimal(1), average_cost=Decimal(700))
    bench.run(1)
    stock, option, end = client.receive()
    assert isinstance(stock, PositionMulti)
    assert (stock.position, option.MSG_ID, end.MSG_ID) == (Decimal(101), 71, 72)


def test_a_model_holds_nothing(bench: Bench, client: Desk) -> None:
    client.send(asked(model="Growth"))
    bench.run(1)
    assert client.receive() == [PositionMultiEnd(request_id=5)]
    bench.engine.accounts.add_position(bench.spy, Decimal(1), average_cost=Decimal(700))
    bench.run(1)
    assert client.receive() == []


def test_a_client_that_left_is_told_nothing(bench: Bench, client: Desk) -> None:
    client.send(asked())
    bench.run(1)
    client.receive()
    bench.engine.gone(client.client, "")
    bench.engine.accounts.add_position(bench.spy, Decimal(1), average_cost=Decimal(700))
    bench.run(1)
    assert client.receive() == []


@pytest.mark.parametrize(
    ("account", "cause"),
    [
        ("", "The account code is required for this operation."),
        ("U9", "Invalid account code 'U9'."),
    ],
)
@pytest.mark.parametrize("kind", [ReqPositionsMulti, ReqAccountUpdatesMulti])
def test_another_account_is_refused(
    bench: Bench,
    client: Desk,
    kind: type[ReqPositionsMulti | ReqAccountUpdatesMulti],
    account: str,
    cause: str,
) -> None:
    client.send(kind(request_id=5, account=account))
    bench.run(5)
    [refusal] = client.receive()
    assert isinstance(refusal, ErrorNotice)
    assert (refusal.request_id, refusal.code) == (5, 321)
    assert refusal.text == f"Error validating request.-'bZ' : cause - {cause}"


def test_an_id_in_use_is_refused(bench: Bench, client: Desk) -> None:
    client.send(asked())
    client.send(asked())
    [refusal] = client.receive()
    assert isinstance(refusal, ErrorNotice)
    assert (refusal.request_id, refusal.code) == (5, 322)
    assert refusal.text.endswith("Duplicate ticker id")
