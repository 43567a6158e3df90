"""Ledgers of earlier runs are finished, or block; none of another account is touched."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from pathlib import Path

import pytest

from pytest_ibkr.errors import UsageError
from pytest_ibkr.net.relay.ledger import unfinished
from pytest_ibkr.net.relay.leftovers import finish_leftovers
from tests.net.relay.account_bench import FAR, PAPER, QQQ, SPY, Run

pytestmark = pytest.mark.ci


@pytest.fixture
def run(gateway, request, tmp_path):
    session = gateway.new_session(request.node.nodeid, wall_clock=False)
    yield Run(gateway, session, tmp_path / "state")
    session.close()


async def _leave(run, contract, *, client_id: int) -> Path:
    """A run that ends without cleaning up."""
    async with await run.link(client_id) as link:
        ledger = await run.begin(link)
        await run.send(link, ledger, contract, "BUY", 1, status="Filled")
        await run.send(link, ledger, contract, "BUY", 1, limit=FAR, status="Submitted")
    ledger.release()
    return ledger.path


def finish(run, paths=None):
    return asyncio.run(finish_leftovers(run.upstream, run.directory, paths=paths))


def test_every_open_ledger_is_finished_oldest_first(run) -> None:
    first = asyncio.run(_leave(run, SPY, client_id=7301))
    second = asyncio.run(_leave(run, QQQ, client_id=7302))
    done = finish(run)
    assert list(done) == [first, second]
    assert all(each.closed for each in done.values())
    assert asyncio.run(run.held()) == {}
    assert asyncio.run(run.working()) == set()


def test_one_that_is_named_is_finished_and_the_other_still_blocks(run) -> None:
    first = asyncio.run(_leave(run, SPY, client_id=7301))
    second = asyncio.run(_leave(run, QQQ, client_id=7302))
    assert list(finish(run, [second])) == [second]
    assert unfinished(run.directory, PAPER) == [first]
    assert asyncio.run(run.held()) == {"SPY": Decimal(1)}


def test_a_ledger_nobody_can_read_is_reported_and_goes_on_blocking(run) -> None:
    path = asyncio.run(_leave(run, SPY, client_id=7301))
    path.write_bytes(b"{}\n" + path.read_bytes())
    [done] = finish(run).values()
    assert "no new order passes" in done.failed[0]
    assert unfinished(run.directory, PAPER) == [path]
    assert asyncio.run(run.held()) == {"SPY": Decimal(1)}


def test_a_ledger_copied_from_another_account_is_left_alone(run) -> None:
    path = asyncio.run(_leave(run, SPY, client_id=7301))
    path.write_text(path.read_text().replace('"account_key":"', '"account_key":"0', 1))
    [done] = finish(run).values()
    assert "is about another account" in done.failed[0]
    assert asyncio.run(run.held()) == {"SPY": Decimal(1)}


def test_a_path_that_is_no_open_ledger_is_an_error(run, tmp_path) -> None:
    with pytest.raises(UsageError, match="no open ledger of this account"):
        finish(run, [tmp_path / "other.jsonl"])
