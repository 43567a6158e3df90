"""However a run dies, its relay cleans up; and if that dies too, the next start does."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from decimal import Decimal
from pathlib import Path

import pytest

from pytest_ibkr.net.relay.ledger import unfinished
from pytest_ibkr.net.relay.leftovers import finish_leftovers
from pytest_ibkr.net.relay.processes import start_mark
from tests.net.relay.account_bench import FAR, PAPER, QQQ, Run, order, place

ROOT = Path(__file__).parents[3]
_PATIENCE_S = 60.0

pytestmark = [
    pytest.mark.ci,
    pytest.mark.skipif(sys.platform == "win32", reason="kills with POSIX signals"),
]


@pytest.fixture
def run(gateway, request, tmp_path):
    session = gateway.new_session(request.node.nodeid, wall_clock=False)
    yield Run(gateway, session, tmp_path / "state")
    session.close()


@pytest.fixture
def start(run):
    """Start a run that gets as far as told; return its process and its relay's number."""
    started = []

    def begin(how_far: str) -> tuple[subprocess.Popen[str], int]:
        words = [str(run.gateway.port), str(run.directory), how_far]
        program = subprocess.Popen(
            [sys.executable, "-m", "tests.net.relay.killed_parent", *words],
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
        )
        started.append(program)
        relay = int(program.stdout.readline())
        assert program.stdout.readline() == "ready\n"
        return program, relay

    yield begin
    for program in started:
        with program:
            program.kill()


def wait_for_end(pid: int) -> None:
    """Until the relay's process is gone."""
    deadline_s = time.monotonic() + _PATIENCE_S
    while start_mark(pid) is not None:
        assert time.monotonic() < deadline_s, "the relay is still there"
        time.sleep(0.05)


def the_users_own(run):
    """A position and a working order that are no business of the run."""

    async def go():
        async with await run.link(101) as user:
            await place(user, order(user, QQQ, "BUY", 2), status="Filled")
            placed = order(user, QQQ, "BUY", 1, limit=FAR)
            await place(user, placed, status="Submitted")
            return {(101, placed.order_id)}

    return asyncio.run(go())


def clean(run, theirs) -> None:
    """Everything of the run is gone, everything of the user is there."""
    assert asyncio.run(run.working()) == theirs
    assert asyncio.run(run.held()) == {"QQQ": Decimal(2)}
    assert unfinished(run.directory, PAPER) == []


@pytest.mark.req("LV-006")
@pytest.mark.parametrize("how_far", ["sent", "filled", "nothing", "working", "both"])
def test_a_killed_run_is_cleaned_up_after(run, start, how_far) -> None:
    theirs = the_users_own(run)
    program, relay = start(how_far)
    program.send_signal(signal.SIGKILL)
    wait_for_end(relay)
    clean(run, theirs)


@pytest.mark.req("LV-006")
def test_when_the_relay_is_killed_too_the_ledger_finishes_the_run(run, start) -> None:
    theirs = the_users_own(run)
    program, relay = start("both")
    os.kill(relay, signal.SIGKILL)
    program.send_signal(signal.SIGKILL)
    wait_for_end(relay)
    assert len(unfinished(run.directory, PAPER)) == 1
    [cleaned] = asyncio.run(finish_leftovers(run.upstream, run.directory)).values()
    assert cleaned.failed == []
    clean(run, theirs)


@pytest.mark.req("LV-006", counter_proof="nobody finishes the ledger")
def test_without_a_finish_the_order_works_on(run, start) -> None:
    theirs = the_users_own(run)
    program, relay = start("both")
    os.kill(relay, signal.SIGKILL)
    program.send_signal(signal.SIGKILL)
    wait_for_end(relay)
    with pytest.raises(AssertionError):
        clean(run, theirs)
