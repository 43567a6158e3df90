"""``pytest-ibkr check``: through a relay, against a gateway process with a paper-like account."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from tests.system.live.ids import LIVE, OTHER_PAPER, PAPER
from tests.system.live.paper_gateway import ROOT, PaperGateway, paper_gateway

pytestmark = [pytest.mark.ci, pytest.mark.timeout(120)]
ORDERS = ("placeOrder", "cancelOrder", "reqGlobalCancel", "exerciseOptions")


@dataclass(frozen=True)
class Said:
    """What a check printed and how it ended."""

    code: int
    out: str
    err: str

    def line(self, name: str) -> str:
        """The line about one thing, with its advice."""
        lines = self.out.splitlines()
        at = next(i for i, line in enumerate(lines) if f"  {name}: " in line)
        advice = lines[at + 1] if lines[at + 1].startswith("      ") else ""
        return f"{lines[at]} {advice.strip()}".strip()


def checked(
    place: Path, port: int, *, account: str | None = PAPER, command: tuple[str, ...] = ()
) -> Said:
    """Run the check in a project whose configuration file names this port."""
    (place / "config").mkdir(exist_ok=True)
    gateway = {"port": port, "extra_paper_ports": [port], "timeout": 10}
    path = place / "config" / "live_validation_config.yaml"
    path.write_text(yaml.safe_dump({"gateway": gateway}))
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("IBKR_", "XDG_"))}
    own = {"HOME": str(place), "XDG_STATE_HOME": str(place / "state"), "PYTHONPATH": str(ROOT)}
    named = {} if account is None else {"IBKR_PAPER_ACCOUNT": account}
    done = subprocess.run(
        [sys.executable, *(command or ("-m", "pytest_ibkr.cli", "check"))],
        cwd=place,
        env=kept | own | named,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    return Said(done.returncode, done.stdout, done.stderr)


@pytest.fixture(scope="module")
def gateway() -> Iterator[PaperGateway]:
    """A paper-like gateway that lives on an open day."""
    with paper_gateway() as running:
        yield running


@pytest.mark.req("LV-042")
def test_a_ready_gateway_is_told_with_account_and_port_and_ends_with_0(
    gateway: PaperGateway, tmp_path: Path
) -> None:
    said = checked(tmp_path, gateway.port)
    assert said.code == 0, said
    assert said.out.splitlines()[-1] == (
        f"READY: connected to the paper gateway on port {gateway.port}; no order was sent"
    )
    assert "the configured one" in said.line("account")
    assert said.line("market data").startswith("PASS  market data: SPY live")
    assert said.line("market").startswith("PASS")
    assert "FAIL" not in said.out
    assert PAPER not in said.out + said.err


@pytest.mark.req("LV-042")
def test_no_request_of_the_check_touches_orders(gateway: PaperGateway, tmp_path: Path) -> None:
    before = len(gateway.requests())
    checked(tmp_path, gateway.port)
    asked = [one["name"] for one in gateway.requests()[before:]]
    assert "reqPositions" in asked
    assert not set(asked) & set(ORDERS)


@pytest.mark.ci
@pytest.mark.req("LV-042")
def test_the_script_does_the_same(gateway: PaperGateway, tmp_path: Path) -> None:
    script = ROOT / "scripts" / "check_gateway_connection.py"
    assert os.access(script, os.X_OK)
    said = checked(tmp_path, gateway.port, command=(str(script),))
    assert said.code == 0, said
    assert f"port {gateway.port}" in said.out


@pytest.mark.ci
@pytest.mark.req("LV-042")
def test_without_a_gateway_it_ends_with_1_and_names_causes(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    said = checked(tmp_path, port)
    assert said.code == 1
    assert said.out.startswith("FAIL  gateway: ")
    assert said.out.splitlines()[-1].startswith("NOT READY")
    assert "READY: connected" not in said.out


@pytest.mark.req("LV-042")
def test_a_live_account_ends_with_1_and_is_masked(tmp_path: Path) -> None:
    with paper_gateway(account=LIVE) as running:
        said = checked(tmp_path, running.port)
        asked = {one["name"] for one in running.requests()}
    assert said.code == 1
    assert said.out.startswith("FAIL  account: ")
    assert LIVE not in said.out + said.err
    assert not asked & {"reqPositions", "reqMktData", "reqAccountSummary", *ORDERS}


@pytest.mark.ci
def test_another_account_than_the_configured_one_is_not_ready(
    gateway: PaperGateway, tmp_path: Path
) -> None:
    said = checked(tmp_path, gateway.port, account=OTHER_PAPER)
    assert said.code == 1
    assert "another one is configured" in said.out
    assert OTHER_PAPER not in said.out + said.err


@pytest.mark.ci
def test_without_an_account_reading_is_ready_and_orders_are_warned_of(
    gateway: PaperGateway, tmp_path: Path
) -> None:
    said = checked(tmp_path, gateway.port, account=None)
    assert said.code == 0
    assert said.line("account").startswith("WARN")
    assert "IBKR_PAPER_ACCOUNT" in said.line("account")


@pytest.mark.ci
@pytest.mark.req("LV-039")
@pytest.mark.parametrize(("ahead_s", "verdict"), [(0.0, "PASS"), (5.0, "WARN"), (-5.0, "WARN")])
def test_a_clock_that_drifted_is_told_with_the_way_to_set_it(
    tmp_path: Path, ahead_s: float, verdict: str
) -> None:
    with paper_gateway(start_at=ahead_s) as running:
        told = checked(tmp_path, running.port).line("clock")
    assert told.startswith(verdict)
    assert ("NTP" in told) is (verdict == "WARN")


@pytest.mark.ci
def test_positions_of_the_account_are_found_and_left_alone(tmp_path: Path) -> None:
    with paper_gateway() as running:
        running.ask("add_position", symbol="SPY", quantity=100, average_cost="700")
        said = checked(tmp_path, running.port)
        assert running.position("SPY") == 100
    assert said.code == 0
    assert "100 SPY" in said.line("positions")


def test_the_commands_only_option_is_help(tmp_path: Path) -> None:
    said = checked(tmp_path, 1, command=("-m", "pytest_ibkr.cli", "check", "--port", "4001"))
    assert said.code == 2
    assert "unrecognized arguments: --port 4001" in said.err
