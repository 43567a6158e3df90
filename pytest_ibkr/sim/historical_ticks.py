"""Historical ticks (request 96): trades, quotes and midpoints of the market's past.

Source: gateway-behaviour.md 2.5 ("Other HMDS requests"). Imports the engine for types only.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from pytest_ibkr.sim.history_request import NO_ZONE, read_end
from pytest_ibkr.sim.instruments import Instrument
from pytest_ibkr.sim.refusal import Refusal, invalid
from pytest_ibkr.sim.tick_search import Asked, T, Walk, from_start, to_end
from pytest_ibkr.sim.trade_ticks import (
    MidpointTick,
    QuoteTick,
    Trade,
    midpoints,
    quotes,
    sessions,
    trades,
)
from pytest_ibkr.wire.declare import Message
from pytest_ibkr.wire.messages import history_queries as wire
from pytest_ibkr.wire.messages.history_queries import ReqHistoricalTicks
from pytest_ibkr.wire.versions import SHARE_VOLUMES

if TYPE_CHECKING:
    from pytest_ibkr.sim.client import Client
    from pytest_ibkr.sim.engine import Engine

MOST_TICKS: Final = 1000  # more are asked for in vain
_SOURCES: Final = {
    **{what: what for what in ("TRADES", "BID_ASK", "MIDPOINT")},
    "AGGTRADES": "TRADES",
}
_NOT_AGGREGATED: Final = (
    "Expected what to show is TRADES, please use that instead of AGGTRADES."  # only crypto has them
)
# The evidence names the rule but no text for a request with both or neither.
_EITHER: Final = "Please enter either a start time or an end time"
_LOT: Final = 100


class HistoricalTickDesk:
    """Owns request 96."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def handlers(self) -> dict[type[Message], Callable[[Client, Any], None]]:
        """Request classes and what deals with them."""
        return {ReqHistoricalTicks: self._request}

    def _request(self, client: Client, request: ReqHistoricalTicks) -> None:
        engine = self._engine
        instrument = engine.world.book.resolve(request.contract)
        at_s, zoned = _checked(request, now_s=engine.now_s)
        if engine.conditions.entitlement_of(instrument.symbol) != "live":
            raise Refusal(10187, _no_permission(instrument))
        if request.what_to_show == "AGGTRADES":
            client.error(request.request_id, 10299, _NOT_AGGREGATED)
        if not zoned:
            client.error(request.request_id, 2174, NO_ZONE)
        asked = Asked(
            _SOURCES[request.what_to_show],
            min(request.count, MOST_TICKS),
            min(engine.market_time(instrument), engine.now_s),
        )

        def answer() -> None:
            found = self._found(request, instrument, asked, at_s=at_s)
            number, version = request.request_id, client.version
            client.send(message(number, asked.what, found, instrument=instrument, version=version))

        engine.owe(client, engine.conditions.latency.history_s, answer)

    def _found(
        self, request: ReqHistoricalTicks, instrument: Instrument, asked: Asked, *, at_s: float
    ) -> Sequence[Trade] | Sequence[QuoteTick] | Sequence[MidpointTick]:
        market = self._engine.market
        hours = [(each.open_s, each.close_s) for each in sessions(market, instrument)]

        def taken(walk: Walk[T]) -> list[T]:
            if request.start:
                return from_start(walk, hours, asked, start_s=at_s)
            return to_end(walk, hours, asked, end_s=at_s)

        if asked.what == "TRADES":
            return taken(partial(trades, market, instrument))
        if asked.what == "MIDPOINT":
            return taken(partial(midpoints, market, instrument))
        return taken(partial(quotes, market, instrument, ignore_size=request.ignore_size))


def _checked(request: ReqHistoricalTicks, *, now_s: float) -> tuple[float, bool]:
    """The start or end, epoch seconds, and whether it says its zone.

    Raises:
        Refusal: 321, or 10314 for an unreadable moment.
    """
    if not request.what_to_show:
        raise invalid("Source price must not be empty")
    if request.what_to_show not in _SOURCES:
        raise invalid("Invalid source price")
    if request.count < 1:
        raise invalid("Number of ticks must be > 0")
    if bool(request.start) == bool(request.end):
        raise invalid(_EITHER)
    return read_end(request.start or request.end, now_s=now_s)


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
    lots = instrument.sec_type == "STK" and version < SHARE_VOLUMES

    def size(shares: int) -> int:
        return max(1, shares // _LOT) if lots and shares else shares

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


def _no_permission(instrument: Instrument) -> str:
    exchange = "ISLAND" if instrument.primary_exchange == "NASDAQ" else instrument.listing
    return (
        "Failed to request historical ticks:No market data permissions for"
        f" {exchange} {instrument.sec_type}"
    )
