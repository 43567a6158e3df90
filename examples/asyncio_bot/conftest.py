"""The bot as a running task."""

import asyncio
import contextlib

import pytest_asyncio
from keeper import Keeper


@pytest_asyncio.fixture
async def keeper(ibkr):
    keeper = Keeper(ibkr.host, ibkr.port, ibkr.client_id, "SPY", 5, 1.0, retry_s=0.01)
    running = asyncio.create_task(keeper.run())
    yield keeper
    running.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await running
