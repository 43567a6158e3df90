"""The trace itself: what counts as proved, through a real pytest run and over xdist."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.meta import trace

PLUGIN = ("-p", "no:asyncio", "-p", "tests.meta.trace_plugin", "-p", "no:randomly")
SUITE = """
import pytest

@pytest.mark.req("SC-001")
def test_passes(): pass

@pytest.mark.req("SC-001", "SC-003")
@pytest.mark.parametrize("n", [1, 2])
def test_passes_twice(n): pass

@pytest.mark.req("SC-005")
def test_fails(): assert 1 == 2

@pytest.mark.req("SC-006")
def test_skips(): pytest.skip("no gateway")

@pytest.mark.req("SC-007")
@pytest.mark.xfail(strict=True)
def test_expected_to_fail(): assert 1 == 2

@pytest.mark.req("SC-009")
@pytest.mark.slow
def test_left_out(): pass

@pytest.fixture
def leaks():
    yield
    raise RuntimeError("teardown")

@pytest.mark.req("SC-010")
def test_fails_in_teardown(leaks): pass
"""


def statuses(*paths: Path) -> dict[str, str]:
    rows = trace.judge_all(trace.load(paths))
    return {row.requirement.id: row.status for row in rows if row.status != "no test"}


@pytest.fixture
def suite(pytester: pytest.Pytester) -> pytest.Pytester:
    pytester.makeini("[pytest]\nmarkers = req: ids\n  slow: not now")
    pytester.makepyfile(test_suite=SUITE)
    return pytester


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["one-process", "xdist"])
def test_a_requirement_counts_only_when_its_tests_ran_and_passed(
    suite: pytest.Pytester, workers: tuple[str, ...]
) -> None:
    out = suite.path / "deep" / "out.json"
    suite.runpytest(*PLUGIN, *workers, "-m", "not slow", f"--req-trace={out}")

    assert statuses(out) == {
        "SC-001": "proved",
        "SC-003": "no counter-proof",
        "SC-005": "failing",
        "SC-006": "not run",
        "SC-007": "not run",
        "SC-009": "not run",
        "SC-010": "failing",
    }


def test_a_later_run_completes_an_earlier_one(suite: pytest.Pytester) -> None:
    first, second = suite.path / "a.json", suite.path / "b.json"
    suite.runpytest(*PLUGIN, "-m", "not slow", f"--req-trace={first}")
    suite.runpytest(*PLUGIN, "-m", "slow", f"--req-trace={second}")

    assert statuses(first)["SC-009"] == "not run"
    for both in ((first, second), (second, first)):
        assert statuses(*both)["SC-009"] == "no counter-proof"  # ran, and its row asks for one


@pytest.mark.parametrize(
    ("mark", "complaint"),
    [
        ('req("LV-999")', "unknown requirement LV-999"),
        ("req()", "names no requirement"),
        ('req("LV-015", counterproof="frozen feed")', "takes counter_proof only"),
        ('req("LV-015", counter_proof=" ")', "name of the broken variant"),
    ],
)
def test_an_unsound_mark_fails_its_test(
    pytester: pytest.Pytester, mark: str, complaint: str
) -> None:
    pytester.makeini("[pytest]\nmarkers = req: ids")
    pytester.makepyfile(f"import pytest\n@pytest.mark.{mark}\ndef test_it(): pass")

    result = pytester.runpytest(*PLUGIN)

    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines([f"*{complaint}*"])


def outcome(
    result: str = "passed", *, counter_proof: str | None = None, ids: tuple[str, ...] = ("LV-015",)
) -> trace.Outcome:
    return trace.Outcome(f"test_{counter_proof}", ids, counter_proof, result)


@pytest.mark.parametrize(
    ("outcomes", "status"),
    [
        pytest.param([], "no test", id="nothing"),
        pytest.param([outcome(counter_proof="frozen feed")], "no test", id="counter-proof-alone"),
        pytest.param([outcome()], "no counter-proof", id="counter-proof-missing"),
        pytest.param([outcome(), outcome(counter_proof="frozen feed")], "proved", id="both"),
        pytest.param(
            [outcome(), outcome("skipped", counter_proof="x")], "not run", id="counter-skipped"
        ),
        pytest.param(
            [outcome(), outcome("failed", counter_proof="x")], "failing", id="counter-fails"
        ),
        pytest.param([outcome(ids=("LV-001",))], "no test", id="of-another-requirement"),
    ],
)
def test_a_row_about_safety_needs_its_counter_proof(
    outcomes: list[trace.Outcome], status: str
) -> None:
    assert trace.judge(trace.catalogue()["LV-015"], outcomes).status == status


def test_the_check_goes_red_when_a_proof_is_lost(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    good, bad, table = tmp_path / "good.json", tmp_path / "bad.json", tmp_path / "page.md"
    trace.save(good, [trace.Outcome("t.py::test_it[1]", ("LV-001",), None, "passed")])
    trace.save(bad, [trace.Outcome("t.py::test_it[1]", ("LV-001",), None, "skipped")])

    assert trace.main([str(good), "--table", str(table), "--write"]) == 0
    assert trace.proved_ids(table.read_text("utf-8")) == {"LV-001"}
    assert "| LV-001 |" in table.read_text("utf-8")
    assert "`t.py::test_it` | proved | – |" in table.read_text("utf-8")
    assert trace.main([str(good), "--table", str(table), "--check"]) == 0
    assert trace.main([str(bad), "--table", str(table), "--check"]) == 1
    assert "no longer proved: LV-001" in capsys.readouterr().out
    table.unlink()
    assert trace.main([str(good), "--table", str(table), "--check"]) == 1, "no page to compare"


def test_the_catalogue_is_whole_and_ordered() -> None:
    rows = json.loads(Path(trace.__file__).with_name("requirements.json").read_text("utf-8"))

    counts = {family: sum(row["id"].startswith(family) for row in rows) for family in "SLBDX"}
    assert counts == {"S": 52, "L": 50, "B": 77, "D": 50, "X": 16}
    assert len(trace.catalogue()) == len(rows) == 245
