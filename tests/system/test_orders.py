"""An order's way from ticket to result: fills, partial fills, changes, brackets, stops."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from bot.broker import OrdersBlockedError, RequestTimeoutError
from bot.domain.orders import OrderTicket
from pytest_ibkr.wire.messages.executions import CommissionReport
from pytest_ibkr.wire.messages.order import OrderStatus
from tests.system.bench import (
    CALL,
    SPY,
    error_codes,
    exact,
    executions,
    fill,
    limit,
    market,
    pass_time,
)


def statuses(ibkr, order_id: int) -> list[str]:
    """Statuses sent for an order, repeats taken out."""
    words = [m.status for m in ibkr.journal.answers(OrderStatus) if m.order_id == order_id]
    return [word for i, word in enumerate(words) if i == 0 or words[i - 1] != word]


@pytest.mark.req("LV-016")
def test_a_marketable_limit_fills_at_the_offer(ibkr, broker):
    offer = broker.get_market_data(CALL).ask
    order_id = broker.place_order(CALL, limit("BUY", "2.50", tif="DAY"))
    state = broker.wait_for_order(order_id, {"Filled"}, 30)
    [execution] = executions(ibkr, order_id)
    assert state.is_filled
    assert (state.filled, state.remaining) == (1, 0)
    assert state.avg_fill_price == execution.price
    assert abs(execution.price - offer) <= Decimal("0.05")
    [order] = ibkr.journal.orders()
    assert (order.order_id, order.action, order.quantity) == (order_id, "BUY", 1)
    assert (order.limit_price, order.tif, order.transmit) == (Decimal("2.50"), "DAY", True)
    assert (order.e_trade_only, order.firm_quote_only) == (False, False)
    assert statuses(ibkr, order_id)[-1] == "Filled"


@pytest.mark.parametrize("action", ["BUY", "SELL"])
def test_a_market_order_trades_on_the_other_side_of_the_book(ibkr, broker, action):
    if action == "SELL":
        ibkr.faults.external_trade("SPY", 100)
    order_id = broker.place_order(SPY, market(action, 100))
    state = broker.wait_for_order(order_id, {"Filled"}, 30)
    [execution] = executions(ibkr, order_id)
    assert state.executions[0].side == action
    assert state.avg_fill_price == execution.price
    assert ibkr.journal.orders()[0].limit_price in (None, Decimal(0))


def test_an_order_larger_than_the_offer_fills_in_pieces_that_add_up(ibkr, broker):
    order_id = broker.place_order(CALL, limit("BUY", "2.50", 90))
    state = broker.wait_for_order(order_id, {"Filled"}, 60)
    pass_time(ibkr, broker, 1)
    state = broker.get_order_status(order_id)
    pieces = executions(ibkr, order_id)
    assert len(pieces) > 1
    assert sum(piece.shares for piece in pieces) == state.filled == 90
    value = sum(piece.shares * piece.price for piece in pieces)
    assert state.avg_fill_price == pytest.approx(value / 90, abs=Decimal("0.0001"))
    assert len({piece.exec_id for piece in pieces}) == len(state.executions) == len(pieces)
    reports = ibkr.journal.answers(CommissionReport)
    assert state.commission == sum(report.commission for report in reports)


def partial_fill_is_followed(ibkr, broker) -> None:
    """Three of ten fill, then the rest is cancelled: three are held, seven never traded."""
    ibkr.call(ibkr.engine.orders.hold)
    order_id = broker.place_order(CALL, limit("BUY", "1.77", 10))
    broker.wait_for_order(order_id, {"Submitted"}, 5)
    fill(ibkr, order_id, 3, "1.77")
    ibkr.journal.wait_for(lambda e: isinstance(e.message, CommissionReport))
    broker.server_time()
    state = broker.get_order_status(order_id)
    assert (state.status, state.filled, state.remaining) == ("Submitted", 3, 7)
    assert state.avg_fill_price == Decimal("1.77")
    done = broker.cancel_order(order_id)
    assert (done.status, done.filled, done.remaining) == ("Cancelled", 3, 7)
    [position] = broker.get_positions()
    assert position.quantity == 3


@pytest.mark.req("LV-034")
def test_a_partial_fill_is_tracked_and_survives_the_cancel_of_the_rest(ibkr, broker):
    partial_fill_is_followed(ibkr, broker)
    [order] = ibkr.journal.orders()
    [execution] = executions(ibkr, order.order_id)
    assert execution.shares == 3
    assert error_codes(ibkr, order.order_id) == [202]


@pytest.mark.req("LV-034", counter_proof="only complete fills are counted")
def test_counter_proof_forgetting_partial_fills_is_noticed(ibkr, broker, monkeypatch):
    def forget(known, report):
        return known if report.remaining else replace(known, filled=report.filled)

    monkeypatch.setattr("bot.broker.order_book.merge_status", forget)
    monkeypatch.setattr("bot.broker.order_book.merge_fill", lambda known, _execution: known)
    with pytest.raises(AssertionError, match="Decimal"):
        partial_fill_is_followed(ibkr, broker)


def resting_cancelled(ibkr, broker) -> None:
    """A bid far below the market rests, and its cancel leaves nothing."""
    order_id = broker.place_order(CALL, limit("BUY", "0.88"))
    broker.wait_for_order(order_id, {"Submitted"}, 5)
    assert [order.order_id for order in broker.open_orders()] == [order_id]
    began_s = ibkr.clock.monotonic()
    state = broker.cancel_order(order_id)
    assert ibkr.clock.monotonic() - began_s < 10
    assert (state.status, state.filled, state.remaining) == ("Cancelled", 0, 1)
    assert broker.open_orders() == []


@pytest.mark.req("LV-018")
def test_a_resting_order_is_modified_and_cancelled_under_its_id(ibkr, broker):
    order_id = broker.place_order(CALL, limit("BUY", "0.88", 2))
    broker.wait_for_order(order_id, {"Submitted"}, 5)
    broker.modify_order(order_id, limit("BUY", "0.90", 3))
    pass_time(ibkr, broker, 1)
    [listed] = broker.open_orders()
    assert (listed.order_id, listed.status) == (order_id, "Submitted")
    assert (listed.ticket.limit_price, listed.ticket.quantity) == (Decimal("0.90"), 3)
    assert listed.remaining == 3
    sent = [(o.order_id, o.limit_price, o.quantity) for o in ibkr.journal.orders()]
    assert sent == [(order_id, Decimal("0.88"), 2), (order_id, Decimal("0.90"), 3)]
    assert broker.cancel_order(order_id).status == "Cancelled"
    assert [m.order_id for m in ibkr.journal.requests("cancelOrder")] == [order_id]


@pytest.mark.req("LV-018")
def test_202_is_the_confirmation_of_a_cancel_and_no_error(ibkr, broker):
    resting_cancelled(ibkr, broker)
    [state] = broker.orders
    assert error_codes(ibkr, state.order_id) == [202]
    assert (state.error_code, state.error_text) == (None, "")
    assert not state.is_rejected


@pytest.mark.req("LV-018", counter_proof="the broker reports Cancelled without asking")
def test_counter_proof_a_cancel_that_is_only_believed_is_noticed(ibkr, broker, monkeypatch):
    def believed(order_id, **_options):
        return replace(broker.get_order_status(order_id), status="Cancelled")

    monkeypatch.setattr(broker, "cancel_order", believed)
    with pytest.raises(AssertionError, match=r"== \[\]"):
        resting_cancelled(ibkr, broker)


def test_a_modification_to_the_market_fills_the_same_order(ibkr, broker):
    order_id = broker.place_order(CALL, limit("BUY", "0.88"))
    broker.wait_for_order(order_id, {"Submitted"}, 5)
    broker.modify_order(order_id, limit("BUY", "2.50"))
    assert broker.wait_for_order(order_id, {"Filled"}, 30).is_filled
    assert {order.order_id for order in ibkr.journal.orders()} == {order_id}
    assert len(executions(ibkr, order_id)) == 1


def test_an_immediate_order_takes_what_is_there_and_the_rest_is_cancelled(ibkr, broker):
    order_id = broker.place_order(CALL, limit("BUY", "2.50", 500, tif="IOC"))
    state = broker.wait_for_order(order_id, {"Filled"}, 30)
    assert state.status == "Cancelled"
    assert 0 < state.filled < 500
    assert state.filled == sum(piece.shares for piece in executions(ibkr, order_id))
    assert state.remaining == 500 - state.filled
    assert broker.get_positions()[0].quantity == state.filled


def test_an_immediate_order_away_from_the_market_gets_nothing(ibkr, broker):
    order_id = broker.place_order(CALL, limit("BUY", "0.50", tif="IOC"))
    state = broker.wait_for_order(order_id, {"Cancelled"}, 30)
    assert (state.status, state.filled) == ("Cancelled", 0)
    assert executions(ibkr, order_id) == []


def place_bracket(broker, *, entry: str, target: str, stop: str) -> list[int]:
    """Parent, take-profit and stop; the last one transmits all."""
    parent = broker.place_order(CALL, limit("BUY", entry, transmit=False))
    target_id = broker.place_order(CALL, limit("SELL", target, transmit=False, parent_id=parent))
    stop_ticket = OrderTicket(
        action="SELL", quantity=1, order_type="STP", aux_price=Decimal(stop), parent_id=parent
    )
    return [parent, target_id, broker.place_order(CALL, stop_ticket)]


def test_a_bracket_waits_for_its_parent_and_one_child_ends_the_other(ibkr, broker):
    parent, target, stop = place_bracket(broker, entry="2.50", target="9.00", stop="0.10")
    broker.wait_for_order(parent, {"Filled"}, 30)
    broker.wait_for_order(target, {"Submitted"}, 10)
    broker.server_time()
    assert broker.get_order_status(stop).status == "PreSubmitted"
    assert broker.get_order_status(stop).why_held == "trigger"
    sent = {o.order_id: (o.parent_id, o.transmit) for o in ibkr.journal.orders()}
    assert sent == {parent: (0, False), target: (parent, False), stop: (parent, True)}
    fill(ibkr, target, 1, "9.00")
    ended = broker.wait_for_order(stop, {"Cancelled"}, 10)
    assert (ended.status, ended.filled) == ("Cancelled", 0)
    assert broker.get_order_status(target).is_filled
    assert broker.get_positions() == []


def test_cancelling_the_parent_of_a_bracket_cancels_its_children(ibkr, broker):
    ids = place_bracket(broker, entry="0.50", target="9.00", stop="0.10")
    broker.wait_for_order(ids[0], {"Submitted"}, 10)
    broker.server_time()
    assert broker.get_order_status(ids[1]).why_held == "child"
    broker.cancel_order(ids[0])
    for child in ids[1:]:
        assert broker.wait_for_order(child, {"Cancelled"}, 5).status == "Cancelled"
    assert [m.order_id for m in ibkr.journal.requests("cancelOrder")] == [ids[0]]
    assert broker.open_orders() == []


def test_orders_held_back_are_unknown_to_the_market(ibkr, broker):
    held = broker.place_order(CALL, limit("BUY", "2.50", transmit=False))
    pass_time(ibkr, broker, 5)
    assert statuses(ibkr, held) == []
    assert broker.open_orders() == []
    assert broker.get_order_status(held).status == "ApiPending"


def test_a_stop_sleeps_until_the_days_path_reaches_it(ibkr, broker):
    """SPY trades at 752.9 at 10:00 and above 753.10 three minutes later."""
    ticket = OrderTicket(action="BUY", quantity=10, order_type="STP", aux_price=Decimal("753.10"))
    order_id = broker.place_order(SPY, ticket)
    held = broker.wait_for_order(order_id, {"PreSubmitted"}, 5)
    assert (held.status, held.why_held) == ("PreSubmitted", "trigger")
    began = ibkr.clock.now()
    state = broker.wait_for_order(order_id, {"Filled"}, 240)
    waited_s = (ibkr.clock.now() - began).total_seconds()
    assert 100 < waited_s < 200
    assert state.avg_fill_price >= Decimal("753.10")
    assert statuses(ibkr, order_id) == ["PreSubmitted", "Submitted", "Filled"]
    [execution] = executions(ibkr, order_id)
    assert exact(float(execution.price)) == state.avg_fill_price


def test_a_trailing_stop_follows_and_never_steps_back(ibkr, broker):
    ibkr.faults.external_trade("SPY", 10)
    ticket = OrderTicket(action="SELL", quantity=10, order_type="TRAIL", aux_price=Decimal("0.10"))
    order_id = broker.place_order(SPY, ticket)
    state = broker.wait_for_order(order_id, {"Filled"}, 600)
    assert state.is_filled
    assert state.executions[0].side == "SELL"
    [order] = ibkr.journal.orders()
    assert (order.order_type, order.aux_price) == ("TRAIL", Decimal("0.10"))


def test_waiting_for_a_fill_that_does_not_come_leaves_the_order_working(ibkr, broker):
    order_id = broker.place_order(CALL, limit("BUY", "0.50"))
    with pytest.raises(RequestTimeoutError, match=rf"order {order_id} is Submitted \(filled 0\)"):
        broker.wait_for_order(order_id, {"Filled"}, 30)
    assert ibkr.journal.requests("cancelOrder") == []
    assert [order.order_id for order in broker.open_orders()] == [order_id]


def two_are_two(ibkr, broker) -> None:
    """The same ticket twice is two orders, both tracked, both counted."""
    ticket = limit("BUY", "2.50", 2)
    first, second = (broker.place_order(CALL, ticket) for _time in range(2))
    assert first != second
    for order_id in (first, second):
        assert broker.wait_for_order(order_id, {"Filled"}, 30).filled == 2
    assert [order.order_id for order in ibkr.journal.orders()] == [first, second]
    assert broker.get_positions()[0].quantity == 4


def test_the_same_ticket_twice_is_two_orders_both_tracked(ibkr, broker):
    two_are_two(ibkr, broker)


def test_counter_proof_a_repeated_order_id_is_noticed(ibkr, broker, monkeypatch):
    monkeypatch.setattr("bot.broker.order_ids.OrderIds.take", lambda _ids: 1)
    with pytest.raises(AssertionError, match="1 != 1"):
        two_are_two(ibkr, broker)


def test_cancel_all_touches_only_orders_of_this_object(ibkr, connect):
    mine, other = connect(), connect(ibkr.client_id + 1)
    others = other.place_order(CALL, limit("BUY", "0.10"))
    other.wait_for_order(others, {"Submitted"}, 5)
    ids = [mine.place_order(CALL, limit("BUY", price)) for price in ("0.11", "0.12", "0.13")]
    assert {state.status for state in mine.cancel_all_orders()} == {"Cancelled"}
    assert sorted(m.order_id for m in ibkr.journal.requests("cancelOrder")) == ids
    assert ibkr.journal.requests("reqGlobalCancel") == []
    assert [order.order_id for order in other.open_orders()] == [others]
    assert [order.client_id for order in mine.open_orders(all_clients=True)] == [ibkr.client_id + 1]


@pytest.mark.req("BT-006")
def test_a_read_only_object_sends_no_order_message(ibkr, connect):
    broker = connect(read_only=True)
    with pytest.raises(OrdersBlockedError):
        broker.place_order(CALL, limit("BUY", "1.77"))
    with pytest.raises(OrdersBlockedError):
        broker.cancel_order(1)
    broker.server_time()
    assert ibkr.journal.orders() == []
    assert ibkr.journal.requests("cancelOrder") == []
