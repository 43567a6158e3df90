"""Account requests: downloads, refreshes, summaries, positions, and what trading does to them."""

from __future__ import annotations

from decimal import Decimal
from random import Random
from typing import Any

import pytest

from pytest_ibkr.wire.messages.account import (
    AccountSummary,
    AccountUpdateMulti,
    AccountUpdateTime,
    AccountValue,
    CancelAccountSummary,
    CancelAccountUpdatesMulti,
    CancelPositions,
    PortfolioValue,
    Position,
    ReqAccountSummary,
    ReqAccountUpdates,
    ReqAccountUpdatesMulti,
    ReqPositions,
)
from pytest_ibkr.wire.messages.session import ErrorNotice
from tests.sim.orders_bench import Bench, Desk

pytestmark = pytest.mark.req("XC-001")


@pytest.fixture
def bench() -> Bench:
    return Bench()


@pytest.fixture(params=[157, 178])
def client(bench: Bench, request: pytest.FixtureRequest) -> Desk:
    return bench.start(request.param)


def ids(desk: Desk) -> list[int]:
    """Message ids since the last call, runs of the same one once."""
    found = [message.MSG_ID for message in desk.receive()]
    return [n for i, n in enumerate(found) if i == 0 or found[i - 1] != n]


def summary(request_id: int, tags: str = "NetLiquidation", group: str = "All") -> ReqAccountSummary:
    return ReqAccountSummary(request_id=request_id, group=group, tags=tags)


def errors(desk: Desk) -> list[tuple[int, int, str]]:
    return [(m.request_id, m.code, m.text) for m in desk.receive() if isinstance(m, ErrorNotice)]


# reqAccountUpdates


def test_an_empty_account_downloads_values_one_time_and_the_end(bench: Bench, client: Desk) -> None:
    client.send(ReqAccountUpdates(subscribe=True, account="DU0000001"))
    bench.run(1)
    messages = client.receive()
    assert len([m for m in messages if isinstance(m, AccountValue)]) == 190
    assert [m.MSG_ID for m in messages[190:]] == [8, 54]
    assert messages[190].hh_mm == "10:00"  # type: ignore[attr-defined]


def test_holdings_come_between_times(bench: Bench, client: Desk) -> None:
    bench.engine.accounts.add_position(bench.spy, Decimal(100), average_cost=Decimal(700))
    bench.engine.accounts.add_position(bench.option, Decimal(-1), average_cost=Decimal("250.77"))
    client.send(ReqAccountUpdates(subscribe=True))
    bench.run(1)
    assert ids(client) == [6, 7, 8, 7, 8, 54]
    stock, option = (m for m in client.seen if isinstance(m, PortfolioValue))
    assert (stock.market_price, stock.market_value) == (Decimal("754.925"), Decimal("75492.5"))
    assert stock.unrealized_pnl == Decimal("5492.5")
    assert [m.contract.primary_exchange for m in (stock, option)] == ["ARCA", ""]
    # short one contract at 250.77, marked at 2.525
    assert (option.market_value, option.unrealized_pnl) == (Decimal("-252.5"), Decimal("-1.73"))


def test_a_second_subscription_is_a_no_op_and_the_end_answers_2100(
    bench: Bench, client: Desk
) -> None:
    for _ in range(2):
        client.send(ReqAccountUpdates(subscribe=True))
        bench.run(1)
    assert ids(client) == [6, 8, 54]
    client.send(ReqAccountUpdates(subscribe=False))
    text = "API client has been unsubscribed from account data."
    assert errors(client) == [(-1, 2100, text)]
    bench.run(400)
    assert client.receive() == []


def test_the_refresh_comes_every_three_minutes_at_second_19_with_times_alone(
    bench: Bench, client: Desk
) -> None:
    client.send(ReqAccountUpdates(subscribe=True))
    bench.run(18)
    client.receive()
    bench.run(2)
    assert [m.MSG_ID for m in client.receive()] == [8, 8, 8]
    bench.run(178)
    assert client.receive() == []
    bench.run(2)
    times = [m for m in client.receive() if isinstance(m, AccountUpdateTime)]
    assert [m.hh_mm for m in times] == ["10:03"] * 3


def test_a_fill_refreshes_what_it_changed(bench: Bench, client: Desk) -> None:
    client.send(ReqAccountUpdates(subscribe=True))
    bench.run(1)
    client.receive()
    client.place(1, "BUY", 100)
    bench.run(2)
    messages = [m for m in client.receive() if m.MSG_ID in (6, 7, 8, 54)]
    assert [m.MSG_ID for m in (*messages[:2], *messages[-2:])] == [8, 8, 7, 8]
    values = {(m.key, m.currency): m.value for m in messages if isinstance(m, AccountValue)}
    assert values["CashBalance", "USD"] == "924503.9997"
    assert values["GrossPositionValue", "USD"] == "75492.50"
    assert ("AccountType", "") not in values


def test_a_holding_closed_today_stays_with_its_profit(bench: Bench, client: Desk) -> None:
    client.place(1, "BUY", 100)
    bench.run(1)
    client.place(2, "SELL", 100)
    bench.run(1)
    client.receive()
    client.send(ReqAccountUpdates(subscribe=True))
    bench.run(1)
    (row,) = (m for m in client.receive() if isinstance(m, PortfolioValue))
    assert (row.position, row.average_cost) == (0, 0)
    assert float(row.realized_pnl or 0) == pytest.approx(-5 - 2 * 1.0003)


def test_a_price_nobody_knows_is_not_shown(bench: Bench, client: Desk) -> None:
    bench.engine.accounts.add_position(
        bench.instrument("QQQ"), Decimal(10), average_cost=Decimal(700)
    )
    client.send(ReqAccountUpdates(subscribe=True))
    bench.run(1)
    (row,) = (m for m in client.receive() if isinstance(m, PortfolioValue))
    assert (row.market_price, row.market_value, row.unrealized_pnl) == (None, None, None)


# reqAccountUpdatesMulti


def test_a_multi_download_ends_after_the_single_one(bench: Bench, client: Desk) -> None:
    client.send(ReqAccountUpdatesMulti(request_id=1, account="DU0000001"))
    client.send(ReqAccountUpdates(subscribe=True, account="DU0000001"))
    bench.run(1)
    assert ids(client) == [6, 8, 54, 73, 74]
    assert len([m for m in client.seen if isinstance(m, AccountUpdateMulti)]) == 191


def test_a_multi_subscription_gets_changes_without_an_end(bench: Bench, client: Desk) -> None:
    client.send(ReqAccountUpdatesMulti(request_id=1, account="DU0000001"))
    bench.run(1)
    client.receive()
    bench.engine.accounts.set_cash(Decimal("500000.00"))
    bench.run(1)
    messages = client.receive()
    assert {m.MSG_ID for m in messages} == {73}
    rows = {(m.key, m.currency): m.value for m in messages if isinstance(m, AccountUpdateMulti)}
    assert rows["NetLiquidation", "USD"] == "500000.00"
    client.send(CancelAccountUpdatesMulti(request_id=1))
    bench.engine.accounts.set_cash(Decimal("400000.00"))
    bench.run(400)
    assert client.receive() == []


def test_a_multi_id_in_use_is_refused(bench: Bench, client: Desk) -> None:
    for _ in range(2):
        client.send(ReqAccountUpdatesMulti(request_id=1, account="DU0000001"))
    text = "Error processing request.-'bZ' : cause - Duplicate ticker id"
    assert errors(client) == [(1, 322, text)]


def test_ledger_and_nlv_leaves_the_rest_out(bench: Bench, client: Desk) -> None:
    request = ReqAccountUpdatesMulti(request_id=1, account="DU0000001", ledger_and_nlv=True)
    client.send(request)
    bench.run(1)
    assert len([m for m in client.receive() if isinstance(m, AccountUpdateMulti)]) == 51


# reqAccountSummary


def test_a_summary_is_sorted_by_tag_and_ends(bench: Bench, client: Desk) -> None:
    client.send(summary(1001, "NetLiquidation,BuyingPower,AccountType"))
    bench.run(1)
    messages = client.receive()
    rows = [(m.tag, m.value, m.currency) for m in messages if isinstance(m, AccountSummary)]
    assert rows == [
        ("AccountType", "INDIVIDUAL", ""),
        ("BuyingPower", "4000000.00", "USD"),
        ("NetLiquidation", "1000000.00", "USD"),
    ]
    assert messages[-1].MSG_ID == 64


def test_a_build_was_seen_that_answers_a_summary_twice(bench: Bench, client: Desk) -> None:
    bench.engine.conditions.summary_twice = True
    client.send(summary(1001, "NetLiquidation"))
    bench.run(1)
    assert [message.MSG_ID for message in client.receive()] == [63, 64, 63, 64]
    bench.run(400)
    assert client.receive() == []


def test_a_summary_is_refreshed_with_changed_rows_only(bench: Bench, client: Desk) -> None:
    client.send(summary(1, "AccountType,NetLiquidation"))
    bench.run(1)
    client.receive()
    bench.engine.accounts.set_cash(Decimal("999999.50"))
    bench.run(200)
    assert [(m.tag, m.value) for m in client.receive() if isinstance(m, AccountSummary)] == [
        ("NetLiquidation", "999999.50")
    ]


REFUSED: list[Any] = [
    pytest.param(summary(1, tags=""), "Tags cannot be null", id="no-tags"),
    pytest.param(summary(1, group=""), "Group name cannot be null", id="no-group"),
    pytest.param(summary(1, group="Mine"), "Group name is invalid", id="unknown-group"),
]


@pytest.mark.parametrize(("request_", "cause"), REFUSED)
def test_a_summary_without_tags_or_group_is_refused(
    bench: Bench, client: Desk, *, request_: ReqAccountSummary, cause: str
) -> None:
    client.send(request_)
    bench.run(1)
    assert errors(client) == [(1, 321, f"Error validating request.-'bZ' : cause - {cause}")]


@pytest.mark.parametrize(("freed", "third"), [(False, [322]), (True, [63, 64])])
def test_two_summaries_are_all_and_a_cancelled_one_may_keep_its_slot(
    bench: Bench, client: Desk, *, freed: bool, third: list[int]
) -> None:
    bench.engine.conditions.summary_slots_freed = freed
    for request_id in (1, 2):
        client.send(summary(request_id))
    bench.run(1)
    client.send(summary(3))
    client.receive()
    client.send(CancelAccountSummary(request_id=1))
    client.send(summary(4))
    bench.run(1)
    found = [m.code if isinstance(m, ErrorNotice) else m.MSG_ID for m in client.receive()]
    assert found == third
    client.send(summary(2, "AccountType"))  # the same id replaces its subscription
    bench.run(1)
    assert ids(client) == [63, 64]


# Positions


def test_positions_name_the_listing_for_stocks_and_nothing_for_options(
    bench: Bench, client: Desk
) -> None:
    bench.engine.accounts.add_position(bench.spy, Decimal(100), average_cost=Decimal("700.01"))
    bench.engine.accounts.add_position(bench.option, Decimal(-1), average_cost=Decimal("250.77"))
    client.send(ReqPositions())
    bench.run(1)
    stock, option, end = client.receive()
    assert isinstance(stock, Position)
    assert isinstance(option, Position)
    assert (stock.contract.exchange, stock.contract.multiplier) == ("ARCA", "")
    assert (option.contract.exchange, option.contract.multiplier) == ("", "100")
    assert (option.position, option.average_cost) == (-1, Decimal("250.77"))
    assert end.MSG_ID == 62


@pytest.mark.parametrize("in_time", [True, False])
def test_positions_that_are_not_known_yet_come_within_half_a_minute_or_not_at_all(
    bench: Bench, client: Desk, *, in_time: bool
) -> None:
    bench.engine.accounts.add_position(bench.spy, Decimal(5), average_cost=Decimal(700))
    bench.engine.conditions.positions_known = False
    client.send(ReqPositions())
    bench.run(29)
    assert client.receive() == []
    bench.engine.conditions.positions_known = in_time
    bench.run(2)
    assert client.script() == (["61", "62"] if in_time else ["2151"])
    bench.engine.conditions.positions_known = True
    client.send(ReqPositions())
    bench.run(1)
    assert client.script() == ["61", "62"]


def test_position_changes_follow_without_an_end_and_closed_ones_come_as_zero(
    bench: Bench, client: Desk
) -> None:
    client.send(ReqPositions())
    bench.run(1)
    assert ids(client) == [62]
    bench.engine.orders.external_trade(bench.spy, Decimal(5), Decimal("755.00"))
    bench.run(1)
    bench.engine.orders.external_trade(bench.spy, Decimal(-5), Decimal("755.00"))
    bench.run(1)
    rows = client.receive()
    assert [m.position for m in rows if isinstance(m, Position)] == [5, 0]
    client.send(CancelPositions())
    bench.engine.orders.external_trade(bench.spy, Decimal(5), Decimal("755.00"))
    bench.run(1)
    assert client.receive() == []


def test_a_client_that_left_is_told_nothing_and_harms_nobody(bench: Bench, client: Desk) -> None:
    for request in (ReqPositions(), ReqAccountUpdates(subscribe=True), summary(1)):
        client.send(request)
    client.send(ReqAccountUpdatesMulti(request_id=1, account="DU0000001"))
    bench.run(1)
    client.receive()
    bench.engine.gone(client.client, "")
    bench.engine.orders.external_trade(bench.spy, Decimal(5), Decimal("755.00"))
    bench.run(400)
    assert client.receive() == []


# Everything together


@pytest.mark.parametrize("seed", range(8))
def test_cash_positions_and_reports_reconcile_after_random_trading(seed: int) -> None:
    bench, rng = Bench(), Random(seed)
    client = bench.start()
    accounts = bench.engine.accounts
    for order_id in range(1, 40):
        middle = Decimal(rng.randrange(74000, 76000)) / 100
        bench.market.set(
            *(bench.spy, float(middle), float(middle + Decimal("0.05"))),
            bid_size=rng.choice([0, 40, 300]),
            ask_size=rng.choice([0, 40, 300]),
        )
        kind = rng.choice(["MKT", "LMT", "STP", "option", "cancel"])
        action, shares = rng.choice(["BUY", "SELL"]), rng.randrange(1, 120)
        if kind == "option":
            client.place(order_id, "BUY", shares % 7 + 1, contract=bench.option_contract)
        elif kind == "LMT":
            client.place(order_id, action, shares, limit_price=str(middle))
        elif kind == "STP":
            client.place(order_id, action, shares, order_type="STP", aux_price=str(middle))
        elif kind == "MKT":
            client.place(order_id, action, shares)
        else:
            client.cancel(rng.randrange(1, order_id + 1))
        bench.run(rng.choice([0.1, 0.4, 2]))
    bench.run(1)
    bought = commissions = Decimal(0)
    quantities: dict[int, Decimal] = {}
    for execution in bench.engine.orders.book.executions:
        sign = 1 if execution.buys else -1
        key = execution.instrument.con_id
        quantities[key] = quantities.get(key, Decimal(0)) + sign * execution.shares
        multiplier = execution.instrument.multiplier or 1
        bought += sign * execution.shares * execution.price * multiplier
        commissions += execution.commission
    assert accounts.quantities() == {key: q for key, q in quantities.items() if q}
    assert accounts.cash == Decimal("1000000.00") - bought - commissions
    standing = accounts.standing()
    profit = accounts.ledger.realized + standing.unrealized
    assert standing.net_liquidation == Decimal("1000000.00") + profit
    for order in bench.engine.orders.book.all():
        mine = [e for e in bench.engine.orders.book.executions if e.order is order]
        assert order.filled == sum((e.shares for e in mine), Decimal(0))
        assert 0 <= order.filled <= order.quantity
        assert all(e.reported for e in mine)
    assert len(bench.engine.orders.book.executions) > 5
