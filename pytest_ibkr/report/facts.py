"""Sums and sentences that every rendering shares. Pure; reads results and nothing else."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from pytest_ibkr.report.model import GatewayFacts, Metric, Results, SessionFacts, TestRow
from pytest_ibkr.report.tables import UNKNOWN
from pytest_ibkr.report.verdict import NO_GATE

ORDER = ("failed", "error", "xpassed", "not_run", "skipped", "xfailed", "passed")
WORDS = {
    "passed": "passed",
    "failed": "FAILED",
    "error": "ERROR",
    "skipped": "skipped",
    "xfailed": "expected failure",
    "xpassed": "UNEXPECTED PASS",
    "not_run": "NOT RUN",
}
BAD = frozenset({"failed", "error", "xpassed"})
_MOST_SYMBOLS = 8
ADVICE = {
    "PASSED": "Go on: every gate test ran and passed on the paper gateway.",
    "FAILED": "Do not go on: remove the causes, then run the gate again.",
    "NOT RUN": "Run the gate: nothing has been shown.",
    "REHEARSAL-PASSED": "Run the gate on the paper gateway: a rehearsal proves the tests only.",
    "REHEARSAL-FAILED": "Remove the causes before the paper gateway is used.",
}


@dataclass(frozen=True, slots=True)
class Wire:
    """Totals of a test's sessions; ``None`` where nothing is known."""

    frames_in: int | None
    frames_out: int | None
    bytes_in: int | None
    bytes_out: int | None
    peak_messages_per_s: int | None
    lines: int | None


def wire_of(test: TestRow) -> Wire:
    """Return totals over a test's sessions, and the highest peak."""

    def known(pick: Callable[[SessionFacts], int | None]) -> list[int]:
        return [value for s in test.sessions if (value := pick(s)) is not None]

    def total(pick: Callable[[SessionFacts], int | None]) -> int | None:
        return sum(known(pick)) if known(pick) else None

    return Wire(
        frames_in=total(lambda s: s.frames_in),
        frames_out=total(lambda s: s.frames_out),
        bytes_in=total(lambda s: s.bytes_in),
        bytes_out=total(lambda s: s.bytes_out),
        peak_messages_per_s=max(known(lambda s: s.peak_messages_per_s), default=None),
        lines=max(known(lambda s: s.lines_in_use), default=None),
    )


def has_gate(results: Results) -> bool:
    """Whether a run has a gate to tell of: a run without live tests rehearses nothing.

    A run that ended before anything was collected may have had one.
    """
    unknown = not results.tests and not results.run.complete
    return unknown or results.gate.reasons != [NO_GATE]


def counts_of(results: Results) -> list[tuple[str, str]]:
    """Return (outcome, how many in words), the worst first."""
    return [(k, f"{n} {WORDS[k]}") for k in ORDER if (n := results.counts.get(k))]


def counted(results: Results) -> str:
    """Return a run's counts in one line."""
    told = ", ".join(words for _, words in counts_of(results)) or "no test"
    return f"{told}{left_out(results)}"


def left_out(results: Results) -> str:
    """Return how many tests ``-m`` and ``-k`` left out, to go after the counts."""
    return f", {results.run.deselected} deselected" if results.run.deselected else ""


def title(results: Results) -> str:
    """Return the report's title; a rehearsal of a gate says so first."""
    name = "Live validation report" if results.gate.tests else "Test report"
    rehearsed = results.rehearsal.is_rehearsal and has_gate(results)
    return f"REHEARSAL – {name}" if rehearsed else name


def banner(results: Results) -> str | None:
    """Return the sentence that stands over a rehearsal; ``None`` without a gate."""
    if not results.rehearsal.is_rehearsal or not has_gate(results):
        return None
    return f"REHEARSAL: {results.rehearsal.why}. Nothing in this report is a passed gate."


def headline(results: Results) -> str:
    """Return the verdict with its reasons, in one line."""
    gate = results.gate
    blocked = " (BLOCKED)" if gate.status == "blocked" else ""
    reasons = f": {'; '.join(gate.reasons)}" if gate.reasons else ""
    return f"{gate.verdict}{blocked}{reasons}"


def gateway_rows(gateway: GatewayFacts, results: Results) -> list[tuple[str, str]]:
    """Return what there is to say about one gateway, as (label, value)."""
    versions = versions_of(gateway, results)
    rows = [
        ("Kind", gateway.kind),
        ("Address", gateway.host),
        ("Account", gateway.account or UNKNOWN),
        ("Newest server version", str(gateway.newest_version or UNKNOWN)),
        ("Versions agreed with clients", ", ".join(map(str, versions)) or UNKNOWN),
    ]
    if (snapshot := gateway.snapshot) is not None:
        rows += [
            ("Snapshot", snapshot.name),
            ("Captured", moment(snapshot.captured_at)),
            ("SHA-256", snapshot.sha256),
        ]
        rows += _day_rows(snapshot.days)
    return rows


def _day_rows(days: dict[str, str]) -> list[tuple[str, str]]:
    """The days of a market of many: a row for each stretch of days of one provenance."""
    stretches = [list(group) for _, group in groupby(days.items(), key=lambda day: day[1])]
    return [
        (
            f"Days {dates[0][0]} to {dates[-1][0]}" if dates[1:] else f"Day {dates[0][0]}",
            dates[0][1],
        )
        for dates in stretches
    ]


def versions_of(gateway: GatewayFacts, results: Results) -> list[int]:
    """Return the server versions that clients of a gateway agreed on."""
    sessions = (session for test in results.tests for session in test.sessions)
    return sorted({v for s in sessions if s.gateway == gateway for v in s.server_versions})


def origins_of(gateway: GatewayFacts) -> tuple[list[str], list[list[str]]]:
    """Return head and rows of a table: a line per block, where it came from per symbol.

    Past eight symbols it counts them by origin instead.
    """
    if gateway.snapshot is None:
        return [], []
    symbols = gateway.snapshot.provenance
    blocks = dict.fromkeys(block for found in symbols.values() for block in found)
    if len(symbols) <= _MOST_SYMBOLS:
        told = [[b, *(found.get(b, UNKNOWN) for found in symbols.values())] for b in blocks]
        return ["Block", *symbols], told
    rows = []
    for block in blocks:
        counts = Counter(found[block] for found in symbols.values() if block in found)
        rows.append([block, ", ".join(f"{n} {origin}" for origin, n in counts.most_common())])
    return ["Block", f"{len(symbols)} symbols"], rows


def moment(text: str) -> str:
    """Return an ISO 8601 moment as people read it, with its offset."""
    return f"{datetime.fromisoformat(text):%Y-%m-%d %H:%M:%S %Z}"


def limit_word(metric: Metric) -> str:
    """Return whether a measure kept its limit, in words."""
    if metric.within_limit is None:
        return "no limit"
    return "within" if metric.within_limit else "OVER"


def severity(test: TestRow) -> str:
    """Return how much an issue weighs: what fails the gate is critical."""
    if test.outcome in BAD:
        return "critical" if test.live or test.is_uncollected else "major"
    return "major" if test.live else "minor"
