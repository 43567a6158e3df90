"""Who may block: the thread of a running event loop may not, every other one may."""

from __future__ import annotations

import asyncio
import threading

import pytest

from pytest_ibkr.errors import UsageError
from pytest_ibkr.net.eventloop import pause, refuse_on_running_loop, until


def blocks() -> None:
    refuse_on_running_loop("clock.sleep", twin="clock.asleep")


async def blocks_in_a_coroutine() -> None:
    blocks()


def test_without_a_loop_everybody_may_block():
    blocks()
    loop = asyncio.new_event_loop()
    try:
        loop.run_until_complete(pause(0))
        blocks()  # there is a loop, and it does not run
    finally:
        loop.close()


def test_in_a_running_loop_the_twin_is_named():
    with pytest.raises(UsageError, match=r"(?s)clock\.sleep\(\) blocks.*await clock\.asleep\("):
        asyncio.run(blocks_in_a_coroutine())


def test_a_callback_of_a_running_loop_may_not_block_either():
    async def main() -> None:
        done = asyncio.get_running_loop().create_future()

        def callback() -> None:
            try:
                blocks()
            except UsageError as exc:
                done.set_exception(exc)

        asyncio.get_running_loop().call_soon(callback)
        await done

    with pytest.raises(UsageError):
        asyncio.run(main())


def test_a_thread_beside_a_running_loop_may_block():
    asyncio.run(asyncio.to_thread(blocks))


def test_until_sees_what_another_thread_does():
    event = threading.Event()

    async def main() -> tuple[bool, bool]:
        never = await until(event.is_set, 0.01)
        thread = threading.Thread(target=event.set)
        thread.start()
        came = await until(event.is_set, 5)
        thread.join()
        return never, came

    assert asyncio.run(main()) == (False, True)


def test_until_looks_before_it_gives_up():
    assert asyncio.run(until(lambda: True, 0))
    assert not asyncio.run(until(lambda: False, 0))
