"""The socket goes away in the middle of something, and orders outlive it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from bot.broker import GatewayConnectionError, GatewayEvent
from bot.domain.orders import OrderStatus
from pytest_ibkr.wire.messages.executions import CommissionReport
from pytest_ibkr.wire.messages.history import HistoricalData
from tests.system.bench import (
    CALL,
    QQQ,
    SPY,
    error_codes,
    executions,
    fill,
    limit,
    market,
    pass_time,
)


@pytest.mark.parametrize("keep", [None, 40], ids=["at once", "within a frame"])
def test_a_snapshot_ends_with_the_connection_and_the_next_one_is_whole(ibkr, broker, keep):
    with (
        ibkr.faults.cut("reqMktData", keep=keep),
        pytest.raises(GatewayConnectionError, match="connection lost"),
    ):
        broker.get_market_data(SPY)
    assert not broker.is_connected()
    broker.reconnect()
    assert broker.get_market_data(SPY).is_two_sided
    assert len(ibkr.journal.requests("reqMktData")) == 2


@pytest.mark.parametrize("keep", [None, 2000], ids=["at once", "within the bars"])
def test_history_ends_with_the_connection_and_never_with_half_the_bars(ibkr, broker, keep):
    with ibkr.faults.cut("reqHistoricalData", keep=keep), pytest.raises(GatewayConnectionError):
        broker.get_historical_data(SPY, "2 D", "5 mins")
    broker.reconnect()
    bars = broker.get_historical_data(SPY, "2 D", "5 mins")
    assert len(bars) == len(ibkr.journal.answers(HistoricalData)[-1].bars)


def test_requests_of_several_threads_all_end_when_the_gateway_dies(ibkr, broker):
    with ibkr.faults.delay("reqHistoricalData", 600), ThreadPoolExecutor(4) as pool:
        waiting = [pool.submit(broker.get_historical_data, SPY, "1 D", "5 mins") for _ in range(4)]
        ibkr.journal.wait_for("reqHistoricalData")
        while len(ibkr.journal.requests("reqHistoricalData")) < 4:
            ibkr.clock.sleep(0.01)
        ibkr.faults.cut_now()
        for future in waiting:
            with pytest.raises(GatewayConnectionError):
                future.result(timeout=10)
    assert ibkr.clock.now() < ibkr.engine.world.snapshot.captured_at


def adopted_and_cancelled(ibkr, broker) -> None:
    """Two orders work when the socket dies; afterwards they are known, single, and cancelled."""
    ids = [broker.place_order(CALL, limit("BUY", price)) for price in ("0.10", "0.11")]
    for order_id in ids:
        broker.wait_for_order(order_id, {"Submitted"}, 5)
    ibkr.faults.cut_now()
    with pytest.raises(GatewayConnectionError, match=rf"lost while order {ids[0]} was Submitted"):
        broker.wait_for_order(ids[0], {"Filled"}, 30)
    assert broker.reconnect() == 1
    assert [order.order_id for order in broker.open_orders()] in (ids, ids[::-1])
    assert [order.order_id for order in ibkr.journal.orders()] == ids
    for state in broker.cancel_all_orders():
        assert state.status == "Cancelled"
    assert ibkr.call(ibkr.engine.orders.open_orders) == []


def test_a_loss_is_alerted_and_working_orders_are_adopted_not_sent_again(ibkr, broker):
    told = []
    broker.on_event(lambda event, _text: told.append(event))
    adopted_and_cancelled(ibkr, broker)
    broker.disconnect()
    assert GatewayEvent.DISCONNECTED in told


def test_counter_proof_orders_sent_again_are_noticed(ibkr, broker, monkeypatch):
    reconnect = broker.reconnect

    def resending():
        tries = reconnect()
        for order in broker.open_orders():
            broker.place_order(order.contract, order.ticket)
        return tries

    monkeypatch.setattr(broker, "reconnect", resending)
    with pytest.raises(AssertionError, match=r"\[1, 2, 3"):
        adopted_and_cancelled(ibkr, broker)


def test_an_order_survives_its_client_and_is_adopted_by_the_next_object(ibkr, connect):
    first = connect()
    order_id = first.place_order(CALL, limit("BUY", "0.10"))
    first.wait_for_order(order_id, {"Submitted"}, 5)
    first.disconnect()
    second = connect()
    assert [order.order_id for order in second.open_orders()] == [order_id]
    assert second.get_order_status(order_id).ticket.limit_price == limit("BUY", "0.10").limit_price
    assert second.place_order(CALL, limit("BUY", "0.11")) == order_id + 1
    assert second.cancel_order(order_id).status == "Cancelled"

    assert [order.order_id for order in ibkr.journal.orders()] == [1, 2]


def test_a_fill_during_the_absence_is_found_by_the_reconnect(ibkr, broker):
    ibkr.call(ibkr.engine.orders.hold)
    order_id = broker.place_order(CALL, limit("BUY", "1.77", 3))
    broker.wait_for_order(order_id, {"Submitted"}, 5)
    ibkr.faults.cut_now()
    fill(ibkr, order_id, 3, "1.77")
    ibkr.clock.sleep(30)
    assert broker.get_order_status(order_id).status == "Submitted"
    broker.reconnect()
    state = broker.get_order_status(order_id)
    assert (state.status, state.filled) == ("Filled", 3)
    pass_time(ibkr, broker, 1)
    assert broker.get_order_status(order_id).commission is not None
    assert len(ibkr.journal.orders()) == 1


def test_a_cancel_during_the_absence_is_found_by_the_reconnect(ibkr, broker):
    order_id = broker.place_order(CALL, limit("BUY", "0.10"))
    broker.wait_for_order(order_id, {"Submitted"}, 5)
    ibkr.faults.cut_now()
    order = ibkr.call(lambda: ibkr.engine.orders.find(ibkr.client_id, order_id))
    ibkr.call(lambda: ibkr.engine.orders.flow.cancel_now(order))
    broker.reconnect()
    assert broker.get_order_status(order_id).status == "Cancelled"
    assert broker.open_orders() == []


@pytest.mark.parametrize("arrived", [True, False], ids=["it arrived", "it did not"])
def test_an_order_in_doubt_after_a_loss_is_settled_and_never_sent_twice(ibkr, broker, arrived):
    with ibkr.faults.cut("placeOrder", keep=0 if arrived else None):
        order_id = broker.place_order(CALL, market("BUY", 2))
        with pytest.raises(GatewayConnectionError):
            broker.wait_for_order(order_id, {"Filled"}, 30)
    ibkr.clock.sleep(5)
    broker.reconnect()
    state = broker.get_order_status(order_id)
    assert state.is_terminal
    assert state.status is (OrderStatus.FILLED if arrived else OrderStatus.INACTIVE)
    assert len(ibkr.journal.orders()) == 1
    held = sum(position.quantity for position in broker.get_positions())
    assert held == state.filled == (2 if arrived else 0)
    assert len(executions(ibkr, order_id)) == (1 if arrived else 0)


def test_placing_while_disconnected_sends_nothing_and_says_so(ibkr, broker):
    ibkr.faults.cut_now()
    with pytest.raises(GatewayConnectionError):
        broker.server_time()
    with pytest.raises(GatewayConnectionError, match="not connected"):
        broker.place_order(CALL, market("BUY"))
    assert broker.orders == ()
    assert ibkr.journal.orders() == []


def test_a_commission_of_before_the_loss_is_known_after_it(ibkr, broker):
    order_id = broker.place_order(CALL, market("BUY"))
    broker.wait_for_order(order_id, {"Filled"}, 30)
    ibkr.journal.wait_for(lambda entry: isinstance(entry.message, CommissionReport))
    ibkr.faults.cut_now()
    broker.reconnect()
    [trade] = broker.executions()
    pass_time(ibkr, broker, 1)
    assert (
        broker.get_order_status(order_id).commission
        == ibkr.journal.answers(CommissionReport)[0].commission
    )
    assert trade.order_id == order_id


def test_an_answer_that_breaks_in_the_bot_fails_its_request_and_no_other(
    ibkr, connect, monkeypatch
):
    broker = connect()
    convert = "bot.broker.wrapper.from_ib_bar"
    with monkeypatch.context() as patch:
        patch.setattr(convert, lambda *_a, **_k: 1 / 0)
        with pytest.raises(Exception, match="ZeroDivisionError"):
            broker.get_historical_data(SPY, "1 D", "5 mins")
        assert broker.get_market_data(QQQ).is_two_sided
    assert "ZeroDivisionError" in broker.faults[0]
    assert broker.get_historical_data(SPY, "1 D", "5 mins")
    assert error_codes(ibkr) == error_codes(ibkr, -1)
