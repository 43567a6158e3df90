"""The capture tool as a program: prompt, options, exit codes, signals, full disks, kill -9."""

from __future__ import annotations

import ast
import contextlib
import inspect
import io
import json
import os
import random
import shutil
import signal
import socket
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pytest_ibkr.cli import capture as tool
from pytest_ibkr.net import capturing
from pytest_ibkr.snapshot.store import load
from pytest_ibkr.wire.declare import REQUESTS
from pytest_ibkr.wire.messages.market_data import ReqMarketData
from tests.system.capture_bench import READING, endpoint, paper
from tests.system.test_capture_trouble import cut_after

pytestmark = pytest.mark.ci

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "scripts" / "capture_ibkr_snapshot.py"
DEADLINE_S = 30
SEEDS = 5


def program(session, place: Path, *words: str, symbols=("SPY",), most_bytes=0, **more):
    """The tool in a process of its own; its standard input and outputs are pipes."""
    told = {"port": session.port, "place": str(place), "symbols": symbols, "most_bytes": most_bytes}
    return subprocess.Popen(
        [sys.executable, "-m", "tests.system.capture_driver", json.dumps(told), *words],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **more,
    )


def tool_run(monkeypatch, typed: str, *words: str, **where) -> int:
    """The tool in this process, with something typed at the prompt."""
    monkeypatch.setattr(sys, "stdin", io.StringIO(typed))
    return tool.main(words, **where)


@pytest.fixture
def listener():
    """A port that counts who connects."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)

        class Listener:
            host, port = server.getsockname()

            @staticmethod
            def accepted() -> int:
                count = 0
                with contextlib.suppress(BlockingIOError):
                    while True:
                        server.accept()[0].close()
                        count += 1
                return count

        yield Listener


# ------------------------------------------------------------------ options


@pytest.mark.req("SC-001")
def test_the_script_is_executable_and_helps_without_gateway_or_prompt():
    assert SCRIPT.stat().st_mode & stat.S_IXUSR
    assert SCRIPT.read_text().startswith("#!")
    done = subprocess.run(
        [sys.executable, str(SCRIPT), "--help"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=DEADLINE_S,
        check=False,
    )
    assert done.returncode == 0
    assert "--scenario" in done.stdout
    assert "[yes/no]" not in done.stdout + done.stderr


def only_scenario(main) -> None:
    """The tool takes a scenario's name and nothing else, and no name that is a path."""
    for words in (["--port", "4002"], ["--host", "::1"], ["--client-id", "5"], ["--account", "D"],
                  ["--yes"], ["--symbols", "SPY"], ["--scen", "x"], ["extra"]):  # fmt: skip
        with pytest.raises(SystemExit) as ended:
            main(words)
        assert ended.value.code == 2
    for name in ("../x", "/tmp/x", "a/b", "", "X", "a\0b", "x" * 50, ".."):
        with pytest.raises(SystemExit) as ended:
            main(["--scenario", name])
        assert ended.value.code == 2


@pytest.mark.req("SC-002")
def test_its_only_option_is_the_scenario_and_unsafe_names_are_refused(monkeypatch, capsys):
    monkeypatch.setattr(sys, "stdin", io.StringIO("no\n"))
    only_scenario(tool.main)
    assert "--scenario" in capsys.readouterr().err


@pytest.mark.req("SC-002", counter_proof="any name becomes part of the path, and --port exists")
def test_counter_proof_a_tool_with_more_options_is_noticed(monkeypatch, capsys):
    monkeypatch.setattr(sys, "stdin", io.StringIO("no\n" * 9))
    adds = tool.add_capture

    def adds_more(parser):
        adds(parser)
        parser.add_argument("--port", type=int)

    monkeypatch.setattr(tool, "add_capture", adds_more)
    with pytest.raises(pytest.fail.Exception, match="DID NOT RAISE"):
        only_scenario(tool.main)
    monkeypatch.setattr(tool, "add_capture", adds)
    monkeypatch.setattr(tool, "_scenario", str)
    monkeypatch.setattr(tool, "capture", lambda _scenario, **_where: 0)
    with pytest.raises(pytest.fail.Exception, match="DID NOT RAISE"):
        only_scenario(tool.main)


@pytest.mark.req("SC-002")
def test_the_scenario_is_normal_unless_told_and_names_the_file(monkeypatch, tmp_path):
    with paper() as session:
        where = {"directory": tmp_path, "endpoint": endpoint(session, tmp_path), "symbols": ["VIX"]}
        assert tool_run(monkeypatch, "yes\n", **where) == 0
        assert tool_run(monkeypatch, "yes\n", "--scenario", "high_vix", **where) == 0
    names = {each.name.split("_2026")[0] for each in tmp_path.glob("snapshot_*_2026*.json")}
    assert names == {"snapshot_normal", "snapshot_high_vix"}
    assert (tmp_path / "snapshot_high_vix_latest.json").exists()


# ------------------------------------------------------------------ where it connects


@pytest.mark.req("SC-003")
def test_the_endpoint_is_a_constant_that_nothing_but_a_program_can_replace():
    assert (capturing.PAPER_GATEWAY.host, capturing.PAPER_GATEWAY.port) == ("127.0.0.1", 4002)
    assert capturing.PAPER_GATEWAY.extra_paper_ports == ()
    for module in (tool, capturing):
        tree = ast.parse(inspect.getsource(module))
        used = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
        used |= {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
        assert not {"environ", "getenv"} & used


PORTS = (4001, 4002, 7496, 7497, 5001)
ALONE = ("unshare", "--map-root-user", "--net")
SAID = {"IB_PORT": "5001", "IBKR_PORT": "5001", "GATEWAY_PORT": "7496", "IB_HOST": "127.0.0.2",
        "IBKR_HOST": "127.0.0.2", "TWS_PORT": "7497"}  # fmt: skip


def dialled(place: Path, *, variant: str = "") -> dict[str, int]:
    """Who is dialled on which port by the script, in a network of its own."""
    if shutil.which("unshare") is None or shutil.which("ip") is None:
        pytest.skip("no network namespace: unshare and ip are not installed")
    tried = subprocess.run([*ALONE, "true"], capture_output=True, text=True, check=False)
    if tried.returncode:
        pytest.skip(f"no network namespace is allowed here: {tried.stderr.strip()}")
    done = subprocess.run(
        [*ALONE, sys.executable, "-m", "tests.system.capture_dialled", str(place), variant],
        cwd=ROOT,
        env={**os.environ, **SAID, "HOME": str(place), "XDG_STATE_HOME": str(place)},
        capture_output=True,
        text=True,
        timeout=DEADLINE_S,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def only_4002(found: dict[str, int]) -> None:
    assert found.pop("4002") >= 1
    assert set(found.values()) == {0}, f"dialled: {found}"


@pytest.mark.req("SC-003")
def test_whatever_the_environment_says_only_4002_is_dialled(tmp_path):
    only_4002(dialled(tmp_path))


@pytest.mark.req("SC-003", counter_proof="the port comes from IB_PORT")
def test_counter_proof_a_port_from_the_environment_is_noticed(tmp_path):
    with pytest.raises(AssertionError):
        only_4002(dialled(tmp_path, variant="from the environment"))


# ------------------------------------------------------------------ the prompt


def declined(monkeypatch, listener, typed: str, tmp_path, capsys) -> None:
    """A no connects nobody, leaves nothing and ends with 0; the banner came before the question."""
    where = capturing.Endpoint(port=listener.port, extra_paper_ports=(listener.port,))
    code = tool_run(monkeypatch, typed, directory=tmp_path / "out", endpoint=where)
    said = capsys.readouterr()
    assert listener.accepted() == 0, "somebody was dialled"
    assert code == 0
    assert "aborted" in said.err
    assert said.out == ""
    assert said.err.index("paper mode") < said.err.index("[yes/no]") < said.err.index("aborted")
    assert not (tmp_path / "out").exists()


@pytest.mark.req("SC-004", "SC-005")
@pytest.mark.parametrize("typed", ["no\n", "", "\n", "maybe\n", "yes!\n"], ids=repr)
def test_anything_but_a_yes_ends_it_before_a_socket(monkeypatch, listener, typed, tmp_path, capsys):
    declined(monkeypatch, listener, typed, tmp_path, capsys)


@pytest.mark.req("SC-004", counter_proof="connects before it asks")
def test_counter_proof_a_tool_that_connects_first_is_noticed(
    monkeypatch, listener, tmp_path, capsys
):
    typed = tool._typed

    def connects_first(question):
        socket.create_connection((listener.host, listener.port), 5).close()
        return typed(question)

    monkeypatch.setattr(tool, "_typed", connects_first)
    with pytest.raises(AssertionError, match="somebody was dialled"):
        declined(monkeypatch, listener, "no\n", tmp_path, capsys)


@pytest.mark.req("SC-005")
@pytest.mark.parametrize("typed", ["yes\n", "Y\n"])
def test_a_yes_goes_on(monkeypatch, typed, tmp_path):
    with paper() as session:
        where = {"directory": tmp_path, "endpoint": endpoint(session, tmp_path), "symbols": ["VIX"]}
        assert tool_run(monkeypatch, typed, **where) == 0
    assert list(tmp_path.glob("snapshot_normal_2026*.json"))


# ------------------------------------------------------------------ exit codes


@pytest.mark.req("SC-033")
def test_the_path_and_the_size_in_kb_are_printed(monkeypatch, tmp_path, capsys):
    with paper() as session:
        where = {"directory": tmp_path, "endpoint": endpoint(session, tmp_path), "symbols": ["VIX"]}
        assert tool_run(monkeypatch, "yes\n", **where) == tool.DONE
    [path] = tmp_path.glob("snapshot_normal_2026*.json")
    assert f"{path} ({path.stat().st_size / 1024:.1f} KB)" in capsys.readouterr().out


@pytest.mark.req("SC-034")
def test_an_incomplete_capture_is_saved_and_ends_with_three(monkeypatch, tmp_path, capsys):
    with paper() as session:
        symbols = ["VIX", "NOSUCH"]
        where = {"directory": tmp_path, "endpoint": endpoint(session, tmp_path), "symbols": symbols}
        assert tool_run(monkeypatch, "yes\n", **where) == tool.INCOMPLETE
    said = capsys.readouterr().out
    assert "INCOMPLETE" in said
    assert "NOSUCH" in said
    assert [each.name for each in tmp_path.glob("*latest*")] == []


def test_nobody_at_the_endpoint_is_one_with_the_likely_causes(monkeypatch, tmp_path, capsys):
    with socket.socket() as kept:
        kept.bind(("127.0.0.1", 0))
        port = kept.getsockname()[1]
        where = capturing.Endpoint(port=port, extra_paper_ports=(port,), state_dir=str(tmp_path))
        assert tool_run(monkeypatch, "yes\n", directory=tmp_path, endpoint=where) == tool.FAILED
    assert f"127.0.0.1:{port}" in capsys.readouterr().err


def test_a_refused_account_is_one(monkeypatch, tmp_path, capsys):
    with paper(account="U" + "1234567") as session:
        where = {"directory": tmp_path, "endpoint": endpoint(session, tmp_path)}
        assert tool_run(monkeypatch, "yes\n", **where) == tool.FAILED
    assert "refused" in capsys.readouterr().err


@pytest.mark.req("SC-037")
def test_a_lost_connection_is_one_and_says_so(monkeypatch, tmp_path, capsys):
    with paper() as session:
        cut_after(session, ReqMarketData, 15)
        where = {"directory": tmp_path, "endpoint": endpoint(session, tmp_path), "symbols": ["SPY"]}
        assert tool_run(monkeypatch, "yes\n", **where) == tool.FAILED
    assert "connection was lost" in capsys.readouterr().err
    assert [each.name.endswith("_partial.json") for each in tmp_path.glob("*.json")] == [True]


@pytest.mark.req("SC-006")
def test_a_silent_gateway_is_one_with_a_message(monkeypatch, tmp_path, capsys, listener):
    monkeypatch.setattr(capturing.plan, "READY_DEADLINE_S", 0.5)
    where = capturing.Endpoint(
        port=listener.port, extra_paper_ports=(listener.port,), state_dir=str(tmp_path)
    )
    assert tool_run(monkeypatch, "yes\n", directory=tmp_path, endpoint=where) == tool.FAILED
    assert "capture failed" in capsys.readouterr().err


# ------------------------------------------------------------------ signals and disks


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def wait_until(met, what: str) -> None:
    deadline_s = time.monotonic() + DEADLINE_S
    while not met():
        assert time.monotonic() < deadline_s, what
        time.sleep(0.02)


@pytest.mark.req("SC-039")
def test_control_c_disconnects_keeps_what_there_is_and_ends_with_one(tmp_path):
    with paper() as session:
        running = program(session, tmp_path, symbols=["VIX", "SPY", "QQQ"])
        running.stdin.write("yes\n")
        running.stdin.flush()
        for line in running.stderr:
            if line.startswith("VIX:"):
                break
        running.send_signal(signal.SIGINT)
        out, err = running.communicate(timeout=DEADLINE_S)
        assert running.returncode == 1, err
        assert "interrupted: disconnected" in err
        wait_until(lambda: not session.engine.clients, "the gateway still has a client")
    assert out == ""
    [kept] = (tmp_path / "out").iterdir()
    assert kept.name.endswith("_partial.json")
    assert "VIX" in load(kept, directory=kept.parent).symbols


def test_control_c_at_the_prompt_ends_with_one_and_no_connection(tmp_path):
    with paper() as session:
        running = program(session, tmp_path)
        assert running.stderr.readline()
        running.stderr.readline()
        running.send_signal(signal.SIGINT)
        running.communicate(timeout=DEADLINE_S)
        assert running.returncode == 1
        assert not session.journal.requests()


@pytest.mark.req("SC-038")
@pytest.mark.skipif(os.name != "posix", reason="limits of a process are POSIX's")
def test_a_file_that_grows_too_large_for_the_disk_is_one_and_leaves_nothing(tmp_path):
    (tmp_path / "out").mkdir()
    latest = tmp_path / "out" / "snapshot_normal_latest.json"
    latest.write_text("the last complete one")
    with paper() as session:
        running = program(session, tmp_path, most_bytes=20_000)
        _out, err = running.communicate("yes\n", timeout=DEADLINE_S)
    assert running.returncode == 1, err
    assert "capture failed" in err
    assert [each.name for each in latest.parent.iterdir()] == [latest.name]
    assert latest.read_text() == "the last complete one"


@pytest.mark.req("SC-038")
def test_a_full_disk_is_one_and_leaves_nothing(tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    mount = ["unshare", "--map-root-user", "--mount", "sh", "-c"]
    tried = shutil.which("unshare") and subprocess.run(
        [*mount, f"mount -t tmpfs -o size=16k none {out}"], capture_output=True, check=False
    )
    if not tried or tried.returncode:
        pytest.skip("no file system may be mounted here")
    with paper() as session:
        told = {"port": session.port, "place": str(tmp_path), "symbols": ["SPY"], "most_bytes": 0}
        driver = [sys.executable, "-m", "tests.system.capture_driver", json.dumps(told)]
        script = f'mount -t tmpfs -o size=16k none {out} && "$@"; code=$?; ls -A {out}; exit $code'
        done = subprocess.run(
            [*mount, script, "sh", *driver],
            cwd=ROOT,
            input="yes\n",
            capture_output=True,
            text=True,
            timeout=DEADLINE_S,
            check=False,
        )
    assert done.returncode == 1, done.stderr
    assert "No space left on device" in done.stderr
    assert done.stdout == "", "a file was left"


def killed_at(
    place: Path, session, seed: int, *, least_s: float = 0.2, most_s: float = 3.5
) -> None:
    """Kill -9 at a random moment: no half file, the latest copy whole and untouched or new."""
    out = place / f"seed{seed}" / "out"
    out.mkdir(parents=True)
    latest = out / "snapshot_normal_latest.json"
    latest.write_text("the last complete one")
    running = program(session, out.parent, symbols=["SPY"])
    running.stdin.write("yes\n")
    running.stdin.flush()
    with contextlib.suppress(subprocess.TimeoutExpired):
        running.wait(random.Random(seed).uniform(least_s, max(least_s, most_s)))
    running.kill()
    running.communicate(timeout=DEADLINE_S)
    for path in out.iterdir():
        if path.name.startswith(".") or path == latest:  # a torn write has a name nobody reads
            continue
        assert load(path, directory=out).complete
    text = latest.read_text()
    if text != "the last complete one":
        assert load(latest, directory=out).complete
        assert text in {path.read_text() for path in out.glob("snapshot_normal_2026*.json")}
    wait_until(lambda: not session.engine.clients, "the relay outlived its capture")


@pytest.mark.req("SC-032")
@pytest.mark.parametrize("seed", range(SEEDS))
def test_a_kill_at_any_moment_leaves_no_half_file(tmp_path, seed):
    with paper() as session:
        killed_at(tmp_path, session, seed)


# ------------------------------------------------------------------ what it cannot do


SOURCES = [
    *(ROOT / "pytest_ibkr" / "capture").glob("*.py"),
    *(ROOT / "pytest_ibkr" / "net" / name for name in
      ("questions.py", "capture_course.py", "capturing.py")),
    ROOT / "pytest_ibkr" / "cli" / "capture.py",
    SCRIPT,
]  # fmt: skip
ELSEWHERE = {"gateway_log.py", "recording.py", "recorder.py", "pseudonyms.py", "declared.py"}


def only_reads(source: str) -> None:
    """Every request class a source names is one that reads."""
    by_class = {cls.__name__: cls.NAME for cls in REQUESTS.values()}
    used = {node.id for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Name)}
    used |= {
        alias.name
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    found = {by_class[name] for name in used & set(by_class)}
    assert found <= READING, f"{sorted(found - READING)} does more than read"


@pytest.mark.req("SC-011")
@pytest.mark.parametrize("path", [p for p in SOURCES if p.name not in ELSEWHERE], ids=str)
def test_the_capture_code_names_no_request_that_changes_anything(path):
    only_reads(path.read_text())


@pytest.mark.req("SC-011", counter_proof="an order in the capture code")
@pytest.mark.parametrize(
    "name", ["PlaceOrder", "ReqGlobalCancel", "ExerciseOptions", "CancelOrder"]
)
def test_counter_proof_an_order_in_the_capture_code_is_noticed(name):
    source = SOURCES[-3].read_text() + f"\nfrom pytest_ibkr.wire.messages import {name}\n"
    with pytest.raises(AssertionError, match="does more than read"):
        only_reads(source)
