"""close-positions: nothing without the flag and a yes, everything flat afterwards, ids masked."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from pytest_ibkr.cli.close_positions import main
from pytest_ibkr.gateway import Gateway
from pytest_ibkr.snapshot.store import load
from tests.net.relay.account_bench import FAR, PAPER, QQQ, SPY, Run, order, place

pytestmark = pytest.mark.ci

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "scripts" / "close_all_positions.py"
START = datetime(2026, 7, 10, 11, 0, tzinfo=ZoneInfo("America/New_York"))


@pytest.fixture
def gateway(request):
    account = getattr(request, "param", PAPER)
    snapshot = load("normal", directory=ROOT / "fixtures" / "ibkr_snapshots")
    with Gateway(
        snapshot, account=account, reserved_account=False, jumps=False, start_at=START
    ) as running:
        yield running


@pytest.fixture
def run(gateway, request, tmp_path):
    session = gateway.new_session(request.node.nodeid, wall_clock=False)
    yield Run(gateway, session, tmp_path / "state" / "pytest-ibkr")
    session.close()


@pytest.fixture
def close(run, tmp_path):
    """Run the tool as a process of its own, without a terminal."""

    def start(*words: str, **environ: str) -> subprocess.CompletedProcess[str]:
        settings = {
            **{key: value for key, value in os.environ.items() if key != "CI"},
            "XDG_STATE_HOME": str(tmp_path / "state"),
            "HOME": str(tmp_path),
            "IBKR_PAPER_ACCOUNT": PAPER,
            "PYTHONPATH": str(ROOT),
        }
        return subprocess.run(
            [sys.executable, "-m", "tests.cli.closing_driver", str(run.gateway.port), *words],
            env=settings | environ,
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    return start


async def _positions_and_orders(run) -> None:
    """Long, short and large; orders of a test's client id and of a foreign one."""
    async with await run.link(101) as user, await run.link(7300) as test:
        await place(user, order(user, SPY, "BUY", 70), status="Filled")  # three orders' worth
        await place(user, order(user, QQQ, "SELL", 2), status="Filled")
        await place(user, order(user, SPY, "BUY", 1, limit=FAR), status="Submitted")
        await place(test, order(test, SPY, "BUY", 1, limit=FAR), status="Submitted")


def is_flat(run, done) -> None:
    """What a run that says FLAT must have reached."""
    assert done.returncode == 0, done.stderr
    assert done.stdout == "FLAT: no open order, no position\n"
    assert asyncio.run(run.held()) == {}
    assert asyncio.run(run.working()) == set()
    assert PAPER not in done.stdout + done.stderr


@pytest.mark.req("LV-043")
def test_it_lists_cancels_closes_and_verifies(run, close) -> None:
    asyncio.run(_positions_and_orders(run))
    done = close("--paper-trading", "--ibkr-yes")
    is_flat(run, done)
    assert "position  +70 SPY" in done.stderr
    assert "position  -2 QQQ" in done.stderr
    assert "order     BUY 1 SPY LMT 1.0 (by client 101)" in done.stderr


@pytest.mark.req("LV-043", counter_proof="a market that fills nothing")
def test_what_does_not_fill_is_never_called_flat(run, close) -> None:
    async def go():
        async with await run.link(101) as user:
            await place(user, order(user, SPY, "BUY", 3), status="Filled")

    asyncio.run(go())
    with run.session.orders.hold():
        done = close("--paper-trading", "--ibkr-yes")
    assert done.returncode == 1
    assert "LEFT: +3 SPY" in done.stderr
    assert "NOT FLAT" in done.stdout
    assert asyncio.run(run.working()) == set()
    with pytest.raises(AssertionError):
        is_flat(run, done)


@pytest.mark.req("LV-043")
@pytest.mark.parametrize("gateway", ["U" + "1234567"], indirect=True)
def test_a_live_account_is_refused_before_anything_is_asked(run, close) -> None:
    done = close("--paper-trading", "--ibkr-yes")
    assert done.returncode == 1
    assert "no paper account" in done.stderr
    assert "1234567" not in done.stderr
    names = {type(each).__name__ for each in run.session.journal.requests()}
    assert names <= {"StartApi"}


@pytest.mark.req("LV-043")
def test_without_the_flag_nothing_is_connected(run, close) -> None:
    done = close("--ibkr-yes")
    assert done.returncode == 2
    assert "--paper-trading is missing" in done.stderr
    assert not run.session.journal.requests()


def test_without_a_terminal_or_a_typed_yes_nothing_is_connected(run, close) -> None:
    done = close("--paper-trading")
    assert done.returncode == 2
    assert "no terminal to ask at" in done.stderr
    assert not run.session.journal.requests()


@pytest.mark.parametrize(
    ("environ", "words"),
    [
        ({"CI": "true"}, "with CI set"),
        ({"IBKR_PAPER_ACCOUNT": ""}, "nobody says which account is meant"),
    ],
)
def test_ci_and_an_unnamed_account_are_refused(run, close, environ, words) -> None:
    done = close("--paper-trading", "--ibkr-yes", **environ)
    assert done.returncode == 2
    assert words in done.stderr
    assert not run.session.journal.requests()


def test_another_account_than_the_named_one_keeps_its_orders_and_positions(run, close) -> None:
    asyncio.run(_positions_and_orders(run))
    before = run.session.account.positions()
    done = close("--paper-trading", "--ibkr-yes", IBKR_PAPER_ACCOUNT=PAPER[:-1] + "9")
    assert done.returncode == 2
    assert "another account is named here" in done.stderr
    assert PAPER not in done.stderr
    assert run.session.account.positions() == before
    assert not run.session.journal.requests("cancelOrder")


def test_an_account_that_is_flat_needs_no_answer(run, close) -> None:
    is_flat(run, close("--paper-trading", "--ibkr-yes"))
    assert not run.session.journal.requests("placeOrder")


def test_a_market_that_is_closed_leaves_positions_and_says_so(run, close) -> None:
    night = START.replace(hour=20)
    session = run.gateway.new_session("night", wall_clock=False, start_at=night)
    session.account.add_position("SPY", 2, average_cost=Decimal(700))
    done = close("--paper-trading", "--ibkr-yes")
    session.close()
    assert done.returncode == 1
    assert "LEFT: +2 SPY: it does not trade now" in done.stderr


@pytest.mark.parametrize(
    ("answer", "closes"),
    [("no", False), ("", False), ("yes", True)],
)
def test_it_asks_at_the_terminal(run, monkeypatch, tmp_path, capsys, answer, closes) -> None:
    async def go():
        async with await run.link(101) as user:
            await place(user, order(user, SPY, "BUY", 3), status="Filled")

    asyncio.run(go())
    orders = len(run.session.journal.requests("placeOrder"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("IBKR_PAPER_ACCOUNT", PAPER)
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "stdin", _Terminal(answer))
    code = main(["--paper-trading"], endpoint=("127.0.0.1", run.gateway.port), patience_s=0.5)
    said = capsys.readouterr()
    assert code == 0
    assert (len(run.session.journal.requests("placeOrder")) > orders) is closes
    assert "Cancel and close all of this?" in said.err
    assert ("declined: nothing was cancelled" in said.err) is not closes


class _Terminal:
    """Standard input of somebody who types one line."""

    def __init__(self, answer: str) -> None:
        self._answer = answer

    def isatty(self) -> bool:
        return True

    def readline(self, *_args) -> str:
        return f"{self._answer}\n"


def test_only_what_a_ledger_names_is_finished(run, close) -> None:
    async def go():
        async with await run.link(101) as user, await run.link(7300) as link:
            await place(user, order(user, QQQ, "BUY", 2), status="Filled")
            theirs = order(user, SPY, "BUY", 1, limit=FAR)
            await place(user, theirs, status="Submitted")
            ledger = await run.begin(link)
            await run.send(link, ledger, SPY, "BUY", 3, status="Filled")
            await run.send(link, ledger, SPY, "BUY", 1, limit=FAR, status="Submitted")
        ledger.release()
        return ledger.path, theirs.order_id

    path, theirs = asyncio.run(go())
    done = close("--paper-trading", "--ibkr-yes", "--session", str(path))
    assert done.returncode == 0, done.stderr
    assert done.stdout == "DONE: nothing of that run is left\n"
    assert asyncio.run(run.held()) == {"QQQ": Decimal(2)}
    assert asyncio.run(run.working()) == {(101, theirs)}
    assert not path.exists()


def test_a_ledger_that_is_not_there_is_a_usage_error(run, close) -> None:
    done = close("--paper-trading", "--ibkr-yes", "--session", "nothing.jsonl")
    assert done.returncode == 2
    assert "there is no ledger" in done.stderr
    assert not run.session.journal.requests()


def test_the_script_is_the_same_tool_and_takes_no_endpoint() -> None:
    helped = subprocess.run(
        [sys.executable, str(SCRIPT), "--help"], capture_output=True, text=True, check=True
    )
    assert "--paper-trading" in helped.stdout
    assert not {"--host", "--port", "--client-id"} & set(helped.stdout.replace(",", " ").split())
    assert os.access(SCRIPT, os.X_OK)
