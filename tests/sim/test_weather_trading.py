"""What happens to orders, each by name: the messages in their order, and what fires it."""

from __future__ import annotations

import dataclasses
from decimal import Decimal

import pytest

from pytest_ibkr.wire.messages.contract import Contract
from pytest_ibkr.wire.messages.executions import ExecutionData
from pytest_ibkr.wire.messages.order import CancelOrder
from pytest_ibkr.wire.messages.session import ErrorNotice
from tests.sim.data_bench import only, peer
from tests.sim.weather_bench import codes, in_weather, order, script, weather

RESTING = Decimal("700.00")


def position(client) -> Decimal:
    engine = client.engine
    spy = engine.world.book.by_symbol("SPY")
    return engine.accounts.ledger.quantity(spy.con_id)


def test_margin_reject_is_inactive_201_inactive_with_numbers() -> None:
    client, margin = in_weather("margin_reject")
    found = client.send(order(1), wait_s=5.0)
    assert script(found) == ["3:Inactive 0/10", "201", "3:Inactive 0/10"]
    [notice] = only(found, ErrorNotice)
    equity, needed = (float(part.split(" USD")[0]) for part in notice.text.split("[")[1:])
    assert 0 < equity < needed
    assert margin.fired == 1
    assert "11 10" in script(client.send(order(2), wait_s=5.0))  # once


def test_tick_reject_is_110_and_nothing_else() -> None:
    client, tick = in_weather("tick_reject")
    assert script(client.send(order(1, limit_price=RESTING), wait_s=5.0)) == ["110"]
    assert tick.fired == 1
    assert client.engine.orders.open_orders() == []


def test_tick_reject_of_a_change_leaves_the_order_as_it_was() -> None:
    client = peer()
    client.send(order(1, limit_price=RESTING))
    weather(client, "tick_reject")
    changed = client.send(order(1, limit_price=Decimal("701.00")), wait_s=5.0)
    assert script(changed) == ["110"]
    [working] = client.engine.orders.open_orders()
    assert working.terms.limit_price == RESTING


def test_tick_reject_knows_a_contract_by_its_id() -> None:
    client, tick = in_weather("tick_reject", symbol="SPY")
    spy = client.engine.world.book.by_symbol("SPY")
    assert spy is not None
    named = Contract(con_id=spy.con_id, exchange="SMART")
    placed = dataclasses.replace(order(1, limit_price=RESTING), contract=named)
    assert script(client.send(placed, wait_s=2.0)) == ["110"]
    assert tick.fired == 1


def test_price_band_cancel_takes_the_order_and_cancels_it() -> None:
    client, band = in_weather("price_band_cancel")
    found = client.send(order(1, limit_price=RESTING), wait_s=5.0)
    assert [word.split()[0] for word in script(found)] == [
        *("5:PreSubmitted", "3:PreSubmitted"),
        *("3:PendingCancel", "3:PendingCancel", "3:Cancelled", "202"),
    ]
    assert "<br>" in only(found, ErrorNotice)[0].text
    assert band.fired == 1


def test_partial_fills_come_in_parts_and_end_whole() -> None:
    client, parts = in_weather("partial_fills", share=0.4)
    found = client.send(order(1, 10), wait_s=10.0)
    assert [fill.shares for fill in only(found, ExecutionData)] == [4, 4, 2]
    assert parts.fired == 1
    assert position(client) == 10


def test_partial_fills_may_leave_the_rest_working() -> None:
    client, _parts = in_weather("partial_fills", share=0.3, rest="never")
    found = client.send(order(1, 10), wait_s=60.0)
    assert [fill.shares for fill in only(found, ExecutionData)] == [3]
    [working] = client.engine.orders.open_orders()
    assert working.remaining == 7
    assert script(client.send(CancelOrder(order_id=1)))[-2:] == ["3:Cancelled 3/7", "202"]


def test_a_single_share_cannot_be_filled_in_parts() -> None:
    client, parts = in_weather("partial_fills")
    assert "11 1" in script(client.send(order(1, 1), wait_s=5.0))
    assert parts.fired == 0


def test_fill_before_status_begins_with_filled() -> None:
    client, first = in_weather("fill_before_status")
    found = script(client.send(order(1), wait_s=5.0))
    assert found == [
        *("5:Filled", "3:Filled 10/0", "11 10"),
        *("5:Filled+c", "3:Filled 10/0", "59"),
    ]
    assert first.fired == 1


def test_an_order_that_rests_says_so_in_that_weather_too() -> None:
    client, first = in_weather("fill_before_status")
    found = script(client.send(order(1, limit_price=RESTING), wait_s=5.0))
    assert found
    assert "11 10" not in found
    assert first.fired == 0


def test_cancel_race_fills_and_refuses_the_cancel() -> None:
    client = peer()
    client.send(order(1, limit_price=RESTING), wait_s=2.0)
    race = weather(client, "cancel_race")
    found = script(client.send(CancelOrder(order_id=1), wait_s=5.0))
    assert found[0] == "3:PendingCancel 0/10"
    assert {"11 10", "3:Filled 10/0", "10148"} <= set(found)
    assert "3:Cancelled 0/10" not in found
    assert position(client) == 10
    assert race.fired == 1


def test_cancel_race_fills_a_market_order_at_the_other_side_never_in_the_middle() -> None:
    client = peer()
    client.engine.orders.hold()
    client.send(order(1), wait_s=2.0)
    weather(client, "cancel_race")
    client.send(CancelOrder(order_id=1), wait_s=0.0)
    client.wait(5.0)
    [execution] = client.engine.orders.book.executions
    quote = client.engine.market.quote(execution.instrument, execution.at_s)
    assert quote.bid is not None
    assert quote.bid < float(execution.price) == quote.ask


def test_cancel_race_fills_nothing_that_waits_for_its_time() -> None:
    client = peer()
    client.send(order(1, good_after_time="15:00:00 US/Eastern"), wait_s=2.0)
    race = weather(client, "cancel_race")
    found = script(client.send(CancelOrder(order_id=1), wait_s=5.0))
    assert found[-2:] == ["3:Cancelled 0/10", "202"]
    assert race.fired == 0


def test_cancel_race_needs_a_market() -> None:
    client = peer()
    client.send(order(1, limit_price=RESTING), wait_s=2.0)
    race = weather(client, "cancel_race")
    client.engine.halted.add("SPY")
    found = script(client.send(CancelOrder(order_id=1), wait_s=5.0))
    assert found[-2:] == ["3:Cancelled 0/10", "202"]
    assert race.fired == 0


def test_duplicate_callbacks_say_everything_several_times_and_trade_once() -> None:
    usual = peer()
    once = usual.send(order(1), wait_s=5.0)
    client, copies = in_weather("duplicate_callbacks", copies=3)
    found = client.send(order(1), wait_s=5.0)
    assert found == [message for message in once for _copy in range(3)]
    assert len({fill.exec_id for fill in only(found, ExecutionData)}) == 1
    assert position(client) == position(usual) == 10
    assert copies.fired == len(once)


def test_external_trades_change_positions_and_are_told_to_nobody() -> None:
    client, trades = in_weather("external_trades", symbol="SPY", quantity=-5, times=2)
    assert script(client.wait(60.0)) == []
    assert position(client) == -10
    assert trades.fired == 2


def test_external_trades_follow_the_seed() -> None:
    def held(seed: int) -> list[Decimal]:
        client, _trades = in_weather("external_trades", seed=seed, times=5)
        client.wait(200.0)
        return [trade.shares for trade in client.engine.orders.book.executions]

    assert held(1) == held(1) != held(2)
    assert len(held(1)) == 5


@pytest.mark.parametrize("name", ["margin_reject", "cancel_race", "partial_fills"])
def test_it_happens_to_the_symbol_it_is_about_only(name) -> None:
    client, other = in_weather(name, symbol="QQQ")
    assert "11 10" in script(client.send(order(1), wait_s=5.0))
    assert other.fired == 0


def test_two_weathers_of_orders_are_both_in_force() -> None:
    client = peer()
    parts = weather(client, "partial_fills", share=0.5)
    copies = weather(client, "duplicate_callbacks")
    found = only(client.send(order(1), wait_s=5.0), ExecutionData)
    assert [fill.shares for fill in found] == [5, 5, 5, 5]
    assert len({fill.exec_id for fill in found}) == 2
    assert parts.fired
    assert copies.fired


def test_a_what_if_is_no_order() -> None:
    client, tick = in_weather("tick_reject")
    asked = dataclasses.replace(order(1, limit_price=RESTING), what_if=True)
    assert 110 not in codes(client.send(asked, wait_s=2.0))
    assert tick.fired == 0
