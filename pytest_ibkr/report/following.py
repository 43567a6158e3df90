"""Follows one session of a gateway, or the part of a shared one that a single test had.

Asks the session while its gateway still answers; what it said last is kept.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from pytest_ibkr.errors import IbkrError
from pytest_ibkr.report.accounts import masked
from pytest_ibkr.report.journal_file import JournalFile
from pytest_ibkr.report.model import GatewayFacts, SessionFacts
from pytest_ibkr.session.session import Session
from pytest_ibkr.sim.journal import Entry


@dataclass(frozen=True)
class Mark:
    """Where a test's share of a session begins."""

    serial: int
    counts: dict[str, int]
    at: str


class Followed:
    """A session, or a share of one from a mark on.

    Attributes:
        facts: what is known of it so far. entries: what crossed the wire in it, oldest first.
    """

    def __init__(
        self, session: Session, gateway: GatewayFacts, *, since: Mark | None = None
    ) -> None:
        self.session, self._since = session, since
        self.entries: list[Entry] = []
        self.facts = SessionFacts(
            name=session.name,
            gateway=gateway,
            client_id=session.client_id,
            server_versions=[],
            virtual_start=since.at if since else moment(session.clock.now()),
        )

    def take(self) -> None:
        """Bring facts and entries up to now; a gateway that is gone leaves them as they are."""
        session, engine, since = self.session, self.session.engine, self._since
        try:
            versions = session.call(lambda: sorted({c.version for c in engine.opened}))
            counts, pacing, entries = (
                session.journal.counts(),
                session.pacing(),
                session.journal.entries(),
            )
            end = moment(session.clock.now())
        except IbkrError as exc:
            if self.facts.virtual_end is None:
                self.facts = replace(self.facts, problem=masked(str(exc)))
            return
        peak = pacing["peak_messages_per_s"]
        if since is not None:
            entries = [entry for entry in entries if entry.serial > since.serial]
            counts = {name: count - since.counts[name] for name, count in counts.items()}
            peak = peak_of(entries)  # the gateway's own is the whole session's
        self.entries = entries
        self.facts = replace(
            self.facts,
            virtual_end=end,
            server_versions=versions,
            frames_in=counts["frames_in"],
            frames_out=counts["frames_out"],
            bytes_in=counts["bytes_in"],
            bytes_out=counts["bytes_out"],
            peak_messages_per_s=peak,
            lines_in_use=pacing["lines_in_use"],
        )


def mark(session: Session) -> Mark | None:
    """Return the present moment of a session; None when its gateway is gone."""
    try:
        entries = session.journal.entries()
        serial = entries[-1].serial if entries else 0
        return Mark(serial, session.journal.counts(), moment(session.clock.now()))
    except IbkrError:
        return None


def stream(session: Session, path: Path) -> JournalFile:
    """Write a session's journal to ``path`` from its beginning on, as it grows."""
    file, journal = JournalFile(path), session.engine.journal

    def follow() -> None:
        for entry in journal.entries():
            file(entry)
        journal.listeners.append(file)

    session.call(follow)
    return file


def peak_of(entries: Iterable[Entry]) -> int:
    """Return the most messages that one connection sent within a second."""
    recent: dict[int, deque[float]] = defaultdict(deque)
    peak = 0
    for entry in entries:
        if entry.direction == "in":
            times = recent[entry.connection]
            times.append(entry.at_s)
            while times[0] <= entry.at_s - 1.0:
                times.popleft()
            peak = max(peak, len(times))
    return peak


def moment(at: datetime) -> str:
    """Return a virtual moment as ISO 8601 UTC."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds")
