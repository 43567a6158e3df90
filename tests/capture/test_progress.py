"""What a capture says to people."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_ibkr.capture import progress
from pytest_ibkr.capture.plan import plan_of, underlying
from pytest_ibkr.capture.symbol_parts import SymbolAnswers


@pytest.mark.req("SC-005")
@pytest.mark.parametrize("typed", ["yes\n", "y\n", "YES\n", "Y", " Yes \n"])
def test_a_yes_confirms_in_any_case(typed):
    assert progress.confirmed(typed)


@pytest.mark.req("SC-005")
@pytest.mark.parametrize("typed", [None, "", "\n", "no\n", "yes please\n", "ye", "ja", "1"])
def test_everything_else_and_the_end_of_input_do_not(typed):
    assert not progress.confirmed(typed)


def test_the_bar_shows_the_share_and_never_more_than_all():
    assert progress.bar(0, 10) == f"[{'.' * 30}]   0%"
    assert progress.bar(5, 10) == f"[{'#' * 15}{'.' * 15}]  50%"
    assert progress.bar(12, 10) == progress.bar(1, 1) == f"[{'#' * 30}] 100%"
    assert progress.bar(0, 0).endswith("100%")


def test_the_expected_questions_are_counted():
    assert progress.requests_of(plan_of(symbols=["VIX"])) == 4
    assert progress.requests_of(plan_of(symbols=["SPY"])) == 46


def test_a_symbols_line_says_what_came():
    answers = SymbolAnswers(underlying("SPY"), remarks=["odd"])
    answers.board.values |= {"bid": 10.0, "ask": 10.5}
    found = progress.outcome(answers)
    assert found.text == "SPY: 10.25 (mid), 0 bars, 0 options"
    assert (found.ok, found.issues) == (True, ("odd",))
    answers.lacking.append("bars")
    assert (progress.outcome(answers).ok, progress.outcome(answers).issues) == (
        *(False, ("bars", "odd")),
    )
    assert progress.outcome(SymbolAnswers(underlying("VIX"))).text == "VIX: no price, 0 bars"


@pytest.mark.parametrize(
    ("flags", "says"),
    [
        ({"complete": True, "partial": False}, "complete"),
        ({"complete": False, "partial": False}, "INCOMPLETE"),
        ({"complete": False, "partial": True}, "saved what there was"),
    ],
)
def test_the_last_line_names_the_file_and_its_size_in_kb(flags, says):
    found = progress.saved_text(Path("a/b.json"), size_bytes=123_456, issues=["odd"], **flags)
    assert says in found
    assert "a/b.json (120.6 KB)" in found
    assert found.endswith("\n  - odd")
