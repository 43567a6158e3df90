"""results.json as types: the one source every rendered report is made from.

Units are in the names; unknown is ``None``. Imports the standard library; pydantic where it reads.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from pytest_ibkr.errors import IbkrError
from pytest_ibkr.report.relay_model import RelayReport
from pytest_ibkr.report.wire_model import OpenSubscription, OrderLife, Scripted, WireLine

SCHEMA_VERSION = 1

Outcome = Literal["passed", "failed", "error", "skipped", "xfailed", "xpassed", "not_run"]
Kind = Literal["simulated", "live"]
Verdict = Literal["PASSED", "FAILED", "NOT RUN", "REHEARSAL-PASSED", "REHEARSAL-FAILED"]
Status = Literal["passed", "failed", "blocked", "not_run"]


COLLECT_ERROR = "CollectError"  # the error type of a row that stands for a file


class ResultsUnreadable(IbkrError):
    """A results.json is missing, broken or of another schema version."""


@dataclass(frozen=True, kw_only=True)
class SnapshotFacts:
    """The market a gateway served; ``provenance`` maps symbol to block to origin.

    ``days`` maps the days ``YYYYMMDD`` of a market of many to where each comes from; the rest is
    of the first one then.
    """

    name: str
    sha256: str
    captured_at: str
    provenance: dict[str, dict[str, str]]
    days: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class GatewayFacts:
    """A gateway that tests met; ``account`` is masked unless it is a simulator account."""

    kind: Kind
    host: str
    newest_version: int | None
    account: str | None
    reserved_account: bool
    snapshot: SnapshotFacts | None


@dataclass(frozen=True, kw_only=True)
class SessionFacts:
    """One session of a test with its gateway.

    ``virtual_start`` and ``virtual_end`` are ISO 8601 UTC on the gateway's clock, as is every
    ``at``; ``frames_in`` and ``bytes_in`` go towards the gateway, ``…_out`` towards the client.
    ``requests`` counts by official name. ``wire`` is cut in the middle past 120 lines, 40 of a
    test that passed; ``wire_not_shown`` entries are then in the test's journal only.
    """

    name: str
    gateway: GatewayFacts
    client_id: int
    server_versions: list[int]
    virtual_start: str
    virtual_end: str | None = None
    frames_in: int | None = None
    frames_out: int | None = None
    bytes_in: int | None = None
    bytes_out: int | None = None
    peak_messages_per_s: int | None = None
    lines_in_use: int | None = None
    problem: str | None = None
    requests: dict[str, int] = field(default_factory=dict)
    historical_requests: int | None = None
    peak_lines: int | None = None
    left_open: list[OpenSubscription] = field(default_factory=list)
    left_open_count: int | None = None
    lines_left_open: int | None = None
    scripted: list[Scripted] = field(default_factory=list)
    scripted_not_shown: int = 0
    orders: list[OrderLife] = field(default_factory=list)
    orders_not_shown: int = 0
    wire: list[WireLine] = field(default_factory=list)
    wire_not_shown: int = 0


@dataclass(kw_only=True)
class TestRow:
    """One test, or one file that could not be collected.

    ``phases_s`` are seconds of setup, call and teardown by the performance counter; files are
    named relative to the run's directory.
    """

    __test__ = False  # pytest takes classes called Test… for its own

    id: str
    outcome: Outcome = "not_run"
    live: bool = False
    executed: bool = False
    requirements: list[str] = field(default_factory=list)
    reason: str | None = None
    failure: str | None = None
    error_type: str | None = None
    attempts: int = 1
    worker: str | None = None
    phases_s: dict[str, float] = field(default_factory=dict)
    metrics: dict[str, list[float]] = field(default_factory=dict)
    sessions: list[SessionFacts] = field(default_factory=list)
    timeline: str | None = None
    journals: list[str] = field(default_factory=list)

    @property
    def is_uncollected(self) -> bool:
        """Whether this stands for a file that could not be collected, not for a test."""
        return self.error_type == COLLECT_ERROR and not self.phases_s


@dataclass(frozen=True, kw_only=True)
class Metric:
    """One measure over all tests; the unit is the end of its name. ``p95`` is the nearest rank."""

    name: str
    values: list[float]
    median: float
    p95: float
    worst: float
    limit: float | None
    within_limit: bool | None


@dataclass(frozen=True, kw_only=True)
class RunPacing:
    """What all tests together asked of a gateway's limits; ``…_in`` names the test of a peak."""

    peak_messages_per_s: int | None
    peak_messages_in: str | None
    peak_lines: int | None
    peak_lines_in: str | None
    requests: dict[str, int]
    historical_requests: int | None
    left_open: int | None
    lines_left_open: int | None


@dataclass(frozen=True, kw_only=True)
class TracedTest:
    """One test that carries a requirement's id."""

    __test__ = False

    id: str
    outcome: Outcome


@dataclass(frozen=True, kw_only=True)
class Requirement:
    """A requirement and the tests that carried its id in this run.

    ``passed`` only when all of them ran and passed; ``incomplete`` when none failed.
    """

    id: str
    verdict: Literal["passed", "failed", "incomplete"]
    tests: list[TracedTest]


@dataclass(frozen=True, kw_only=True)
class Gate:
    """The verdict on the tests marked ``live`` and why; see ``report.verdict``."""

    verdict: Verdict
    status: Status
    reasons: list[str]
    tests: int
    executed: int
    failed: int
    failure_rate_pct: float | None
    exceptions: list[str] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class Rehearsal:
    """Whether the run is one, and why; ``None`` when no gateway was met."""

    is_rehearsal: bool | None
    why: str


@dataclass(frozen=True, kw_only=True)
class Run:
    """The run itself. ``directory`` is the dated one, relative to the report directory."""

    started_at: str
    duration_s: float | None
    complete: bool
    incomplete_because: str | None
    exit_status: int | None
    directory: str
    pytest_version: str
    python_version: str
    platform: str
    product_version: str
    workers: int
    deselected: int


@dataclass(frozen=True, kw_only=True)
class Results:
    """Everything a report says."""

    schema_version: int
    run: Run
    rehearsal: Rehearsal
    gateways: list[GatewayFacts]
    gate: Gate
    counts: dict[str, int]
    metrics: list[Metric]
    tests: list[TestRow]
    pacing: RunPacing | None = None
    requirements: list[Requirement] = field(default_factory=list)
    relay: RelayReport | None = None


def to_json(results: Results) -> bytes:
    """Return the document's bytes: UTF-8, indented, no NaN or infinity."""
    text = json.dumps(asdict(results), indent=2, ensure_ascii=False, allow_nan=False)
    return f"{text}\n".encode()


def from_json(content: bytes) -> Results:
    """Read a document.

    Raises:
        ResultsUnreadable: it is not JSON, has another shape or another schema version.
    """
    from pydantic import TypeAdapter, ValidationError

    try:
        version = json.loads(content)["schema_version"]
    except (ValueError, KeyError, TypeError) as exc:
        raise ResultsUnreadable(f"not a results.json: {exc!r}. Run pytest again.") from exc
    if version != SCHEMA_VERSION:
        raise ResultsUnreadable(
            f"results.json has schema version {version!r}, this pytest-ibkr reads"
            f" {SCHEMA_VERSION}. Render it with the version that wrote it, or run pytest again."
        )
    try:
        return TypeAdapter(Results).validate_json(content)
    except ValidationError as exc:
        raise ResultsUnreadable(f"results.json is damaged: {exc}. Run pytest again.") from exc


def json_schema() -> dict[str, Any]:
    """Return the document's JSON Schema (draft 2020-12)."""
    from pydantic import TypeAdapter

    schema = TypeAdapter(Results).json_schema()
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["title"] = "pytest-ibkr results.json"
    schema["properties"]["schema_version"]["const"] = SCHEMA_VERSION
    return schema
