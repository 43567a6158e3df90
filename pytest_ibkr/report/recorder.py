"""What a test did with its gateway, gathered in the process that ran it.

Knows pytest's items and sessions of a gateway; the collector meets the facts in test reports.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

import pytest

from pytest_ibkr.errors import IbkrError
from pytest_ibkr.report.accounts import is_reserved, masked, shown
from pytest_ibkr.report.files import safe_name
from pytest_ibkr.report.journal_file import JournalFile
from pytest_ibkr.report.model import GatewayFacts, Kind, SessionFacts, SnapshotFacts
from pytest_ibkr.session.journal import line_of
from pytest_ibkr.session.session import Session
from pytest_ibkr.sim.journal import Entry
from pytest_ibkr.snapshot.model import Snapshot


class GatewayLike(Protocol):
    """What a report asks of a gateway; ``kind`` is taken for ``"simulated"`` when absent."""

    @property
    def host(self) -> str: ...
    @property
    def newest_version(self) -> int: ...
    @property
    def account(self) -> str: ...
    @property
    def snapshot(self) -> Snapshot: ...


@dataclass
class _Record:
    session: Session
    facts: SessionFacts
    file: JournalFile
    entries: list[Entry] = field(default_factory=list)
    closed: bool = False


@dataclass
class ItemRecord:
    """What is known of one running test."""

    failed: bool = False
    sessions: list[_Record] = field(default_factory=list)


RECORD: pytest.StashKey[ItemRecord] = pytest.StashKey()


def record_of(item: pytest.Item) -> ItemRecord:
    """Return a test's record, begun when first asked for."""
    return item.stash.setdefault(RECORD, ItemRecord())


def gateway_facts(gateway: GatewayLike, snapshot: Snapshot | None = None) -> GatewayFacts:
    """Return what a report says about a gateway serving ``snapshot`` (its own by default)."""
    market = snapshot or gateway.snapshot
    kind: Kind = "live" if getattr(gateway, "kind", "simulated") == "live" else "simulated"
    return GatewayFacts(
        kind=kind,
        host=gateway.host,
        newest_version=gateway.newest_version,
        account=shown(gateway.account) if gateway.account else None,
        reserved_account=is_reserved(gateway.account),
        snapshot=snapshot_facts(market) if kind == "simulated" else None,
    )


def snapshot_facts(snapshot: Snapshot) -> SnapshotFacts:
    """Return a market's name, hash, captured moment and where each block came from."""
    blocks = {symbol: block.provenance for symbol, block in snapshot.symbols.items()}
    return SnapshotFacts(
        name=snapshot.name,
        sha256=snapshot.sha256,
        captured_at=snapshot.captured_at.isoformat(),
        provenance={
            symbol: {name: one.origin for name, one in origins.items()}
            for symbol, origins in blocks.items()
        },
    )


class Recorder:
    """Follows the sessions of tests; files go below ``run``, the run's dated directory."""

    def __init__(self, run: Path, *, keep_journals: bool = False) -> None:
        self._run, self._keep = run, keep_journals
        self._gateways: dict[tuple[object, int, str], GatewayFacts] = {}

    def opened(self, item: pytest.Item, session: Session, gateway: GatewayLike) -> None:
        """Begin to follow a session of a test; its journal streams to disk from here on."""
        record = record_of(item)
        snapshot = session.engine.world.snapshot
        key = (gateway, gateway.newest_version, snapshot.sha256)
        facts = self._gateways.setdefault(key, gateway_facts(gateway, snapshot))
        number = f"-{len(record.sessions) + 1}" if record.sessions else ""
        file = JournalFile(self._run / "journals" / f"{safe_name(item.nodeid)}{number}.jsonl")
        begun = SessionFacts(
            name=session.name,
            gateway=facts,
            client_id=session.client_id,
            server_versions=[],
            virtual_start=_moment(session.clock.now()),
        )
        record.sessions.append(_Record(session, begun, file))

        def follow() -> None:
            for entry in session.engine.journal.entries():
                file(entry)
            session.engine.journal.listeners.append(file)

        session.call(follow)

    def closing(self, item: pytest.Item, session: Session) -> None:
        """Note a session's totals while its gateway still answers."""
        for record in record_of(item).sessions:
            if record.session is session and not record.closed:
                _finish(record)

    def artefacts(self, item: pytest.Item) -> dict[str, Any]:
        """End a test: return its facts, JSON-ready; leave files behind only for a failed one."""
        record = record_of(item)
        for one in record.sessions:
            if not one.closed:
                _finish(one)
        kept = [one.file.path for one in record.sessions]
        if not (record.failed or self._keep):
            for path in kept:
                path.unlink(missing_ok=True)
            kept = []
        found: dict[str, Any] = {
            "sessions": [asdict(one.facts) for one in record.sessions],
            "journals": [path.relative_to(self._run).as_posix() for path in kept],
        }
        if record.failed and record.sessions:
            found["timeline"] = self._timeline(item, record)
        del item.stash[RECORD]
        return found

    def _timeline(self, item: pytest.Item, record: ItemRecord) -> str:
        path = self._run / "timelines" / f"{safe_name(item.nodeid)}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        lines = [f"Wire timeline of {item.nodeid}", "Times are New York, on the gateway's clock."]
        for one in record.sessions:
            facts = one.facts
            lines += [
                "",
                f"Session {facts.name}, client id {facts.client_id}, {facts.gateway.kind}",
            ]
            lines += [*map(line_of, one.entries)] or ["(nothing crossed the wire)"]
            if facts.problem:
                lines.append(f"(incomplete: {facts.problem})")
        path.write_text(masked("\n".join(lines)) + "\n", encoding="utf-8")
        return path.relative_to(self._run).as_posix()


def _finish(record: _Record) -> None:
    session, facts = record.session, record.facts
    record.closed = True
    try:
        end = _moment(session.clock.now())
        versions = session.call(lambda: sorted({c.version for c in session.engine.opened}))
        facts = replace(facts, virtual_end=end, server_versions=versions)
        facts = replace(facts, **_known(session.journal.counts), **_known(session.pacing))
        record.entries = session.journal.entries()
        session.call(lambda: session.engine.journal.listeners.remove(record.file))
    except IbkrError as exc:  # the gateway is gone; the test's own error tells the story
        facts = replace(facts, problem=masked(str(exc)))
    record.facts = facts
    record.file.close()


def _known(source: Callable[[], dict[str, int]]) -> dict[str, Any]:
    fields = SessionFacts.__dataclass_fields__
    return {name: value for name, value in source().items() if name in fields}


def _moment(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds")
