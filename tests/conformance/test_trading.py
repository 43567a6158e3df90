"""Foreign clients place, change, cancel and fill orders and find them again."""

from __future__ import annotations

from decimal import Decimal
from itertools import groupby

import pytest

from pytest_ibkr.wire.messages.executions import CommissionReport, ExecutionData
from pytest_ibkr.wire.messages.order import OrderStatus
from pytest_ibkr.wire.messages.order_echo import OpenOrder
from pytest_ibkr.wire.messages.place_order import PlaceOrder
from tests.conformance.conftest import Meeting
from tests.conformance.peers.model import Asked, Status, Ticket

pytestmark = pytest.mark.req("XC-001")
RESTING = Ticket("BUY", 10, limit=700.0)


def test_a_resting_limit_is_modified_and_cancelled(meeting: Meeting, spy: Asked) -> None:
    peer = meeting.peer
    meeting.expected = {202}

    order_id = peer.place(spy, RESTING)
    await_status(meeting, order_id, "Submitted")
    peer.modify(order_id, spy, Ticket("BUY", 20, limit=701.5))
    meeting.session.journal.wait_for(
        lambda e: isinstance(e.message, OpenOrder) and e.message.limit_price == Decimal("701.5")
    )
    [changed] = peer.working()
    peer.cancel(order_id)
    await_status(meeting, order_id, "Cancelled")
    peer.until(lambda: any(n.code == 202 for n in peer.notices), "202")

    assert (changed.order_id, changed.con_id, changed.action) == (order_id, spy.con_id, "BUY")
    assert (changed.quantity, changed.order_type) == (20, "LMT")
    [cancelled] = [n for n in peer.notices if n.code == 202]
    assert (cancelled.request_id, cancelled.text) == (order_id, "Order Canceled - reason:")
    last = peer.statuses[-1]
    assert (last.filled, last.remaining) == (0, 20)
    assert [(p.quantity, p.limit_price) for p in meeting.asked(PlaceOrder)] == [
        (10, Decimal("700.0")),
        (20, Decimal("701.5")),
    ]
    assert peer.working() == []
    assert all_as_sent(meeting)


@pytest.mark.parametrize("action", ["BUY", "SELL"])
def test_a_market_order_fills(meeting: Meeting, spy: Asked, action: str) -> None:
    peer, session = meeting.peer, meeting.session
    cash = session.account.cash()

    order_id = peer.place(spy, Ticket(action, 10))
    await_status(meeting, order_id, "Filled")
    peer.until(lambda: bool(peer.commissions), "the commission")

    [done] = peer.executions.values()
    sign = 1 if action == "BUY" else -1
    assert (done.order_id, done.con_id, done.quantity) == (order_id, spy.con_id, 10)
    assert done.side == ("BOT" if action == "BUY" else "SLD")
    assert peer.positions() == {spy.con_id: 10 * sign} == session.account.positions()
    paid = peer.commissions[done.exec_id]
    assert paid.amount > 0
    assert paid.currency == "USD"
    moved = Decimal(str(done.price)) * 10 * sign + Decimal(str(paid.amount))
    assert session.account.cash() == cash - moved
    assert all_as_sent(meeting)
    [completed] = peer.completed()
    assert (completed.status, completed.con_id, completed.action) == ("Filled", spy.con_id, action)


def test_a_marketable_option_limit_fills_at_100_a_point(meeting: Meeting, call: Asked) -> None:
    peer, session = meeting.peer, meeting.session
    cash = session.account.cash()
    limit = round(peer.snapshot(call).last(2) + 0.10, 2)

    order_id = peer.place(call, Ticket("BUY", 1, limit=limit))
    await_status(meeting, order_id, "Filled")
    peer.until(lambda: bool(peer.commissions), "the commission")

    [done] = peer.executions.values()
    [paid] = peer.commissions.values()
    assert done.price <= limit
    assert session.account.cash() == cash - Decimal(str(done.price)) * 100 - Decimal(
        str(paid.amount)
    )
    assert peer.positions() == {call.con_id: 1}


def test_an_order_off_the_price_grid_is_refused_with_110(meeting: Meeting, spy: Asked) -> None:
    peer = meeting.peer
    meeting.expected = {110}

    order_id = peer.place(spy, Ticket("BUY", 1, limit=700.001))
    peer.until(lambda: any(n.code == 110 for n in peer.notices), "110")

    [refusal] = [n for n in peer.notices if n.code == 110]
    assert refusal.request_id == order_id
    assert meeting.sent(OrderStatus) == []


def test_open_orders_are_found_again_after_a_reconnect(meeting: Meeting, spy: Asked) -> None:
    meeting.expected = {202}
    first_id = meeting.peer.place(spy, RESTING)
    await_status(meeting, first_id, "Submitted")
    [before] = meeting.peer.working()

    peer = meeting.reconnect()

    peer.until(lambda: bool(peer.replayed()), "the open orders")
    [again] = peer.replayed()
    assert again == before
    assert peer.next_id() > first_id
    second_id = peer.place(spy, RESTING)
    await_status(meeting, second_id, "Submitted")
    assert second_id > first_id
    assert {o.order_id for o in peer.working()} == {first_id, second_id}
    for order_id in (first_id, second_id):
        peer.cancel(order_id)
        await_status(meeting, order_id, "Cancelled")
    peer.until(lambda: len([n for n in peer.notices if n.code == 202]) == 2, "both 202")


def test_a_fill_is_found_again_after_a_reconnect(meeting: Meeting, spy: Asked) -> None:
    order_id = meeting.peer.place(spy, Ticket("BUY", 10))
    await_status(meeting, order_id, "Filled")
    meeting.peer.until(lambda: bool(meeting.peer.commissions), "the commission")
    [done] = meeting.peer.executions.values()

    peer = meeting.reconnect()

    assert peer.past_executions() == [done]
    assert peer.replayed() == []
    assert [row.status for row in peer.completed()] == ["Filled"]
    assert peer.positions() == {spy.con_id: 10}
    assert peer.next_id() > order_id


def await_status(meeting: Meeting, order_id: int, status: str) -> None:
    """Wait until a client heard a status of an order."""
    peer = meeting.peer
    found = lambda: any((s.order_id, s.status) == (order_id, status) for s in peer.statuses)  # noqa: E731
    peer.until(found, f"{status} of order {order_id}")


def all_as_sent(meeting: Meeting) -> bool:
    """Compare executions, commissions and statuses with what left the gateway."""
    peer = meeting.peer
    sent = {m.exec_id: m for m in meeting.sent(ExecutionData)}
    assert {
        e.exec_id: (e.order_id, e.side, e.quantity, Decimal(str(e.price)))
        for e in peer.executions.values()
    } == {k: (m.order_id, m.side, m.shares, m.price) for k, m in sent.items()}
    assert {k: Decimal(str(c.amount)) for k, c in peer.commissions.items()} == {
        m.exec_id: m.commission for m in meeting.sent(CommissionReport)
    }
    told = [
        Status(m.order_id, m.status, m.filled, m.remaining, m.perm_id)
        for m in meeting.sent(OrderStatus)
    ]
    assert without_repeats(peer.statuses) == without_repeats(told)
    return True


def without_repeats(statuses: list[Status]) -> list[Status]:
    """Leave out what only says again what was said last: the gateway does, and one client not."""
    return [status for status, _ in groupby(statuses)]
