"""The clock a test holds: owed answers are jumped to, sleeping walks, waiting has a deadline."""

from __future__ import annotations

import asyncio
import threading
import time
from datetime import UTC, datetime, timedelta

import pytest

from pytest_ibkr.errors import UsageError
from pytest_ibkr.wire.messages.contract import Contract
from pytest_ibkr.wire.messages.history import HistoricalData, ReqHistoricalData
from pytest_ibkr.wire.messages.market_data import ReqMarketData, TickPrice, TickSnapshotEnd
from pytest_ibkr.wire.messages.session import CurrentTime, ReqCurrentTime
from tests.net.raw_client import RawClient

SPY = Contract(con_id=756733, symbol="SPY", sec_type="STK", exchange="SMART", currency="USD")
TEN = datetime(2026, 7, 10, 14, 0, tzinfo=UTC)  # 10:00 in New York


def test_a_session_begins_at_ten_on_the_snapshots_day(session):
    assert 0 <= (session.clock.now() - TEN).total_seconds() < 5


def test_an_owed_answer_costs_no_real_second(session):
    session.configure(greeks="never")
    option = session.engine.world.book.chain("SPY")[0].contract()
    with RawClient(session).start() as client:
        before_s, began_s = time.monotonic(), session.clock.epoch_s()
        client.send(ReqMarketData(request_id=3, contract=option, snapshot=True))
        client.wait_for(TickSnapshotEnd)
        assert session.clock.epoch_s() - began_s >= 11, "no greeks: the full eleven seconds"
        assert time.monotonic() - before_s < 2


def test_sleeping_delivers_every_event_at_its_own_moment(session):
    session.clock.hold()
    with RawClient(session).start() as client:
        client.send(ReqMarketData(request_id=3, contract=SPY))
        session.journal.wait_for(TickPrice)
        session.clock.sleep(10)
        moments = [e.at_s for e in session.journal.entries() if isinstance(e.message, TickPrice)]
        assert moments == sorted(moments)
        assert len(set(moments)) >= 10
        assert moments[-1] <= session.clock.epoch_s()


def test_the_wall_clock_walks_along(session):
    began_s = time.time()
    session.clock.sleep(3600)
    assert 3600 <= time.time() - began_s < 3605


def test_held_time_stands_still_for_everybody(session):
    session.clock.hold()
    first = session.clock.epoch_s(), time.time()
    threading.Event().wait(0.02)
    assert (session.clock.epoch_s(), time.time()) == first
    session.clock.resume()
    threading.Event().wait(0.02)
    assert session.clock.epoch_s() > first[0]


def test_waiting_returns_as_soon_as_the_event_is_set(session):
    event = threading.Event()
    event.set()
    before_s = session.clock.epoch_s()
    assert session.clock.wait(event, 30)
    assert session.clock.epoch_s() - before_s < 1


def test_waiting_for_nothing_ends_at_the_virtual_deadline(session):
    before_s, real_s = session.clock.epoch_s(), time.monotonic()
    assert not session.clock.wait(threading.Event(), 30)
    assert session.clock.epoch_s() - before_s >= 30
    assert time.monotonic() - real_s < 5


def test_asleep_lets_other_coroutines_run(session):
    seen = []

    async def other():
        for _ in range(3):
            seen.append(session.clock.epoch_s())
            await asyncio.sleep(0)

    async def both():
        await asyncio.gather(session.clock.asleep(30), other())

    asyncio.run(both())
    assert len(seen) == 3
    assert session.clock.epoch_s() - seen[0] >= 29


def test_the_same_requests_give_the_same_bytes_while_time_is_held(gateway):
    def run() -> list[bytes]:
        session = gateway.new_session("repeat")
        session.clock.hold()
        with RawClient(session).start() as client:
            client.send(ReqMarketData(request_id=3, contract=SPY))
            session.journal.wait_for(TickPrice)
            session.clock.sleep(20)
            client.send(
                ReqHistoricalData(
                    request_id=4,
                    contract=SPY,
                    bar_size="5 mins",
                    duration="1 D",
                    use_rth=True,
                    what_to_show="TRADES",
                )
            )
            session.journal.wait_for(HistoricalData)
            client.send(ReqCurrentTime())
            session.journal.wait_for(CurrentTime)
            outgoing = [e.message for e in session.journal.entries() if e.direction == "out"]
        session.close()
        return outgoing

    assert run() == run()


@pytest.mark.req("LV-032")
def test_a_delayed_answer_waits_for_its_virtual_moment(session):
    request = ReqHistoricalData(
        request_id=4,
        contract=SPY,
        bar_size="5 mins",
        duration="1 D",
        use_rth=True,
        what_to_show="TRADES",
    )
    with RawClient(session).start() as client, session.faults.delay("reqHistoricalData", 45):
        client.send(request, ReqCurrentTime())
        client.wait_for(CurrentTime)
        assert client.of(HistoricalData) == [], "the other request is not held up"
        session.clock.sleep(46)
        session.journal.wait_for(HistoricalData)


def test_an_owed_answer_does_not_beat_an_earlier_deadline(session):
    """History takes 0.4 s; who waits 0.2 s for it has timed out, however quiet the wire is."""
    request = ReqHistoricalData(
        request_id=4,
        contract=SPY,
        bar_size="5 mins",
        duration="1 D",
        use_rth=True,
        what_to_show="TRADES",
    )
    arrived, outcome = threading.Event(), []
    with RawClient(session).start() as client:
        reader = threading.Thread(target=lambda: client.wait_for(HistoricalData) and arrived.set())
        waiter = threading.Thread(target=lambda: outcome.append(session.clock.wait(arrived, 0.2)))
        session.clock.hold()  # nothing flows; only the jump to the answer could be too early
        waiter.start()
        client.send(request)
        reader.start()
        waiter.join()
        assert outcome == [False]
        assert session.clock.wait(arrived, 0.5), "and then it comes"
        reader.join()


def test_after_a_time_out_time_flows_again(session):
    assert not session.clock.wait(threading.Event(), 1)
    before_s = session.clock.epoch_s()
    threading.Event().wait(0.02)
    assert session.clock.epoch_s() > before_s


def test_a_clock_on_hold_stays_on_hold_after_a_time_out(session):
    session.clock.hold()
    assert not session.clock.wait(threading.Event(), 1)
    before_s = session.clock.epoch_s()
    threading.Event().wait(0.02)
    assert session.clock.epoch_s() == before_s


@pytest.mark.parametrize("pause_s", [0, 0.01])
def test_strictly_held_time_moves_for_nothing_but_the_test(session, pause_s):
    """However late the second request comes, it meets the same market as the first."""
    session.configure(greeks="never")
    option = session.engine.world.book.chain("SPY")[0].contract()
    session.clock.hold(answers=False)
    with RawClient(session).start() as client:
        client.send(ReqMarketData(request_id=3, contract=option, snapshot=True))
        threading.Event().wait(pause_s)
        before_s = session.clock.epoch_s()
        client.send(ReqCurrentTime())
        client.wait_for(CurrentTime)
        assert session.clock.epoch_s() == before_s
        session.clock.sleep(12)
        client.wait_for(TickSnapshotEnd)


def test_amove_to_walks_as_move_to_does(session):
    later = TEN + timedelta(minutes=5)
    asyncio.run(session.clock.amove_to(later))
    assert 0 <= (session.clock.now() - later).total_seconds() < 5
    with pytest.raises(UsageError, match="amove_to cannot go back"):
        asyncio.run(session.clock.amove_to(TEN))


def test_awaiting_an_event_ends_when_it_is_set_or_at_the_virtual_deadline(session):
    async def main() -> tuple[bool, float, bool, float]:
        event, began_s = asyncio.Event(), session.clock.epoch_s()
        asyncio.get_running_loop().call_later(0.01, event.set)
        came = await session.clock.await_event(event, 3600)
        came_s = session.clock.epoch_s()
        never = await session.clock.await_event(threading.Event(), 30)
        return came, came_s - began_s, never, session.clock.epoch_s() - came_s

    came, after_s, never, waited_s = asyncio.run(main())
    assert (came, never) == (True, False)
    assert after_s < 3600
    assert waited_s >= 30


def test_a_cancelled_wait_holds_nothing_up(session, gateway):
    async def main() -> None:
        waiting = asyncio.create_task(session.clock.await_event(asyncio.Event(), 3600))
        await asyncio.sleep(0.01)
        assert gateway.server.time.deadlines
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)

    asyncio.run(main())
    assert gateway.server.time.deadlines == []
