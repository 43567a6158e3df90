"""checklist.md: results tick boxes, nothing else does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from pytest_ibkr.report.checklist import checklist
from pytest_ibkr.report.model import Results, TestRow
from tests.report.build import PAPER, eventful, results, row

Render = Callable[[Results], str]


def boxes(text: str, section: str) -> list[str]:
    _, _, rest = text.partition(f"## {section}")
    return [line for line in rest.split("\n## ")[0].splitlines() if line.startswith("- [")]


def check_that_boxes_match(render: Render, tests: list[TestRow]) -> None:
    document = results(tests)
    ticked = [box.startswith("- [x]") for box in boxes(render(document), "Decided by the results")]
    real = document.rehearsal.is_rehearsal is False
    expected = [document.gate.verdict == "PASSED", False]
    expected += [real and test.outcome == "passed" for test in tests if test.live]
    assert ticked == expected


RUNS = [
    [row(gateway=PAPER), row("failed", gateway=PAPER), row("skipped")],
    [row(gateway=PAPER), row(gateway=PAPER, id="b.py::test_b")],
    [row(), row()],
    [row("not_run"), row(gateway=PAPER)],
]


@pytest.mark.req("LV-045")
@pytest.mark.parametrize("tests", RUNS)
def test_a_box_is_ticked_when_its_test_passed_on_paper(tests: list[TestRow]) -> None:
    check_that_boxes_match(checklist, tests)


@pytest.mark.req("LV-045", counter_proof="a checklist that ticks what was skipped")
def test_a_checklist_that_ticks_skipped_tests_is_noticed() -> None:
    def generous(document: Results) -> str:
        tests = [
            replace(t, outcome="passed") if t.outcome == "skipped" else t for t in document.tests
        ]
        return checklist(replace(document, tests=tests))

    check_that_boxes_match(checklist, RUNS[0])
    with pytest.raises(AssertionError):
        check_that_boxes_match(generous, RUNS[0])


def test_metrics_over_their_limit_leave_the_box_empty() -> None:
    over = checklist(results([row(gateway=PAPER, metrics={"order_fill_time_s": [31.0]})]))
    kept = checklist(results([row(gateway=PAPER, metrics={"order_fill_time_s": [29.0]})]))
    assert "- [ ] Every metric kept its limit – over: order_fill_time_s" in over
    assert "- [x] Every metric kept its limit – 1 metrics" in kept


def test_manual_boxes_stand_apart_and_stay_empty() -> None:
    text = checklist(results([row(gateway=PAPER)]))
    for section in ("By hand: before the run", "By hand: after the run", "By hand: signatures"):
        found = boxes(text, section)
        assert found
        assert all(box.startswith("- [ ]") for box in found)


def test_a_rehearsal_is_named_in_the_title_and_ticks_nothing() -> None:
    text = checklist(eventful())
    assert text.startswith("# REHEARSAL – Live validation checklist")
    assert "[x]" not in text
    assert "passed in rehearsal" in text
