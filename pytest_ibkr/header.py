"""The lines a run prints about its gateway and market. No clock: the caller says what now is."""

from __future__ import annotations

from datetime import datetime

from pytest_ibkr.errors import SnapshotError
from pytest_ibkr.settings import Settings
from pytest_ibkr.snapshot_choice import Choice, chosen
from pytest_ibkr.wire.versions import NEWEST, OLDEST


def header_lines(settings: Settings, *, now: datetime, simulator: int, live: int) -> list[str]:
    """Gateway, snapshot, and how many tests are marked ``live`` or not."""
    newest = settings.server_version or NEWEST
    rehearsal = " (REHEARSAL: they meet the simulated gateway)" if live else ""
    try:
        market = described(chosen(settings), now=now)
    except SnapshotError as exc:  # every test that needs it will say the same
        market = str(exc).splitlines()[0]
    return [
        f"ibkr gateway: simulated, 127.0.0.1, server versions {OLDEST} to {newest}",
        f"ibkr snapshot: {market}",
        f"ibkr tests: {simulator} for the simulator, {live} live{rehearsal}",
    ]


def described(choice: Choice, *, now: datetime) -> str:
    """A snapshot's name, place, provenance, captured instant and age in days."""
    snapshot = choice.snapshot
    origins = {block.origin for block in snapshot.provenance.values()}
    for symbol in snapshot.symbols.values():
        origins |= {block.origin for block in symbol.provenance.values()}
    place = "packaged with the plugin" if choice.packaged else str(choice.path.parent)
    days = (now - snapshot.captured_at).days
    return (
        f"{snapshot.name} ({place}), {', '.join(sorted(origins))},"
        f" captured {snapshot.captured_at:%Y-%m-%d %H:%M %Z}, {days} days old"
    )
