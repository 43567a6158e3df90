"""However a run ends, its relay stops forwarding, cleans up and goes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pytest_ibkr.errors import GatewayError
from pytest_ibkr.net.relay_handle import RelayHandle
from pytest_ibkr.wire.messages.order import OrderStatus, ReqOpenOrders
from pytest_ibkr.wire.messages.session import CurrentTime, ReqCurrentTime
from tests.net.raw_client import RawClient
from tests.net.relay.conftest import relay_spec
from tests.net.relay.test_orders import closed_ledgers, ledgers, working
from tests.net.relay.trading import SESSION, order

pytestmark = pytest.mark.ci

ROOT = Path(__file__).parents[3]
posix = pytest.mark.skipif(os.name != "posix", reason="signals")


def gone(pid: int, timeout_s: float = 20.0) -> bool:
    """Wait until a process that is not our child has ended."""
    deadline_s = time.monotonic() + timeout_s
    while time.monotonic() < deadline_s:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        if Path(f"/proc/{pid}/stat").exists() and _zombie(pid):
            return True
        time.sleep(0.02)
    return False


def _zombie(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


def nothing_works(gateway) -> bool:
    with RawClient(gateway).start(7100) as client:
        client.send(ReqOpenOrders(), ReqCurrentTime())
        client.wait_for(CurrentTime)
        return client.of(OrderStatus) == []


@posix
@pytest.mark.parametrize(
    ("how", "number"),
    [("wait", signal.SIGKILL), ("wait", signal.SIGTERM), ("exit", None), ("fork", signal.SIGKILL)],
    ids=["kill -9", "terminated", "os._exit", "a child holds the pipe"],
)
def test_a_run_that_dies_is_cleaned_up_after(gateway, tmp_path, how, number):
    spec = relay_spec(gateway, tmp_path).to_json()
    command = [sys.executable, "-m", "tests.net.relay.harness_program", spec, how]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as harness:
        relay_pid, child_pid = map(int, harness.stdout.readline().split())
        try:
            if number is not None:
                harness.send_signal(number)
            harness.wait(10)
            assert gone(relay_pid)
        finally:
            harness.kill()
            if child_pid:
                os.kill(child_pid, signal.SIGKILL)
    assert ledgers(tmp_path) == []
    assert len(closed_ledgers(tmp_path)) == 1
    assert nothing_works(gateway)
    lines = [json.loads(line) for line in (tmp_path / "audit.jsonl").read_text().splitlines()]
    [why] = [each["reason"] for each in lines if each["what"] == "stop"]
    assert why == "parent gone" if how == "fork" else why in ("parent gone", "pipe closed")


@posix
def test_a_relay_that_is_terminated_cleans_up_first(start, gateway, tmp_path):
    relay = start(gateway)
    relay.begin_test("test_order", places_orders=True, market=[SESSION])
    with RawClient(relay).start(7100) as client:
        client.send(order(1))
        working(client, 1)
        os.kill(relay.pid, signal.SIGTERM)
        client.read_to_end()
    assert relay._process.wait(20) == 0
    assert closed_ledgers(tmp_path)
    assert nothing_works(gateway)
    with pytest.raises(GatewayError, match="it cannot status"):
        relay.status()


@posix
def test_ctrl_c_in_the_terminal_does_not_reach_the_relay(start, gateway):
    relay = start(gateway)
    assert os.getpgid(relay.pid) != os.getpgid(0)
    os.kill(relay.pid, signal.SIGINT)
    assert relay.status()["ending"] is None


def test_stop_tells_what_was_measured_and_can_be_called_again(start, gateway):
    relay = start(gateway)
    with RawClient(relay).start(7100) as client:
        client.send(ReqCurrentTime())
        client.wait_for(CurrentTime)
    summary = relay.stop()
    assert summary.why == "stop"
    assert summary.failed == ()
    assert summary.metrics["forwarded"] == 2
    assert summary.metrics["requests"]["reqCurrentTime"]["count"] == 1
    assert summary.metrics["peak_connections"] == 1
    assert relay.stop() is summary
    assert not relay.running


def test_a_relay_that_died_is_reported_by_the_next_command(start, gateway):
    relay = start(gateway)
    relay._process.kill()
    relay._process.wait(5)
    with pytest.raises(GatewayError, match="its process has ended"):
        relay.status()
    assert relay.stop(timeout_s=5).failed


def test_clients_are_closed_when_the_relay_stops(start, gateway):
    relay = start(gateway)
    with RawClient(relay).start(7100) as client:
        relay.stop()
        client.read_to_end()


def test_the_relays_process_loads_nothing_heavy(tmp_path):
    script = (
        "import sys, pytest_ibkr.net.relay.process;"
        "print(sorted({m.split('.')[0] for m in sys.modules}"
        " & {'pytest','_pytest','pydantic','yaml','numpy','pandas','exchange_calendars'}))"
    )
    out = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert out.stdout.strip() == "[]"


def test_a_module_in_the_working_directory_is_not_taken_for_one_of_pythons(
    gateway, tmp_path, monkeypatch
):
    (tmp_path / "asyncio.py").write_text("raise SystemExit('the wrong module')")
    monkeypatch.chdir(tmp_path)
    with RelayHandle.start(relay_spec(gateway, tmp_path)) as relay:
        assert relay.facts.account


def test_a_cleanup_that_nobody_waits_for_is_finished_all_the_same(gateway, tmp_path):
    relay = RelayHandle.start(relay_spec(gateway, tmp_path))
    relay.begin_test("test_order", places_orders=True, market=[SESSION])
    with RawClient(relay).start(7100) as client:
        client.send(order(1))
        working(client, 1)
        summary = relay.stop(timeout_s=0.05)
    assert "goes on cleaning up" in summary.failed[-1]
    assert relay._process.wait(30) is not None
    relay._process.release()
    assert ledgers(tmp_path) == []
    assert len(closed_ledgers(tmp_path)) == 1
    assert nothing_works(gateway)
