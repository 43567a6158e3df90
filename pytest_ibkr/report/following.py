"""Follows one session of a gateway, or the part of a shared one that a single test had.

Asks the session while its gateway still answers; what it said last is kept.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from pytest_ibkr.errors import IbkrError
from pytest_ibkr.report.accounts import masked
from pytest_ibkr.report.journal_file import JournalFile
from pytest_ibkr.report.model import GatewayFacts, SessionFacts
from pytest_ibkr.report.order_lives import order_lives
from pytest_ibkr.report.subscriptions import usage_of
from pytest_ibkr.report.wire_lines import moment_of, wire_lines
from pytest_ibkr.report.wire_model import Scripted
from pytest_ibkr.session.facts import Act, ScriptLog, added_contracts, conditions_of
from pytest_ibkr.session.live_session import LiveSession
from pytest_ibkr.session.session import Session
from pytest_ibkr.sim.journal import Entry, Journal

_MOST_ACTS: Final = 60
AnySession = Session | LiveSession


@dataclass(frozen=True)
class Mark:
    """Where a test's share of a session begins."""

    serial: int
    counts: dict[str, int]
    at: str
    acts: int = 0


class Followed:
    """A session, or a share of one from a mark on.

    Attributes:
        facts: what is known of it so far. entries: what crossed the wire in it, oldest first.
    """

    def __init__(
        self,
        session: AnySession,
        gateway: GatewayFacts,
        *,
        log: ScriptLog,
        since: Mark | None = None,
    ) -> None:
        self.session, self._since, self._log = session, since, log
        self.entries: list[Entry] = []
        self._whole: list[Entry] = []
        self._standing: list[Scripted] = []
        self.facts = SessionFacts(
            name=session.name,
            gateway=gateway,
            client_id=session.client_id,
            server_versions=[],
            virtual_start=since.at if since else moment(session.clock.now()),
        )

    def take(self) -> None:
        """Bring facts and entries up to now; a gateway that is gone leaves them as they are."""
        session, since = self.session, self._since
        try:
            versions = _versions(session)
            counts, pacing, entries = (
                session.journal.counts(),
                session.pacing(),
                session.journal.entries(),
            )
            end = moment(session.clock.now())
            if isinstance(session, Session):
                self._standing = session.call(lambda: standing(session))
        except IbkrError as exc:
            if self.facts.virtual_end is None:
                self.facts = replace(self.facts, problem=masked(str(exc)))
            return
        peak, self._whole = pacing["peak_messages_per_s"], entries
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

    def finish(self, *, most_lines: int) -> None:
        """Tell the wire in at most so many lines, orders, subscriptions and scripts, once."""
        since = self._since
        acts = [_told(act) for act in self._log.acts[since.acts if since else 0 :]]
        self.facts = replace(
            self.facts,
            scripted=[*acts[:_MOST_ACTS], *self._standing],
            scripted_not_shown=max(0, len(acts) - _MOST_ACTS),
        )
        if self.facts.virtual_end is None:  # the gateway never answered: nothing is known
            return
        usage = usage_of(self._whole, since=since.serial if since else 0)
        lines, not_shown = wire_lines(self.entries, most=most_lines)
        orders, other_orders = order_lives(self.entries)
        self.facts = replace(
            self.facts,
            requests=usage.requests,
            historical_requests=usage.historical_requests,
            peak_lines=usage.peak_lines,
            left_open=usage.left_open,
            left_open_count=usage.left_open_count,
            lines_left_open=usage.lines_left_open,
            orders=orders,
            orders_not_shown=other_orders,
            wire=lines,
            wire_not_shown=not_shown,
        )


def standing(session: Session) -> list[Scripted]:
    """Return conditions off their default and added contracts; on the gateway's thread."""
    conditions = conditions_of(session).items()
    return [
        *(Scripted(kind="condition", what=f"{name} = {masked(v)}") for name, v in conditions),
        *(
            Scripted(kind="contract", what=f"{name}, synthetic", source=source)
            for name, source in added_contracts(session)
        ),
    ]


def _told(act: Act) -> Scripted:
    return Scripted(kind=act.kind, what=masked(act.what), at=moment_of(act.at_s), met=act.fired)


def mark(session: AnySession, log: ScriptLog) -> Mark | None:
    """Return the present moment of a session; None when its gateway is gone."""
    try:
        entries = session.journal.entries()
        serial = entries[-1].serial if entries else 0
        now = moment(session.clock.now())
        return Mark(serial, session.journal.counts(), now, len(log.acts))
    except IbkrError:
        return None


def wire_of(session: AnySession) -> tuple[Journal, Callable[[Callable[[], None]], None]]:
    """Return a session's journal, and what runs something between two of its entries."""
    if isinstance(session, Session):
        return session.engine.journal, session.call
    return session.mirror.journal, session.mirror.call


def _versions(session: AnySession) -> list[int]:
    if isinstance(session, Session):
        opened = session.engine.opened
        return session.call(lambda: sorted({client.version for client in opened}))
    return session.versions()


def stream(session: AnySession, path: Path) -> JournalFile:
    """Write a session's journal to ``path`` from its beginning on, as it grows."""
    file = JournalFile(path)
    journal, call = wire_of(session)

    def follow() -> None:
        for entry in journal.entries():
            file(entry)
        journal.listeners.append(file)

    call(follow)
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
