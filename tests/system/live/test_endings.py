"""Runs that end without a word: what they opened is closed, what the user has is left alone.

The user holds positions in the traded contract and has orders of their own working at the same
gateway; each run buys shares, leaves an order working, and ends in its own way.
"""

from __future__ import annotations

import os
import signal

import pytest

from tests.system.live.paper_gateway import paper_gateway
from tests.system.live.project import LiveProject, eventually, settled
from tests.system.live.trading import USER_ID, the_user

pytestmark = [pytest.mark.ci, pytest.mark.timeout(240)]

TRADE = """
with joined(ibkr) as client:
    buy(client, 1, 5)
    rest(client, 2)
    Path("traded").touch()
    {ending}
"""
WAIT = "signal.signal(signal.SIGTERM, signal.SIG_DFL); threading.Event().wait(60)"

INSIDE = [
    pytest.param("os._exit(3)", id="os._exit"),
    pytest.param("os.kill(os.getpid(), signal.SIGKILL)", id="-9 by its own hand"),
    pytest.param("os.abort()", id="an abort"),
    pytest.param("raise SystemExit(5)", id="SystemExit in the test"),
    pytest.param("raise KeyboardInterrupt", id="KeyboardInterrupt"),
    pytest.param("pytest.exit('enough', returncode=7)", id="pytest.exit"),
    pytest.param("raise RuntimeError('a bug')", id="an exception"),
    pytest.param("pass", id="nothing unusual"),
    pytest.param("import ctypes; ctypes.string_at(0)", id="a segmentation fault"),
    pytest.param("os.closerange(3, 4096); os._exit(0)", id="every file closed, then os._exit"),
]
FROM_OUTSIDE = [
    pytest.param(signal.SIGKILL, id="-9"),
    pytest.param(signal.SIGTERM, id="SIGTERM"),
    pytest.param(signal.SIGINT, id="Ctrl-C"),
    pytest.param(signal.SIGHUP, id="a closed terminal"),
]


@pytest.fixture
def gateway():
    with paper_gateway() as running:
        yield running


def untouched(gateway) -> bool:
    """Whether nobody but the user sent anything in the user's name."""
    return [r["name"] for r in gateway.order_requests(client_id=USER_ID)] == ["placeOrder"] * 2


@pytest.mark.parametrize("ending", INSIDE)
def test_a_run_that_ends_by_itself_leaves_the_account_as_it_was(ending, gateway, tmp_path):
    project = LiveProject(tmp_path, gateway)
    project.test(TRADE.format(ending=ending))
    with the_user(gateway) as theirs:
        project.run("-p", "no:faulthandler")
        assert project.said("traded")
        eventually(settled(gateway, working=theirs, spy=7), "cancelled, flat, the user's untouched")
        assert untouched(gateway)


@pytest.mark.parametrize("number", FROM_OUTSIDE)
def test_a_run_that_is_ended_leaves_the_account_as_it_was(number, gateway, tmp_path):
    project = LiveProject(tmp_path, gateway)
    project.test(TRADE.format(ending=WAIT))
    with the_user(gateway) as theirs:
        run = project.start()
        try:
            eventually(lambda: project.said("traded"), "the test traded")
            os.kill(run.process.pid, number)
            eventually(settled(gateway, working=theirs, spy=7), "cancelled, flat")
            assert untouched(gateway)
        finally:
            run.kill()


def test_the_whole_process_group_killed_does_not_take_the_cleanup_along(gateway, tmp_path):
    """As a terminal's Ctrl-C or a container's stop hits everything the shell started."""
    project = LiveProject(tmp_path, gateway)
    project.test(TRADE.format(ending=WAIT))
    with the_user(gateway) as theirs:
        run = project.start(own_group=True)
        try:
            eventually(lambda: project.said("traded"), "the test traded")
            os.killpg(run.process.pid, signal.SIGKILL)
            eventually(settled(gateway, working=theirs, spy=7), "cancelled, flat")
            assert untouched(gateway)
        finally:
            run.kill()


def test_a_terminals_control_c_ends_the_run_and_cleans_up_before_it_ends(gateway, tmp_path):
    """It reaches every process of the group; the relay is none of them, pytest tells it."""
    project = LiveProject(tmp_path, gateway)
    project.test(TRADE.format(ending=WAIT))
    project.test("Path('next').touch()", name="test_next")
    with the_user(gateway) as theirs:
        run = project.start(own_group=True)
        try:
            eventually(lambda: project.said("traded"), "the test traded")
            os.killpg(run.process.pid, signal.SIGINT)
            done = run.end()
        finally:
            run.kill()
        assert done.code == 2, done.text
        assert settled(gateway, working=theirs, spy=7)(), done.text
        assert untouched(gateway)
        assert not project.said("next")
        assert "KeyboardInterrupt" in done.text
        assert "cleanup, cancelled: " in done.text


def test_pytest_timeouts_thread_method_leaves_the_account_as_it_was(gateway, tmp_path):
    """It ends the process by os._exit, without any clean-up."""
    project = LiveProject(tmp_path, gateway)
    project.test(TRADE.format(ending=WAIT))
    with the_user(gateway) as theirs:
        done = project.run("--timeout=6", "--timeout-method=thread")
        assert project.said("traded"), done.text
        assert "Timeout" in done.text
        eventually(settled(gateway, working=theirs, spy=7), "cancelled, flat")
        assert untouched(gateway)


def test_a_forked_child_that_keeps_the_pipe_open_does_not_keep_the_orders(gateway, tmp_path):
    project = LiveProject(tmp_path, gateway)
    fork = "child = os.fork() or os.execvp('sleep', ['sleep', '45'])"
    project.test(TRADE.format(ending=f"{fork}; Path('child').write_text(str(child)); os._exit(0)"))
    with the_user(gateway) as theirs:
        run = project.start(quiet=True)
        try:
            eventually(lambda: project.said("child"), "a child runs")
            eventually(settled(gateway, working=theirs, spy=7), "cancelled, flat", within_s=40)
            assert untouched(gateway)
        finally:
            run.kill()
            os.kill(int((project.folder / "child").read_text()), signal.SIGKILL)


def test_a_position_the_user_had_before_is_never_sold_through(gateway, tmp_path):
    """The user is short in what the test buys: what is sold back is what the test bought."""
    gateway.ask("add_position", symbol="SPY", quantity=-20, average_cost="600")
    project = LiveProject(tmp_path, gateway)
    project.test(TRADE.format(ending="pass"))
    project.run()
    eventually(settled(gateway, working=[], spy=-20), "as it was: 20 short")
    sold = [o for o in gateway.orders() if o["action"] == "SELL"]
    assert sum(float(o["filled"]) for o in sold) == 5


def test_a_contract_the_user_traded_meanwhile_is_reported_and_left_alone(gateway, tmp_path):
    project = LiveProject(tmp_path, gateway)
    project.test(TRADE.format(ending="Path('go').touch(); threading.Event().wait(3)"))
    run = project.start()
    try:
        eventually(lambda: project.said("traded"), "the test traded")
        gateway.ask("external_trade", symbol="SPY", quantity="-5", price="700")
        done = run.end()
    finally:
        run.kill()
    assert done.code == 1, done.text
    eventually(settled(gateway, working=[], spy=0), "the user closed it: nobody sells it again")
    assert not [o for o in gateway.orders() if o["action"] == "SELL"]


def test_a_run_killed_together_with_its_relay_is_finished_by_the_next_start(gateway, tmp_path):
    project = LiveProject(tmp_path, gateway)
    project.test(TRADE.format(ending=WAIT))
    with the_user(gateway) as theirs:
        run = project.start()
        try:
            eventually(lambda: project.said("traded"), "the test traded")
            for relay in children(run.process.pid):
                os.kill(relay, signal.SIGKILL)
            os.kill(run.process.pid, signal.SIGKILL)
        finally:
            run.kill()
        assert gateway.position("SPY") == 12
        assert len(gateway.working()) == 3
        (project.folder / "test_project.py").unlink()
        project.test("assert ibkr.port", marks="live")
        project.run()
        eventually(settled(gateway, working=theirs, spy=7), "finished by the next start")
        assert untouched(gateway)


def children(pid: int) -> list[int]:
    """The processes a process has started and not buried."""
    found = []
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                with open(f"/proc/{entry}/stat", encoding="ascii", errors="replace") as file:
                    fields = file.read().rpartition(")")[2].split()
            except OSError:
                continue
            if int(fields[1]) == pid:
                found.append(int(entry))
    return found
