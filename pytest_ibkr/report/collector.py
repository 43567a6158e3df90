"""Test reports in, one row per test out; runs where all reports arrive. Imports pytest only."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest

from pytest_ibkr.report.accounts import masked
from pytest_ibkr.report.metrics import metrics_in
from pytest_ibkr.report.model import (
    COLLECT_ERROR,
    GatewayFacts,
    Outcome,
    SessionFacts,
    SnapshotFacts,
    TestRow,
)
from pytest_ibkr.report.wire_model import (
    OpenSubscription,
    OrderLife,
    OrderStep,
    Scripted,
    WireLine,
)

FACTS = "ibkr"  # attribute of a test report; pytest-xdist carries it to the controller
_LONGEST_FAILURE = 2_000


class Collector:
    """Rows by test id, in the order tests were first heard of."""

    def __init__(self) -> None:
        self.rows: dict[str, TestRow] = {}
        self.gateways: list[GatewayFacts] = []
        self.workers: set[str] = set()

    def expect(self, test_id: str) -> TestRow:
        """Return the row of a test that was collected, ``not_run`` until it reports."""
        return self.rows.setdefault(test_id, TestRow(id=test_id))

    def expect_live(self, test_ids: Iterable[str]) -> None:
        """Mark tests as the gate's; those that never report count there too."""
        for test_id in test_ids:
            self.expect(test_id).live = True

    def collected(self, report: pytest.CollectReport) -> None:
        """Take what collecting a file came to; only a failure makes a row."""
        if report.failed:
            row = self.expect(report.nodeid or "collection")
            row.outcome, row.error_type = "error", COLLECT_ERROR
            row.failure = _short(str(report.longrepr))

    def heard(self, report: pytest.TestReport) -> None:
        """Take one phase of a test."""
        row = self.expect(report.nodeid)
        if report.when == "setup" and "setup" in row.phases_s:
            again = TestRow(id=row.id, live=row.live, requirements=row.requirements)
            again.attempts = row.attempts + 1
            row = self.rows[row.id] = again
        if worker := getattr(report, "worker_id", None):
            row.worker = str(worker)
            self.workers.add(row.worker)
        row.phases_s[report.when or "crash"] = round(report.duration, 6)
        self._take_facts(row, getattr(report, FACTS, {}))
        if report.when == "teardown" or report.failed:
            row.metrics = metrics_in(report.user_properties)
        _judge(row, report)

    def _take_facts(self, row: TestRow, facts: dict[str, Any]) -> None:
        row.requirements = facts.get("requirements", row.requirements)
        row.live = facts.get("live", row.live)
        row.error_type = facts.get("error_type", row.error_type)
        row.timeline = facts.get("timeline", row.timeline)
        row.journals = facts.get("journals", row.journals)
        if "sessions" in facts:
            row.sessions = [session_from(one) for one in facts["sessions"]]
            for session in row.sessions:
                self.met(session.gateway)

    def met(self, gateway: GatewayFacts) -> None:
        """Note a gateway, once."""
        if gateway not in self.gateways:
            self.gateways.append(gateway)


def _judge(row: TestRow, report: pytest.TestReport) -> None:
    outcome: Outcome
    expected = getattr(report, "wasxfail", None)
    if report.failed:
        outcome = "failed" if report.when == "call" else "error"
        if row.outcome in ("failed", "xpassed"):  # a teardown error does not hide the failure
            outcome = row.outcome
        row.failure = row.failure or _short(_crash_text(report))
    elif report.skipped:
        outcome = "skipped" if expected is None else "xfailed"
        row.reason = masked(expected if expected else _skip_reason(report)) or None
    elif report.when == "call":
        outcome = "passed" if expected is None else "xpassed"
        row.reason = masked(expected) if expected else None
    else:
        return
    if report.when == "call" and outcome != "skipped":
        row.executed = True
    row.outcome = outcome


def _skip_reason(report: pytest.TestReport) -> str:
    if isinstance(report.longrepr, tuple):
        return report.longrepr[2].removeprefix("Skipped: ")
    return ""


def _crash_text(report: pytest.TestReport) -> str:
    crash = getattr(report.longrepr, "reprcrash", None)
    return str(crash.message) if crash is not None else str(report.longrepr or "")


def _short(text: str) -> str:
    text = masked(text.strip())
    return text if len(text) <= _LONGEST_FAILURE else f"{text[: _LONGEST_FAILURE - 1]}…"


def gateway_from(facts: dict[str, Any]) -> GatewayFacts:
    """Return what ``asdict`` made of a gateway's facts."""
    snapshot = facts["snapshot"] and SnapshotFacts(**facts["snapshot"])
    return GatewayFacts(**{**facts, "snapshot": snapshot})


def session_from(facts: dict[str, Any]) -> SessionFacts:
    """Return what ``asdict`` made of a session's facts."""
    orders = [
        OrderLife(**{**one, "steps": [OrderStep(**step) for step in one["steps"]]})
        for one in facts["orders"]
    ]
    rebuilt = {
        "gateway": gateway_from(facts["gateway"]),
        "left_open": [OpenSubscription(**one) for one in facts["left_open"]],
        "scripted": [Scripted(**one) for one in facts["scripted"]],
        "orders": orders,
        "wire": [WireLine(**one) for one in facts["wire"]],
    }
    return SessionFacts(**{**facts, **rebuilt})
