"""A connected ib_async client for tests that are not coroutines."""

import asyncio

import pytest
from ib_async import IB


@pytest.fixture
def ib(ibkr):
    # A loop of its own: the library would look for the thread's, which Python no longer makes.
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    ib = IB()
    ib.connect(ibkr.host, ibkr.port, clientId=ibkr.client_id)
    yield ib
    ib.disconnect()
    ib.sleep(0)  # the library closes its socket in the loop's next turn
    asyncio.set_event_loop(None)
    loop.close()
