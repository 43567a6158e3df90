"""Without any of the optional libraries everything else works; what needs one names its extra.

The libraries of every extra in pyproject.toml are hidden from the processes that run here.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.system.live.ids import PAPER
from tests.system.live.paper_gateway import PaperGateway, paper_gateway
from tests.system.live.project import PREAMBLE, ROOT, Done, LiveProject

pytestmark = [pytest.mark.ci, pytest.mark.timeout(240)]

OFFLINE = """
def test_trades(ibkr, ibkr_clock):
    with careless(ibkr.host, ibkr.port) as client:
        client.start(ibkr.client_id)
        buy(client, 1, 5)
    ibkr_clock.sleep(1)


@pytest.mark.market_hours(at="15:45")
def test_at_an_hour(ibkr):
    pass
"""
LIVE = """
@pytest.mark.live
def test_reads(ibkr):
    with joined(ibkr) as client:
        client.ask(quote(5))
        client.until("1")


@pytest.mark.live
@pytest.mark.places_orders
def test_orders(ibkr):
    Path("ran").touch()


@pytest.mark.live
@pytest.mark.market_hours
def test_needs_the_market(ibkr):
    Path("ran").touch()
"""
HIDING = """
from importlib.machinery import PathFinder

find_spec = PathFinder.find_spec


def found(_class, name, path=None, target=None):
    return None if name.partition(".")[0] in {hidden} else find_spec(name, path, target)


PathFinder.find_spec = classmethod(found)
"""


def extras() -> dict[str, set[str]]:
    """Modules by extra, as pyproject.toml says."""
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    return {
        extra: {re.split(r"[><=~ ]", each)[0].replace("-", "_") for each in needs}
        for extra, needs in declared["optional-dependencies"].items()
        if extra != "all"
    }


@pytest.fixture(scope="module")
def gateway() -> Iterator[PaperGateway]:
    with paper_gateway() as running:
        yield running


@pytest.fixture
def project(gateway: PaperGateway, tmp_path: Path) -> LiveProject:
    """A project on a machine that has none of the libraries."""
    made = LiveProject(tmp_path, gateway)
    hidden = sorted(set().union(*extras().values()))
    (made.home / "sitecustomize.py").write_text(HIDING.format(hidden=hidden), "utf-8")
    return made


def run_tests(project: LiveProject, source: str, *options: str, flag: str = "") -> Done:
    (project.folder / "test_project.py").write_text(PREAMBLE + source, "utf-8")
    # pytest itself would stop at a plugin whose module is not there.
    plugins = ("-p", "no:html", "-p", "no:html_fixtures", "-p", "no:timeout")
    return project.run(*plugins, *options, flag=flag, PYTHONPATH=path_of(project))


def run_tool(project: LiveProject, *words: str, typed: str = "") -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, *words],
        cwd=project.folder,
        env=project.environment() | {"PYTHONPATH": path_of(project)},
        input=typed,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def path_of(project: LiveProject) -> str:
    return f"{project.home}:{ROOT}" if sys.platform != "win32" else f"{project.home};{ROOT}"


def test_the_libraries_are_hidden_from_what_runs_here(project: LiveProject) -> None:
    for name in sorted(set().union(*extras().values())):
        code, text = run_tool(project, "-c", f"import {name}")
        assert (code, "ModuleNotFoundError" in text) == (1, True), name


@pytest.mark.req("XC-014")
def test_simulated_runs_need_none_of_them_and_reports_say_what_is_left_out(
    project: LiveProject,
) -> None:
    done = run_tests(project, OFFLINE, "--ibkr-report=reports")
    assert done.code == 0, done.text
    assert "2 passed" in done.text
    assert "no HTML page: pip install pytest-ibkr[report]" in done.text


@pytest.mark.req("XC-014")
def test_a_live_run_reads_without_them_and_names_the_calendar_where_hours_decide(
    project: LiveProject, gateway: PaperGateway
) -> None:
    done = run_tests(project, LIVE, "-rE", flag="--live-gateway")
    assert done.code == 1, done.text
    assert "1 passed, 2 errors" in done.text
    assert done.text.count("pip install 'pytest-ibkr[calendar]'") >= 2
    assert not project.said("ran")
    assert not gateway.order_requests()


@pytest.mark.req("XC-014")
def test_the_gateway_check_says_what_it_could_not_measure_and_decides_the_rest(
    project: LiveProject,
) -> None:
    code, text = run_tool(project, "-m", "pytest_ibkr.cli", "check")
    assert code == 0, text
    assert "pip install 'pytest-ibkr[check]'" in text
    assert "pip install 'pytest-ibkr[calendar]'" in text
    assert "READY" in text
    assert PAPER not in text


@pytest.mark.req("XC-014")
def test_a_capture_names_the_calendar(project: LiveProject) -> None:
    port = project.gateway.port
    told = {"port": port, "place": str(project.home), "symbols": ["SPY"], "most_bytes": 0}
    code, text = run_tool(
        project, "-m", "tests.system.capture_driver", json.dumps(told), typed="yes\n"
    )
    assert code in (1, 2), text
    assert "pip install 'pytest-ibkr[calendar]'" in text
    assert "Traceback" not in text


@pytest.mark.req("XC-014")
def test_an_import_of_tables_names_what_reads_them(project: LiveProject) -> None:
    code, text = run_tool(
        project,
        "-c",
        "from pathlib import Path\n"
        "from pytest_ibkr.snapshot.table_files import read_rows\n"
        "Path('t.parquet').touch()\n"
        "try:\n    list(read_rows(Path('t.parquet'), wanted={}))\n"
        "except Exception as exc:\n    print(type(exc).__name__, exc)",
    )
    assert code == 0, text
    assert "UsageError" in text
    assert "pip install 'pytest-ibkr[parquet]'" in text


@pytest.mark.req("XC-014")
def test_no_extra_is_left_out_of_this_table() -> None:
    """``timeout`` only brings pytest-timeout, which nothing of ours asks for."""
    assert set(extras()) == {"calendar", "check", "parquet", "report", "timeout"}
