import os
import subprocess
import sys

import pytest
from ibapi_link import Refused

from pytest_ibkr import UsageError

CHILD = """
import asyncio, os
from ibapi_link import Link

async def main():
    link = Link()
    env = os.environ
    await link.start(env["IBKR_HOST"], int(env["IBKR_PORT"]), int(env["IBKR_CLIENT_ID"]))
    bid, ask = await link.quote("SPY")
    await link.stop()
    assert 0 < bid <= ask

asyncio.run(main())
"""


@pytest.mark.asyncio
@pytest.mark.places_orders
async def test_it_buys_at_the_ask(link, ibkr):
    bid, ask = await link.quote("SPY")
    assert 0 < bid <= ask
    assert await link.buy("SPY", 5, ask) == "Filled"
    await ibkr.await_order_reaches(ibkr.journal.orders()[0].order_id, "Filled")
    assert list(ibkr.account.positions().values()) == [5]


@pytest.mark.asyncio
async def test_a_missing_permission_is_an_error(link, ibkr):
    ibkr.configure(entitlement="none")
    with pytest.raises(Refused, match="354"):
        await link.quote("SPY")


@pytest.mark.asyncio
async def test_a_competing_session_ends(link, ibkr, ibkr_clock):
    competing = ibkr.faults.refuse("reqMktData", 10197, "competing session", times=1)
    with competing, pytest.raises(Refused, match="10197"):
        await link.quote("SPY")
    assert competing.fired == 1
    await ibkr_clock.asleep(1)
    assert await link.quote("SPY")


@pytest.mark.asyncio
async def test_blocking_in_the_loop_is_a_mistake(ibkr_clock):
    with pytest.raises(UsageError, match=r"await ibkr_clock\.asleep"):
        ibkr_clock.sleep(1)


def test_it_works_in_a_process_of_its_own(ibkr):
    child = [sys.executable, "-c", CHILD]
    subprocess.run(child, env=os.environ | ibkr.env, timeout=30, check=True)
    assert [asked.client_id for asked in ibkr.journal.requests("startApi")] == [ibkr.client_id]
