"""Sentences about a wire, pacing and requirements that every rendering shares. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from pytest_ibkr.report.facts import WORDS, wire_of
from pytest_ibkr.report.model import Requirement, Results, RunPacing, SessionFacts, TestRow
from pytest_ibkr.report.tables import UNKNOWN
from pytest_ibkr.report.wire_model import Scripted

_NEW_YORK: Final = ZoneInfo("America/New_York")
LIMIT_MESSAGES_PER_S: Final = 50
LIMIT_LINES: Final = 100


def new_york(at: str) -> str:
    """Return an ISO 8601 moment as New York's time of day, to the millisecond."""
    return f"{datetime.fromisoformat(at).astimezone(_NEW_YORK):%H:%M:%S.%f}"[:-3]


def wire_words(test: TestRow) -> str:
    """Return a test's wire in a few words."""
    wire = wire_of(test)
    if wire.frames_in is None:
        return "no figures"
    told = [f"{wire.frames_in:,} in / {wire.frames_out:,} out"]
    if wire.peak_messages_per_s is not None:
        told.append(f"peak {wire.peak_messages_per_s}/s")
    if left := sum(session.lines_left_open or 0 for session in test.sessions):
        told.append(f"{left} market data line{'s' * (left != 1)} left open")
    return ", ".join(told)


def asked_words(requests: Mapping[str, int]) -> str:
    """Return how often what was asked, the most frequent first."""
    return ", ".join(f"{name} {count:,}" for name, count in requests.items()) or "nothing"


def pacing_rows(session: SessionFacts) -> list[tuple[str, str]]:
    """Return what a session asked of the gateway's limits, as (label, value)."""
    end = UNKNOWN if session.virtual_end is None else new_york(session.virtual_end)
    versions = ", ".join(map(str, session.server_versions)) or UNKNOWN
    return [
        ("Virtual time", f"{new_york(session.virtual_start)} to {end}"),
        ("Server version", versions),
        ("Peak messages in a second", known(session.peak_messages_per_s)),
        ("Peak market data lines", known(session.peak_lines)),
        ("Market data lines left open", known(session.lines_left_open)),
        ("Subscriptions left open", known(session.left_open_count)),
        ("Historical requests", known(session.historical_requests)),
        ("Requests", asked_words(session.requests)),
    ]


def run_pacing_rows(pacing: RunPacing) -> list[tuple[str, str]]:
    """Return the same of a whole run, with the limits and the tests of the peaks."""

    def peak(value: int | None, limit: int, where: str | None) -> str:
        return f"{known(value)} of {limit}" + (f", in {where}" if value and where else "")

    messages = peak(pacing.peak_messages_per_s, LIMIT_MESSAGES_PER_S, pacing.peak_messages_in)
    return [
        ("Peak messages in a second", messages),
        ("Peak market data lines", peak(pacing.peak_lines, LIMIT_LINES, pacing.peak_lines_in)),
        ("Market data lines left open", known(pacing.lines_left_open)),
        ("Subscriptions left open", known(pacing.left_open)),
        ("Historical requests", known(pacing.historical_requests)),
        ("Requests", asked_words(pacing.requests)),
    ]


def scripted_row(one: Scripted) -> list[str]:
    """Return when, by what part, what, and how often a fault was met."""
    source = f": {one.source}" if one.source else ""
    met = UNKNOWN if one.met is None else {0: "never", 1: "once"}.get(one.met, f"{one.met:,} times")
    at = new_york(one.at) if one.at else "at the end" if one.kind == "condition" else UNKNOWN
    return [at, one.kind, f"{one.what}{source}", met]


def requirement_row(requirement: Requirement, results: Results) -> list[str]:
    """Return a requirement's id, verdict and tests; a rehearsal says so."""
    word = {"passed": "passed", "failed": "FAILED", "incomplete": "INCOMPLETE"}[requirement.verdict]
    if requirement.verdict == "passed" and results.rehearsal.is_rehearsal:
        word = "passed in rehearsal"
    return [requirement.id, word, *(f"{t.id}: {WORDS[t.outcome]}" for t in requirement.tests)]


def known(value: int | None) -> str:
    """Return a count; unknown is a dash."""
    return UNKNOWN if value is None else f"{value:,}"
