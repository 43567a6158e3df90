"""What reaches the account beside the relay is found on a real connection; the rest is not."""

from __future__ import annotations

import asyncio
from decimal import Decimal

import pytest

from pytest_ibkr.net.relay.comparison import compare, take_baseline
from tests.net.relay.account_bench import FAR, QQQ, SPY, Run, forwarded, order, place

pytestmark = pytest.mark.ci


@pytest.fixture
def run(gateway, request, tmp_path):
    session = gateway.new_session(request.node.nodeid, wall_clock=False)
    yield Run(gateway, session, tmp_path / "state")
    session.close()


async def _found(run, beside) -> list[str]:
    """Two orders through the relay, ``beside`` meanwhile; what the comparison finds."""
    async with await run.link(101) as user, await run.link(7300) as link:
        await place(user, order(user, QQQ, "BUY", 2), status="Filled")
        await place(user, order(user, QQQ, "BUY", 1, limit=FAR), status="Submitted")
        baseline = await take_baseline(link)
        first, second = order(link, SPY, "BUY", 3), order(link, SPY, "BUY", 1, limit=FAR)
        await place(link, first, status="Filled")
        await place(link, second, status="Submitted")
        await beside(user, link, second)
        sent = [forwarded(link, first), forwarded(link, second)]
        found, present = await compare(link, baseline, sent)
        assert present.position(first.contract.con_id) is not None
        return [str(each) for each in found]


async def nothing(_user, _link, _second) -> None:
    """Nobody else does anything."""


async def another_client(user, _link, _second) -> None:
    """A direct client beside the relay."""
    await place(user, order(user, SPY, "BUY", 1), status="Filled")


async def a_working_order(user, _link, _second) -> None:
    """A direct client whose order only waits."""
    await place(user, order(user, SPY, "BUY", 1, limit=FAR), status="Submitted")


async def the_same_client_id(_user, link, _second) -> None:
    """The run's own client id, by an order that was not forwarded."""
    await place(link, order(link, SPY, "SELL", 1), status="Filled")


async def a_changed_order(_user, link, second) -> None:
    """A forwarded order made larger."""
    larger = order(link, SPY, "BUY", 4, limit=FAR, order_id=second.order_id)
    await place(link, larger, status="Submitted")


@pytest.mark.parametrize(
    ("beside", "words"),
    [
        (nothing, []),
        (another_client, ["BOT 1 SPY at"]),
        (a_working_order, ["BUY 1 SPY LMT works, placed by client 101"]),
        (the_same_client_id, ["SLD 1 SPY at"]),
        (a_changed_order, ["BUY 4 SPY LMT works, forwarded was order"]),
    ],
)
def test_what_did_not_pass_is_found_and_nothing_else(run, beside, words) -> None:
    found = asyncio.run(_found(run, beside))
    assert len(found) == len(words)
    for text, word in zip(found, words, strict=True):
        assert text.startswith("an order bypassed the relay: ")
        assert word in text


def test_a_position_that_stays_unexplained_is_found(run) -> None:
    async def transfer(_user, _link, _second) -> None:
        run.session.account.add_position("IWM", 5, average_cost=Decimal(200))

    [found] = asyncio.run(_found(run, transfer))
    assert "the position in IWM went from 0 to 5, executions explain +0" in found
