"""How a live run starts, or does not: a gateway that is absent, silent, or no paper gateway."""

from __future__ import annotations

import socket
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.plugin.test_paper_guard import a_run, refuses
from tests.system.live.evil_gateway import EvilGateway, Script
from tests.system.live.ids import LIVE
from tests.system.live.project import PREAMBLE, Done, LiveProject
from tests.system.live.under_relay import Endpoint

pytestmark = [pytest.mark.ci, pytest.mark.timeout(240)]

THREE = """
def test_unmarked(ibkr):
    pass


@pytest.mark.live
def test_one(ibkr):
    pass


@pytest.mark.live
def test_two(live_gateway):
    pass
"""
BROKEN = """
import os
from pytest_ibkr.net import relay_process

relay_process._MODULE = "tests.system.live.broken_relay"
os.environ["BROKEN_RELAY"] = "any_account_is_paper"
"""


def started(place: Path, gateway: Endpoint, *, timeout_s: int) -> tuple[Done, float]:
    """A run of three tests, and how long it took in seconds."""
    made = LiveProject(place, gateway)
    made.configure(timeout=timeout_s)
    (made.folder / "test_project.py").write_text(PREAMBLE + THREE, "utf-8")
    began_s = time.monotonic()
    return made.run("-v", "-rE"), time.monotonic() - began_s


def fails_with_the_causes(done: Done, gateway: Endpoint) -> None:
    """What a run says whose gateway is not ready: each live test, with what may be the matter."""
    assert done.code == 1, done.text
    assert "1 passed, 2 errors" in done.text
    assert "NOT REACHED, live tests will fail" in done.text
    assert f"no paper gateway is ready at {gateway.host}:{gateway.port}: " in done.text
    for cause in (
        "1. TWS or IB Gateway does not run, is not logged in, or is restarting",
        "2. its API is off or on another port",
        "3. it waits for somebody: a login, a second factor",
    ):
        assert cause in done.text


@pytest.mark.req("LV-003", "LV-028")
def test_an_absent_gateway_fails_live_tests_at_once_and_names_the_likely_causes(
    tmp_path: Path,
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        gone = SimpleNamespace(host="127.0.0.1", port=free.getsockname()[1])
    done, took_s = started(tmp_path, gone, timeout_s=600)
    fails_with_the_causes(done, gone)
    assert took_s < 30


@pytest.mark.req("LV-003", "LV-007")
@pytest.mark.parametrize("point", ["connect", "greeting"])
def test_a_gateway_that_nobody_logged_in_fails_once_and_is_not_asked_again(
    point: str, tmp_path: Path
) -> None:
    with EvilGateway(Script(silent_after=point)) as gateway:
        done, took_s = started(tmp_path, gateway, timeout_s=3)
        fails_with_the_causes(done, gateway)
        assert took_s < 30
        assert len(gateway.heard) == 1, "it was tried again"


@pytest.mark.proof
def test_a_silent_gateway_has_failed_after_30_seconds_whatever_the_file_says(
    tmp_path: Path,
) -> None:
    with EvilGateway(Script(silent_after="greeting")) as gateway:
        done, took_s = started(tmp_path, gateway, timeout_s=600)
        fails_with_the_causes(done, gateway)
        assert 29 < took_s < 45  # with the start of pytest, and its end


@pytest.mark.req("LV-004")
def test_a_live_account_ends_the_run_with_4_before_any_test(tmp_path: Path) -> None:
    refuses(a_run(), code=4, accounts=LIVE, reason="is no paper account", place=tmp_path)


@pytest.mark.req("LV-004", counter_proof="a relay that takes any account for paper")
def test_counter_proof_a_relay_that_takes_any_account_is_noticed(tmp_path: Path) -> None:
    def broken(project: LiveProject) -> tuple[int, str]:
        (project.folder / "conftest.py").write_text(BROKEN, "utf-8")
        return a_run()(project)

    with pytest.raises(AssertionError, match=r"only_the_handshake\("):
        refuses(broken, code=4, accounts=LIVE, reason="is no paper account", place=tmp_path)
