"""Generic tick lists: which ids exist, and the ticks a snapshot's data can answer them with.

What the snapshot does not know (shortable shares, dividends, news, …) is not sent.
Source: gateway-behaviour.md 2.3 ("Generic tick → tick types", 321 text).
"""

from __future__ import annotations

from itertools import pairwise
from math import log, sqrt
from statistics import mean, stdev
from typing import TYPE_CHECKING, Final

from pytest_ibkr.sim.contracts import Instrument
from pytest_ibkr.sim.quotes import Quote
from pytest_ibkr.sim.refusal import Refusal, invalid
from pytest_ibkr.sim.ticks import TickWriter
from pytest_ibkr.snapshot.rows import Bar
from pytest_ibkr.wire.declare import Message
from pytest_ibkr.wire.messages.market_data import TickGeneric, TickPrice, TickSize, TickString

if TYPE_CHECKING:
    from pytest_ibkr.sim.world import World

_LEGAL_TEXT: Final = (
    "100(Option Volume),101(Option Open Interest),105(Average Opt Volume),106(impvolat),"
    "165(Misc. Stats),221/220(Creditman Mark Price),225(Auction),232/221(Pl Price),233(RTVolume),"
    "236(inventory),292(Wide_news),293(TradeCount),294(TradeRate),295(VolumeRate),"
    "318(LastRTHTrade),375(RTTrdVolume),411(rthistvol),456/59(IBDividends)"
)
_LEGAL: Final = frozenset(
    {100, 101, 104, 105, 106, 162, 165, 220, 221, 225, 232, 233, 236, 258, 292, 293, 294, 295}
    | {318, 375, 411, 456, 460, 576, 577, 578, 586, 587, 588, 595, 614, 619, 623}
)
_RETIRED: Final = 258
_MARK: Final = frozenset({"220", "221", "232", "619"})
NO_TOP: Final = "mdoff"  # suppresses bid, ask and last
_WEEKS: Final = ((13, 15, 16), (26, 17, 18), (52, 19, 20))  # weeks, low tick, high tick
_WEEK_S: Final = 7 * 86400
_AVERAGE_DAYS: Final = 90
_VOL_DAYS: Final = 30
_TRADING_DAYS: Final = 252


def parse(text: str, sec_type: str) -> frozenset[str]:
    """The generic ticks asked for; ``292:BRFG+DJNL`` counts as ``292``.

    Raises:
        Refusal: 321 when one id does not exist (that refuses the whole request); 10358 for the
            retired fundamentals.
    """
    asked = frozenset(part.strip().split(":")[0] for part in text.split(",") if part.strip())
    for tick in sorted(asked - {NO_TOP}):
        if not tick.isascii() or not tick.isdigit() or int(tick) not in _LEGAL:
            raise invalid(
                f"Incorrect generic tick list of {text}.  Legal ones for ({sec_type}) are: "
                f"{_LEGAL_TEXT}"
            )
        if int(tick) == _RETIRED:
            raise Refusal(10358, "Fundamentals data is not allowed.")
    return asked


class GenericTicks:
    """Answers one request's generic ticks from a snapshot's data."""

    def __init__(
        self, world: World, instrument: Instrument, *, asked: frozenset[str], writer: TickWriter
    ) -> None:
        self._world, self._instrument = world, instrument
        self._asked, self._writer, self._request_id = asked, writer, writer.request_id

    def first(self, quote: Quote, at_s: float) -> list[Message]:
        """What is sent once, after the first batch."""
        found: list[Message] = []
        if "100" in self._asked:
            found += self._sizes(29, "volume", at_s)
        if "101" in self._asked:
            found += self._sizes(27, "open_interest", at_s)
        found += self._volatilities(at_s)
        if "165" in self._asked:
            found += self._statistics(at_s)
        return found + self.changes(Quote(), quote)

    def changes(self, before: Quote, now: Quote) -> list[Message]:
        """What follows the quote: mark price, last regular trade, RTVolume."""
        found: list[Message] = []
        request_id = self._request_id
        mark = _mark(now)
        if self._asked & _MARK and mark is not None and mark != _mark(before):
            found.append(TickPrice(request_id=request_id, tick=37, price=mark))
        if now.last is None or (now.last, now.volume) == (before.last, before.volume):
            return found
        if "318" in self._asked:
            found.append(TickPrice(request_id=request_id, tick=57, price=now.last))
        if "233" in self._asked and now.last_time_s is not None:
            value = _rt_volume(now, self._writer)
            found.append(TickString(request_id=request_id, tick=48, value=value))
        return found

    def _sizes(self, call_tick: int, field: str, at_s: float) -> list[Message]:
        """Calls and puts of a whole chain, or of one option (the other right is 0)."""
        book, instrument = self._world.book, self._instrument
        rows = (
            [book.row(instrument)]
            if instrument.sec_type == "OPT"
            else [book.row(option) for option in book.chain(instrument.symbol)]
        )
        if not rows:
            return []
        share = self._share_of_day(at_s) if field == "volume" else 1.0
        found: list[Message] = []
        for tick, right in ((call_tick, "C"), (call_tick + 1, "P")):
            total = sum(getattr(row, field) or 0 for row in rows if row.right == right)
            size = int(total * share)
            found.append(TickSize(request_id=self._request_id, tick=tick, size=size))
        return found

    def _share_of_day(self, at_s: float) -> float:
        session = self._world.calendar.latest(at_s)
        if session is None or at_s >= self._world.market.captured_s:
            return 1.0
        passed = (at_s - session.open_s) / (session.close_s - session.open_s)
        return min(1.0, max(0.0, passed))

    def _volatilities(self, at_s: float) -> list[Message]:
        symbol, found = self._instrument.symbol, []
        if "106" in self._asked:
            found.append((24, self._world.market.at_the_money_vol(symbol)))
        if "104" in self._asked:
            found.append((23, historical_vol(self._daily(at_s))))
        return [
            TickGeneric(request_id=self._request_id, tick=tick, value=value)
            for tick, value in found
            if value is not None
        ]

    def _daily(self, at_s: float) -> list[Bar]:
        """Daily bars of the sessions that were over before the day of ``at_s``."""
        daily = self._world.market.paths[self._instrument.symbol].daily
        session = self._world.calendar.latest(at_s)
        return [bar for day, bar in daily.items() if session and day < session.date]

    def _statistics(self, at_s: float) -> list[Message]:
        bars = self._daily(at_s)
        found: list[Message] = []
        if self._instrument.sec_type == "OPT" or not bars:
            return found
        request_id = self._request_id
        for weeks, low_tick, high_tick in _WEEKS:
            span = [bar for bar in bars if bar.start.timestamp() >= at_s - weeks * _WEEK_S]
            if span and bars[0].start.timestamp() <= at_s - (weeks - 1) * _WEEK_S:
                low, high = min(bar.low for bar in span), max(bar.high for bar in span)
                found.append(TickPrice(request_id=request_id, tick=low_tick, price=low))
                found.append(TickPrice(request_id=request_id, tick=high_tick, price=high))
        volumes = [bar.volume for bar in bars[-_AVERAGE_DAYS:] if bar.volume]
        if volumes:
            size = self._writer.size(round(mean(volumes)))
            found.append(TickSize(request_id=request_id, tick=21, size=size))
        return found


def historical_vol(bars: list[Bar]) -> float | None:
    """Standard deviation of 30 daily log returns, a year; None with fewer bars."""
    closes = [bar.close for bar in bars[-_VOL_DAYS - 1 :]]
    if len(closes) <= _VOL_DAYS:
        return None
    returns = [log(b / a) for a, b in pairwise(closes)]
    return stdev(returns) * sqrt(_TRADING_DAYS)


def _mark(quote: Quote) -> float | None:
    """The last trade held between bid and ask; the close when nothing else is known."""
    if quote.bid is None or quote.ask is None:
        return quote.last if quote.last is not None else quote.close
    if quote.last is None:
        return round((quote.bid + quote.ask) / 2, 4)
    return min(max(quote.last, quote.bid), quote.ask)


def _rt_volume(quote: Quote, writer: TickWriter) -> str:
    """``price;size;timeMs;totalVolume;vwap;singleTrade``.

    The day's average price is approximated by the mean of open, high, low and last.
    """
    size, volume = writer.size(quote.last_size), writer.size(quote.volume)
    known = [x for x in (quote.open, quote.high, quote.low, quote.last) if x is not None]
    return f"{quote.last};{size};{(quote.last_time_s or 0) * 1000};{volume};{mean(known):.6f};true"
