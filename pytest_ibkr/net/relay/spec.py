"""What a relay is started with and what it says about itself; crosses the pipe as JSON.

Used on both sides of the pipe. Decides nothing.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Self

Mode = Literal["tests", "read", "close"]
FIRST_CLIENT_ID, LAST_CLIENT_ID = 7000, 7999
NEWEST_RELAYED = 200  # until recordings mask bodies and every evil case runs with them


class _Portable:
    """A frozen dataclass that goes through JSON."""

    def as_dict(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        return dataclasses.asdict(self)  # type: ignore[call-overload,no-any-return]

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> Self:
        """Make one of what came; unknown names are left out, so either side may be newer."""
        known = {each.name: each for each in dataclasses.fields(cls)}  # type: ignore[arg-type]
        given = {name: _tuples(value) for name, value in values.items() if name in known}
        return cls(**given)


def _tuples(value: Any) -> Any:
    return tuple(map(_tuples, value)) if isinstance(value, list) else value


@dataclass(frozen=True, kw_only=True)
class RelaySpec(_Portable):
    """Everything a relay is told; it reads no option, no variable and no file.

    Attributes:
        host: IP literal of the paper gateway.
        mode: ``tests``; ``read`` lets no order through; ``close`` lets cancels and orders that
            reduce a position through.
        expected_account: the account orders may be placed on; None: reading only.
        limits: lowered limits by name (``guard.state.Limits``).
        client_ids: first and last id a client may bring.
        state_dir: of the user: locks and ledgers; None: the platform's usual place.
        audit_path: file the audit log is appended to; None: no file.
        newest_version: highest server version spoken with clients and gateway; no option reaches
            it, only tests of this package name another one than ``NEWEST_RELAYED``.
        flatten: whether the end of a run closes what its executions opened.
        cancel: whether the end of a run cancels its working orders.
        name: of the run, for ledger, lock and log.
    """

    host: str
    port: int
    mode: Mode = "tests"
    expected_account: str | None = field(default=None, repr=False)
    extra_paper_ports: tuple[int, ...] = ()
    listed_hosts: tuple[str, ...] = ()
    limits: Mapping[str, Any] = field(default_factory=dict)
    client_ids: tuple[int, int] = (FIRST_CLIENT_ID, LAST_CLIENT_ID)
    state_dir: str | None = None
    audit_path: str | None = None
    newest_version: int = NEWEST_RELAYED
    handshake_timeout_s: float = 30.0
    flatten: bool = True
    cancel: bool = True
    name: str = "pytest"

    def to_json(self) -> str:
        """Return one line."""
        return json.dumps(self.as_dict(), default=str)

    @classmethod
    def from_json(cls, line: str) -> Self:
        """Read what :meth:`to_json` wrote."""
        return cls.of(json.loads(line))


@dataclass(frozen=True, kw_only=True)
class RelayFacts(_Portable):
    """What the relay found at its gateway before it let anybody in.

    Attributes:
        accounts: masked ids, as served.
        account: the one account id, unmasked, in memory only; None when several are served.
        is_rehearsal: every account is of the simulator's reserved range.
        connection_time: of the handshake, as the gateway wrote it.
        offset_s: gateway clock minus this machine's, seconds.
        drift_s: how much the offset changed since the first probe, seconds.
        farms: data farm notices by farm name: ``ok``, ``broken``, ``inactive``, ...
        read_only: the gateway refuses order requests; None: not found out.
        round_trip_ms: of one reqCurrentTime.
        account_type: as the account data says; recorded, never proof.
        latency_ms: round trips of the probe, each in milliseconds.
        finished: what was cleaned up of earlier runs, one entry for each of their ledgers.
    """

    accounts: tuple[str, ...] = ()
    account: str | None = field(default=None, repr=False)
    is_rehearsal: bool = False
    server_version: int = 0
    connection_time: str = ""
    offset_s: float = 0.0
    drift_s: float = 0.0
    farms: Mapping[str, str] = field(default_factory=dict)
    read_only: bool | None = None
    next_order_id: int | None = None
    round_trip_ms: float | None = None
    account_type: str | None = None
    latency_ms: tuple[float, ...] = ()
    finished: tuple[Mapping[str, Any], ...] = ()
    other: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Refusal(_Portable):
    """One request that the relay did not let pass."""

    rule: str
    reason: str
    fix: str
    request: str = ""
    request_id: int = -1
    connection: int = 0
    at_s: float = 0.0

    def __str__(self) -> str:
        what = self.request or "a frame"
        return f"{what}: {self.reason}\n  rule:  {self.rule}\n  fix:   {self.fix}"


@dataclass(frozen=True, kw_only=True)
class Paced(_Portable):
    """A client that sent faster than it may: its requests waited in the relay.

    Attributes:
        peak_per_s: most requests it sent within any one second.
        over: by how many a second it went over the limit at its peak.
        delayed: how many of its requests waited.
        longest_wait_s: how long one of them waited at most.
    """

    connection: int
    client_id: int | None
    peak_per_s: int
    over: int
    delayed: int
    longest_wait_s: float


@dataclass(frozen=True, kw_only=True)
class EndFacts(_Portable):
    """Why the relay stopped letting anything through before it was told to."""

    rule: str
    reason: str
    fix: str = ""

    def __str__(self) -> str:
        return f"{self.reason}\n  rule:  {self.rule}\n  fix:   {self.fix}"


@dataclass(frozen=True, kw_only=True)
class TestVerdict(_Portable):
    """What the relay has to say about one test.

    Attributes:
        bypassed: what reached the account without passing the relay, one sentence each.
        left_working: orders of this run still working, one description each.
        dropped: why the relay dropped connections, one sentence each.
        faults: how often each armed fault was met, by its number.
        orders: how many orders were forwarded for it.
        ended: set when the whole run ended.
    """

    __test__ = False  # pytest would look for tests in it

    name: str = ""
    refusals: tuple[Refusal, ...] = ()
    paced: tuple[Paced, ...] = ()
    bypassed: tuple[str, ...] = ()
    left_working: tuple[str, ...] = ()
    dropped: tuple[str, ...] = ()
    faults: Mapping[str, int] = field(default_factory=dict)
    orders: int = 0
    ended: EndFacts | None = None

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> Self:
        """Make one of what came over the pipe."""
        ended = values.get("ended")
        return super().of(
            {
                **values,
                "refusals": [Refusal.of(each) for each in values.get("refusals", ())],
                "paced": [Paced.of(each) for each in values.get("paced", ())],
                "ended": EndFacts.of(ended) if ended else None,
            }
        )


@dataclass(frozen=True, kw_only=True)
class RelaySummary(_Portable):
    """The relay's last words.

    Attributes:
        metrics: frames, bytes, added latency, request latencies, peaks, drops, by name.
        cleanup: what the end of the run cancelled and closed, as the cleanup reported it.
        bypassed: what reached the account without passing the relay, over the whole run.
        why: what ended the relay: ``stop``, ``pipe closed``, ``parent gone``, ``signal``, ...
        failed: what went wrong at the end, one sentence each.
    """

    why: str = ""
    metrics: Mapping[str, Any] = field(default_factory=dict)
    cleanup: Mapping[str, Any] = field(default_factory=dict)
    bypassed: tuple[str, ...] = ()
    refused: int = 0
    failed: tuple[str, ...] = ()
    ended: EndFacts | None = None

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> Self:
        """Make one of what came over the pipe."""
        ended = values.get("ended")
        return super().of({**values, "ended": EndFacts.of(ended) if ended else None})
