"""serve: the simulated gateway for programs in any language."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
from ibapi.client import EClient
from ibapi.contract import Contract
from ibapi.wrapper import EWrapper

from pytest_ibkr.wire.versions import NEWEST
from tests.cli.served import DEADLINE_S, RawClient, command, environment, serving

SESSION_OPEN = datetime(2026, 7, 10, 14, tzinfo=UTC).timestamp()  # 10:00 New York


def test_it_says_in_one_line_where_it_listens_and_serves(tmp_path: Path) -> None:
    with serving(cwd=tmp_path) as served:
        facts = served.facts
        assert facts == {
            "host": "127.0.0.1",
            "port": facts["port"],
            "account": "DU0000001",
            "server_version": NEWEST,
            "snapshot": "snapshot_normal_20260710_160000",
            "pid": served.process.pid,
        }
        assert facts["port"] > 0
        with RawClient(facts) as client:
            assert client.version == str(min(178, NEWEST))
            client.send(71, 2, 5, "")
            assert client.until(15)[-1] == "DU0000001"
        code, out, err = served.stop()
    assert (code, out) == (0, "")
    assert f"serving snapshot_normal_20260710_160000 on 127.0.0.1:{facts['port']}" in err
    assert err.rstrip().endswith("stopped")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["ctrl-c", "terminate"])
@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no signals between processes")
def test_a_signal_stops_it_under_a_connected_client(number: int, tmp_path: Path) -> None:
    with serving("--json", cwd=tmp_path) as served, RawClient(served.facts) as client:
        client.send(71, 2, 5, "")
        client.until(9)
        assert served.stop(number) == (0, "", "")
        with pytest.raises(ConnectionError):
            client.until(0)
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection((served.facts["host"], served.facts["port"]), timeout=5)


def test_it_can_be_told_who_what_and_which_version(tmp_path: Path) -> None:
    args = ("--account", "DU0000042", "--server-version", "163", "--snapshot", "normal")
    with serving(*args, "--json", cwd=tmp_path) as served, RawClient(served.facts) as client:
        assert (served.facts["account"], served.facts["server_version"]) == ("DU0000042", 163)
        assert client.version == "163"
        client.send(71, 2, 5, "")
        assert client.until(15)[-1] == "DU0000042"


def test_a_port_may_be_chosen(tmp_path: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with serving("--port", str(port), cwd=tmp_path) as served:
        assert served.facts["port"] == port
        again = command("serve", "--port", str(port), cwd=tmp_path)
    assert again.returncode == 1
    assert again.stdout == ""
    assert f"cannot listen on 127.0.0.1:{port}" in again.stderr
    assert "fix:   end what listens there, or take port 0" in again.stderr
    assert "Traceback" not in again.stderr


def current_time(client: RawClient) -> int:
    client.send(49, 1)
    return int(client.until(49)[2])


def test_the_session_clock_begins_at_ten_in_new_york_at_any_hour(tmp_path: Path) -> None:
    with serving(cwd=tmp_path) as served, RawClient(served.facts) as client:
        client.send(71, 2, 5, "")
        assert 0 <= current_time(client) - SESSION_OPEN < 60
        assert client.connection_time.startswith("20260710 10:0")


def test_the_wall_clock_is_the_one_on_the_wall(tmp_path: Path) -> None:
    with serving("--clock", "wall", cwd=tmp_path) as served, RawClient(served.facts) as client:
        client.send(71, 2, 5, "")
        assert abs(current_time(client) - time.time()) < 60


def test_time_can_run_faster(tmp_path: Path) -> None:
    with serving("--speed", "1000", cwd=tmp_path) as served, RawClient(served.facts) as client:
        client.send(71, 2, 5, "")
        begun_s, begun = time.monotonic(), current_time(client)
        while current_time(client) < begun + 300:
            assert time.monotonic() < begun_s + DEADLINE_S
        assert time.monotonic() - begun_s >= 0.25  # it did not jump either


class Quotes(EWrapper, EClient):
    """The official client, waiting for a bid and an ask of SPY."""

    def __init__(self) -> None:
        EClient.__init__(self, self)
        self.prices: dict[int, float] = {}
        self.ready, self.quoted = threading.Event(), threading.Event()

    def nextValidId(self, orderId: int) -> None:  # noqa: N802, N803
        self.ready.set()

    def tickPrice(self, reqId: int, tickType: int, price: float, attrib: object) -> None:  # noqa: N802, N803
        self.prices[tickType] = price
        if {1, 2} <= set(self.prices):
            self.quoted.set()

    def error(self, *args: object) -> None:
        """Farm notices."""


def test_the_official_client_gets_a_quote(tmp_path: Path) -> None:
    contract = Contract()
    contract.symbol, contract.secType = "SPY", "STK"
    contract.exchange, contract.currency = "SMART", "USD"
    with serving("--json", cwd=tmp_path) as served:
        client = Quotes()
        client.connect(served.facts["host"], served.facts["port"], clientId=9)
        reader = threading.Thread(target=client.run)
        reader.start()
        try:
            assert client.ready.wait(DEADLINE_S)
            client.reqMktData(1, contract, "", False, False, [])
            assert client.quoted.wait(DEADLINE_S)
        finally:
            client.disconnect()
            reader.join(DEADLINE_S)
        assert 700 < client.prices[1] <= client.prices[2] < 800


@pytest.mark.parametrize(
    ("args", "text"),
    [
        (("--port", "4001"), "4001 is a live port"),
        (("--port", "7496"), "7496 is a live port"),
        (("--port", "4003"), "4003 is a live port"),
        (("--port", "7498"), "7498 is a live port"),
        (("--port", "x"), "'x' is not a whole number"),
        (("--port", "65536"), "port cannot be 65536: it is not in 0 to 65535"),
        (("--account", "U1234567"), "'U1234567' is not one of the simulator's accounts"),
        (("--account", "DU1234567"), "'DU1234567' is not one of the simulator's accounts"),
        (("--account", "DU0000000"), "'DU0000000' is not one of the simulator's accounts"),
        (("--account", "DU0000001\n"), "is not one of the simulator's accounts"),
        (("--server-version", "150"), "150: it is not in 151 to "),
        (("--speed", "0"), "speed cannot be 0.0: it is not in 0.01 to 1000"),
        (("--speed", "nan"), "nan: it is not in 0.01 to 1000"),
        (("--clock", "sun"), "invalid choice: 'sun'"),
        (
            ("--snapshot", "a", "--scenario", "b"),
            "--snapshot and --scenario both choose the market",
        ),
    ],
)
def test_what_it_must_not_do_is_a_usage_error(
    args: tuple[str, ...], text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    from pytest_ibkr.cli import main

    try:
        code: object = main(["serve", *args])
    except SystemExit as exc:
        code = exc.code
    said = capsys.readouterr()
    assert (code, said.out) == (2, "")
    assert text in said.err


def test_a_snapshot_nobody_has_is_a_failure(tmp_path: Path) -> None:
    done = command("serve", "--snapshot", "nowhere", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (1, "")
    assert "nowhere" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_environment_chooses_the_market_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from pytest_ibkr.cli import main

    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("IBKR_SNAPSHOT", "elsewhere")
    assert main(["serve"]) == 1
    assert "elsewhere" in capsys.readouterr().err


def test_a_bad_variable_is_named_and_a_usage_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from pytest_ibkr.cli import main

    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("IBKR_SERVER_VERSION", "50")
    assert main(["serve"]) == 2
    assert "IBKR_SERVER_VERSION: 50 is not a server version" in capsys.readouterr().err


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["ctrl-c", "terminate"])
@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no signals between processes")
def test_a_signal_before_it_listens_stops_it_too(number: int, tmp_path: Path) -> None:
    # The signal comes while main() is on its way: its first import of ours sends it.
    code = (
        "import os, sys, signal, threading\n"
        "import pytest_ibkr.cli as cli\n"
        "run = cli._run\n"
        f"cli._run = lambda *args: (os.kill(os.getpid(), {int(number)}), run(*args))[1]\n"
        "sys.exit(cli.main(['serve', '--json']))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=DEADLINE_S,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize("words", [("serve",), ("snapshot", "list")], ids=["serve", "list"])
def test_nobody_reading_its_output_ends_it_without_a_traceback(
    words: tuple[str, ...], tmp_path: Path
) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "wb") as nobody:
        done = subprocess.run(
            [sys.executable, "-m", "pytest_ibkr.cli", *words],
            cwd=tmp_path,
            env=environment(),
            stdout=nobody,
            stderr=subprocess.PIPE,
            text=True,
            timeout=DEADLINE_S,
            check=False,
        )
    assert done.returncode == 1
    assert done.stderr.endswith("nobody reads standard output any more: stopped\n")
    assert "Traceback" not in done.stderr


def test_it_says_its_version(tmp_path: Path) -> None:
    done = command("--version", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("pytest-ibkr ")


def test_help_needs_nothing(tmp_path: Path) -> None:
    done = command("serve", "--help", cwd=tmp_path)
    assert done.returncode == 0
    assert "one line of JSON" in " ".join(done.stdout.split())
