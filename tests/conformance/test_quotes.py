"""Foreign clients see the very prices and greeks the gateway sent, snapshot and streaming."""

from __future__ import annotations

import pytest

from pytest_ibkr.sim.contracts import Instrument
from pytest_ibkr.wire.messages.market_data import (
    CancelMarketData,
    MarketDataType,
    ReqMarketData,
    TickOptionComputation,
    TickPrice,
    TickSnapshotEnd,
)
from tests.conformance.conftest import Meeting
from tests.conformance.peers.model import PRICE_TICKS, Asked, Greeks, Line

pytestmark = pytest.mark.req("XC-001")
BID, ASK, LAST, CLOSE, OPEN = 1, 2, 4, 9, 14
MODEL = 13
DELAYED = 3
DELAYED_CLOSE = 75
UPDATES = 5


def test_a_stock_snapshot(meeting: Meeting, spy: Asked) -> None:
    line = meeting.peer.snapshot(spy)

    assert line.ended
    assert 0 < line.last(BID) < line.last(ASK)
    assert min(line.last(LAST), line.last(CLOSE), line.last(OPEN)) > 0
    [asked] = meeting.asked(ReqMarketData)
    assert (asked.contract.con_id, asked.snapshot, asked.generic_ticks) == (spy.con_id, True, "")
    assert [end.request_id for end in meeting.sent(TickSnapshotEnd)] == [asked.request_id]
    assert by_tick(line) == sent_by_tick(meeting)


def test_an_option_snapshot_with_greeks(
    meeting: Meeting, call: Asked, spy_call: Instrument
) -> None:
    line = meeting.peer.snapshot(call)

    assert 0 < line.last(BID) <= line.last(ASK)
    assert by_tick(line) == sent_by_tick(meeting)
    model = line.greeks[MODEL]
    assert model == sent_greeks(meeting)[MODEL]
    assert model.implied_vol is not None
    assert model.delta is not None
    assert model.under_price is not None
    assert 0.03 < model.implied_vol < 2
    assert 0.2 < model.delta < 0.8
    assert abs(model.under_price / spy_call.strike - 1) < 0.05


def test_an_option_without_greeks_yet_stays_without(meeting: Meeting, call: Asked) -> None:
    meeting.session.configure(greeks="never")

    line = meeting.peer.snapshot(call)

    assert line.ended
    assert line.last(BID) > 0
    computed = [g for g in line.greeks.values() if g.delta is not None or g.implied_vol is not None]
    assert computed == []


def test_a_stock_stream_until_cancelled(meeting: Meeting, spy: Asked) -> None:
    peer = meeting.peer
    line = peer.stream(spy)
    watch(meeting, line)
    peer.stop_stream(line)
    meeting.session.journal.wait_for("cancelMktData")

    [cancel] = meeting.asked(CancelMarketData)
    [asked] = meeting.asked(ReqMarketData)
    assert cancel.request_id == asked.request_id
    assert not asked.snapshot
    settle(meeting)
    seen = by_tick(line)
    assert seen == sent_by_tick(meeting)
    assert len(set(seen[BID]) | set(seen[ASK])) > 1
    meeting.session.clock.sleep(2)
    settle(meeting)
    assert by_tick(line) == seen


def test_an_option_stream_with_greeks(meeting: Meeting, call: Asked) -> None:
    peer = meeting.peer
    line = peer.stream(call)
    watch(meeting, line)
    peer.stop_stream(line)
    meeting.session.journal.wait_for("cancelMktData")

    settle(meeting)
    assert by_tick(line) == sent_by_tick(meeting)
    assert line.greeks[MODEL] == sent_greeks(meeting)[MODEL]
    deltas = {t.delta for t in meeting.sent(TickOptionComputation) if t.tick == MODEL}
    assert len(deltas) > 1


def test_no_subscription_ends_the_request_with_10089(meeting: Meeting, spy: Asked) -> None:
    meeting.session.configure(entitlement="delayed")
    meeting.expected = {10089}

    line = meeting.peer.stream(spy)

    peer = meeting.peer
    peer.until(lambda: any(n.code == 10089 for n in peer.notices), "10089")
    assert line.prices == []


def test_delayed_data_come_with_a_notice_and_ticks_of_their_own(
    meeting: Meeting, spy: Asked
) -> None:
    meeting.session.configure(entitlement="delayed")
    meeting.expected = {10167}
    peer = meeting.peer
    peer.want_data_type(DELAYED)

    line = peer.stream(spy)
    peer.until(lambda: any(kind == DELAYED_CLOSE for kind, _ in line.prices), "the delayed close")
    settle(meeting)

    assert [m.data_type for m in meeting.sent(MarketDataType)] == [DELAYED]
    assert {kind for kind, _ in line.prices} <= set(range(66, 77))
    assert 0 < line.last(66) < line.last(67)
    assert by_tick(line) == sent_by_tick(meeting)


def watch(meeting: Meeting, line: Line) -> None:
    """Let virtual time pass until the client has seen several updates of bid or ask."""
    moved = lambda: len([1 for tick, _ in line.prices if tick in (BID, ASK)]) >= 2 + UPDATES  # noqa: E731
    meeting.session.journal.wait_for(TickPrice)
    for _ in range(30):
        meeting.session.clock.sleep(1)
        settle(meeting)
        if moved():
            return
    raise AssertionError(f"fewer than {UPDATES} updates in 30 s: {line.prices}")


def settle(meeting: Meeting) -> None:
    """Let the client read everything sent so far: an answer comes behind all of it."""
    meeting.peer.details(Asked("SPY"))


def by_tick(line: Line) -> dict[int, list[float]]:
    """Group what a client saw."""
    return {kind: [p for t, p in line.prices if t == kind] for kind, _ in line.prices}


def sent_by_tick(meeting: Meeting) -> dict[int, list[float]]:
    """Group what the gateway sent, leaving out what clients do not hand on."""
    sent = [t for t in meeting.sent(TickPrice) if t.tick in PRICE_TICKS]
    return {kind: [t.price for t in sent if t.tick == kind] for kind in {t.tick for t in sent}}


def sent_greeks(meeting: Meeting) -> dict[int, Greeks]:
    """Return the newest computation of each kind the gateway sent."""
    return {
        t.tick: Greeks(
            t.implied_vol, t.delta, t.option_price, t.gamma, t.vega, t.theta, t.under_price
        )
        for t in meeting.sent(TickOptionComputation)
    }
