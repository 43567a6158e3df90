"""What results.json says of the relay of a live run: facts, figures, proof afterwards. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from pytest_ibkr.report.accounts import masked

AUDIT_LOG = "relay_audit.jsonl"
METRICS_FILE = "relay_metrics.json"


@dataclass(frozen=True, kw_only=True)
class RelayReport:
    """A relay's facts at the start and its summary at the end; accounts are masked.

    Attributes:
        offset_s: the gateway's clock minus this machine's, seconds. drift_s: its change in the run.
        latency_ms: round trips of the first check, milliseconds each.
        metrics: what the relay counted; durations in milliseconds, named ``…_ms``.
        cleanup: what the end of the run cancelled and closed.
        bypassed: what reached the account without passing the relay.
        failed: what went wrong at the end. ended: why the run was ended early; None when not.
        audit_log: a file beside results.json; None when there is none.
    """

    accounts: list[str] = field(default_factory=list)
    account_type: str | None = None
    server_version: int | None = None
    connection_time: str | None = None
    offset_s: float | None = None
    drift_s: float | None = None
    farms: dict[str, str] = field(default_factory=dict)
    read_only: bool | None = None
    latency_ms: list[float] = field(default_factory=list)
    why: str | None = None
    refused: int | None = None
    metrics: dict[str, Any] = field(default_factory=dict)
    cleanup: dict[str, Any] = field(default_factory=dict)
    bypassed: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    ended: str | None = None
    audit_log: str | None = None


def relay_report(said: Mapping[str, Any], *, audit_log: str | None = None) -> RelayReport:
    """Return what a run's report keeps of ``{"facts": …, "summary": …}``."""
    facts, summary = said.get("facts") or {}, said.get("summary") or {}
    ended = summary.get("ended")
    kept = {
        **{name: facts.get(name) for name in ("account_type", "server_version", "read_only")},
        **{name: facts.get(name) for name in ("connection_time", "offset_s", "drift_s")},
        **{name: summary.get(name) for name in ("why", "refused")},
    }
    return RelayReport(
        **kept,
        accounts=[masked(one) for one in facts.get("accounts") or ()],
        farms=dict(facts.get("farms") or {}),
        latency_ms=list(facts.get("latency_ms") or ()),
        metrics=_clean(summary.get("metrics") or {}),
        cleanup=_clean(summary.get("cleanup") or {}),
        bypassed=[masked(one) for one in summary.get("bypassed") or ()],
        failed=[masked(one) for one in summary.get("failed") or ()],
        ended=masked(str(ended.get("reason", ended))) if ended else None,
        audit_log=audit_log,
    )


def complaints(relay: RelayReport | None) -> Iterator[str]:
    """Why the relay fails the gate, one sentence each."""
    if relay is None:
        return
    if relay.ended is not None:
        yield f"the relay ended the run: {relay.ended}"
    for text in relay.bypassed:
        yield text.partition("\n")[0]
    for text in relay.failed:
        first = text.partition("\n")[0]
        yield f"the end of the live session failed: {first}"


def _clean(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {masked(str(name)): _clean(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_clean(each) for each in value]
    return masked(value) if isinstance(value, str) else value
