"""Results made by hand, for tests of verdicts and renderings."""

from __future__ import annotations

from collections import Counter
from typing import Any, get_args

from pytest_ibkr.report.metrics import LIMITS, summed_up
from pytest_ibkr.report.model import (
    COLLECT_ERROR,
    SCHEMA_VERSION,
    GatewayFacts,
    Results,
    Run,
    SessionFacts,
    SnapshotFacts,
    TestRow,
)
from pytest_ibkr.report.totals import pacing_of, requirements_of
from pytest_ibkr.report.verdict import gate_of, rehearsal_of
from pytest_ibkr.report.wire_model import (
    LineKind,
    OpenSubscription,
    OrderLife,
    OrderStep,
    Scripted,
    WireLine,
)

SNAPSHOT = SnapshotFacts(
    name="snapshot_normal_20260710_160000",
    sha256="ab" * 32,
    captured_at="2026-07-10T16:00:00-04:00",
    provenance={
        "SPY": {"quote": "captured", "bars": "imported"},
        "VIX": {"bars": "synthetic"},
    },
)
SIMULATED = GatewayFacts(
    kind="simulated",
    host="127.0.0.1",
    newest_version=178,
    account="DU0000001",
    reserved_account=True,
    snapshot=SNAPSHOT,
)
PAPER = GatewayFacts(
    kind="live",
    host="127.0.0.1",
    newest_version=178,
    account="DU*****55",
    reserved_account=False,
    snapshot=None,
)


def session(gateway: GatewayFacts = SIMULATED, **changes: Any) -> SessionFacts:
    """Return a session that asked for a little and got more."""
    facts = {
        "name": "a test",
        "gateway": gateway,
        "client_id": 7001,
        "server_versions": [176],
        "virtual_start": "2026-07-10T14:00:00.000+00:00",
        "virtual_end": "2026-07-10T14:00:12.500+00:00",
        "frames_in": 12,
        "frames_out": 1340,
        "bytes_in": 512,
        "bytes_out": 40_960,
        "peak_messages_per_s": 9,
        "lines_in_use": 2,
        "requests": {"reqMktData": 8, "placeOrder": 2, "reqHistoricalData": 1, "startApi": 1},
        "historical_requests": 1,
        "peak_lines": 7,
        "left_open": [
            OpenSubscription(
                at="2026-07-10T14:00:02.250+00:00",
                connection=1,
                request="reqMktData",
                request_id=4,
                what="SPY <b>x</b>",
                ended="still_open",
            )
        ],
        "left_open_count": 1,
        "lines_left_open": 1,
        "scripted": [
            Scripted(
                kind="faults",
                what="faults.delay('reqHistoricalData', 3)",
                at="2026-07-10T14:00:01.000+00:00",
                met=1,
            ),
            Scripted(kind="condition", what="entitlement = delayed"),
            Scripted(kind="contract", what="ESU6, synthetic", source="SPY x 10"),
        ],
        "orders": [
            OrderLife(
                connection=1,
                order_id=3,
                what="BUY 1 SPY LMT 700",
                steps=[
                    OrderStep(at="2026-07-10T14:00:03.000+00:00", text="placed"),
                    OrderStep(at="2026-07-10T14:00:03.100+00:00", text="Submitted"),
                ],
            )
        ],
        "wire": [
            WireLine(
                at="2026-07-10T14:00:00.000+00:00", connection=1, kind=kind, text=f"a {kind} <i>"
            )
            for kind in get_args(LineKind)
        ],
    }
    return SessionFacts(**{**facts, **changes})


def row(outcome: str = "passed", *, gateway: GatewayFacts = SIMULATED, **changes: Any) -> TestRow:
    """Return a gate test that came to ``outcome``."""
    facts = {
        "id": f"tests/live_validation/test_gate.py::test_{outcome}",
        "outcome": outcome,
        "live": True,
        "executed": outcome not in ("skipped", "not_run", "error"),
        "sessions": [] if outcome in ("skipped", "not_run") else [session(gateway)],
        "phases_s": {"setup": 0.002, "call": 0.24, "teardown": 0.001},
    }
    return TestRow(**{**facts, **changes})


def uncollected(file: str = "tests/live_validation/test_broken.py") -> TestRow:
    """Return the row of a file that could not be imported."""
    failure = "ModuleNotFoundError: No module named 'no_such_module'"
    return TestRow(id=file, outcome="error", error_type=COLLECT_ERROR, failure=failure)


def results(tests: list[TestRow], *, incomplete_because: str | None = None) -> Results:
    """Return the document of a run with these tests."""
    gateways = list({s.gateway.kind: s.gateway for t in tests for s in t.sessions}.values())
    rehearsal = rehearsal_of(tests, gateways)
    run = Run(
        started_at="2026-11-20T15:44:17+00:00",
        duration_s=75.25,
        complete=incomplete_because is None,
        incomplete_because=incomplete_because,
        exit_status=0,
        directory="20261120-154417",
        pytest_version="9.0.0",
        python_version="3.11.7",
        platform="Linux x86_64",
        product_version="0.1.0",
        workers=1,
        deselected=3,
    )
    return Results(
        schema_version=SCHEMA_VERSION,
        run=run,
        rehearsal=rehearsal,
        gateways=gateways,
        gate=gate_of(tests, rehearsal, incomplete_because=incomplete_because),
        counts=dict(Counter(str(test.outcome) for test in tests)),
        metrics=summed_up(tests, LIMITS),
        tests=tests,
        pacing=pacing_of(tests),
        requirements=requirements_of(tests),
    )


def eventful() -> Results:
    """Return a run in which everything happened that a report can tell."""
    file = "tests/live_validation/test_gate.py"
    return results(
        [
            row(
                id=f"{file}::test_authentication",
                requirements=["LV-008"],
                metrics={"connection_latency_ms": [12.5, 8.25, 31.0]},
            ),
            row(
                "failed",
                id=f"{file}::test_order[SPY|C]",
                requirements=["LV-016", "LV-017"],
                metrics={"order_fill_time_s": [32.5]},
                failure="AssertionError: <b>late</b>\nassert 32.5 <= 30",
                timeline="timelines/test_gate.py-test_order-SPY-C-0a1b2c3d.txt",
                journals=["journals/test_gate.py-test_order-SPY-C-0a1b2c3d.jsonl"],
            ),
            row("skipped", reason="no two-sided quote | today"),
            row("xfailed", reason="gateway 10.19 answers late"),
            row("passed", id="tests/test_unit.py::test_plain", live=False, sessions=[]),
        ]
    )
