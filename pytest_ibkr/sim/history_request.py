"""What a historical data request means: bar size, duration, end, and why it is refused.

Pure; texts from gateway-behaviour.md 2.5 (321 causes) and 2.0 (dates).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from pytest_ibkr.sim.calendar import EXCHANGE_ZONE
from pytest_ibkr.sim.refusal import Refusal, invalid
from pytest_ibkr.sim.times import names_zone, read_moment, zone_named
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
_MOST_YEARS: Final = 100  # the evidence has no limit; a window must begin at a date there is
_MOST_DIGITS: Final = 9  # of a count: the gateway reads a 32-bit integer
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
# A time of day alone is today's, in the zone it names; a date alone ends with its day.
_TIME_ONLY: Final = re.compile(r"(\d{1,2}:\d{2}:\d{2})(?:[ ]+(\S.*))?", re.ASCII)
_DATE_ONLY: Final = re.compile(r"\d{8}", re.ASCII)
NO_ZONE: Final = (
    "Warning: You submitted request with date-time attributes without explicit time zone. Please"
    " switch to use yyyymmdd-hh:mm:ss in UTC or use instrument time zone, like US/Eastern. Implied"
    " time zone functionality will be removed in the next API release"
)
_CONTINUOUS: Final = "Setting end date/time for continuous future security type is not allowed."
_BAD_DATE: Final = (
    "The date, time, or time-zone entered is invalid.\n"
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
        Refusal: 321 with the cause the gateway names, 10314 for an unreadable end, 10339 for any
            end of a continuous future.
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
    if request.end and request.contract.sec_type == "CONTFUT":
        raise Refusal(10339, _CONTINUOUS)
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


def width(bar_s: int) -> str:
    """A bar size as some refusals print it: seconds, or ``1d``, ``1W``, ``1m``."""
    return {DAY_S: "1d", WEEK_S: "1W", MONTH_S: "1m"}.get(bar_s, str(bar_s))


def _duration(text: str) -> tuple[int, str]:
    if not text:
        raise invalid("Historical data request duration not specified.")
    found = _DURATION.fullmatch(text)
    if found is None:
        raise invalid(
            "When specifying a unit, historical data request duration format is"
            " integer{SPACE}unit (S|D|W|M|Y)."
        )
    digits, unit = found[1].lstrip("0"), found[2]
    count = int(digits or 0) if len(digits) <= _MOST_DIGITS else 10**_MOST_DIGITS
    if count < 1 or (unit == "S" and count < _SHORTEST_S) or (unit == "Y" and count > _MOST_YEARS):
        raise invalid("Historical data requested duration is invalid.")
    if unit == "S" and count > DAY_S:
        raise invalid(f"Historical data request for greater than {DAY_S} seconds rejected.")
    longest, words = _LONGEST.get(unit, (count, ""))
    if count > longest:
        raise invalid(
            f"Historical data requests for durations longer than {words} must be made in years."
        )
    return count, unit


def read_end(text: str, *, now_s: float, label: str = "End Date/Time") -> tuple[float, bool]:
    """An end, or what ``label`` says, as epoch seconds, and whether it says its zone.

    Accepted: ``yyyymmdd-hh:mm:ss`` (UTC), ``[yyyymmdd ]hh:mm:ss[ zone]`` with one or two blanks,
    ``yyyymmdd``. Without a zone the exchange's is meant.

    Raises:
        Refusal: 10314.
    """
    try:
        if _DATE_ONLY.fullmatch(text):
            return read_moment(f"{text} 23:59:59", zone=EXCHANGE_ZONE), False
        if clock := _TIME_ONLY.fullmatch(text):
            zone = zone_named(clock[2]) if clock[2] else EXCHANGE_ZONE
            today = f"{datetime.fromtimestamp(now_s, zone):%Y%m%d}"
            return read_moment(f"{today} {clock[1]}", zone=zone), bool(clock[2])
        return read_moment(text, zone=EXCHANGE_ZONE), names_zone(text)
    except ValueError:
        raise Refusal(10314, f"{label}: {_BAD_DATE}") from None
