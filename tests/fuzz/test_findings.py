"""What fuzzing once found stays fixed, and a few programs of every run hold."""

from __future__ import annotations

import random
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.fuzz.program import run
from tests.meta import proof

FINDINGS = sorted((Path(__file__).parent / "findings").glob("*.bin"))
PROGRAMS, SECONDS = 10_000, 600
CODE = ["pytest_ibkr/sim", "pytest_ibkr/wire"]


@pytest.mark.parametrize("finding", FINDINGS, ids=lambda path: path.stem)
def test_a_finding_stays_fixed(finding: Path) -> None:
    run(finding.read_bytes())


def random_programs(count: int, *, seed: int) -> int:
    dice = random.Random(seed)
    return sum(run(dice.randbytes(dice.randint(4, 200))).journal.frames_in for _ in range(count))


def test_random_programs_break_nothing() -> None:
    assert random_programs(150, seed=20260710) > 1_000


@pytest.mark.proof
def test_ten_thousand_random_programs_break_nothing() -> None:
    frames = random_programs(PROGRAMS, seed=20260711)
    proof.record(
        "engine-fuzz",
        command="python -m pytest -m proof tests/fuzz",
        seed=20260711,
        numbers={"programs": PROGRAMS, "frames": frames},
        code_paths=CODE,
    )


@pytest.mark.proof
def test_ten_minutes_guided_by_coverage_break_nothing(tmp_path: Path) -> None:
    pytest.importorskip("atheris", reason="no atheris for this platform")
    words = [sys.executable, "-m", "tests.fuzz.coverage_guided", str(SECONDS), str(tmp_path / "c")]
    done = subprocess.run(words, cwd=proof.ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-4000:]
    executed = re.search(r"stat::number_of_executed_units:\s*(\d+)", done.stderr)
    covered = re.findall(r"cov: (\d+)", done.stderr)
    assert executed is not None
    proof.record(
        "engine-fuzz-guided",
        command="python -m pytest -m proof tests/fuzz",
        seed=20260710,
        numbers={
            "seconds": SECONDS,
            "programs": int(executed[1]),
            "covered_edges": int(covered[-1]),
        },
        code_paths=CODE,
    )
