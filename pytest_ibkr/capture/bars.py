"""Bars as a gateway sends them become bars of a snapshot; what is still running is left out.

Source: gateway-behaviour.md 2.5. Imports wire and snapshot.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pytest_ibkr.snapshot.rows import Bar, TradingSession
from pytest_ibkr.wire.messages.history import HistoricalBar

ZONES_SINCE: Final = 174  # older gateways stamp bars in a zone that they do not name
_DATE = re.compile(
    r"(?P<day>\d{8})(?:(?P<dash>-| {1,2})(?P<time>\d\d:\d\d:\d\d)Z?(?: (?P<zone>\S+))?)?"
)
_INTRADAY: Final = {"5 mins": 5, "1 hour": 60}
_INDEX_RUNS_ON: Final = timedelta(
    minutes=15
)  # indexes are published until a quarter past the close


@dataclass(frozen=True, slots=True)
class ReadBars:
    """Bars that can be kept, ascending, and how many cannot.

    Attributes:
        bars: ended, and free of contradictions.
        running: how many had not ended.
        broken: how many contradict themselves or the one before.
    """

    bars: tuple[Bar, ...]
    running: int
    broken: int


def read_bars(
    rows: Iterable[HistoricalBar],
    *,
    size: str,
    zone: ZoneInfo,
    now: datetime,
    sessions: Sequence[TradingSession],
    index: bool = False,
) -> ReadBars:
    """The bars that had ended at ``now``.

    Args:
        rows: as they came.
        size: ``5 mins``, ``1 hour`` or ``1 day``.
        zone: of the instrument; bars are kept in it.
        now: the captured instant, aware: a running bar would be served as a whole one later.
        sessions: tells when a day's session ends.
        index: whether it is published for a quarter of an hour longer.
    """
    closes = {day.date: day.close for day in sessions}
    kept: list[Bar] = []
    running = broken = 0
    for row in rows:
        bar = _bar(row, zone)
        if bar is None or (kept and bar.start <= kept[-1].start) or not _sound(bar):
            broken += 1
        elif _end(bar, size, closes, index=index) > now:
            running += 1
        else:
            kept.append(bar)
    return ReadBars(tuple(kept), running, broken)


def bar_start(text: str, zone: ZoneInfo) -> datetime:
    """A bar's date as an aware time in ``zone``; days as midnight.

    ``20260710 09:30:00 US/Eastern``, ``20260710-13:30:00`` (UTC), ``20260710``, and without a
    zone's name the instrument's.

    Raises:
        ValueError: it is none of these.
    """
    found = _DATE.fullmatch(text)
    if found is None:
        raise ValueError(f"{text!r} is no date of a bar")
    if found["time"] is None:
        return datetime.strptime(found["day"], "%Y%m%d").replace(tzinfo=zone)
    naive = datetime.strptime(f"{found['day']} {found['time']}", "%Y%m%d %H:%M:%S")  # noqa: DTZ007
    if found["dash"] == "-" and found["zone"] is None:
        return naive.replace(tzinfo=UTC).astimezone(zone)
    try:
        written = ZoneInfo(found["zone"]) if found["zone"] else zone
    except (ZoneInfoNotFoundError, OSError) as exc:
        raise ValueError(f"{text!r}: {found['zone']} is no known time zone") from exc
    return naive.replace(tzinfo=written).astimezone(zone)


def _bar(row: HistoricalBar, zone: ZoneInfo) -> Bar | None:
    try:
        start = bar_start(row.date, zone)
    except ValueError:
        return None
    return Bar(
        start,
        row.open,
        row.high,
        row.low,
        row.close,
        row.volume if row.volume >= 0 else None,
        row.wap if row.wap > 0 and math.isfinite(row.wap) else None,
        row.count if row.count >= 0 else None,
    )


def _sound(bar: Bar) -> bool:
    prices = (bar.open, bar.high, bar.low, bar.close)
    if not all(math.isfinite(each) and each > 0 for each in prices):
        return False
    return bar.low <= min(bar.open, bar.close) and max(bar.open, bar.close) <= bar.high


def _end(bar: Bar, size: str, closes: dict[str, datetime | None], *, index: bool) -> datetime:
    """When a bar is over: on the next full clock unit (the first of a day is shorter)."""
    start = bar.start.astimezone(UTC)
    if (minutes := _INTRADAY.get(size)) is not None:
        begun = start - timedelta(minutes=start.minute % minutes, seconds=start.second)
        return begun + timedelta(minutes=minutes)
    close = closes.get(f"{bar.start:%Y%m%d}")
    if close is None:  # before the table begins, or a day on which only an index was published
        return start + timedelta(days=1)
    return close + (_INDEX_RUNS_ON if index else timedelta())
