"""The lines a run prints about its gateway and market. No clock: the caller says what now is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from pytest_ibkr.errors import SnapshotError
from pytest_ibkr.settings import Settings
from pytest_ibkr.snapshot_choice import Choice, chosen
from pytest_ibkr.wire.versions import NEWEST, OLDEST

if TYPE_CHECKING:
    from pytest_ibkr.sim.market_days import MarketDays


def header_lines(
    settings: Settings,
    *,
    now: datetime,
    simulator: int,
    live: int,
    live_gateway: Sequence[str] = (),
    rehearsal: bool | None = True,
) -> list[str]:
    """Gateways, snapshot, and how many tests are marked ``live`` or not.

    Args:
        settings: what the run was told.
        now: how old a snapshot is, is told from it.
        simulator: how many tests meet the simulated gateway in any case.
        live: how many are marked ``live``.
        live_gateway: lines about the gateway those meet; none when it is the simulated one.
        rehearsal: whether a simulator is behind that gateway; None: not known.
    """
    newest = settings.server_version or NEWEST
    met = "the gateway they meet serves a simulated account" if live_gateway else (
        "they meet the simulated gateway"
    )  # fmt: skip
    marked = f" (REHEARSAL: {met})" if live and rehearsal else ""
    if live and live_gateway and not rehearsal:
        marked = " (they meet the paper gateway)"
    try:
        market = described(chosen(settings), now=now)
    except SnapshotError as exc:  # every test that needs it will say the same
        market = str(exc).splitlines()[0]
    return [
        f"ibkr gateway: simulated, 127.0.0.1, server versions {OLDEST} to {newest}",
        f"ibkr snapshot: {market}",
        *live_gateway,
        f"ibkr tests: {simulator} for the simulator, {live} live{marked}",
    ]


def described_days(days: MarketDays) -> str:
    """The days of a market: how many, first and last, and how many of each provenance."""
    first, last = (f"{date[:4]}-{date[4:6]}-{date[6:]}" for date in (days.dates[0], days.dates[-1]))
    origins = Counter(days.provenance(date) for date in days.dates)
    told = "; ".join(f"{count} {origin}" for origin, count in origins.most_common())
    return f"{len(days.dates)} trading days {first} to {last}: {told}"


def described(choice: Choice, *, now: datetime) -> str:
    """A snapshot's name, place, provenance, captured instant and age in days."""
    snapshot = choice.snapshot
    origins = {block.origin for block in snapshot.provenance.values()}
    for symbol in snapshot.symbols.values():
        origins |= {block.origin for block in symbol.provenance.values()}
    place = "packaged with the plugin" if choice.packaged else str(choice.path.parent)
    if choice.days is not None:
        return f"{choice.path.name} ({place}), {described_days(choice.days)}"
    days = (now - snapshot.captured_at).days
    return (
        f"{snapshot.name} ({place}), {', '.join(sorted(origins))},"
        f" captured {snapshot.captured_at:%Y-%m-%d %H:%M %Z}, {days} days old"
    )
