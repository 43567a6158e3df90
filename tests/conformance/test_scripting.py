"""Foreign clients live through a scripted market and scripted orders as through any other."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.conformance.conftest import Meeting
from tests.conformance.peers.model import Asked, Ticket

BID, ASK = 1, 2
REASON = "Order rejected - reason:We are unable to accept your order."


def statuses(meeting: Meeting, order_id: int) -> list[str]:
    """Statuses a client heard of an order, repeats taken out."""
    words = [s.status for s in meeting.peer.statuses if s.order_id == order_id]
    return [word for i, word in enumerate(words) if i == 0 or words[i - 1] != word]


def test_a_scripted_quote_is_streamed_and_fills(meeting: Meeting, spy: Asked) -> None:
    peer, session = meeting.peer, meeting.session
    line = peer.stream(spy)
    peer.until(lambda: any(tick == ASK for tick, _ in line.prices), "the first ask")

    order_id = peer.place(spy, Ticket("BUY", 10, limit=745.0))
    session.assert_order_reaches(order_id, "Submitted")
    session.clock.sleep(1)
    session.market.quote(spy.con_id, bid=744.99, ask=745.0, ask_size=100)
    entry = session.assert_order_reaches(order_id, "Filled")

    peer.until(lambda: bool(peer.commissions), "the commission")
    peer.until(lambda: "Filled" in statuses(meeting, order_id), "the status")
    assert line.last(ASK) == 745.0
    assert line.last(BID) == 744.99
    [done] = peer.executions.values()
    assert (Decimal(str(done.price)), done.quantity) == (Decimal("745.0"), 10)
    assert session.journal.sent_after(entry.serial - 1)[0] == entry.message


def test_options_follow_a_scripted_move(meeting: Meeting, call: Asked) -> None:
    peer, session = meeting.peer, meeting.session
    before = peer.snapshot(call).last(BID)
    session.market.move("SPY", pct=1)
    assert peer.snapshot(call).last(BID) > before + 2


def test_scripted_orders_are_heard_in_order(meeting: Meeting, spy: Asked) -> None:
    peer, session = meeting.peer, meeting.session
    meeting.expected = {201, 202}
    with session.orders.hold():
        ids = [peer.place(spy, Ticket("BUY", 10, limit=760.0)) for _ in range(3)]
        session.orders.fill(ids[0], 4, Decimal("750.25"))
        session.orders.fill(ids[0])
        session.orders.reject(ids[1], 201, REASON)
        session.orders.cancel(ids[2], "because")

    peer.until(lambda: len(peer.commissions) == 2, "two commissions")
    peer.until(lambda: any(n.code == 202 for n in peer.notices), "202")
    assert statuses(meeting, ids[0])[-1] == "Filled"
    assert statuses(meeting, ids[1])[-1] == "Inactive"
    assert statuses(meeting, ids[2])[-1] == "Cancelled"
    assert {n.text for n in peer.notices if n.code == 201} == {REASON}
    assert {n.text for n in peer.notices if n.code == 202} == {"Order Canceled - reason:because"}
    prices = sorted(execution.price for execution in peer.executions.values())
    assert prices == pytest.approx([750.25, 760.0])


def test_a_position_put_into_the_account_is_heard_once(meeting: Meeting, spy: Asked) -> None:
    meeting.session.account.add_position(spy.con_id, 7, average_cost=Decimal(700))
    assert meeting.peer.positions() == {spy.con_id: 7}
