"""What users install: the harness alone, with a light base, working in a bare environment."""

from __future__ import annotations

import configparser
import email.message
import email.parser
import os
import re
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

from tests.meta import house

pytestmark = [pytest.mark.ci, pytest.mark.timeout(300)]

BASE_INSTALL = {"pydantic", "pytest", "pyyaml", "time-machine"}
USERS_TEST = """
def test_the_plugin_is_there(pytestconfig):
    assert pytestconfig.pluginmanager.hasplugin("ibkr")
"""


def run(*command: str | Path, cwd: Path) -> str:
    """Run a command in a user's environment; fail with everything it printed."""
    env = {k: v for k, v in os.environ.items() if not k.startswith(("PYTEST_", "PYTHON", "COV_"))}
    done = subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{command}: {done.returncode}\n{done.stdout}{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("wheel")
    build = (sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(out))
    run(*build, str(house.ROOT), cwd=out)
    [built] = out.glob("*.whl")
    return built


def members(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


def metadata(wheel: Path, name: str) -> str:
    with zipfile.ZipFile(wheel) as archive:
        [path] = [m for m in archive.namelist() if m.endswith(f".dist-info/{name}")]
        return archive.read(path).decode()


def foreign(names: set[str]) -> list[str]:
    """Members that are neither ours nor the wheel's own records."""
    ours = re.compile(r"pytest_ibkr/|pytest_ibkr-[^/]+\.dist-info/")
    return sorted(name for name in names if not ours.match(name))


def test_the_wheel_holds_the_harness_whole_and_nothing_else(wheel: Path) -> None:
    files = {p.relative_to(house.ROOT).as_posix() for p in house.repository_files()}

    assert foreign(members(wheel)) == []
    assert {m for m in members(wheel) if m.startswith("pytest_ibkr/")} == {
        name for name in files if name.startswith("pytest_ibkr/")
    }
    assert "pytest_ibkr/py.typed" in members(wheel)
    assert foreign({"bot/app.py", "tests/x.py", "pytest_ibkr/wire/codec.py"}) == [
        "bot/app.py",
        "tests/x.py",
    ]


def test_the_base_install_is_light(wheel: Path) -> None:
    head: email.message.Message = email.parser.Parser().parsestr(metadata(wheel, "METADATA"))
    requires = [one for one in head.get_all("Requires-Dist", []) if "extra ==" not in one]
    everywhere = {re.split(r"[^\w-]", one)[0] for one in requires if "win32" not in one}

    assert everywhere == BASE_INSTALL
    assert set(head.get_all("Provides-Extra", [])) == {
        "all",
        "calendar",
        "check",
        "parquet",
        "report",
        "timeout",
    }
    assert head["Requires-Python"] == ">=3.11"
    assert "Framework :: Pytest" in head.get_all("Classifier", [])


def test_the_entry_points_are_the_plugin_and_the_command(wheel: Path) -> None:
    entries = configparser.ConfigParser()
    entries.read_string(metadata(wheel, "entry_points.txt"))

    assert {section: dict(entries[section]) for section in entries.sections()} == {
        "console_scripts": {"pytest-ibkr": "pytest_ibkr.cli:main"},
        "pytest11": {"ibkr": "pytest_ibkr.plugin"},
    }


def test_it_installs_and_runs_in_a_bare_environment(wheel: Path, tmp_path: Path) -> None:
    lock = (house.ROOT / "requirements.lock").read_text("utf-8")
    pins = tmp_path / "pins.txt"
    pins.write_text("\n".join(re.findall(r"^([\w-]+==[^\\\n]+)", lock, re.M)), "utf-8")
    venv.create(tmp_path / "env", with_pip=True)
    python = next((tmp_path / "env").glob("[bS]*/python*"))
    run(python, "-m", "pip", "install", "--quiet", "-c", pins, wheel, cwd=tmp_path)
    (tmp_path / "test_mine.py").write_text(USERS_TEST, "utf-8")

    assert "1 passed" in run(python, "-m", "pytest", "-q", "test_mine.py", cwd=tmp_path)
    assert "--live-gateway" in run(python, "-m", "pytest", "--help", cwd=tmp_path)
    assert "serve" in run(python.with_name("pytest-ibkr"), "--help", cwd=tmp_path)
