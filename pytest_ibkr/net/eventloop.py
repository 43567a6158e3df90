"""What blocking helpers and their awaitable twins ask of the event loop they are called on.

Knows asyncio, and trio where a test brings it along; imports neither for those who use neither.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Callable

from pytest_ibkr.errors import UsageError

POLL_S = 0.001


def refuse_on_running_loop(helper: str, *, twin: str) -> None:
    """Refuse a blocking helper on the thread of a running event loop; others may block.

    Raises:
        UsageError: a loop runs on this thread; the awaitable twin is named.
    """
    if (runs := _running()) is None:
        return
    raise UsageError(
        f"{helper}() blocks, and was called on the thread of a running {runs} event loop: no client"
        " of that loop could read or write meanwhile\n"
        "  state: it did not begin; no time passed and nothing was waited for\n"
        f"  fix:   await {twin}(…), which takes the same arguments; code under test that blocks"
        " belongs on a thread of its own"
    )


async def pause(seconds: float) -> None:
    """Let the running loop go on for real ``seconds``; 0: one turn of it."""
    trio = sys.modules.get("trio")
    if trio is not None and trio.lowlevel.in_trio_task():
        await trio.sleep(seconds)
    else:
        await asyncio.sleep(seconds)


async def until(condition: Callable[[], bool], timeout_s: float) -> bool:
    """Return whether ``condition`` held within real seconds; the loop goes on meanwhile.

    Looks every millisecond: the condition may change on any thread, whatever loop waits for it.
    """
    deadline_s = time.monotonic() + timeout_s
    while not (met := condition()) and time.monotonic() < deadline_s:
        await pause(POLL_S)
    return met


def _running() -> str | None:
    """Return which library runs a loop on this thread."""
    trio = sys.modules.get("trio")
    if trio is not None and trio.lowlevel.in_trio_run():
        return "trio"
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return None
    return "asyncio"
