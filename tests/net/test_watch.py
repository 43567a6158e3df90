"""Waiting on a journal: blocking or awaiting, it finds the same and leaves nothing behind."""

from __future__ import annotations

import asyncio

import pytest

from pytest_ibkr.errors import UsageError
from pytest_ibkr.net.watch import JournalWatch
from pytest_ibkr.wire.messages.session import CurrentTime, ReqCurrentTime, StartApi
from tests.net.raw_client import RawClient


@pytest.fixture
def watch(session, gateway):
    return JournalWatch(gateway.server, session.engine.journal)


@pytest.fixture(params=["wait_for", "await_for"])
def look(request, watch):
    """Either of the two ways, called from a thread without a loop."""
    if request.param == "wait_for":
        return watch.wait_for
    return lambda *args: asyncio.run(watch.await_for(*args))


def kind(wanted):
    return lambda entry: isinstance(entry.message, wanted)


def test_what_came_before_is_found(session, look):
    with RawClient(session).start(client_id=5):
        assert look(kind(StartApi), 5).message.client_id == 5


def test_what_does_not_come_is_none(session, look):
    with RawClient(session).start():
        assert look(kind(CurrentTime), 0.01) is None


def test_the_predicates_own_mistake_comes_out(session, look):
    with RawClient(session).start(), pytest.raises(ZeroDivisionError):
        look(lambda _entry: 1 / 0, 5)


def test_nothing_listens_afterwards(session, look):
    before = len(session.engine.journal.listeners)
    with RawClient(session).start():
        look(kind(StartApi), 5)
        look(kind(CurrentTime), 0.01)
    assert len(session.engine.journal.listeners) == before


def test_what_comes_while_it_awaits_is_found(session, watch):
    async def main():
        with RawClient(session).start() as client:
            waiting = asyncio.create_task(watch.await_for(kind(CurrentTime), 5))
            await asyncio.sleep(0)
            client.send(ReqCurrentTime())
            return await waiting

    assert asyncio.run(main()).direction == "out"


def test_a_cancelled_look_listens_no_more(session, watch):
    before = len(session.engine.journal.listeners)

    async def main():
        waiting = asyncio.create_task(watch.await_for(kind(CurrentTime), 5))
        await asyncio.sleep(0.01)
        assert len(session.engine.journal.listeners) == before + 1
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)

    asyncio.run(main())
    assert len(session.engine.journal.listeners) == before


def test_blocking_in_a_loop_is_refused(watch):
    async def main():
        watch.wait_for(kind(CurrentTime), 5)

    with pytest.raises(UsageError, match=r"await ibkr\.journal\.await_for"):
        asyncio.run(main())
