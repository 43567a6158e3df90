"""Single trades and quotes of an instrument between two instants, made out of the market's path.

Tick detail is synthetic: a snapshot has bars. A trade is what the quote's day volume grew by at one
change of the market (a 250 ms grid), at the last price of that moment, so it lies inside bid and
ask and on the bar's path, and the sizes of a bar add up to its volume but for a step at each end.
Same market, same ticks. Nothing exists outside sessions, on days without five-minute bars, and of
trades from the captured instant on. Imports the market only; halts and frozen symbols are the
caller's.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from pytest_ibkr.sim.calendar import Session
from pytest_ibkr.sim.instruments import Instrument
from pytest_ibkr.sim.market import Market
from pytest_ibkr.sim.quotes import Quote
from pytest_ibkr.sim.underlying_quotes import mixed

_FINEST_BAR_S: Final = 300  # days known by longer bars only have no path worth ticks
_INSTANT_S: Final = 0.001
_WARM_UP_S: Final = 1.0  # at least two steps of the grid
_STEP_S: Final = 0.25
_SPLIT: Final = 1024
# Where trades of US stocks and options print; which one is drawn from the instant.
_VENUES: Final = {
    "STK": ("ARCA", "NASDAQ", "NYSE", "BATS", "EDGX", "IEX", "MEMX", "FINRA"),
    "OPT": ("CBOE", "ISE", "PHLX", "AMEX", "BOX", "MIAX", "PSE", "NASDAQOM"),
}


@dataclass(frozen=True, slots=True)
class Trade:
    """One trade: epoch seconds, dollars per share, shares (options: contracts), venue."""

    at_s: float
    price: float
    size: int
    exchange: str


@dataclass(frozen=True, slots=True)
class QuoteTick:
    """A quote from ``at_s`` (epoch seconds) on; both sides are known."""

    at_s: float
    bid: float
    ask: float
    bid_size: int
    ask_size: int


@dataclass(frozen=True, slots=True)
class MidpointTick:
    """The middle of bid and ask from ``at_s`` (epoch seconds) on, dollars."""

    at_s: float
    price: float


def trades(
    market: Market, instrument: Instrument, *, from_s: float, until_s: float
) -> Iterator[Trade]:
    """Trades after ``from_s``, up to and including ``until_s`` (epoch seconds), ascending.

    An index has its changes instead, with size 0; what has no volume has none. ``until_s`` must
    not be later than now.
    """
    for session, first_s, last_s in _spans(market, instrument, from_s=from_s, until_s=until_s):
        last_s = min(last_s, market.captured_s - _INSTANT_S)
        if instrument.sec_type == "IND":
            yield from _levels(market, instrument, session, from_s=first_s, until_s=last_s)
        elif instrument.sec_type == "OPT":
            yield from _sparse(market, instrument, session, from_s=first_s, until_s=last_s)
        else:
            yield from _dense(market, instrument, session, from_s=first_s, until_s=last_s)


def quotes(
    market: Market,
    instrument: Instrument,
    *,
    from_s: float,
    until_s: float,
    ignore_size: bool = False,
) -> Iterator[QuoteTick]:
    """Quotes that differ from the one before, after ``from_s`` and up to ``until_s``, ascending.

    Args:
        market: whose quotes.
        instrument: of what; two-sided quotes only.
        from_s: epoch seconds, exclusive.
        until_s: epoch seconds, inclusive; not later than now.
        ignore_size: leave out those that differ in their sizes only.
    """
    for session, first_s, last_s in _spans(market, instrument, from_s=from_s, until_s=until_s):
        before = (
            _shown(market.quote(instrument, first_s), first_s)
            if (first_s >= session.open_s)
            else None
        )
        for at_s in _instants(market, instrument, from_s=first_s, until_s=last_s):
            tick = _shown(market.quote(instrument, at_s), at_s)
            if tick is not None and _differs(tick, before, ignore_size=ignore_size):
                yield tick
            before = tick


def midpoints(
    market: Market, instrument: Instrument, *, from_s: float, until_s: float
) -> Iterator[MidpointTick]:
    """Changes of the middle of the quote after ``from_s`` and up to ``until_s``, ascending."""
    for session, first_s, last_s in _spans(market, instrument, from_s=from_s, until_s=until_s):
        before = _middle(market.quote(instrument, first_s)) if first_s >= session.open_s else None
        for at_s in _instants(market, instrument, from_s=first_s, until_s=last_s):
            price = _middle(market.quote(instrument, at_s))
            if price is not None and price != before:
                yield MidpointTick(at_s, price)
            before = price


def sessions(market: Market, instrument: Instrument) -> list[Session]:
    """The sessions that have ticks, ascending."""
    path = market.paths.get(instrument.prices)
    if path is None:
        return []
    known = market.calendar.sessions
    return [session for session in known if path.day(session).bar_s <= _FINEST_BAR_S]


def _spans(
    market: Market, instrument: Instrument, *, from_s: float, until_s: float
) -> Iterator[tuple[Session, float, float]]:
    """Per session with ticks: where to begin (exclusive) and to end (inclusive)."""
    for session in sessions(market, instrument):
        if session.close_s > from_s and session.open_s <= until_s:
            first_s = max(from_s, session.open_s - _INSTANT_S)
            yield session, first_s, min(until_s, session.close_s - _INSTANT_S)


def _instants(
    market: Market, instrument: Instrument, *, from_s: float, until_s: float
) -> Iterator[float]:
    at_s = market.next_change_s(instrument, from_s)
    while at_s is not None and at_s <= until_s:
        yield at_s
        at_s = market.next_change_s(instrument, at_s)


def _levels(
    market: Market, instrument: Instrument, session: Session, *, from_s: float, until_s: float
) -> Iterator[Trade]:
    before = market.quote(instrument, from_s).last if from_s >= session.open_s else None
    for at_s in _instants(market, instrument, from_s=from_s, until_s=until_s):
        level = market.quote(instrument, at_s).last
        if level is not None and level != before:
            yield Trade(at_s, level, 0, instrument.exchange)
        before = level


def _dense(
    market: Market, instrument: Instrument, session: Session, *, from_s: float, until_s: float
) -> Iterator[Trade]:
    """Trades of what trades at nearly every change.

    Part of each step's volume is traded with the next one's, so that sizes vary; the part is
    drawn from the instant, and a walk begins early to know what it takes over.
    """
    begin_s = max(from_s - _WARM_UP_S, session.open_s - _INSTANT_S)
    volume = _volume(market.quote(instrument, begin_s)) if begin_s >= session.open_s else 0
    if _volume(market.quote(instrument, until_s)) == volume:
        return  # a currency pair, or a future of a far month: nothing to look for step by step
    left = 0
    for at_s in _instants(market, instrument, from_s=begin_s, until_s=until_s):
        quote = market.quote(instrument, at_s)
        grown = max(0, _volume(quote) - volume)
        volume += grown
        bits = _bits(instrument, at_s)
        kept = grown * (bits % _SPLIT) // _SPLIT
        size, left = grown - kept + left, kept
        if at_s > from_s and size > 0 and quote.last is not None:
            yield _trade(instrument, quote, at_s, size=size)


def _sparse(
    market: Market, instrument: Instrument, session: Session, *, from_s: float, until_s: float
) -> Iterator[Trade]:
    """Trades of what trades seldom: each is searched for, as the day's volume only grows."""
    at_s = max(from_s, session.open_s)
    volume = _volume(market.quote(instrument, at_s)) if from_s >= session.open_s else 0
    if until_s <= at_s:
        return
    total = _volume(market.quote(instrument, until_s))
    while volume < total:
        at_s = _first_above(market, instrument, volume, from_s=at_s, until_s=until_s)
        quote = market.quote(instrument, at_s)
        grown, volume = _volume(quote) - volume, _volume(quote)
        if quote.last is not None:
            yield _trade(instrument, quote, at_s, size=grown)


def _first_above(
    market: Market, instrument: Instrument, volume: int, *, from_s: float, until_s: float
) -> float:
    """The first change of the market after which the day's volume is above ``volume``."""
    step_s, low_s, high_s = _STEP_S, from_s, min(from_s + _STEP_S, until_s)
    while _volume(market.quote(instrument, high_s)) <= volume and high_s < until_s:
        step_s *= 2
        low_s, high_s = high_s, min(high_s + step_s, until_s)
    while high_s - low_s > _STEP_S:
        middle_s = (low_s + high_s) / 2
        if _volume(market.quote(instrument, middle_s)) > volume:
            high_s = middle_s
        else:
            low_s = middle_s
    change_s = market.next_change_s(instrument, low_s)
    while change_s is not None and change_s < high_s:
        if _volume(market.quote(instrument, change_s)) > volume:
            return change_s
        change_s = market.next_change_s(instrument, change_s)
    return high_s


def _trade(instrument: Instrument, quote: Quote, at_s: float, *, size: int) -> Trade:
    price = quote.last or 0.0
    if quote.bid is not None and quote.ask is not None:
        # An option's last may be a little old, and nothing trades at nothing.
        price = min(max(price, quote.bid), quote.ask) or quote.ask
    venues = _VENUES.get(instrument.sec_type, (instrument.exchange,))
    return Trade(at_s, price, size, venues[(_bits(instrument, at_s) >> 20) % len(venues)])


def _bits(instrument: Instrument, at_s: float) -> int:
    return mixed(round(at_s * 1000) * 31 + instrument.con_id)


def _volume(quote: Quote) -> int:
    return quote.volume or 0


def _shown(quote: Quote, at_s: float) -> QuoteTick | None:
    if quote.bid is None or quote.ask is None:
        return None
    return QuoteTick(at_s, quote.bid, quote.ask, quote.bid_size or 0, quote.ask_size or 0)


def _differs(tick: QuoteTick, before: QuoteTick | None, *, ignore_size: bool) -> bool:
    if before is None or (tick.bid, tick.ask) != (before.bid, before.ask):
        return True
    sizes = (tick.bid_size, tick.ask_size) != (before.bid_size, before.ask_size)
    return sizes and not ignore_size


def _middle(quote: Quote) -> float | None:
    if quote.bid is None or quote.ask is None:
        return None
    return round((quote.bid + quote.ask) / 2, 6)
