"""A project that has the wheel and the documentation only: two bots, every marker and fixture."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import venv
from pathlib import Path

import pytest

from tests.meta import house

pytestmark = [pytest.mark.ci, pytest.mark.timeout(600)]

PROJECT = Path(__file__).parent / "outside_project"
CLIENTS = ("ib_async", "ibapi", "pytest-asyncio", "pytest-randomly", "pytest-xdist")
TESTS = 15
WAYS = {
    "plainly": (),
    "in four processes": ("-n", "4"),
    "in the order written": ("-p", "no:randomly"),
    "with strict markers": ("--strict-markers", "--strict-config"),
    "with warnings as errors": ("-W", "error"),
    "all at once": ("-n", "4", "-p", "no:randomly", "--strict-markers", "-W", "error"),
}
MARKERS = (
    "live", "market_hours", "market_closed", "places_orders", "ibkr_snapshot",
    "ibkr_server_version", "ibkr_weather", "ibkr_budget", "req",
)  # fmt: skip
FIXTURES = (
    "ibkr", "ibkr_clock", "ibkr_snapshot", "ibkr_gateway_factory", "ibkr_config",
    "ibkr_server_version", "live_gateway_connection",
)  # fmt: skip


def run(*command: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run a command as somebody would who knows nothing of this repository."""
    ours = ("PYTEST_", "PYTHON", "COV_", "IBKR_", "HYPOTHESIS_")
    env = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    return subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, check=False)


def done(*command: str | Path, cwd: Path) -> None:
    ended = run(*command, cwd=cwd)
    assert ended.returncode == 0, f"{command}: {ended.returncode}\n{ended.stdout}{ended.stderr}"


def environment(folder: Path) -> Path:
    """Build the wheel, install it with the bots' libraries at the locked versions."""
    build = (sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder))
    done(*build, str(house.ROOT), cwd=folder)
    [wheel] = folder.glob("*.whl")
    lock = (house.ROOT / "requirements.lock").read_text("utf-8")
    pins = folder / "pins.txt"
    pins.write_text("\n".join(re.findall(r"^([\w-]+==[^\\\n]+)", lock, re.M)), "utf-8")
    venv.create(folder / "env", with_pip=True)
    python = next((folder / "env").glob("[bS]*/python*"))
    done(python, "-m", "pip", "install", "--quiet", "-c", pins, wheel, *CLIENTS, cwd=folder)
    return python


def words() -> str:
    return "\n".join(path.read_text("utf-8") for path in sorted(PROJECT.glob("*.py")))


@pytest.mark.parametrize("marker", MARKERS)
def test_the_project_uses_every_marker(marker: str) -> None:
    assert re.search(rf"pytest\.mark\.{marker}\b", words())


@pytest.mark.parametrize("fixture", FIXTURES)
def test_the_project_uses_every_fixture(fixture: str) -> None:
    assert re.search(rf"def \w+\([^)]*\b{fixture}\b", words())


def test_it_passes_however_it_is_run(tmp_path: Path) -> None:
    python = environment(tmp_path)
    project = tmp_path / "project"
    shutil.copytree(PROJECT, project, ignore=shutil.ignore_patterns("__pycache__"))
    found = run(python, "-c", "import pytest_ibkr; print(pytest_ibkr.__file__)", cwd=project)
    assert str(tmp_path) in found.stdout, "the wheel is tested, not this checkout"

    outcomes = {}
    for way, args in WAYS.items():
        ended = run(python, "-m", "pytest", "-p", "no:cacheprovider", *args, cwd=project)
        [said] = re.findall(r"^=+ (.*) in [\d.]+s .*=+$", ended.stdout, re.M) or [""]
        outcomes[way] = said if ended.returncode == 0 else f"{ended.stdout}{ended.stderr}"
    assert outcomes == dict.fromkeys(WAYS, f"{TESTS} passed")
