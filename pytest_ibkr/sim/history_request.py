"""What a historical data request means: bar size, duration, end, and why it is refused.

Pure; texts from gateway-behaviour.md 2.5 (321 causes) and 2.0 (dates).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import Final
from zoneinfo import ZoneInfo

from pytest_ibkr.sim.calendar import EXCHANGE_ZONE
from pytest_ibkr.sim.refusal import Refusal, invalid
from pytest_ibkr.wire.messages.history import ReqHistoricalData

DAY_S: Final = 86400
WEEK_S: Final = 7 * DAY_S
MONTH_S: Final = 30 * DAY_S  # only tells months from weeks; months are calendar months
_MINUTES: Final = (2, 3, 5, 10, 15, 20, 30)
BAR_SIZES: Final[dict[str, int]] = {
    **{f"{n} secs": n for n in (1, 5, 10, 15, 30)},
    "1 min": 60,
    **{f"{n} mins": 60 * n for n in _MINUTES},
    "1 hour": 3600,
    **{f"{n} hours": 3600 * n for n in (2, 3, 4, 8)},
    "1 day": DAY_S,
    "1 week": WEEK_S,
    "1 month": MONTH_S,
}
_SPELLINGS: Final = {"1 sec": "1 secs", "1D": "1 day", "1W": "1 week", "1M": "1 month"}
_DURATION: Final = re.compile(r"(\d+) ([SDWMY])", re.ASCII)
_LONGEST: Final = {"D": (365, "365 days"), "W": (52, "52 weeks"), "M": (12, "12 months")}
_SHORTEST_S: Final = 30
WHAT: Final = {  # as the "no data" text prints them
    "TRADES": "Trades",
    "MIDPOINT": "Midpoint",
    "BID": "Bid",
    "ASK": "Ask",
    "BID_ASK": "BidAsk",
    "ADJUSTED_LAST": "AdjustedLast",
    "HISTORICAL_VOLATILITY": "HistoricalVolatility",
    "OPTION_IMPLIED_VOLATILITY": "OptionImpliedVolatility",
    "REBATE_RATE": "RebateRate",
    "FEE_RATE": "FeeRate",
    "SCHEDULE": "Schedule",
}
_ZONED: Final = re.compile(
    r"(?:(\d{8})[ ]{1,2})?(\d{1,2}):(\d{2}):(\d{2})(?:[ ]+(\S.*))?", re.ASCII
)
# The gateway's own zone names; not every system still installs these aliases.
ZONES: Final = {
    "US/Eastern": "America/New_York",
    "US/Central": "America/Chicago",
    "US/Mountain": "America/Denver",
    "US/Pacific": "America/Los_Angeles",
}
_UTC_FORM: Final = re.compile(r"(\d{8})-(\d{2}):(\d{2}):(\d{2})", re.ASCII)
_DATE_ONLY: Final = re.compile(r"\d{8}", re.ASCII)
NO_ZONE: Final = (
    "Warning: You submitted request with date-time attributes without explicit time zone. Please"
    " switch to use yyyymmdd-hh:mm:ss in UTC or use instrument time zone, like US/Eastern. Implied"
    " time zone functionality will be removed in the next API release"
)
_BAD_DATE: Final = (
    "End Date/Time: The date, time, or time-zone entered is invalid.\n"
    "The correct format is yyyymmdd hh:mm:ss xx/xxxx where yyyymmdd and xx/xxxx are optional."
)


@dataclass(frozen=True, slots=True)
class Asked:
    """A valid request. ``end_s`` None means now; ``unit`` is one of S D W M Y."""

    bar_s: int
    count: int
    unit: str
    end_s: float | None
    without_zone: bool
    what: str


def read(request: ReqHistoricalData, *, now_s: float) -> Asked:
    """Check a request.

    Raises:
        Refusal: 321 with the cause the gateway names, or 10314 for an unreadable end.
    """
    if request.what_to_show not in WHAT:
        raise invalid("What to show field is missing or incorrect.")
    bar_size = _SPELLINGS.get(request.bar_size, request.bar_size)
    if bar_size not in BAR_SIZES:
        legal = ",".join(BAR_SIZES)
        raise invalid(f"Historical data bar size setting is invalid. Legal ones are: {legal}")
    if request.date_format not in (1, 2, 3):
        raise invalid(f"Date formatting selection of {request.date_format} rejected.")
    count, unit = _duration(request.duration)
    if request.end and request.what_to_show == "ADJUSTED_LAST":
        raise invalid("End date not supported with adjusted last")
    if request.end and request.keep_up_to_date:
        raise invalid("End date not supported with live updates")
    if request.keep_up_to_date and request.what_to_show not in ("TRADES", "MIDPOINT", "BID", "ASK"):
        raise invalid("Source price not supported with live updates")
    if request.what_to_show == "SCHEDULE" and bar_size != "1 day":
        raise invalid("Only daily resolution supported for Schedule requests")
    end_s, zoned = read_end(request.end, now_s=now_s) if request.end else (None, True)
    return Asked(BAR_SIZES[bar_size], count, unit, end_s, not zoned, request.what_to_show)


def _duration(text: str) -> tuple[int, str]:
    if not text:
        raise invalid("Historical data request duration not specified.")
    found = _DURATION.fullmatch(text)
    if found is None:
        raise invalid(
            "When specifying a unit, historical data request duration format is"
            " integer{SPACE}unit (S|D|W|M|Y)."
        )
    count, unit = int(found[1]), found[2]
    if count < 1 or (unit == "S" and count < _SHORTEST_S):
        raise invalid("Historical data requested duration is invalid.")
    if unit == "S" and count > DAY_S:
        raise invalid(f"Historical data request for greater than {DAY_S} seconds rejected.")
    longest, words = _LONGEST.get(unit, (count, ""))
    if count > longest:
        raise invalid(
            f"Historical data requests for durations longer than {words} must be made in years."
        )
    return count, unit


def read_end(text: str, *, now_s: float) -> tuple[float, bool]:
    """An end as epoch seconds, and whether it says its zone.

    Accepted: ``yyyymmdd-hh:mm:ss`` (UTC), ``[yyyymmdd ]hh:mm:ss[ zone]`` with one or two blanks,
    ``yyyymmdd``. Without a zone the exchange's is meant.

    Raises:
        Refusal: 10314.
    """
    try:
        if utc := _UTC_FORM.fullmatch(text):
            return _instant(utc[1], (utc[2], utc[3], utc[4]), UTC), True
        if _DATE_ONLY.fullmatch(text):
            return _instant(text, ("23", "59", "59"), EXCHANGE_ZONE), False
        if zoned := _ZONED.fullmatch(text):
            name = zoned[5] or ""
            zone = ZoneInfo(ZONES.get(name, name)) if name else EXCHANGE_ZONE
            date = zoned[1] or f"{datetime.fromtimestamp(now_s, zone):%Y%m%d}"
            return _instant(date, (zoned[2], zoned[3], zoned[4]), zone), bool(zoned[5])
    except (ValueError, OSError, LookupError):
        # Names of folders and of no zone at all end here as well.
        raise Refusal(10314, _BAD_DATE) from None
    raise Refusal(10314, _BAD_DATE)


def _instant(date: str, clock: tuple[str, str, str], zone: tzinfo) -> float:
    hour, minute, second = map(int, clock)
    day = int(date[:4]), int(date[4:6]), int(date[6:8])
    return datetime(*day, hour, minute, second, tzinfo=zone).timestamp()
