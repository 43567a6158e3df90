"""What the plugin costs a pytest run that uses none of it."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
from pathlib import Path

import pytest

from tests.meta import proof

BUDGET_MS = 10
# Heads of module names that a run must not load for our sake; `pytest_ibkr` minus the light ones.
HEAVY = {
    "asyncio", "concurrent", "decimal", "exchange_calendars", "matplotlib", "multiprocessing",
    "numpy", "pandas", "pydantic", "pydantic_core", "rich", "socket", "ssl", "time_machine", "yaml",
    "zoneinfo",
}  # fmt: skip
LIGHT_OF_OURS = {"pytest_ibkr", "pytest_ibkr.plugin", "pytest_ibkr.fixtures"}
EMPTY_RUN = """
import json, sys, time
start = time.perf_counter()
import pytest
code = pytest.main(["-q", "-p", "no:cacheprovider", *sys.argv[1:]])
spent_ms = (time.perf_counter() - start) * 1000
print("\\n" + json.dumps({"code": code, "ms": spent_ms, "modules": sorted(sys.modules)}))
"""


def empty_run(folder: Path, *args: str) -> tuple[float, set[str]]:
    """Milliseconds and modules of a pytest run over an empty folder, in a fresh process."""
    env = os.environ | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTHONPATH": str(proof.ROOT)}
    env = {k: v for k, v in env.items() if k != "PYTEST_ADDOPTS" and not k.startswith("IBKR_")}
    # A user's installation has its bytecode on disk, whatever this process is told about it.
    env.pop("PYTHONDONTWRITEBYTECODE", None)
    env["PYTHONPYCACHEPREFIX"] = str(folder / "bytecode")
    (folder / "pytest.ini").write_text("[pytest]\n", "utf-8")
    command = [sys.executable, "-c", EMPTY_RUN, *args]
    done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    seen = json.loads(done.stdout.splitlines()[-1])
    assert seen["code"] == pytest.ExitCode.NO_TESTS_COLLECTED, done.stderr
    return seen["ms"], set(seen["modules"])


def heavy(added: set[str]) -> list[str]:
    """Which of the added modules a run must not pay for."""
    return sorted(
        name
        for name in added
        if name.split(".")[0] in HEAVY
        or (name.split(".")[0] == "pytest_ibkr" and name not in LIGHT_OF_OURS)
    )


def test_a_run_without_us_loads_nothing_heavy_for_our_sake(tmp_path: Path) -> None:
    _, without = empty_run(tmp_path)
    _, with_us = empty_run(tmp_path, "-p", "pytest_ibkr.plugin")

    assert "pytest_ibkr.plugin" in with_us
    assert heavy(with_us - without) == []


def test_a_heavy_import_is_noticed(tmp_path: Path) -> None:
    (tmp_path / "greedy.py").write_text("import asyncio, pytest_ibkr.errors\n", "utf-8")
    _, without = empty_run(tmp_path)
    _, with_it = empty_run(tmp_path, "-p", "greedy", "--rootdir", str(tmp_path))

    assert {"asyncio", "pytest_ibkr.errors"} <= set(heavy(with_it - without))


@pytest.mark.proof
def test_the_plugin_adds_at_most_ten_milliseconds(tmp_path: Path) -> None:
    """Median over pairs of runs beside each other, so that a busy machine hits both."""
    extra_ms = [
        empty_run(tmp_path, "-p", "pytest_ibkr.plugin")[0] - empty_run(tmp_path)[0]
        for _ in range(31)
    ]
    added_ms = statistics.median(extra_ms)

    assert added_ms <= BUDGET_MS
    proof.record(
        "plugin-start-up",
        command="pytest -m proof tests/meta/test_import_budget.py",
        seed=None,
        numbers={"added_ms": round(added_ms, 2), "limit_ms": BUDGET_MS, "pairs": len(extra_ms)},
        code_paths=["pytest_ibkr/__init__.py", "pytest_ibkr/plugin.py", "pytest_ibkr/fixtures.py"],
    )
