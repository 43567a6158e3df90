"""The gate's rules: what tests did and which account they met, to a verdict. Pure.

A gate is made of the tests marked ``live``. It passes only when all of them ran and passed (or
are documented exceptions: ``xfail`` with a reason) against a real paper account; a skip is never
a pass; nothing executed has failed; more than 20 % failures block the rollout. A file that could
not be collected may have held gate tests: it fails the gate.
"""

from __future__ import annotations

from collections.abc import Sequence

from pytest_ibkr.report.accounts import RESERVED_RANGE
from pytest_ibkr.report.model import Gate, GatewayFacts, Rehearsal, Status, TestRow, Verdict
from pytest_ibkr.report.relay_model import RelayReport, complaints

BLOCKED_ABOVE_PCT = 20.0
NOT_RUN_ERRORS = frozenset({"MarketClosedError"})  # the shipped gate refuses a closed market
NO_GATE = "no test of this run is marked live"
_BAD = frozenset({"failed", "error", "xpassed"})
_MOST_FILES = 5


def rehearsal_of(tests: Sequence[TestRow], gateways: Sequence[GatewayFacts]) -> Rehearsal:
    """Say whether a run is a rehearsal: without a real paper account behind it, it is one."""
    met = [s.gateway for test in tests if test.live for s in test.sessions]
    # Live tests of a live run need no session of their own; the others met the simulator.
    met = met + [g for g in gateways if g.kind == "live"] or list(gateways)
    if not met:
        return Rehearsal(is_rehearsal=None, why="no gateway was met")
    if reserved := sorted({g.account or "?" for g in met if g.reserved_account}):
        many = len(reserved) > 1
        who = f"account{'s' * many} {', '.join(reserved)} {'are' if many else 'is'}"
        why = f"{who} in the simulator's range {RESERVED_RANGE}"
        return Rehearsal(is_rehearsal=True, why=why)
    if any(g.kind == "simulated" for g in met):
        return Rehearsal(is_rehearsal=True, why="the gateway is simulated")
    if any(g.account is None for g in met):
        return Rehearsal(is_rehearsal=True, why="the gateway's account is not known")
    return Rehearsal(is_rehearsal=False, why="every account met is outside the simulator's range")


def gate_of(
    tests: Sequence[TestRow],
    rehearsal: Rehearsal,
    *,
    live_asked: bool = False,
    incomplete_because: str | None = None,
    not_run_because: str | None = None,
    relay: RelayReport | None = None,
) -> Gate:
    """Return the verdict on a run's tests marked ``live``.

    Args:
        tests: all tests of the run.
        rehearsal: what :func:`rehearsal_of` said.
        live_asked: the run was asked for live validation, so an empty gate has failed.
        incomplete_because: why the run ended early.
        not_run_because: why the gate could not start, for example a closed market.
        relay: of a live run; what it found to be wrong fails the gate.
    """
    gate = [test for test in tests if test.live]
    bad = [test for test in gate if test.outcome in _BAD]
    tried = [test for test in gate if test.outcome not in ("skipped", "not_run")]
    executed = sum(test.executed for test in gate)
    rate = 100 * len(bad) / len(tried) if tried else None
    closed = not_run_because or _closed_market(gate, executed)
    lost = [test.id for test in tests if test.is_uncollected]
    status: Status
    wrong = list(complaints(relay))
    if not lost and not wrong and (closed or not (gate or live_asked)):
        status, reasons = "not_run", [closed or NO_GATE]
    else:
        reasons = _uncollected(lost)
        reasons += [closed] if closed else []
        reasons += wrong
        reasons += _complaints(gate, executed, rehearsal, incomplete_because)
        status = "failed" if reasons else "passed"
        if rate is not None and rate > BLOCKED_ABOVE_PCT:
            status = "blocked"
            reasons.insert(0, f"{rate:.0f} % of the tests failed, more than 20 %: blocked")
    return Gate(
        verdict=_verdict(status, rehearsal),
        status=status,
        reasons=reasons,
        tests=len(gate),
        executed=executed,
        failed=len(bad),
        failure_rate_pct=None if rate is None else round(rate, 2),
        exceptions=[f"{t.id}: {t.reason}" for t in gate if t.outcome == "xfailed" and t.reason],
    )


def _closed_market(gate: Sequence[TestRow], executed: int) -> str | None:
    stopped = [test for test in gate if test.error_type in NOT_RUN_ERRORS]
    if executed or not stopped:
        return None
    return f"the market was closed: {stopped[0].failure or stopped[0].error_type}"


def _uncollected(files: Sequence[str]) -> list[str]:
    if not files:
        return []
    more = f" and {len(files) - _MOST_FILES} more" if len(files) > _MOST_FILES else ""
    return [f"could not be collected: {', '.join(files[:_MOST_FILES])}{more}"]


def _complaints(
    gate: Sequence[TestRow], executed: int, rehearsal: Rehearsal, incomplete_because: str | None
) -> list[str]:
    def count(*outcomes: str) -> int:
        return sum(test.outcome in outcomes for test in gate)

    unexplained = sum(test.outcome == "xfailed" and not test.reason for test in gate)
    told = [
        (not executed, "nothing was executed"),
        (count("failed"), f"{count('failed')} failed"),
        (count("error"), f"{count('error')} ended in an error"),
        (count("xpassed"), f"{count('xpassed')} passed although expected to fail"),
        (unexplained, f"{unexplained} expected to fail without a reason"),
        (count("skipped"), f"{count('skipped')} skipped, and skipped is not passed"),
        (count("not_run"), f"{count('not_run')} did not run"),
        (incomplete_because, f"the run is not complete: {incomplete_because}"),
        (rehearsal.is_rehearsal is None, "no gateway was met"),
    ]
    return [text for applies, text in told if applies]


def _verdict(status: Status, rehearsal: Rehearsal) -> Verdict:
    if status == "not_run":
        return "NOT RUN"
    if status == "passed":
        return "PASSED" if rehearsal.is_rehearsal is False else "REHEARSAL-PASSED"
    return "REHEARSAL-FAILED" if rehearsal.is_rehearsal else "FAILED"
