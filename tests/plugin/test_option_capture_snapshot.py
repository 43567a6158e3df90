"""--capture-snapshot: the run is a capture; one item per symbol and one for the whole."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from pytest_ibkr.snapshot.store import load
from tests.system.live.ids import LIVE, PAPER
from tests.system.live.paper_gateway import PaperGateway, paper_gateway
from tests.system.live.project import Done, LiveProject, eventually

FLAG = "--capture-snapshot"
SNAPSHOTS = Path("fixtures/ibkr_snapshots")
pytestmark = [
    pytest.mark.ci,
    pytest.mark.skipif(sys.platform == "win32", reason="the terminal is a pty"),
]


@pytest.fixture(scope="module")
def gateway() -> Iterator[PaperGateway]:
    with paper_gateway() as served:
        yield served


@pytest.fixture
def project(gateway: PaperGateway, tmp_path: Path) -> LiveProject:
    made = LiveProject(tmp_path, gateway)
    made.test("Path('ran').touch()", marks="", name="test_of_the_project")
    return made


def captured(project: LiveProject, *options: str, **environment: str) -> Done:
    return project.run(*options, flag=FLAG, **environment)


def answered(project: LiveProject, answer: str) -> Done:
    """A run at a terminal, where somebody types ``answer`` when asked."""
    import pty
    import subprocess

    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "pytest", FLAG, "-p", "no:randomly", "-p", "no:cacheprovider"]
    process = subprocess.Popen(
        command,
        cwd=project.folder,
        env=project.environment(),
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
    )
    os.close(theirs)
    said, told = b"", False
    while chunk := _read(ours):
        said += chunk
        if not told and b"Continue? [yes/no]" in said:
            os.write(ours, f"{answer}\n".encode())
            told = True
    os.close(ours)
    return Done(process.wait(30), said.decode())


def _read(handle: int) -> bytes:
    try:
        return os.read(handle, 65536)
    except OSError as exc:  # Linux says so at a terminal's end
        if exc.errno == errno.EIO:
            return b""
        raise


def of_clients(gateway: PaperGateway) -> int:
    return len(gateway.requests())


# ---------------------------------------------------------------- refused, declined


def test_without_a_terminal_and_without_yes_nothing_is_connected(
    project: LiveProject, gateway: PaperGateway
) -> None:
    before = of_clients(gateway)
    done = captured(project)
    assert done.code == 4, done.text
    assert "there is no terminal to ask at" in done.text
    assert "type --ibkr-yes too" in done.text
    assert of_clients(gateway) == before


def test_whoever_declines_at_the_terminal_connects_to_nothing(
    project: LiveProject, gateway: PaperGateway
) -> None:
    before = of_clients(gateway)
    done = answered(project, "no")
    assert done.code == 0, done.text
    assert "declined: nothing was connected" in done.text
    assert of_clients(gateway) == before


@pytest.mark.parametrize(
    ("options", "environment", "said"),
    [
        (("--ibkr-yes", "-n", "2"), {}, "asks for confirmation, which workers cannot"),
        (("--ibkr-yes",), {"CI": "true"}, "refused where CI is set"),
        (("--ibkr-yes", "--ibkr-offline"), {}, "lets nothing meet one"),
        (("--ibkr-yes", "--ibkr-scenario", "../x"), {}, "scenario"),
    ],
    ids=["xdist", "CI", "offline", "scenario"],
)
def test_it_is_refused(
    project: LiveProject,
    gateway: PaperGateway,
    options: tuple[str, ...],
    environment: dict[str, str],
    said: str,
) -> None:
    before = of_clients(gateway)
    done = captured(project, *options, **environment)
    assert done.code == 4, done.text
    assert said in done.text
    assert of_clients(gateway) == before


def test_an_answer_in_addopts_does_not_count(project: LiveProject) -> None:
    (project.folder / "pytest.ini").write_text("[pytest]\naddopts = --ibkr-yes\n")
    done = captured(project)
    assert done.code == 4
    assert "--ibkr-yes was not typed on the command line" in done.text


def test_a_live_account_ends_the_run(tmp_path: Path) -> None:
    with paper_gateway(account=LIVE) as gateway:
        done = captured(LiveProject(tmp_path, gateway), "--ibkr-yes")
    assert done.code == 4, done.text
    assert LIVE not in done.text
    assert not list((tmp_path / "project" / SNAPSHOTS).glob("*.json*"))


def test_nobody_at_the_gateways_place_fails_the_capture(project: LiveProject) -> None:
    project.configure(port=1, extra_paper_ports=[1])
    done = captured(project, "--ibkr-yes")
    assert done.code == 1, done.text
    assert "1 failed" in done.text or "1 error" in done.text


# ---------------------------------------------------------------- a capture


def test_it_lists_its_items_without_asking(project: LiveProject) -> None:
    done = captured(project, "--collect-only")
    assert done.code == 0, done.text
    for name in ("SPY", "QQQ", "IWM", "VIX", "complete"):
        assert f"capture::{name}" in done.text or name in done.text
    assert "test_of_the_project" not in done.text


def test_a_capture_is_one_item_per_symbol_and_a_snapshot_that_works(project: LiveProject) -> None:
    done = answered(project, "yes")
    assert done.code == 0, done.text
    assert "5 passed" in done.text
    assert not project.said("ran")
    [path] = project.folder.joinpath(SNAPSHOTS).glob("snapshot_normal_2*.json*")
    snapshot = load(path.name, directory=path.parent)
    assert snapshot.complete
    assert list(snapshot["symbols"]) == ["SPY", "QQQ", "IWM", "VIX"]
    assert PAPER not in path.read_text()
    assert PAPER not in done.text
    assert f"{path.name} (" in done.text  # although pytest captures what a test prints


def test_a_gateway_that_goes_away_leaves_a_partial_snapshot(tmp_path: Path) -> None:
    with paper_gateway() as gateway:
        project = LiveProject(tmp_path, gateway)
        run = project.start("--ibkr-yes", flag=FLAG)
        asked = ("reqHistoricalData", "reqMktData")
        eventually(
            lambda: sum(each["name"] in asked for each in gateway.requests()) > 40,
            "the capture has asked for prices and bars",
        )
    done = run.end()  # the gateway's process ended with the block
    assert done.code == 1, done.text
    assert list((project.folder / SNAPSHOTS).glob("*_partial.json*"))
    assert not list((project.folder / SNAPSHOTS).glob("*_latest.json*"))
