"""What all tests of a run come to: pacing against the gateway's limits, requirements. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence

from pytest_ibkr.report.model import (
    Requirement,
    RunPacing,
    SessionFacts,
    TestRow,
    TracedTest,
)

_BAD = frozenset({"failed", "error", "xpassed"})


def pacing_of(tests: Sequence[TestRow]) -> RunPacing | None:
    """Return the run's pacing; ``None`` when no test met a gateway."""
    sessions = [session for test in tests for session in test.sessions]
    if not sessions:
        return None
    asked: Counter[str] = Counter()
    for session in sessions:
        asked.update(session.requests)
    messages, messages_in = _highest(tests, lambda s: s.peak_messages_per_s)
    lines, lines_in = _highest(tests, lambda s: s.peak_lines)
    return RunPacing(
        peak_messages_per_s=messages,
        peak_messages_in=messages_in,
        peak_lines=lines,
        peak_lines_in=lines_in,
        requests=dict(sorted(asked.items(), key=lambda pair: (-pair[1], pair[0]))),
        historical_requests=_sum(session.historical_requests for session in sessions),
        left_open=_sum(session.left_open_count for session in sessions),
        lines_left_open=_sum(session.lines_left_open for session in sessions),
    )


def requirements_of(tests: Iterable[TestRow]) -> list[Requirement]:
    """Return every requirement that a test carries, by id, with all tests that carry it."""
    carried: dict[str, list[TracedTest]] = {}
    for test in tests:
        for requirement in dict.fromkeys(test.requirements):
            traced = TracedTest(id=test.id, outcome=test.outcome)
            carried.setdefault(requirement, []).append(traced)
    return [_requirement(name, found) for name, found in sorted(carried.items())]


def _sum(values: Iterable[int | None]) -> int | None:
    """Return the sum of what is known; ``None`` when nothing is."""
    found = [value for value in values if value is not None]
    return sum(found) if found else None


def _requirement(name: str, tests: list[TracedTest]) -> Requirement:
    outcomes = {test.outcome for test in tests}
    if outcomes & _BAD:
        return Requirement(id=name, verdict="failed", tests=tests)
    if outcomes == {"passed"}:
        return Requirement(id=name, verdict="passed", tests=tests)
    return Requirement(id=name, verdict="incomplete", tests=tests)


def _highest(
    tests: Iterable[TestRow], pick: Callable[[SessionFacts], int | None]
) -> tuple[int | None, str | None]:
    """Return the highest value of any session and the first test that reached it."""
    best: tuple[int | None, str | None] = (None, None)
    for test in tests:
        for session in test.sessions:
            value = pick(session)
            if value is not None and (best[0] is None or value > best[0]):
                best = (value, test.id)
    return best
