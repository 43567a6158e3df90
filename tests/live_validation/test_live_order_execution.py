"""Orders on a contract chosen now: fill, track, cancel, close, refuse."""

from __future__ import annotations

from decimal import Decimal

import pytest

from bot.broker import BrokerError
from bot.domain.orders import CANCELLED_STATUSES, OrderStatus, OrderTicket

pytestmark = [pytest.mark.live, pytest.mark.places_orders]
WORKING = frozenset({OrderStatus.PRE_SUBMITTED, OrderStatus.SUBMITTED})
CROSSED_TICKS = 2  # a quote moves while the order travels; the fill is at the market's price


def limit(action, price, *, quantity=1):
    """A day limit order."""
    return OrderTicket(action=action, quantity=Decimal(quantity), limit_price=price, tif="DAY")


@pytest.fixture
def buy_one(broker, otm_call, clock, ibkr_config, measure):
    """Buy one contract with a marketable limit; return its final state."""
    timeout_s = ibkr_config.thresholds.order_fill_timeout_seconds

    def buy():
        before = clock.now()
        quote = broker.get_market_data(otm_call.contract)
        price = quote.ask + CROSSED_TICKS * otm_call.tick
        order_id = broker.place_order(otm_call.contract, limit("BUY", price))
        assert order_id > 0
        state = broker.wait_for_order(order_id, {OrderStatus.FILLED}, timeout_s)
        measure("order_fill_time_s", (clock.now() - before).total_seconds())
        return state

    return buy


@pytest.fixture
def fees(broker, clock):
    """The commission of an order, in dollars, once its report has come."""

    def reported(order_id):
        for _second in range(10):
            if (paid := broker.get_order_status(order_id).commission) is not None:
                return paid
            clock.sleep(1)
        raise AssertionError(f"no commission report for order {order_id} within 10 s")

    return reported


@pytest.mark.req("LV-010")
def test_a_position_opened_here_is_reported_whole(guard, broker, buy_one, otm_call, fees):
    bought, wanted = buy_one(), otm_call.contract
    commission, held = fees(bought.order_id), guard.start.get(wanted.con_id, Decimal(0))
    [row] = [p for p in broker.get_positions() if p.contract.con_id == wanted.con_id]
    [fill] = [f for f in broker.executions() if f.order_id == bought.order_id]
    assert row.account == fill.account
    assert row.account in broker.accounts
    assert row.quantity == held + 1
    assert (row.symbol, row.right) == (wanted.symbol, wanted.right)
    assert (row.contract.strike, row.contract.expiry) == (wanted.strike, wanted.expiry)
    assert row.avg_cost is not None
    assert row.avg_cost > 0
    if not held:  # else older fills are part of the average
        paid = bought.avg_fill_price * wanted.multiplier + commission
        assert abs(row.avg_cost - paid) <= Decimal("0.02"), "cost per contract, with commission"


@pytest.mark.req("LV-016")
def test_a_marketable_limit_order_fills(guard, buy_one):
    state = buy_one()
    assert state.status is OrderStatus.FILLED
    assert state.filled == 1
    assert state.avg_fill_price is not None
    assert state.avg_fill_price > 0


@pytest.mark.req("LV-017")
def test_a_fill_changes_the_position_by_what_was_bought(guard, broker, buy_one, otm_call):
    buy_one()
    con_id = otm_call.contract.con_id
    assert guard.change(con_id) == 1
    [row] = [p for p in broker.get_positions() if p.contract.con_id == con_id]
    assert row.contract.right == otm_call.contract.right
    assert row.avg_cost is not None
    assert row.avg_cost > 0


@pytest.mark.req("LV-018")
def test_a_resting_order_can_be_cancelled(guard, broker, otm_call, clock, ibkr_config):
    price = otm_call.snapped(otm_call.quote.bid / 2)
    order_id = broker.place_order(otm_call.contract, limit("BUY", price))
    timeout_s = ibkr_config.thresholds.order_cancel_timeout_seconds
    resting = broker.wait_for_order(order_id, WORKING, timeout_s)
    assert resting.status in WORKING
    clock.sleep(2)
    assert broker.get_order_status(order_id).filled == 0
    state = broker.cancel_order(order_id, timeout_s=timeout_s)
    assert state.status in CANCELLED_STATUSES
    assert state.filled == 0
    assert order_id not in {order.order_id for order in broker.open_orders()}


@pytest.mark.req("LV-019")
def test_a_round_trip_ends_where_it_began(guard, broker, buy_one, otm_call, ibkr_config):
    buy_one()
    quote = broker.get_market_data(otm_call.contract)
    price = max(quote.bid - CROSSED_TICKS * otm_call.tick, otm_call.tick)
    order_id = broker.place_order(otm_call.contract, limit("SELL", price))
    state = broker.wait_for_order(
        order_id, {OrderStatus.FILLED}, ibkr_config.thresholds.order_fill_timeout_seconds
    )
    assert state.status is OrderStatus.FILLED
    assert guard.change(otm_call.contract.con_id) == 0


@pytest.mark.req("LV-024")
def test_three_orders_are_tracked_and_cancelled_one_by_one(guard, broker, otm_call, clock):
    prices = [otm_call.snapped(otm_call.quote.bid * Decimal(s)) for s in ("0.5", "0.6", "0.7")]
    ids = [broker.place_order(otm_call.contract, limit("BUY", price)) for price in prices]
    assert len(set(ids)) == 3
    clock.sleep(2)
    working = {order.order_id: order for order in broker.open_orders()}
    assert [working[order_id].ticket.limit_price for order_id in ids] == prices
    broker.cancel_order(ids[1])
    left = {order.order_id for order in broker.open_orders()}
    assert ids[1] not in left
    assert {ids[0], ids[2]} <= left


@pytest.mark.req("LV-024")
@pytest.mark.parametrize("quantity", [-1, 0])
def test_a_quantity_that_is_not_positive_is_refused(guard, broker, otm_call, quantity):
    with pytest.raises((ValueError, BrokerError), match=r"(?i)quantity|invalid"):
        broker.place_order(otm_call.contract, limit("BUY", otm_call.quote.bid, quantity=quantity))
    assert guard.change(otm_call.contract.con_id) == 0
