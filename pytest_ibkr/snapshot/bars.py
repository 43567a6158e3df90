"""Pure arithmetic on bars: coarser bars, the day so far, the previous close.

Imports this package's rows only. All times are aware and in exchange time.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import groupby

from pytest_ibkr.snapshot.rows import Bar

RTH_OPEN = time(9, 30)


@dataclass(frozen=True, slots=True)
class DaySoFar:
    """The running day: dollars per share, ``volume`` in shares; ``None`` before any bar."""

    open: float | None = None
    high: float | None = None
    low: float | None = None
    last: float | None = None
    volume: int | None = None


def aggregate(bars: Iterable[Bar], *, minutes: int, opens: time = RTH_OPEN) -> list[Bar]:
    """Coarser bars on the broker's boundaries: full clock units, the first cut by the opening.

    Hourly bars of a session that opens at 09:30 start at 09:30, 10:00, 11:00, …: the
    first is half an hour long (gateway-behaviour 2.5). Volume, average price and trade
    count are known where they are known for every bar that goes in.

    Args:
        bars: Ascending, not coarser than ``minutes``.
        minutes: Length of the new bars; 60 must be a multiple of it.
        opens: The session's opening in exchange time.

    Raises:
        ValueError: 60 is no multiple of ``minutes``.
    """
    if minutes < 1 or 60 % minutes:
        raise ValueError(f"bars of {minutes} minutes do not end on full hours")

    def boundary(bar: Bar) -> datetime:
        unit = bar.start.replace(
            minute=bar.start.minute // minutes * minutes, second=0, microsecond=0
        )
        opening = datetime.combine(bar.start.date(), opens, bar.start.tzinfo)
        return opening if unit < opening <= bar.start else unit

    return [_merged(start, list(group)) for start, group in groupby(bars, key=boundary)]


def _merged(start: datetime, bars: Sequence[Bar]) -> Bar:
    volumes = [bar.volume for bar in bars if bar.volume is not None]
    counts = [bar.bar_count for bar in bars if bar.bar_count is not None]
    averages = [bar.wap for bar in bars if bar.wap is not None]
    known = sum(volumes) > 0 and len(volumes) == len(averages) == len(bars)
    turnover = (
        sum(each * size for each, size in zip(averages, volumes, strict=True)) if known else 0
    )
    return Bar(
        start,
        bars[0].open,
        max(bar.high for bar in bars),
        min(bar.low for bar in bars),
        bars[-1].close,
        sum(volumes) if len(volumes) == len(bars) else None,
        turnover / sum(volumes) if known else None,
        sum(counts) if len(counts) == len(bars) else None,
    )


def up_to(bars: Iterable[Bar], at: datetime, *, length: timedelta) -> list[Bar]:
    """The bars that had ended at ``at``; a bar still running would show the future."""
    return [bar for bar in bars if bar.start + length <= at]


def day_so_far(bars: Iterable[Bar], at: datetime, *, length: timedelta) -> DaySoFar:
    """Open, high, low, last and volume of the exchange day of ``at``, up to ``at``.

    ``bars`` are ascending intraday bars of ``length``, of any number of days.
    """
    ended = up_to(bars, at, length=length)
    today = [bar for bar in ended if bar.start.date() == at.astimezone(bar.start.tzinfo).date()]
    if not today:
        return DaySoFar()
    whole = _merged(today[0].start, today)
    return DaySoFar(whole.open, whole.high, whole.low, whole.close, whole.volume)


def previous_close(daily: Iterable[Bar], day: date) -> float | None:
    """The close of the last daily bar before ``day``; ``None`` when there is none."""
    before = [bar for bar in daily if bar.start.date() < day]
    return max(before, key=lambda bar: bar.start).close if before else None


def last_sessions(bars: Sequence[Bar], count: int) -> list[Bar]:
    """The bars of the last ``count`` dates that have any."""
    days = sorted({bar.start.date() for bar in bars})[-count:]
    return [bar for bar in bars if days and bar.start.date() >= days[0]]
