import asyncio

import pytest_asyncio
from ib_async import IB
from ibapi_link import Link


@pytest_asyncio.fixture
async def ib(ibkr):
    ib = IB()
    await ib.connectAsync(ibkr.host, ibkr.port, clientId=ibkr.client_id)
    yield ib
    ib.disconnect()
    await asyncio.sleep(0)


@pytest_asyncio.fixture
async def link(ibkr):
    link = Link()
    await link.start(ibkr.host, ibkr.port, ibkr.client_id)
    yield link
    await link.stop()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def live_gateway_connection(live_gateway):
    ib = IB()
    await ib.connectAsync(live_gateway.host, live_gateway.port, clientId=live_gateway.client_id)
    yield ib
    ib.disconnect()
    await asyncio.sleep(0)
