"""Reads the moments clients write in requests; standard library only, never the clock.

Forms from gateway-behaviour.md 2.0 and 6: ``yyyymmdd-hh:mm:ss`` is UTC, ``yyyymmdd hh:mm:ss`` with
one or two blanks is in the zone it names, or in the one meant when it names none.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, tzinfo
from typing import Final
from zoneinfo import ZoneInfo

from pytest_ibkr.wire.versions import UTC_SUFFIX

FIRST_YEAR: Final = 1970  # the epoch; nothing the gateway serves is older
LAST_YEAR: Final = 2100  # arithmetic on later moments would leave what a datetime can hold
# The gateway's own zone names; not every system still installs these aliases.
ZONES: Final = {
    "US/Eastern": "America/New_York",
    "US/Central": "America/Chicago",
    "US/Mountain": "America/Denver",
    "US/Pacific": "America/Los_Angeles",
}
_UTC_FORM: Final = re.compile(r"(\d{8})-(\d{1,2}):(\d{2}):(\d{2})", re.ASCII)
_ZONED: Final = re.compile(r"(\d{8})[ ]{1,2}(\d{1,2}):(\d{2}):(\d{2})(?:[ ]+(\S.*))?", re.ASCII)


def read_moment(text: str, *, zone: tzinfo) -> float:
    """Epoch seconds of a moment as clients write it.

    Args:
        text: ``yyyymmdd-hh:mm:ss`` (UTC) or ``yyyymmdd hh:mm:ss[ zone]``.
        zone: what is meant when the text names none.

    Raises:
        ValueError: another form, no such date, time or zone, a year outside 1970 to 2100.
    """
    if found := _UTC_FORM.fullmatch(text):
        return _instant(found[1], (found[2], found[3], found[4]), UTC)
    if found := _ZONED.fullmatch(text):
        meant = zone_named(found[5]) if found[5] else zone
        return _instant(found[1], (found[2], found[3], found[4]), meant)
    raise ValueError(f"{text[:40]!r} is neither yyyymmdd-hh:mm:ss nor yyyymmdd hh:mm:ss zone")


def utc_text(at_s: float, *, version: int) -> str:
    """Return a moment as ``yyyymmdd-hh:mm:ss``; from server version 214 on a ``Z`` ends it."""
    suffix = "Z" if version >= UTC_SUFFIX else ""
    return f"{datetime.fromtimestamp(at_s, UTC):%Y%m%d-%H:%M:%S}{suffix}"


def names_zone(text: str) -> bool:
    """Whether a moment says its zone: UTC by its dash, any other by name."""
    found = _ZONED.fullmatch(text)
    return bool(found[5]) if found else _UTC_FORM.fullmatch(text) is not None


def zone_named(name: str) -> ZoneInfo:
    """The zone of a name, the gateway's own spellings included.

    Raises:
        ValueError: there is none; names of folders and paths are none either.
    """
    try:
        return ZoneInfo(ZONES.get(name, name))
    except (ValueError, OSError, LookupError):
        raise ValueError(f"{name[:40]!r} is no time zone") from None


def _instant(date: str, clock: tuple[str, str, str], zone: tzinfo) -> float:
    year, month, day = int(date[:4]), int(date[4:6]), int(date[6:])
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise ValueError(f"year {year} is outside {FIRST_YEAR} to {LAST_YEAR}")
    hour, minute, second = map(int, clock)
    return datetime(year, month, day, hour, minute, second, tzinfo=zone).timestamp()
