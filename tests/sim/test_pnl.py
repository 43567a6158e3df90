"""P&L streams: first rows, pushes, refusals, and figures that agree with the account's own."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from random import Random
from typing import Any

import pytest

from pytest_ibkr.sim.positions import Trade
from pytest_ibkr.wire.declare import Message
from pytest_ibkr.wire.messages.pnl import (
    CancelPnl,
    CancelPnlSingle,
    Pnl,
    PnlSingle,
    ReqPnl,
    ReqPnlSingle,
)
from pytest_ibkr.wire.messages.session import ErrorNotice
from pytest_ibkr.wire.versions import DECIMAL_SIZES, NEWEST, OLDEST
from tests.sim.data_bench import CAPTURED, on_friday, peer, planned
from tests.sim.orders_bench import Bench, Desk

ACCOUNT = "DU0000001"
WHOLE, SINGLE = 1, 2


@pytest.fixture
def bench() -> Iterator[Bench]:
    made = Bench()
    yield made
    assert made.engine.failures == []


@pytest.fixture(params=[OLDEST, DECIMAL_SIZES - 1, NEWEST])
def client(bench: Bench, request: pytest.FixtureRequest) -> Desk:
    return bench.start(request.param)


def whole(account: str = ACCOUNT, model: str = "") -> ReqPnl:
    return ReqPnl(request_id=WHOLE, account=account, model=model)


def single(bench: Bench, account: str = ACCOUNT, model: str = "") -> ReqPnlSingle:
    return ReqPnlSingle(request_id=SINGLE, account=account, model=model, con_id=bench.spy.con_id)


def figures(messages: list[Message]) -> list[tuple[Any, ...]]:
    """Daily, unrealized, realized of account rows; position and value round those of others."""
    found: list[tuple[Any, ...]] = []
    for row in messages:
        if isinstance(row, Pnl):
            found.append((row.daily, row.unrealized, row.realized))
        elif isinstance(row, PnlSingle):
            found.append((row.position, row.daily, row.unrealized, row.realized, row.value))
    return found


def errors(desk: Desk) -> list[tuple[int, int, str]]:
    return [(m.request_id, m.code, m.text) for m in desk.receive() if isinstance(m, ErrorNotice)]


# Figures


def test_an_account_that_holds_nothing_has_made_nothing(bench: Bench, client: Desk) -> None:
    client.send(whole())
    client.send(single(bench))
    bench.run(60)
    # Of a contract that was not held today only that is known: one row each, then silence.
    assert figures(client.receive()) == [(0, 0, 0), (0, None, None, None, 0)]


def test_a_position_from_before_is_measured_from_the_previous_close(
    bench: Bench, client: Desk
) -> None:
    bench.engine.accounts.add_position(bench.spy, Decimal(100), average_cost=Decimal(650))
    client.send(whole())
    client.send(single(bench))
    bench.run(1)
    # Marked at 754.925, the middle; the previous close was 700.
    daily, unrealized, value = Decimal("5492.5"), Decimal("10492.5"), Decimal("75492.5")
    assert figures(client.receive()) == [
        (daily, unrealized, 0),
        (100, daily, unrealized, None, value),
    ]


def test_positions_from_before_add_up(bench: Bench) -> None:
    client = bench.start(NEWEST)
    for quantity in (100, -150, 50, 20):
        held = Decimal(quantity)
        bench.engine.accounts.add_position(bench.spy, held, average_cost=Decimal(700))
    client.send(whole())
    bench.run(1)
    assert figures(client.receive()) == [(Decimal("1098.5"), Decimal("1098.5"), 0)]


def test_a_purchase_of_today_is_measured_from_what_was_paid_commission_included(
    bench: Bench, client: Desk
) -> None:
    client.place(1, "BUY", 100)
    bench.run(2)
    [execution] = bench.engine.orders.book.executions
    expected = Decimal(100) * (Decimal("754.925") - Decimal("754.95")) - execution.commission
    client.receive()
    client.send(whole())
    bench.run(0.5)
    assert figures(client.receive()) == [(expected, expected, 0)]


def test_what_was_closed_today_is_realized_and_stays_in_the_day(bench: Bench, client: Desk) -> None:
    bench.engine.accounts.add_position(bench.spy, Decimal(10), average_cost=Decimal(690))
    client.place(1, "SELL", 10)
    bench.run(2)
    [execution] = bench.engine.orders.book.executions
    client.receive()
    client.send(whole())
    client.send(single(bench))
    bench.run(0.5)
    daily = 10 * (execution.price - 700) - execution.commission
    realized = 10 * (execution.price - 690) - execution.commission
    assert figures(client.receive()) == [(daily, 0, realized), (0, daily, 0, realized, 0)]


def test_a_holding_without_any_price_makes_the_sums_unknown(bench: Bench, client: Desk) -> None:
    bench.engine.accounts.add_position(bench.spy, Decimal(1), average_cost=Decimal(700))
    bare = bench.instrument("QQQ")  # the scripted market has no quote of it
    bench.engine.accounts.add_position(bare, Decimal(1), average_cost=Decimal(500))
    client.send(whole())
    client.send(ReqPnlSingle(request_id=SINGLE, account=ACCOUNT, con_id=bare.con_id))
    bench.run(1)
    assert figures(client.receive()) == [(None, None, 0), (1, None, None, None, None)]


def test_no_model_holds_anything(bench: Bench, client: Desk) -> None:
    bench.engine.accounts.add_position(bench.spy, Decimal(1), average_cost=Decimal(700))
    client.send(whole(model="Growth"))
    client.send(single(bench, model="Growth"))
    bench.run(10)
    assert figures(client.receive()) == [(None, None, None), (0, None, None, None, 0)]


@pytest.mark.parametrize("version", [135, 200])
def test_unknown_is_dbl_max_in_text(bench: Bench, *, version: int) -> None:
    client = bench.start(version)
    client.send(single(bench))
    bench.run(1)
    none = b"1.7976931348623157E308"
    assert client.client.take_output()[4:] == b"95\0002\0000\0%b\0%b\0%b\0000.0\0" % (
        *(none, none),
        none,
    )


def test_the_previous_close_is_the_snapshots() -> None:
    asker = peer(version=NEWEST)
    spy = asker.engine.world.book.by_symbol("SPY")
    assert spy is not None
    asker.engine.accounts.add_position(spy, Decimal(10), average_cost=Decimal(700))
    [row] = asker.send(whole(), wait_s=asker.engine.conditions.latency.account_s)
    mark = asker.engine.accounts.mark(spy)
    assert mark is not None
    close = asker.engine.market.quote(spy, asker.engine.now_s).close
    assert close == 751.71
    assert figures([row]) == [(10 * (mark - Decimal("751.71")), 10 * (mark - 700), 0)]


# Days


def test_the_next_day_begins_at_the_last_sessions_end() -> None:
    asker = peer(at_s=CAPTURED - 600)
    spy = asker.engine.world.book.by_symbol("SPY")
    assert spy is not None
    accounts = asker.engine.accounts
    accounts.trade(Trade(spy, Decimal(10), Decimal(750), Decimal(1)))
    accounts.trade(Trade(spy, Decimal(-4), Decimal(752), Decimal(1)))
    asker.send(whole(), wait_s=2.0)
    asker.wait(on_friday(12, 0, day=12) - asker.engine.now_s)  # Sunday is still Friday's day
    friday, *_ = figures(asker.seen[-1:])
    realized = 4 * Decimal(2) - Decimal("0.4") - Decimal(1)
    assert friday[2] == realized
    mark = accounts.mark(spy)
    assert mark is not None
    assert friday[0] == 6 * mark - 10 * Decimal(750) + 4 * Decimal(752) - 2
    [monday] = figures(asker.wait(86_400.0))  # quotes stand still: nothing was made since
    assert monday == (0, friday[1], 0)
    accounts.trade(Trade(spy, Decimal(-6), mark + 1, Decimal(1)))
    [sold] = figures(asker.wait(1.5))
    assert sold[0] == 5
    assert sold[2] == accounts.ledger.realized, "of this day alone"


def test_the_first_trade_of_a_day_belongs_to_it_and_what_was_closed_before_does_not() -> None:
    asker = peer(at_s=CAPTURED - 600, version=NEWEST)
    spy = asker.engine.world.book.by_symbol("SPY")
    assert spy is not None
    accounts = asker.engine.accounts
    accounts.trade(Trade(spy, Decimal(10), Decimal(750), Decimal(1)))
    accounts.trade(Trade(spy, Decimal(-10), Decimal(752), Decimal(1)))
    asker.wait(on_friday(12, 0, day=13) - asker.engine.now_s)
    asked = ReqPnlSingle(request_id=SINGLE, account=ACCOUNT, con_id=spy.con_id)
    assert figures(asker.send(asked)) == [(0, None, None, None, 0)]
    asker.send(CancelPnlSingle(request_id=SINGLE))
    mark = accounts.mark(spy)
    assert mark is not None
    accounts.add_position(spy, Decimal(3), average_cost=Decimal(740))
    asker.wait(86_400.0)
    accounts.trade(Trade(spy, Decimal(2), mark - 1, Decimal(1)))
    held = 3 * Decimal(740) + 2 * (mark - 1) + 1
    assert figures(asker.send(asked)) == [(5, 1, 5 * mark - held, None, 5 * mark)]
    assert asker.engine.failures == []


def test_a_position_given_on_a_later_day_was_there_at_the_last_close() -> None:
    asker = peer(at_s=CAPTURED - 600, version=NEWEST)
    spy = asker.engine.world.book.by_symbol("SPY")
    assert spy is not None
    accounts = asker.engine.accounts
    accounts.trade(Trade(spy, Decimal(10), Decimal(750), Decimal(1)))
    accounts.trade(Trade(spy, Decimal(-10), Decimal(752), Decimal(1)))
    asker.wait(on_friday(12, 0, day=13) - asker.engine.now_s)
    asker.send(whole())
    accounts.add_position(spy, Decimal(3), average_cost=Decimal(740))
    mark = accounts.mark(spy)
    assert mark is not None
    assert figures(asker.wait(1.5)) == [(0, 3 * (mark - 740), 0)]


# Pushes


def test_changes_are_pushed_once_a_second_and_nothing_else(bench: Bench, client: Desk) -> None:
    bench.engine.accounts.add_position(bench.spy, Decimal(100), average_cost=Decimal(700))
    client.send(whole())
    bench.run(1)
    client.receive()
    bench.run(30)
    assert client.receive() == []
    for cents in (1, 2, 3):
        bench.market.set(bench.spy, 755 + cents / 100, 755.10, close=700.0)
        bench.run(0.3)
    bench.run(0.1)
    assert len(client.receive()) <= 2
    bench.run(2)
    bench.market.set(bench.spy, 756.0, 756.0, close=700.0)
    bench.run(1)
    assert figures(client.receive())[-1] == (5600, 5600, 0)


def test_figures_may_come_after_a_first_row_without_any(bench: Bench, client: Desk) -> None:
    bench.engine.conditions.late_pnl = True
    bench.engine.accounts.add_position(bench.spy, Decimal(100), average_cost=Decimal(700))
    client.send(whole())
    client.send(single(bench))
    bench.run(0.5)
    assert figures(client.receive()) == [(None, None, None), (100, None, None, None, None)]
    bench.run(1)
    profit, value = Decimal("5492.5"), Decimal("75492.5")
    assert figures(client.receive()) == [(profit, profit, 0), (100, profit, profit, None, value)]


def test_a_trade_is_told_within_a_second(bench: Bench, client: Desk) -> None:
    client.send(whole())
    client.send(single(bench))
    bench.run(1)
    client.receive()
    bench.engine.orders.external_trade(bench.spy, Decimal(5), Decimal("750.00"))
    bench.run(1)
    account_row, row = figures([m for m in client.receive() if m.MSG_ID in (94, 95)])
    assert account_row[:2] == row[1:3]
    assert (row[0], row[3]) == (5, None)


def test_after_hours_a_trade_is_told_within_a_second_and_a_quote_within_a_minute() -> None:
    bench = Bench(start_s=on_friday(18, 0))
    client = bench.start()
    client.send(whole())
    bench.run(5)
    client.receive()
    bench.engine.accounts.add_position(bench.spy, Decimal(1), average_cost=Decimal(700))
    bench.run(1)
    assert figures(client.receive()) == [(Decimal("54.925"), Decimal("54.925"), 0)]
    bench.market.set(bench.spy, 760.0, 760.0, close=700.0)
    bench.run(60)
    assert figures(client.receive()) == [(60, 60, 0)]


def test_trades_after_hours_leave_one_look_planned() -> None:
    bench = Bench(start_s=on_friday(18, 0))
    client = bench.start()
    client.send(whole())
    for _ in range(5):
        bench.run(3)
        bench.engine.accounts.add_position(bench.spy, Decimal(1), average_cost=Decimal(700))
    bench.run(3)
    assert len(planned(bench.engine)) == 1


def test_pushes_are_back_to_one_a_second_from_the_opening_on() -> None:
    bench = Bench(start_s=on_friday(9, 29, 30))
    client = bench.start()
    bench.engine.accounts.add_position(bench.spy, Decimal(1), average_cost=Decimal(700))
    client.send(whole())
    bench.run(30.1)
    client.receive()
    bench.market.set(bench.spy, 760.0, 760.0, close=700.0)
    bench.run(1)
    assert figures(client.receive()) == [(60, 60, 0)]


def test_another_streams_push_does_not_answer_a_request_early(bench: Bench) -> None:
    client = bench.start(NEWEST)
    client.send(whole())
    bench.run(1.2)
    client.receive()
    client.send(single(bench))
    bench.run(0.2)
    assert client.receive() == []
    bench.run(0.2)
    assert [m.MSG_ID for m in client.receive()] == [95]


def test_a_cancelled_stream_and_a_client_that_left_cost_nothing(bench: Bench, client: Desk) -> None:
    client.send(whole())
    client.send(single(bench))
    bench.run(1)
    client.receive()
    client.send(CancelPnl(request_id=WHOLE))
    bench.engine.orders.external_trade(bench.spy, Decimal(5), Decimal("750.00"))
    bench.run(2)
    assert {m.MSG_ID for m in client.receive() if m.MSG_ID in (94, 95)} == {95}
    bench.engine.gone(client.client, "")
    bench.engine.accounts.add_position(bench.spy, Decimal(1), average_cost=Decimal(700))
    bench.run(5)
    assert client.receive() == []
    assert planned(bench.engine) == []


def test_a_stream_cancelled_before_its_first_row_never_has_one(bench: Bench, client: Desk) -> None:
    client.send(whole())
    client.send(CancelPnl(request_id=WHOLE))
    bench.run(5)
    assert client.receive() == []


# Refusals


@pytest.mark.parametrize(
    ("account", "cause"),
    [("", "Account must not be empty"), ("U9", "Invalid account code")],
)
def test_another_account_is_refused(bench: Bench, client: Desk, account: str, cause: str) -> None:
    client.send(whole(account))
    client.send(single(bench, account))
    text = f"Error validating request.-'bZ' : cause - {cause}"
    assert errors(client) == [(WHOLE, 321, text), (SINGLE, 321, text)]
    bench.run(5)
    assert client.receive() == []


def test_an_id_in_use_is_102(bench: Bench, client: Desk) -> None:
    for _ in range(2):
        client.send(whole())
        client.send(single(bench))
    text = "Duplicate ticker id"
    assert errors(client) == [(WHOLE, 102, text), (SINGLE, 102, text)]


def test_cancelling_what_is_not_subscribed_is_refused(bench: Bench, client: Desk) -> None:
    client.send(whole())
    for request in (
        *(CancelPnl(request_id=WHOLE), CancelPnl(request_id=WHOLE)),
        CancelPnlSingle(request_id=WHOLE),
    ):
        client.send(request)
    assert errors(client) == [
        (WHOLE, 10185, "Failed to cancel PNL (not subscribed)"),
        (WHOLE, 10186, "Failed to cancel PNL single (not subscribed)"),
    ]


def test_another_clients_id_is_free(bench: Bench, client: Desk) -> None:
    other = bench.start(NEWEST, client_id=2)
    for desk in (client, other):
        desk.send(whole())
        bench.run(1)
        assert figures(desk.receive()) == [(0, 0, 0)]


# Everything together


@pytest.mark.parametrize("seed", range(8))
def test_daily_pnl_is_the_change_of_equity_since_the_previous_close(seed: int) -> None:
    bench, dice = Bench(), Random(seed)
    client = bench.start(NEWEST)
    accounts = bench.engine.accounts
    before = {bench.spy: dice.randrange(-200, 200), bench.option: dice.randrange(-9, 9)}
    equity = Decimal("1000000.00")
    for instrument, quantity in before.items():
        accounts.add_position(instrument, Decimal(quantity), average_cost=Decimal(600))
        equity += quantity * 700 * (instrument.multiplier or 1)
    client.send(whole())
    for request_id, instrument in enumerate(before, start=SINGLE):
        client.send(ReqPnlSingle(request_id=request_id, account=ACCOUNT, con_id=instrument.con_id))
    bench.run(1)
    for order_id in range(1, 25):
        bid = Decimal(dice.randrange(74000, 76000)) / 100
        bench.market.set(bench.spy, float(bid), float(bid) + 0.05)
        traded = dice.choice([bench.spy_contract, bench.option_contract])
        client.place(order_id, dice.choice(["BUY", "SELL"]), dice.randrange(1, 9), contract=traded)
        bench.run(dice.choice([0.4, 1.2]))
    bench.run(2)
    latest = {m.request_id: m for m in client.receive() if isinstance(m, Pnl | PnlSingle)}
    total = latest.pop(WHOLE)
    assert isinstance(total, Pnl)
    standing = accounts.standing()
    cent = Decimal("0.0001")
    assert total.daily is not None
    assert abs(total.daily - (standing.net_liquidation - equity)) < cent
    assert total.unrealized is not None
    assert abs(total.unrealized - standing.unrealized) < cent
    assert total.realized is not None
    assert abs(total.realized - accounts.ledger.realized) < cent
    parts = [row.daily for row in latest.values() if row.daily is not None]
    assert abs(sum(parts, Decimal(0)) - total.daily) < cent
    accounts.set_cash(Decimal(5))  # a transfer is no P&L
    bench.run(5)
    assert not any(isinstance(m, Pnl) for m in client.receive())
