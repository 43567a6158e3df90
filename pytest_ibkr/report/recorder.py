"""What a test did with its gateway, gathered in the process that ran it.

Knows pytest's items and sessions of a gateway; the collector meets the facts in test reports.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import pytest

from pytest_ibkr.errors import IbkrError
from pytest_ibkr.report.accounts import masked
from pytest_ibkr.report.files import safe_name
from pytest_ibkr.report.following import (
    AnySession,
    Followed,
    Mark,
    mark,
    moment,
    stream,
    wire_of,
)
from pytest_ibkr.report.gateway_facts import GatewayLike, gateway_facts
from pytest_ibkr.report.journal_file import JournalFile
from pytest_ibkr.report.model import GatewayFacts
from pytest_ibkr.report.wire_lines import MOST_LINES, MOST_LINES_PASSED
from pytest_ibkr.session.facts import ScriptLog
from pytest_ibkr.session.session import Session
from pytest_ibkr.session.timeline import line_of

SHARED_BY = "live_gateway"  # tests with this fixture share one session


@dataclass
class ItemRecord:
    """What is known of one running test; shared sessions have no file of its own."""

    failed: bool = False
    followed: list[tuple[Followed, JournalFile | None]] = field(default_factory=list)
    marks: dict[int, Mark] = field(default_factory=dict)


@dataclass
class _Shared:
    session: AnySession
    facts: GatewayFacts
    file: JournalFile
    start: Mark
    log: ScriptLog


RECORD: pytest.StashKey[ItemRecord] = pytest.StashKey()


def record_of(item: pytest.Item) -> ItemRecord:
    """Return a test's record, begun when first asked for."""
    return item.stash.setdefault(RECORD, ItemRecord())


class Recorder:
    """Follows the sessions of tests; files go below ``run``, the run's dated directory."""

    def __init__(self, run: Path, *, worker: str = "", keep_journals: bool = False) -> None:
        self._run, self._worker, self._keep = run, worker, keep_journals
        self._gateways: dict[tuple[object, int, str], GatewayFacts] = {}
        self._shared: list[_Shared] = []
        self._any_kept = False

    def opened(self, item: pytest.Item, session: AnySession, gateway: GatewayLike) -> None:
        """Begin to follow a session of a test; its journal streams to disk from here on."""
        record = record_of(item)
        number = f"-{len(record.followed) + 1}" if record.followed else ""
        file = stream(session, self._journal(f"{safe_name(item.nodeid)}{number}"))
        facts, log = self._facts(session, gateway), ScriptLog(session)
        record.followed.append((Followed(session, facts, log=log), file))

    def closing(self, item: pytest.Item, session: AnySession) -> None:
        """Note a session's totals while its gateway still answers, and end its file."""
        for followed, file in record_of(item).followed:
            if followed.session is session:
                followed.take()
                if file is not None:
                    _end(session, file)

    def shared(self, session: AnySession, gateway: GatewayLike) -> None:
        """Follow a session that all tests with the fixture ``live_gateway`` share."""
        nothing = dict.fromkeys(session.journal.counts(), 0)
        began = Mark(0, nothing, moment(session.clock.now()))
        file = stream(session, self._journal(safe_name(f"{session.name}{self._worker}")))
        facts = self._facts(session, gateway)
        self._shared.append(_Shared(session, facts, file, began, ScriptLog(session)))

    def begins(self, item: pytest.Item) -> None:
        """Mark where a test's share of the shared sessions begins."""
        for one in self._shared:
            if (now := mark(one.session, one.log)) is not None:
                record_of(item).marks[id(one.session)] = now

    def phase_ended(self, item: pytest.Item) -> None:
        """Bring a test's share up to now: the last teardown stops the gateway before it ends."""
        if SHARED_BY not in getattr(item, "fixturenames", ()):
            return
        record = record_of(item)
        known = {id(followed.session) for followed, _ in record.followed}
        for one in self._shared:
            if id(one.session) not in known:
                since = record.marks.get(id(one.session), one.start)
                share = Followed(one.session, one.facts, log=one.log, since=since)
                record.followed.append((share, None))
        for followed, file in record.followed:
            if file is None:
                followed.take()

    def artefacts(self, item: pytest.Item) -> dict[str, Any]:
        """End a test: return its facts, JSON-ready; leave files only where the page needs them."""
        record = record_of(item)
        files = [file for _, file in record.followed if file is not None]
        for followed, file in record.followed:
            if file is not None:
                _end(followed.session, file)
        most = MOST_LINES if record.failed else MOST_LINES_PASSED
        for followed, _ in record.followed:
            followed.finish(most_lines=most)
        found: dict[str, Any] = {"sessions": [asdict(one.facts) for one, _ in record.followed]}
        cut = any(followed.facts.wire_not_shown for followed, _ in record.followed)
        self._any_kept |= record.failed or cut
        if record.failed or cut or self._keep:
            shares = [
                s.file for s in self._shared if SHARED_BY in getattr(item, "fixturenames", ())
            ]
            found["journals"] = [self._relative(file.path) for file in (*files, *shares)]
        else:
            for file in files:
                file.path.unlink(missing_ok=True)
        if record.failed and record.followed:
            found["timeline"] = self._timeline(item, record)
        del item.stash[RECORD]
        return found

    def end(self) -> None:
        """End the files of shared sessions; they stay when a test's page leads there."""
        for one in self._shared:
            _end(one.session, one.file)
            if not (self._any_kept or self._keep):
                one.file.path.unlink(missing_ok=True)

    def _facts(self, session: AnySession, gateway: GatewayLike) -> GatewayFacts:
        snapshot = session.engine.world.snapshot if isinstance(session, Session) else None
        market = "" if snapshot is None else snapshot.sha256
        key = (gateway, gateway.newest_version, market)
        if key not in self._gateways:
            self._gateways[key] = gateway_facts(gateway, snapshot)
        return self._gateways[key]

    def _timeline(self, item: pytest.Item, record: ItemRecord) -> str:
        path = self._run / "timelines" / f"{safe_name(item.nodeid)}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        lines = [f"Wire timeline of {item.nodeid}", "Times are New York, on the gateway's clock."]
        for one, _ in record.followed:
            lines += ["", f"Session {one.facts.name}, client id {one.facts.client_id}"]
            lines += [*map(line_of, one.entries)] or ["(nothing crossed the wire)"]
            if one.facts.problem:
                lines.append(f"(incomplete: {one.facts.problem})")
        path.write_text(masked("\n".join(lines)) + "\n", encoding="utf-8")
        return self._relative(path)

    def _journal(self, name: str) -> Path:
        return self._run / "journals" / f"{name}.jsonl"

    def _relative(self, path: Path) -> str:
        return path.relative_to(self._run).as_posix()


def _end(session: AnySession, file: JournalFile) -> None:
    try:
        wire_of(session)[1](file.close)  # between two entries; from here on it takes nothing
    except IbkrError:
        file.close()  # the gateway is gone, nobody writes any more
