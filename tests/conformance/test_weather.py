"""Foreign clients in bad weather: what each library makes of it, at every version it speaks."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.conformance.conftest import Complaints, Meeting
from tests.conformance.peers.model import Asked, Line, Ticket
from tests.conformance.test_quotes import settle
from tests.conformance.test_trading import await_status

pytestmark = [pytest.mark.ci, pytest.mark.req("XC-001")]
RESTING = Ticket("BUY", 10, limit=700.0)


def hear(meeting: Meeting, code: int) -> None:
    """Wait until the client was told a code."""
    meeting.peer.until(lambda: any(n.code == code for n in meeting.peer.notices), str(code))


def heard(meeting: Meeting, line: Line, seconds: float) -> int:
    """How many prices a line brings while virtual time passes."""
    settle(meeting)
    before = len(line.prices)
    meeting.session.clock.sleep(seconds)
    settle(meeting)
    return len(line.prices) - before


def test_torn_and_merged_frames_are_read_all_the_same(meeting: Meeting, spy: Asked) -> None:
    weather = meeting.session.weather
    with weather.torn_frames(cuts=5), weather.merged_frames(window_s=0.1):
        assert len(meeting.peer.details(spy)) == 1
        assert len(meeting.peer.chains("SPY", spy.con_id)) > 1
        bars = meeting.peer.bars(spy, duration="1 D", size="5 mins")
    assert len(bars) > 5


def test_an_order_filled_in_parts_is_counted_to_the_end(meeting: Meeting, spy: Asked) -> None:
    peer, session = meeting.peer, meeting.session
    with session.weather.partial_fills(share=0.4), session.weather.duplicate_callbacks():
        order_id = peer.place(spy, Ticket("BUY", 10))
        await_status(meeting, order_id, "Filled")
        peer.until(lambda: len(peer.commissions) == 3, "three commissions")
    assert sorted(fill.quantity for fill in peer.executions.values()) == [2, 4, 4]
    assert peer.positions() == {spy.con_id: Decimal(10)}


def test_a_fill_overtakes_a_cancel(meeting: Meeting, spy: Asked) -> None:
    peer = meeting.peer
    meeting.expected = {10148}
    order_id = peer.place(spy, RESTING)
    await_status(meeting, order_id, "Submitted")
    with meeting.session.weather.cancel_race():
        peer.cancel(order_id)
        hear(meeting, 10148)
    peer.until(lambda: bool(peer.executions), "the execution")
    assert peer.positions() == {spy.con_id: Decimal(10)}


def test_a_margin_reject_is_inactive_with_201(meeting: Meeting, spy: Asked) -> None:
    meeting.expected = {201}
    with meeting.session.weather.margin_reject():
        order_id = meeting.peer.place(spy, Ticket("BUY", 10))
        hear(meeting, 201)
    told = [one.status for one in meeting.peer.statuses if one.order_id == order_id]
    assert "Inactive" in told
    assert "Filled" not in told


def test_a_competing_session_silences_a_stream_that_comes_back(
    meeting: Meeting, spy: Asked
) -> None:
    meeting.expected = {10197}
    line = meeting.peer.stream(spy)
    assert heard(meeting, line, 5.0)
    with meeting.session.weather.competing_session(for_s=20.0):
        hear(meeting, 10197)
        assert heard(meeting, line, 10.0) == 0
        assert heard(meeting, line, 15.0)
    meeting.peer.stop_stream(line)


def test_after_1101_streams_are_dead_and_after_1102_they_live(meeting: Meeting, spy: Asked) -> None:
    meeting.expected = {1100, 1101, 1102}
    weather = meeting.session.weather
    line = meeting.peer.stream(spy)
    assert heard(meeting, line, 5.0)
    with weather.data_kept_1102(for_s=10.0):
        meeting.session.clock.sleep(11)
        hear(meeting, 1102)
    assert heard(meeting, line, 5.0)
    with weather.data_lost_1101(for_s=10.0):
        meeting.session.clock.sleep(11)
        hear(meeting, 1101)
    assert heard(meeting, line, 30.0) == 0


def test_a_restart_ends_the_socket_without_a_word_and_orders_outlive_it(
    meeting: Meeting, spy: Asked, complaints: Complaints
) -> None:
    session = meeting.session
    order_id = meeting.peer.place(spy, RESTING)
    await_status(meeting, order_id, "Submitted")
    with session.weather.nightly_restart(refuse_s=30.0, reset_s=5.0):
        session.journal.wait_for(lambda entry: "the gateway restarts" in str(entry.message))
        session.clock.sleep(40)
    peer = meeting.reconnect()
    peer.until(lambda: bool(peer.replayed()), "the open orders")
    assert [order.order_id for order in peer.replayed()] == [order_id]
    # Each library says in its own words that its socket was closed.
    complaints.lines.clear()
