"""Every figure we were asked for is measured, and on the code as it stands."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.meta import proof


def test_every_required_figure_is_measured_on_the_present_code() -> None:
    required: list[str] = json.loads(proof.FIGURES.read_text("utf-8"))

    assert proof.problems(proof.load(), required) == []


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "guard").mkdir()
    (tmp_path / "guard" / "policy.py").write_text("LIMIT = 20\n", "utf-8")
    return tmp_path


def measure(project: Path, **changes: object) -> None:
    known = {
        "command": "make proof",
        "seed": 7,
        "numbers": {"orders": 20},
        "code_paths": ["guard"],
        "parts": project / "parts",
        "root": project,
    }
    proof.record("limit", **(known | changes))  # type: ignore[arg-type]


def test_a_figure_holds_until_its_code_changes(project: Path) -> None:
    target = project / "docs" / "proof.json"
    assert proof.problems(proof.load(target), ["limit"], root=project) == [
        "limit: not in proof.json; run `make proof`"
    ]

    measure(project)
    assert proof.merge(parts=project / "parts", target=target) == ["limit"]
    assert proof.problems(proof.load(target), ["limit"], root=project) == []
    assert proof.load(target)["limit"]["numbers"] == {"orders": 20}

    (project / "guard" / "policy.py").write_text("LIMIT = 21\n", "utf-8")
    assert proof.problems(proof.load(target), ["limit"], root=project) == [
        "limit: guard changed since; run `make proof`"
    ]


def test_a_new_or_moved_file_changes_the_hash(project: Path) -> None:
    before = proof.code_hash(["guard"], root=project)
    (project / "guard" / "policy.py").rename(project / "guard" / "rules.py")
    moved = proof.code_hash(["guard"], root=project)
    (project / "guard" / "more.py").write_text("", "utf-8")

    assert len({before, moved, proof.code_hash(["guard"], root=project)}) == 3


def test_figures_not_measured_again_stay(project: Path) -> None:
    target = project / "proof.json"
    measure(project)
    proof.merge(parts=project / "parts", target=target)

    assert proof.merge(parts=project / "none", target=target) == []
    assert list(proof.load(target)) == ["limit"]


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"numbers": {}}, "no number"),
        ({"numbers": {"verdict": "good"}}, "no number"),
        ({"numbers": {"p99_ms": float("nan")}}, "not finite"),
        ({"code_paths": ["nowhere"]}, "no code under nowhere"),
    ],
)
def test_a_figure_that_says_nothing_is_refused(
    project: Path, changes: dict[str, object], complaint: str
) -> None:
    with pytest.raises(ValueError, match=complaint):
        measure(project, **changes)
