"""Bars and the underlying's quote of an import, as far as the tables have them.

Imports this package only. Times are aware, in the symbol's zone.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from pytest_ibkr.errors import UsageError
from pytest_ibkr.snapshot import synthetic, tables
from pytest_ibkr.snapshot.bars import aggregate, day_so_far, last_sessions, previous_close, up_to
from pytest_ibkr.snapshot.column_map import Row
from pytest_ibkr.snapshot.compose import Quote
from pytest_ibkr.snapshot.model import EXCHANGE_ZONE
from pytest_ibkr.snapshot.rows import Bar, Provenance

SESSIONS_1M, SESSIONS_5M, SESSIONS_1H = 1, 8, 28
_SIZES = {1: "1 min", 5: "5 mins", 15: "15 mins", 30: "30 mins", 60: "1 hour"}
_DAY = "1 day"
Bars = dict[str, list[Bar]]
Origins = dict[str, Provenance]


def imported(detail: str) -> Provenance:
    """What came out of somebody's tables."""
    return Provenance("imported", detail)


def bars_of(
    symbol: str, files: Iterable[list[Row]], zone: ZoneInfo, captured_at: datetime
) -> tuple[Bars, Origins]:
    """Bars by size, up to the captured instant; coarser ones from finer where they are missing.

    Args:
        symbol: whose bars.
        files: rows of one size each, as ``column_map`` makes them.
        zone: in which they are stamped.
        captured_at: aware; no bar that ends later gets in.

    Raises:
        UsageError: bars of a length that is none of 1, 5, 15, 30, 60 minutes or a day.
    """
    bars: Bars = {}
    for rows in files:
        given = tables.bars(rows, symbol=symbol, zone=zone)
        minutes = _minutes(given)
        if minutes is None:
            today = captured_at.astimezone(zone).date()
            bars[_DAY] = [bar for bar in given if bar.start.date() <= today]
        else:
            length = timedelta(minutes=minutes)
            bars[_SIZES[minutes]] = up_to(given, captured_at, length=length)
    origins = {f"bars.{size}": imported("the tables' bars") for size in bars}
    finest = next((size for size in _SIZES.values() if bars.get(size)), None)
    for size, minutes in (("5 mins", 5), ("1 hour", 60)):
        if finest and size not in bars and minutes > _length(finest):
            bars[size] = aggregate(bars[finest], minutes=minutes)
            origins[f"bars.{size}"] = imported(f"aggregated from bars of {finest}")
    for size, sessions in (
        ("1 min", SESSIONS_1M),
        ("5 mins", SESSIONS_5M),
        ("1 hour", SESSIONS_1H),
    ):
        if size in bars:
            bars[size] = last_sessions(bars[size], sessions)
    if "1 hour" in bars:
        origins["historicalBars"] = origins["bars.1 hour"]
    return bars, origins


def _minutes(bars: Sequence[Bar]) -> int | None:
    """The length of bars in minutes; None: they are daily.

    Raises:
        UsageError: it is none of 1, 5, 15, 30 or 60 minutes.
    """
    gaps = {b.start - a.start for a, b in pairwise(bars)} - {timedelta(0)}
    if not gaps or min(gaps) >= timedelta(hours=20):
        return None
    minutes = round(min(gaps).total_seconds() / 60)
    if minutes not in _SIZES:
        raise UsageError(
            f"bars {minutes} minutes apart cannot be imported: 1, 5, 15, 30, 60 or daily\n"
            "  fix:   one size per file; hourly bars of one day at least two hours long"
        )
    return minutes


def _length(size: str) -> int:
    return next(minutes for minutes, name in _SIZES.items() if name == size)


def quote_of(
    symbol: str, price: float | None, bars: Bars, captured_at: datetime, *, index: bool
) -> Quote:
    """The underlying at the captured instant; bid and ask are made up around the price."""
    size = next((name for name in _SIZES.values() if bars.get(name)), None)
    intraday = bars[size] if size else []
    length = timedelta(minutes=_length(size)) if size else timedelta(0)
    today = day_so_far(intraday, captured_at, length=length)
    daily = bars.get(_DAY, [])
    last = price or today.last or (daily[-1].close if daily else None)
    quote = Quote(
        price=last,
        price_source=None if last is None else "last",
        last=last,
        open=today.open,
        high=today.high,
        low=today.low,
        close=previous_close(daily, captured_at.astimezone(EXCHANGE_ZONE).date()),
        volume=today.volume,
    )
    if last is None or index:
        return quote
    lots = [
        synthetic.quote_size(
            last, activity=(today.volume or 0) // 1_000_000, seed=f"size {symbol} {side}"
        )
        for side in ("bid", "ask")
    ]
    return replace(
        quote,
        bid=round(last - synthetic.TICK, 2),
        ask=round(last + synthetic.TICK, 2),
        bid_size=100 * (lots[0] or 0),
        ask_size=100 * (lots[1] or 0),
        last_size=100,
    )
