"""The ports real gateways use, in a network namespace where nothing real can be behind them.

Where the system gives no namespace these are skipped, and count as skipped.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys

import pytest

from tests.system.live.literal_ports import LIVE_PORTS, PAPER_PORTS
from tests.system.live.paper_gateway import ROOT

pytestmark = [pytest.mark.ci, pytest.mark.timeout(240)]
ALONE = ("unshare", "--map-root-user", "--net")


@pytest.fixture(scope="module")
def found():
    """What every row found."""
    if shutil.which("unshare") is None or shutil.which("ip") is None:
        pytest.skip("no network namespace: unshare and ip are not installed")
    tried = subprocess.run([*ALONE, "true"], capture_output=True, text=True, check=False)
    if tried.returncode:
        pytest.skip(f"no network namespace is allowed here: {tried.stderr.strip()}")
    done = subprocess.run(
        [*ALONE, sys.executable, "-m", "tests.system.live.literal_ports"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize("port", LIVE_PORTS)
def test_a_relay_never_dials_a_live_port(port, found):
    assert found[f"relay {port}"] == ["LiveRefused", 0]
    assert found[f"relay {port} mapped"] == ["LiveRefused", 0]


@pytest.mark.parametrize("port", PAPER_PORTS)
def test_a_relay_dials_a_paper_port_without_being_told_more(port, found):
    said, connections = found[f"relay {port}"]
    assert said == "in"
    assert connections >= 1


@pytest.mark.parametrize("port", LIVE_PORTS)
@pytest.mark.parametrize("run", ["test", "offline"])
def test_a_test_that_dials_a_live_port_is_stopped_before_the_socket(run, port, found):
    said, connections = found[f"{run} {port}"]
    assert connections == 0
    assert said not in ("in", "ConnectionRefusedError", "TimeoutError")


@pytest.mark.parametrize("port", PAPER_PORTS)
def test_offline_a_paper_port_is_not_dialled_either(port, found):
    said, connections = found[f"offline {port}"]
    assert connections == 0
    assert said not in ("in", "ConnectionRefusedError", "TimeoutError")
