"""Facts of an instrument's days that generic ticks tell: volumes, ranges, volatilities, rates.

Unknown is None. Imports the engine for types only.
"""

from __future__ import annotations

from itertools import pairwise
from math import log, sqrt
from statistics import mean, stdev
from typing import TYPE_CHECKING, Final

from pytest_ibkr.sim.day_path import DayPath, PathBar
from pytest_ibkr.sim.instruments import Instrument
from pytest_ibkr.snapshot.rows import Bar

if TYPE_CHECKING:
    from pytest_ibkr.sim.engine import Engine

_WEEKS: Final = ((13, 15, 16), (26, 17, 18), (52, 19, 20))  # weeks, low tick, high tick
_WEEK_S: Final = 7 * 86400
_AVERAGE_DAYS: Final = 90
_VOL_DAYS: Final = 30
_TRADING_DAYS: Final = 252
_RECENT_S: Final = (180, 300, 600)
_MINUTE_S: Final = 60


class DayFacts:
    """What is known of one instrument at an instant (epoch seconds)."""

    def __init__(self, engine: Engine, instrument: Instrument) -> None:
        self._engine, self._instrument = engine, instrument

    # ------------------------------------------------------------ options

    def option_volumes(self, at_s: float) -> list[int]:
        """Calls and puts traded so far: of a whole chain, or of one option (other right 0)."""
        share = self._share_of_day(at_s)
        return [int(total * share) for total in self._totals("volume")]

    def open_interests(self) -> list[int]:
        """Calls and puts open; see :meth:`option_volumes`."""
        return self._totals("open_interest")

    def _totals(self, field: str) -> list[int]:
        book, instrument = self._engine.world.book, self._instrument
        options = [instrument] if instrument.sec_type == "OPT" else book.chain(instrument.symbol)
        rows = [book.row(option) for option in options]
        if not rows:
            return []
        return [
            sum(getattr(row, field) or 0 for row in rows if row.right == right) for right in "CP"
        ]

    def _share_of_day(self, at_s: float) -> float:
        world = self._engine.world
        session = world.calendar.latest(at_s)
        if session is None or at_s >= world.snapshot.captured_at.timestamp():
            return 1.0
        passed = (at_s - session.open_s) / (session.close_s - session.open_s)
        return min(1.0, max(0.0, passed))

    # ------------------------------------------------------------ days

    def implied_vol(self, _at_s: float) -> float | None:
        """Volatility of the options about 30 days ahead."""
        return self._engine.market.at_the_money_vol(self._instrument.prices)

    def historical_vol(self, at_s: float) -> float | None:
        """Volatility of 30 daily returns, to the last close."""
        return historical_vol([bar.close for bar in self._daily(at_s)])

    def real_time_vol(self, at_s: float) -> float | None:
        """Volatility of 30 daily returns, the last one to the present price."""
        closes = [bar.close for bar in self._daily(at_s)]
        under = self._engine.world.book.underlying(self._instrument)
        last = self._engine.market.quote(under, at_s).last
        return None if last is None or last <= 0 else historical_vol([*closes, last])

    def statistics(self, at_s: float) -> tuple[list[tuple[int, float]], int | None]:
        """Ticks and prices of 13, 26 and 52 weeks, and the average volume; none for options."""
        bars = self._daily(at_s) if self._instrument.sec_type != "OPT" else []
        ranges: list[tuple[int, float]] = []
        for weeks, low_tick, high_tick in _WEEKS:
            span = [bar for bar in bars if bar.start.timestamp() >= at_s - weeks * _WEEK_S]
            if span and bars[0].start.timestamp() <= at_s - (weeks - 1) * _WEEK_S:
                ranges.append((low_tick, min(bar.low for bar in span)))
                ranges.append((high_tick, max(bar.high for bar in span)))
        volumes = [bar.volume for bar in bars[-_AVERAGE_DAYS:] if bar.volume]
        return ranges, round(mean(volumes)) if volumes else None

    def _daily(self, at_s: float) -> list[Bar]:
        """Daily bars of the sessions that were over before the day of ``at_s``."""
        path = self._engine.market.paths.get(self._instrument.prices)
        session = self._engine.world.calendar.latest(at_s)
        if path is None or session is None:
            return []
        return [bar for day, bar in path.daily.items() if day < session.date]

    # ------------------------------------------------------------ the running day

    def recent_volumes(self, at_s: float) -> list[int | None]:
        """Shares traded in the last 3, 5 and 10 minutes."""
        day = self._day(at_s)
        if day is None or self._instrument.sec_type != "STK":
            return [None] * len(_RECENT_S)
        windows = [
            day.window(round((at_s - span_s) * 1000), round(at_s * 1000)) for span_s in _RECENT_S
        ]
        return [None if window is None else window.volume for window in windows]

    def trade_count(self, at_s: float) -> float | None:
        """Trades of the day so far; inside a bar by the share of it that has passed."""
        begun = self._begun(at_s)
        counts = [path.bar.bar_count for path in begun]
        if not begun or any(count is None for count in counts):
            return None
        known = [count or 0 for count in counts]
        return float(sum(known[:-1]) + int(known[-1] * _passed(begun[-1], at_s)))

    def trade_rate(self, at_s: float) -> float | None:
        """Trades a minute, of the running bar."""
        begun = self._begun(at_s)
        count = begun[-1].bar.bar_count if begun else None
        return None if count is None else round(count / _minutes(begun[-1]), 1)

    def volume_rate(self, at_s: float) -> float | None:
        """Shares a minute, of the running bar."""
        begun = self._begun(at_s)
        volume = begun[-1].bar.volume if begun else None
        return None if volume is None else round(volume / _minutes(begun[-1]), 1)

    def _day(self, at_s: float) -> DayPath | None:
        path = self._engine.market.paths.get(self._instrument.prices)
        session = self._engine.world.calendar.begun(at_s)
        return None if path is None or session is None else path.day(session)

    def _begun(self, at_s: float) -> list[PathBar]:
        day = self._day(at_s)
        if day is None or self._instrument.sec_type == "OPT":
            return []
        return [path for path in day.bars if path.start_ms <= at_s * 1000]


def historical_vol(closes: list[float]) -> float | None:
    """Standard deviation of the last 30 daily log returns, a year; None with fewer closes."""
    closes = closes[-_VOL_DAYS - 1 :]
    if len(closes) <= _VOL_DAYS:
        return None
    return stdev(log(b / a) for a, b in pairwise(closes)) * sqrt(_TRADING_DAYS)


def _passed(path: PathBar, at_s: float) -> float:
    return min(1.0, (at_s * 1000 - path.start_ms) / (path.end_ms - path.start_ms))


def _minutes(path: PathBar) -> float:
    return (path.end_ms - path.start_ms) / 1000 / _MINUTE_S
