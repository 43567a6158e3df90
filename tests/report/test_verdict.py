"""The gate's rules, one row each; the broken variants that the rules are there to prevent."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest

from pytest_ibkr.report.model import Gate, Rehearsal, TestRow
from pytest_ibkr.report.verdict import gate_of, rehearsal_of
from tests.report.build import PAPER, SIMULATED, row, session, uncollected

Rule = Callable[[Sequence[TestRow], Rehearsal], Gate]


def live(outcome: str = "passed", **changes: Any) -> TestRow:
    return row(outcome, gateway=PAPER, **changes)


def gate(tests: list[TestRow], rule: Rule = gate_of, **told: Any) -> Gate:
    return rule(tests, rehearsal_of(tests, []), **told)


@pytest.mark.req("LV-027")
@pytest.mark.parametrize(
    ("tests", "told", "verdict", "status", "reason"),
    [
        ([live(), live()], {}, "PASSED", "passed", None),
        ([row(), row()], {}, "REHEARSAL-PASSED", "passed", None),
        ([live(), live("skipped")], {}, "FAILED", "failed", "1 skipped"),
        ([live("skipped")], {}, "FAILED", "failed", "nothing was executed"),
        ([row(), row("skipped")], {}, "REHEARSAL-FAILED", "failed", "1 skipped"),
        ([live(), live("not_run")], {}, "FAILED", "failed", "1 did not run"),
        ([live()] * 9 + [live("failed")], {}, "FAILED", "failed", "1 failed"),
        ([live()] * 9 + [live("error")], {}, "FAILED", "failed", "1 ended in an error"),
        ([live()] * 9 + [live("xpassed")], {}, "FAILED", "failed", "passed although"),
        ([live(), live("xfailed", reason="known")], {}, "PASSED", "passed", None),
        ([live(), live("xfailed")], {}, "FAILED", "failed", "without a reason"),
        ([live()], {"incomplete_because": "Ctrl-C"}, "FAILED", "failed", "Ctrl-C"),
        ([live()], {"not_run_because": "market closed"}, "NOT RUN", "not_run", "market closed"),
        ([row(live=False)], {}, "NOT RUN", "not_run", "no test of this run is marked live"),
        ([], {"live_asked": True}, "FAILED", "failed", "nothing was executed"),
        ([live(sessions=[])], {}, "FAILED", "failed", "no gateway was met"),
        ([live(), uncollected("t/x.py")], {}, "FAILED", "failed", "not be collected: t/x.py"),
        ([row(), uncollected()], {}, "REHEARSAL-FAILED", "failed", "test_broken.py"),
        ([uncollected()], {}, "FAILED", "failed", "test_broken.py"),
        ([uncollected()], {"not_run_because": "closed"}, "FAILED", "failed", "test_broken.py"),
    ],
)
def test_a_gate_passes_only_when_every_test_ran_and_passed_on_a_paper_account(
    tests: list[TestRow], told: dict[str, str], verdict: str, status: str, reason: str | None
) -> None:
    found = gate(tests, **told)
    assert (found.verdict, found.status) == (verdict, status)
    if reason is None:
        assert found.reasons == []
    else:
        assert any(reason in text for text in found.reasons), found.reasons


def test_a_closed_market_leaves_the_gate_not_run() -> None:
    closed = live("error", error_type="MarketClosedError", failure="opens Monday 09:30 ET")
    found = gate([closed, closed])
    assert found.verdict == "NOT RUN"
    assert "opens Monday" in found.reasons[0]


def test_a_market_that_closes_half_way_is_a_failure() -> None:
    closed = live("error", error_type="MarketClosedError", failure="opens Monday 09:30 ET")
    assert gate([live()] * 9 + [closed]).verdict == "FAILED"


@pytest.mark.req("LV-049")
@pytest.mark.parametrize(
    ("failed", "of", "status", "rate_pct"),
    [(1, 5, "failed", 20.0), (2, 9, "blocked", 22.22), (5, 5, "blocked", 100.0)],
)
def test_more_than_a_fifth_of_failures_blocks(
    failed: int, of: int, status: str, rate_pct: float
) -> None:
    found = gate([live("failed")] * failed + [live()] * (of - failed))
    assert (found.status, found.failure_rate_pct) == (status, rate_pct)


def test_skipped_tests_do_not_dilute_the_failure_rate() -> None:
    tests = [live("failed"), *[live()] * 3, *[live("skipped")] * 6]
    assert gate(tests).failure_rate_pct == 25.0
    assert gate(tests).status == "blocked"


def test_documented_exceptions_are_listed() -> None:
    [text] = gate([live(), live("xfailed", reason="late fills")]).exceptions
    assert text.endswith("late fills")


def test_many_uncollected_files_are_counted_and_the_first_are_named() -> None:
    [reason] = gate([live(), *(uncollected(f"t{n}.py") for n in range(7))]).reasons
    assert reason == "could not be collected: t0.py, t1.py, t2.py, t3.py, t4.py and 2 more"


def test_a_test_that_raises_an_error_of_that_name_is_no_file() -> None:
    [reason] = gate([live("error", error_type="CollectError"), *[live()] * 9]).reasons
    assert reason == "1 ended in an error"


@pytest.mark.parametrize(
    ("accounts", "told"),
    [
        (["DU0000001"], "account DU0000001 is in"),
        (["DU0000002", "DU0000001"], "accounts DU0000001, DU0000002 are in"),
    ],
)
def test_accounts_are_told_as_people_count_them(accounts: list[str], told: str) -> None:
    met = [session(replace(SIMULATED, account=account)) for account in accounts]
    assert rehearsal_of([row(sessions=met)], []).why.startswith(told)


@pytest.mark.parametrize(
    ("tests", "rehearsal"),
    [
        ([live()], False),
        ([row()], True),
        ([live(), row()], True),  # one gate test on the simulator is enough
        ([live(), row(live=False)], False),  # unmarked tests stay on the simulator
        ([live(sessions=[session(replace(PAPER, account=None))])], True),
        ([live(sessions=[session(replace(SIMULATED, reserved_account=False))])], True),
        ([], None),
    ],
)
def test_a_run_is_a_rehearsal_unless_every_gate_test_met_a_paper_account(
    tests: list[TestRow], rehearsal: bool | None
) -> None:
    assert rehearsal_of(tests, []).is_rehearsal is rehearsal


# ---- the same checks fail for a rule that is broken in the way they guard against


def skips_do_not_count(tests: Sequence[TestRow], rehearsal: Rehearsal) -> Gate:
    return gate_of([test for test in tests if test.outcome != "skipped"], rehearsal)


def a_fifth_is_never_reached(tests: Sequence[TestRow], rehearsal: Rehearsal) -> Gate:
    found = gate_of(tests, rehearsal)
    return replace(found, status="failed" if found.status == "blocked" else found.status)


def check_that_a_skip_fails(rule: Rule) -> None:
    assert gate([live(), live("skipped")], rule).verdict == "FAILED"


def check_that_many_failures_block(rule: Rule) -> None:
    assert gate([live("failed"), live()], rule).status == "blocked"


@pytest.mark.req("LV-027", counter_proof="a gate that leaves skipped tests out")
def test_a_gate_that_leaves_skips_out_is_noticed() -> None:
    check_that_a_skip_fails(gate_of)
    with pytest.raises(AssertionError):
        check_that_a_skip_fails(skips_do_not_count)


@pytest.mark.req("LV-049", counter_proof="a gate that never blocks")
def test_a_gate_that_never_blocks_is_noticed() -> None:
    check_that_many_failures_block(gate_of)
    with pytest.raises(AssertionError):
        check_that_many_failures_block(a_fifth_is_never_reached)


def files_do_not_count(tests: Sequence[TestRow], rehearsal: Rehearsal) -> Gate:
    return gate_of([test for test in tests if not test.is_uncollected], rehearsal)


def check_that_a_broken_file_fails(rule: Rule) -> None:
    assert gate([live(), uncollected()], rule).verdict == "FAILED"


@pytest.mark.req("LV-027", counter_proof="a gate that leaves files out that cannot be imported")
def test_a_gate_that_leaves_broken_files_out_is_noticed() -> None:
    check_that_a_broken_file_fails(gate_of)
    with pytest.raises(AssertionError):
        check_that_a_broken_file_fails(files_do_not_count)
