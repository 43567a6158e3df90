"""The live-validation suite itself: quick offline, and the same in any order, five times."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time

import pytest

from tests.meta import proof

LIMIT_S = 15
SEEDS = (1, 2, 3, 4, 5)


def run_suite(seed: int) -> tuple[float, int]:
    """Seconds of one run of the suite in the order of a seed, and how many tests passed."""
    before = time.perf_counter()
    done = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "tests/live_validation", "-q"),
            *("-p", "no:cacheprovider", "-p", "no:xdist", f"--randomly-seed={seed}"),
        ],
        cwd=proof.ROOT,
        env={k: v for k, v in os.environ.items() if not k.startswith("PYTEST_")},
        capture_output=True,
        text=True,
        check=False,
    )
    spent_s = time.perf_counter() - before
    assert done.returncode == 0, done.stdout + done.stderr
    counted = re.search(r"(\d+) passed in", done.stdout)
    assert counted, done.stdout
    assert not re.search(r"skipped|failed|error", done.stdout), done.stdout
    return spent_s, int(counted[1])


@pytest.mark.proof
@pytest.mark.req("LV-025", "LV-026")
def test_five_runs_in_random_order_are_green_and_quick() -> None:
    runs = [run_suite(seed) for seed in SEEDS]
    slowest_s = round(max(spent_s for spent_s, _passed in runs), 2)
    [passed] = {passed for _spent_s, passed in runs}
    assert slowest_s < LIMIT_S
    proof.record(
        "validation-suite",
        command="pytest -m proof tests/meta/test_validation_suite.py",
        seed=SEEDS[0],
        numbers={"slowest_s": slowest_s, "limit_s": LIMIT_S, "runs": len(runs), "tests": passed},
        code_paths=["pytest_ibkr", "bot", "tests/live_validation", "config"],
    )
