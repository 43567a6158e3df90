"""The last ticks before a moment, as messages 96 to 98: what a tick-by-tick stream begins with.

Imports the tick source and the messages; knows no client.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final, TypeVar

from pytest_ibkr.sim import trade_ticks
from pytest_ibkr.sim.instruments import Instrument
from pytest_ibkr.sim.market import Market
from pytest_ibkr.wire.messages.history_queries import (
    BidAskTick,
    HistoricalBidAsk,
    HistoricalMidpoints,
    HistoricalTrades,
    MidpointTick,
    TradeTick,
)
from pytest_ibkr.wire.messages.tick_by_tick import BID_ASK, MID_POINT

MOST: Final = 1000
_FIRST_S: Final = 60.0  # looked at first; doubles
_MOST_SESSIONS: Final = 3
_INSTANT_S: Final = 0.001
T = TypeVar("T")


def past_ticks(
    market: Market,
    instrument: Instrument,
    request_id: int,
    *,
    kind: int,
    count: int,
    until_s: float,
    ignore_size: bool,
) -> HistoricalBidAsk | HistoricalMidpoints | HistoricalTrades:
    """The last ``count`` ticks, at most 1000, up to and including ``until_s`` (epoch seconds)."""
    count = min(count, MOST)
    if kind == BID_ASK:
        quotes = _last(
            market,
            lambda from_s, to_s: trade_ticks.quotes(
                market, instrument, from_s=from_s, until_s=to_s, ignore_size=ignore_size
            ),
            count,
            until_s,
        )
        return HistoricalBidAsk(request_id=request_id, ticks=tuple(map(_quote, quotes)))
    if kind == MID_POINT:
        middles = _last(
            market,
            lambda from_s, to_s: trade_ticks.midpoints(
                market, instrument, from_s=from_s, until_s=to_s
            ),
            count,
            until_s,
        )
        shown = tuple(MidpointTick(at_s=int(tick.at_s), price=tick.price) for tick in middles)
        return HistoricalMidpoints(request_id=request_id, ticks=shown)
    trades = _last(
        market,
        lambda from_s, to_s: trade_ticks.trades(market, instrument, from_s=from_s, until_s=to_s),
        count,
        until_s,
    )
    return HistoricalTrades(request_id=request_id, ticks=tuple(map(_trade, trades)))


def _last(
    market: Market, read: Callable[[float, float], Iterator[T]], count: int, until_s: float
) -> list[T]:
    """The last ``count`` of what ``read`` finds, session by session back from ``until_s``."""
    found: list[T] = []
    session = market.calendar.begun(until_s)
    for _ in range(_MOST_SESSIONS):
        if session is None:
            break
        to_s, back_s = min(until_s, session.close_s), _FIRST_S
        while len(found) < count and to_s > session.open_s:
            from_s = max(to_s - back_s, session.open_s - _INSTANT_S)
            found = [*read(from_s, to_s), *found]
            back_s, to_s = back_s * 2, from_s
        session = market.calendar.previous(session)
    return found[max(0, len(found) - count) :]


def _quote(tick: trade_ticks.QuoteTick) -> BidAskTick:
    return BidAskTick(
        at_s=int(tick.at_s),
        bid=tick.bid,
        ask=tick.ask,
        bid_size=tick.bid_size,
        ask_size=tick.ask_size,
    )


def _trade(tick: trade_ticks.Trade) -> TradeTick:
    return TradeTick(at_s=int(tick.at_s), price=tick.price, size=tick.size, exchange=tick.exchange)
