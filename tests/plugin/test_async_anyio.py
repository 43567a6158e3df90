"""Every fixture and helper in `async def` tests under anyio, on both of its event loops."""

from __future__ import annotations

from importlib.util import find_spec

import pytest

from tests.plugin.conftest import QUIET

pytestmark = [
    pytest.mark.ci,  # processes of their own, half a minute in all
    pytest.mark.skipif(
        None in (find_spec("anyio"), find_spec("trio")), reason="anyio and trio are not installed"
    ),
]

CONFTEST = """
    import pytest


    @pytest.fixture(params=["asyncio", "trio"])
    def anyio_backend(request):
        return request.param
"""
# The client is this test's own: ib_async works in asyncio only.
HEAD = """
    import datetime as dt
    import threading

    import anyio
    import anyio.to_thread
    import pytest
    from pytest_ibkr import UsageError, WaitTimeout

    pytestmark = pytest.mark.anyio


    @pytest.fixture
    async def client(ibkr):
        offer = b"v157..157"
        async with await anyio.connect_tcp(ibkr.host, ibkr.port) as stream:
            await stream.send(b"API\\0" + len(offer).to_bytes(4, "big") + offer)
            assert (await stream.receive())[4:].startswith(b"157\\0")
            await say(stream, 71, 2, ibkr.client_id, "")
            yield stream


    async def say(stream, *fields):
        payload = b"".join(str(field).encode() + b"\\0" for field in fields)
        await stream.send(len(payload).to_bytes(4, "big") + payload)
"""


def run(pytester: pytest.Pytester, source: str) -> pytest.RunResult:
    pytester.makeini("[pytest]\n")
    pytester.makeconftest(CONFTEST)
    pytester.makepyfile(HEAD + source)
    return pytester.runpytest_subprocess(
        *QUIET, "-p", "no:asyncio", "-W", "error", "--strict-markers"
    )


def test_virtual_time_passes_while_a_client_of_the_loop_reads(pytester: pytest.Pytester) -> None:
    result = run(
        pytester,
        """
    async def test_time(client, ibkr_clock):
        read = []
        async def reader():
            while True:
                read.append((dt.datetime.now(dt.UTC), await client.receive()))
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(reader)
            await say(client, 1, 11, 7, 756733, "SPY", "STK", "", 0, "", "", "SMART", "",
                      "USD", "", "", 0, "", 0, 0, "")
            before = ibkr_clock.now()
            await ibkr_clock.asleep(40)
            assert ibkr_clock.now() - before >= dt.timedelta(seconds=40)
            tasks.cancel_scope.cancel()
        moments = [moment for moment, _data in read]
        assert len(moments) > 10
        assert moments[-1] - moments[0] > dt.timedelta(seconds=30), "read as they came"

    async def test_moving(ibkr_clock):
        later = dt.datetime(2026, 7, 10, 14, 2, tzinfo=dt.UTC)
        await ibkr_clock.amove_to(later)
        assert dt.timedelta(0) <= ibkr_clock.now() - later < dt.timedelta(seconds=5)

    async def test_waiting(client, ibkr):
        entry = await ibkr.journal.await_for("startApi")
        assert entry.message.client_id == ibkr.client_id
        with pytest.raises(WaitTimeout):
            await ibkr.journal.await_for("reqMktData", timeout_s=0.05)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(say, client, 49, 1)
            await ibkr.journal.await_for("reqCurrentTime")

    @pytest.mark.parametrize("kind", [anyio.Event, threading.Event])
    async def test_events(ibkr_clock, kind):
        event, before = kind(), ibkr_clock.now()
        assert not await ibkr_clock.await_event(event, timeout_s=30)
        assert ibkr_clock.now() - before >= dt.timedelta(seconds=30)
        async with anyio.create_task_group() as tasks:
            async def later():
                await anyio.sleep(0.01)
                event.set()
            tasks.start_soon(later)
            assert await ibkr_clock.await_event(event, timeout_s=3600)
    """,
    )
    result.assert_outcomes(passed=10)


def test_blocking_helpers_are_refused_in_either_loop(pytester: pytest.Pytester) -> None:
    result = run(
        pytester,
        """
    async def test_refused(ibkr, anyio_backend):
        with pytest.raises(UsageError, match=f"running {anyio_backend} event loop"):
            ibkr.clock.sleep(1)
        with pytest.raises(UsageError, match=r"await ibkr\\.journal\\.await_for"):
            ibkr.journal.wait_for("startApi")

    async def test_a_thread_may_block(ibkr):
        before = ibkr.clock.now()
        await anyio.to_thread.run_sync(ibkr.clock.sleep, 60)
        assert ibkr.clock.now() - before >= dt.timedelta(seconds=60)

    @pytest.mark.ibkr_server_version(157, 163)
    async def test_versions(client, ibkr_server_version, ibkr_gateway_factory):
        other = ibkr_gateway_factory()
        async with await anyio.connect_tcp(other.host, other.port) as stream:
            await stream.send(b"API\\0\\0\\0\\0\\x09v157..200")
            answer = await stream.receive()
        assert answer[4:].startswith(str(ibkr_server_version).encode())
    """,
    )
    result.assert_outcomes(passed=8)
