"""Fill rules: top of the book, no valid quote no fill, never more than is displayed."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from pytest_ibkr.sim import fills
from pytest_ibkr.sim.order_state import Status
from pytest_ibkr.sim.quotes import Quote
from tests.sim.orders_bench import TEN_O_CLOCK_S, Bench, Desk

pytestmark = pytest.mark.req("XC-001")


@pytest.fixture
def bench() -> Bench:
    return Bench()


@pytest.fixture
def client(bench: Bench) -> Desk:
    return bench.start()


INVALID_QUOTES: list[Any] = [
    pytest.param((None, 754.95, {}), id="no-bid"),
    pytest.param((754.90, None, {}), id="no-ask"),
    pytest.param((755.00, 754.95, {}), id="crossed"),
    pytest.param((754.90, 754.95, {"ask_size": 0}), id="nothing-displayed"),
    pytest.param((754.90, 754.95, {"ask_size": None}), id="size-unknown"),
    pytest.param((0.0, 0.0, {}), id="zero"),
]


@pytest.mark.parametrize("quote", INVALID_QUOTES)
def test_a_market_order_waits_for_a_valid_quote_and_then_fills(
    bench: Bench, client: Desk, *, quote: tuple[float | None, float | None, dict[str, Any]]
) -> None:
    bid, ask, rest = quote
    bench.market.set(bench.spy, bid, ask, **rest)
    client.place(1, "BUY", 100)
    bench.run(30)
    assert client.order(1).status is Status.PRE_SUBMITTED
    assert client.order(1).filled == 0
    bench.market.set(bench.spy, 754.90, 754.95)
    bench.run(0.3)
    assert client.order(1).status is Status.FILLED


def test_nobody_buys_at_a_zero_bid(bench: Bench, client: Desk) -> None:
    bench.engine.accounts.add_position(bench.option, Decimal(1), average_cost=Decimal(250))
    bench.market.set(bench.option, 0.0, 0.05)
    client.place(1, "SELL", 1, contract=bench.option_contract)
    bench.run(30)
    assert client.order(1).filled == 0


def test_a_marketable_limit_gets_the_better_price_of_the_quote(bench: Bench, client: Desk) -> None:
    client.place(1, "BUY", 100, limit_price="760.00")
    bench.run(1)
    assert client.order(1).average_price == Decimal("754.95")


def test_a_resting_limit_is_not_filled_by_trades_at_its_price(bench: Bench, client: Desk) -> None:
    client.place(1, "BUY", 100, limit_price="754.90")
    bench.market.set(bench.spy, 754.90, 754.95, last=754.90)
    bench.run(60)
    assert client.order(1).filled == 0
    bench.market.set(bench.spy, 754.85, 754.90)
    bench.run(0.3)
    assert client.order(1).filled == 100


def test_two_orders_share_what_one_quote_displays(bench: Bench, client: Desk) -> None:
    bench.market.set(bench.spy, 754.90, 754.95, ask_size=100)
    client.place(1, "BUY", 80)
    client.place(2, "BUY", 80)
    bench.run(0.4)
    assert [client.order(i).filled for i in (1, 2)] == [80, 20]
    bench.market.set(bench.spy, 754.90, 754.95, ask_size=60)
    bench.run(0.3)
    assert client.order(2).filled == 80


def test_what_was_taken_from_a_quote_is_not_sold_again_while_it_stands(
    bench: Bench, client: Desk
) -> None:
    bench.market.set(bench.spy, 754.90, 754.95, ask_size=100)
    client.place(1, "BUY", 250)
    bench.run(60)
    assert client.order(1).filled == 100
    bench.market.set(bench.spy, 754.80, 754.95, ask_size=100)  # the other side moved
    bench.run(1)
    assert client.order(1).filled == 100
    bench.market.set(bench.spy, 754.80, 754.95, ask_size=70)
    bench.run(1)
    assert client.order(1).filled == 170
    bench.market.set(bench.spy, 754.80, 754.96, ask_size=70)
    bench.run(1)
    assert client.order(1).filled == 240


def test_an_immediate_or_cancel_stop_takes_one_look_after_its_trigger(
    bench: Bench, client: Desk
) -> None:
    client.place(1, "BUY", 250, order_type="STP", aux_price="755.00", tif="IOC")
    bench.run(30)
    assert client.order(1).is_open
    bench.market.set(bench.spy, 754.95, 755.00, last=755.00)
    bench.run(0.3)
    assert (client.order(1).status, client.order(1).filled) == (Status.CANCELLED, 100)


def test_an_order_whose_look_fails_leaves_the_others_watched(
    bench: Bench, client: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    for order_id in (1, 2):
        client.place(order_id, "BUY", 10, limit_price="750.00")
    bench.run(1)
    broken, acceptable = client.order(1), fills.acceptable

    def fails_for_one(order: Any, offer: fills.Offer) -> bool:
        if order is broken:
            raise RuntimeError("a look that fails")
        return acceptable(order, offer)

    monkeypatch.setattr(fills, "acceptable", fails_for_one)
    bench.market.set(bench.spy, 749.90, 750.00)
    bench.run(0.25)
    assert [str(failure) for failure in bench.engine.failures] == ["a look that fails"]
    assert client.order(2).status is Status.FILLED
    monkeypatch.undo()
    bench.run(0.25)
    assert client.order(1).status is Status.FILLED


def test_a_frozen_quote_fills_for_a_minute_and_then_no_more(bench: Bench, client: Desk) -> None:
    bench.engine.faults.freeze("SPY")
    client.place(1, "BUY", 10)
    bench.run(1)
    assert client.order(1).status is Status.FILLED
    bench.run(60)
    client.place(2, "BUY", 10)
    bench.run(120)
    assert client.order(2).filled == 0
    bench.engine.conditions.frozen.clear()
    bench.run(1)
    assert client.order(2).status is Status.FILLED


def test_nothing_fills_while_the_symbol_is_halted(bench: Bench, client: Desk) -> None:
    bench.engine.halted.add("SPY")
    client.place(1, "BUY", 10)
    bench.run(10)
    assert client.order(1).filled == 0
    bench.engine.halted.clear()
    bench.run(1)
    assert client.order(1).filled == 10


def test_nothing_fills_where_the_markets_data_has_ended(bench: Bench, client: Desk) -> None:
    bench.market.ended = True
    client.place(1, "BUY", 10)
    bench.run(100)
    assert client.order(1).filled == 0


def test_a_trailing_stop_follows_up_and_never_down(bench: Bench, client: Desk) -> None:
    client.place(1, "SELL", 100, order_type="TRAIL", aux_price="2.00")
    bench.run(1)
    order = client.order(1)
    assert (order.stop, order.why_held) == (Decimal("752.90"), "trigger")
    bench.market.set(bench.spy, 757.00, 757.05)
    bench.run(1)
    assert order.stop == Decimal("755.00")
    bench.market.set(bench.spy, 755.50, 755.55)
    bench.run(1)
    assert (order.stop, order.filled) == (Decimal("755.00"), 0)
    bench.market.set(bench.spy, 754.80, 754.85)
    bench.run(1)
    assert (order.status, order.average_price) == (Status.FILLED, Decimal("754.80"))


def test_a_trailing_buy_with_a_stop_of_zero_starts_from_the_market(
    bench: Bench, client: Desk
) -> None:
    client.place(1, "BUY", 100, order_type="TRAIL", aux_price="2.00", trail_stop_price="0")
    bench.run(5)
    assert (client.order(1).stop, client.order(1).filled) == (Decimal("756.90"), 0)


def test_a_trailing_percent_is_of_the_price(bench: Bench, client: Desk) -> None:
    bench.market.set(bench.spy, 700.00, 700.05)
    client.place(1, "SELL", 100, order_type="TRAIL", trailing_percent=1.0)
    bench.run(1)
    assert client.order(1).stop == Decimal("693.00")


def test_a_stop_limit_rests_at_its_limit_after_the_trigger(bench: Bench, client: Desk) -> None:
    client.place(1, "SELL", 100, order_type="STP LMT", aux_price="750.00", limit_price="749.90")
    bench.market.set(bench.spy, 749.50, 749.60)
    bench.run(1)
    order = client.order(1)
    assert (order.status, order.filled) == (Status.SUBMITTED, 0)
    bench.market.set(bench.spy, 749.95, 750.00)
    bench.run(1)
    assert (order.status, order.average_price) == (Status.FILLED, Decimal("749.95"))


def test_a_day_order_ends_with_the_session_and_a_gtc_order_stays() -> None:
    bench = Bench(start_s=TEN_O_CLOCK_S + 6 * 3600 - 30)  # half a minute to the close
    client = bench.start()
    client.place(1, "BUY", 100, limit_price="700.00")
    client.place(2, "BUY", 100, limit_price="700.00", tif="GTC")
    bench.run(29)
    assert [client.order(i).status for i in (1, 2)] == [Status.SUBMITTED] * 2
    bench.run(2)
    assert [client.order(i).status for i in (1, 2)] == [Status.CANCELLED, Status.SUBMITTED]


@pytest.mark.parametrize(
    ("quote", "price"),
    [
        (Quote(bid=1.0, ask=1.1, last=5.0), Decimal("1.05")),
        (Quote(bid=0.0, ask=0.02, last=5.0), Decimal("0.01")),
        (Quote(bid=None, ask=1.1, last=0.9), Decimal("0.9")),
        (Quote(bid=1.2, ask=1.1, last=0.9), Decimal("0.9")),
        (Quote(close=0.7), Decimal("0.7")),
        (Quote(), None),
    ],
)
def test_a_position_is_marked_at_mid_last_or_close(quote: Quote, price: Decimal | None) -> None:
    assert fills.mark_price(quote) == price
