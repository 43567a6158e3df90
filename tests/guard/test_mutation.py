"""No change of the guard goes unnoticed by its tests, or it is explained in mutants.md."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.guard import mutation
from tests.meta import proof

CODE = ("pytest_ibkr/guard", "tests/guard")
GUARD = mutation.ROOT / "pytest_ibkr" / "guard"


@pytest.mark.proof
def test_every_mutant_of_the_guard_is_killed_or_explained(tmp_path: Path) -> None:
    only, before = ["pytest_ibkr/guard/*"], proof.code_hash(CODE)
    outcome = mutation.run(tmp_path / "copy", only=only, children=os.cpu_count() or 1)
    survived = {
        f"{mutation.function_of(name)}: {change}" for name, change in outcome.survivors.items()
    }
    reasons = mutation.explained()
    assert survived <= set(reasons), "\n".join(sorted(survived - set(reasons)))
    assert set(reasons) <= survived, f"killed by now: {sorted(set(reasons) - survived)}"
    mutated = {mutation.function_of(name).partition(".")[0] for name in outcome.statuses}
    assert mutated == {
        path.stem for path in GUARD.glob("*.py") if "def " in path.read_text("utf-8")
    }
    assert proof.code_hash(CODE) == before, "guard or its tests changed meanwhile: run it again"
    proof.record(
        "guard-mutation",
        command="python -m pytest -m proof --timeout=0 tests/guard/test_mutation.py",
        seed=None,
        numbers={
            "mutants": len(outcome.statuses),
            "killed": outcome.count("killed"),
            "explained": len(outcome.survivors),
        },
        code_paths=CODE,
    )


def test_every_explanation_has_a_reason() -> None:
    for mutant, reason in mutation.explained().items():
        assert reason, mutant


def test_decorations_become_assignments_that_mean_the_same() -> None:
    source = (
        "class A:\n    @property\n    def b(self):\n        return 1\n\n    def c(self):\n"
        "        return self.b\n"
    )
    plain = mutation.undecorated(source)
    assert "@" not in plain
    scope: dict[str, object] = {}
    exec(plain, scope)
    made = scope["A"]
    assert isinstance(made, type)
    assert made().b == made().c() == 1


def test_a_mutant_is_named_by_its_function_and_its_change() -> None:
    assert mutation.function_of("pytest_ibkr.guard.quotes.xǁBoardǁ_note__mutmut_7") == (
        "quotes.Board._note"
    )
    assert mutation.function_of("pytest_ibkr.guard.canonical.x__same__mutmut_28") == (
        "canonical._same"
    )
    assert mutation.function_of("pytest_ibkr.guard.accounts.x_judge__mutmut_1") == (
        "accounts.judge"
    )
    diff = "--- a\n+++ b\n@@ -1 +1 @@\n def f():\n-    return  1\n+    return 2\n"
    assert mutation.changed(diff) == "- return 1 + return 2"
