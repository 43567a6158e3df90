"""A run's pacing and the requirements its tests carry."""

from __future__ import annotations

import pytest

from pytest_ibkr.report.totals import pacing_of, requirements_of
from pytest_ibkr.report.wire_words import requirement_row
from tests.report.build import PAPER, results, row, session


@pytest.mark.parametrize(
    ("outcomes", "verdict"),
    [
        (["passed"], "passed"),
        (["passed", "passed"], "passed"),
        (["passed", "failed"], "failed"),
        (["passed", "error"], "failed"),
        (["xpassed"], "failed"),
        (["passed", "skipped"], "incomplete"),
        (["passed", "not_run"], "incomplete"),
        (["xfailed"], "incomplete"),
        (["skipped", "failed"], "failed"),
    ],
)
def test_a_requirement_counts_only_when_all_its_tests_ran_and_passed(
    outcomes: list[str], verdict: str
) -> None:
    tests = [row(outcome, id=f"t{n}", requirements=["A-1"]) for n, outcome in enumerate(outcomes)]
    [found] = requirements_of(tests)
    assert found.verdict == verdict
    assert [(test.id, test.outcome) for test in found.tests] == [
        (f"t{n}", outcome) for n, outcome in enumerate(outcomes)
    ]


def test_requirements_are_told_by_id_each_test_once() -> None:
    tests = [row(id="b", requirements=["B-2", "A-1", "A-1"]), row(id="a", requirements=["A-1"])]
    told = [(one.id, [test.id for test in one.tests]) for one in requirements_of(tests)]
    assert told == [("A-1", ["b", "a"]), ("B-2", ["b"])]


def test_a_requirement_passed_on_the_simulator_is_passed_in_rehearsal() -> None:
    for gateway, word in (({}, "passed in rehearsal"), ({"gateway": PAPER}, "passed")):
        document = results([row(requirements=["A-1"], **gateway)])
        assert requirement_row(document.requirements[0], document)[1] == word


def test_pacing_adds_requests_and_names_the_tests_of_the_peaks() -> None:
    quiet = row(id="quiet", sessions=[session(peak_messages_per_s=4, peak_lines=90)])
    loud = row(id="loud", sessions=[session(), session(peak_messages_per_s=49, peak_lines=1)])
    pacing = pacing_of([quiet, loud])
    assert pacing is not None
    assert (pacing.peak_messages_per_s, pacing.peak_messages_in) == (49, "loud")
    assert (pacing.peak_lines, pacing.peak_lines_in) == (90, "quiet")
    assert pacing.requests == {
        "reqMktData": 24,
        "placeOrder": 6,
        "reqHistoricalData": 3,
        "startApi": 3,
    }
    assert (pacing.historical_requests, pacing.left_open, pacing.lines_left_open) == (3, 3, 3)


def test_what_no_gateway_told_is_unknown() -> None:
    assert pacing_of([row("skipped")]) is None
    silent = session(
        historical_requests=None, left_open_count=None, lines_left_open=None, peak_lines=None
    )
    pacing = pacing_of([row(sessions=[silent])])
    assert pacing is not None
    assert pacing.historical_requests is None
    assert pacing.left_open is None
    assert pacing.peak_lines is None
