"""What a report says about a gateway and its market. Imports snapshots and how one is chosen."""

from __future__ import annotations

from typing import Protocol

from pytest_ibkr.report.accounts import is_reserved, shown
from pytest_ibkr.report.model import GatewayFacts, Kind, SnapshotFacts
from pytest_ibkr.snapshot.model import Snapshot
from pytest_ibkr.snapshot_choice import days_of


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


def is_live(gateway: object) -> bool:
    """Whether a gateway is a real one behind a relay."""
    return getattr(gateway, "kind", "simulated") == "live"


def gateway_facts(gateway: GatewayLike, snapshot: Snapshot | None = None) -> GatewayFacts:
    """Return what a report says about a gateway serving ``snapshot`` (its own by default)."""
    kind: Kind = "live" if is_live(gateway) else "simulated"
    return GatewayFacts(
        kind=kind,
        host=gateway.host,
        newest_version=gateway.newest_version,
        account=shown(gateway.account) if gateway.account else None,
        reserved_account=is_reserved(gateway.account),
        snapshot=snapshot_facts(snapshot or gateway.snapshot) if kind == "simulated" else None,
    )


def snapshot_facts(snapshot: Snapshot) -> SnapshotFacts:
    """Return a market's name, hash, captured moment and where each block came from."""
    blocks = {symbol: block.provenance for symbol, block in snapshot.symbols.items()}
    days = days_of(snapshot)
    return SnapshotFacts(
        name=snapshot.name,
        sha256=snapshot.sha256,
        captured_at=snapshot.captured_at.isoformat(),
        provenance={
            symbol: {name: one.origin for name, one in origins.items()}
            for symbol, origins in blocks.items()
        },
        days={} if days is None else {date: days.provenance(date) for date in days.dates},
    )
