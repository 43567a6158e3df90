"""Flags of a tick: one mask of ours, a message of flags in protobuf bodies.

Tick-by-tick and historical quotes number the same two flags the other way round
(gateway-behaviour.md 7.2); flags beyond them have no place in a body.
"""

from __future__ import annotations

from collections.abc import Mapping

from pytest_ibkr.wire.protobuf.layout import Via, via

TRADE = ("pastLimit", "unreported")
HISTORICAL_QUOTE = ("askPastHigh", "bidPastLow")
TICK_BY_TICK_QUOTE = ("bidPastLow", "askPastHigh")


def mask(flags: tuple[str, ...], attribute: str = "mask") -> Via:
    """Make a message of flags of a mask; ``flags`` names its bits, the lowest first."""
    return via(
        attribute,
        to_proto=lambda value: as_flags(value, flags),
        from_proto=lambda found: as_mask(found, flags),
    )


def as_flags(value: int, flags: tuple[str, ...]) -> Mapping[str, bool]:
    """Return every flag, set or not."""
    return {name: bool(value >> bit & 1) for bit, name in enumerate(flags)}


def as_mask(found: Mapping[str, bool] | None, flags: tuple[str, ...]) -> int:
    """Return the flags that are set as bits."""
    said = found or {}
    return sum(1 << bit for bit, name in enumerate(flags) if said.get(name))
