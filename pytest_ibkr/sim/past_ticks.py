"""Ticks of the past: found in the market, and written as messages 96 to 98.

Imports the tick source and the messages; knows no client.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Final

from pytest_ibkr.sim import trade_ticks
from pytest_ibkr.sim.instruments import Instrument
from pytest_ibkr.sim.lots import hmds_size
from pytest_ibkr.sim.market import Market
from pytest_ibkr.sim.tick_search import Asked, T, Walk, from_start, to_end
from pytest_ibkr.sim.trade_ticks import MidpointTick, QuoteTick, Trade, sessions
from pytest_ibkr.wire.declare import Message
from pytest_ibkr.wire.messages import history_queries as wire

MOST: Final = 1000  # more are asked for in vain

Ticks = Sequence[Trade] | Sequence[QuoteTick] | Sequence[MidpointTick]


def found(
    market: Market,
    instrument: Instrument,
    asked: Asked,
    *,
    start_s: float,
    end_s: float | None,
    ignore_size: bool,
) -> Ticks:
    """The last ticks up to ``end_s`` or, where that is None, the first from ``start_s`` on."""
    hours = [(each.open_s, each.close_s) for each in sessions(market, instrument)]

    def taken(walk: Walk[T]) -> list[T]:
        if end_s is None:
            return from_start(walk, hours, asked, start_s=start_s)
        return to_end(walk, hours, asked, end_s=end_s)

    if asked.what == "TRADES":
        return taken(partial(trade_ticks.trades, market, instrument))
    if asked.what == "MIDPOINT":
        return taken(partial(trade_ticks.midpoints, market, instrument))
    return taken(partial(trade_ticks.quotes, market, instrument, ignore_size=ignore_size))


def message(
    request_id: int,
    what: str,
    ticks: Sequence[Trade] | Sequence[QuoteTick] | Sequence[MidpointTick],
    *,
    instrument: Instrument,
    version: int,
) -> Message:
    """Message 96 (``MIDPOINT``), 97 (``BID_ASK``) or 98 (``TRADES``), done.

    Sizes of stocks are in lots of 100 before server version 175, as all HMDS data.
    """
    size = partial(hmds_size, instrument=instrument, version=version)

    if what == "MIDPOINT":
        middle = tuple(
            wire.MidpointTick(at_s=int(tick.at_s), price=tick.price)
            for tick in ticks
            if isinstance(tick, MidpointTick)
        )
        return wire.HistoricalMidpoints(request_id=request_id, ticks=middle)
    if what == "BID_ASK":
        both = tuple(
            wire.BidAskTick(
                at_s=int(tick.at_s),
                bid=tick.bid,
                ask=tick.ask,
                bid_size=size(tick.bid_size),
                ask_size=size(tick.ask_size),
            )
            for tick in ticks
            if isinstance(tick, QuoteTick)
        )
        return wire.HistoricalBidAsk(request_id=request_id, ticks=both)
    traded = tuple(
        wire.TradeTick(
            at_s=int(tick.at_s), price=tick.price, size=size(tick.size), exchange=tick.exchange
        )
        for tick in ticks
        if isinstance(tick, Trade)
    )
    return wire.HistoricalTrades(request_id=request_id, ticks=traded)
