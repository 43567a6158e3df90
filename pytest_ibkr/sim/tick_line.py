"""One tick-by-tick request: past ticks first, then every trade or quote of the market.

Source: gateway-behaviour.md 2.4. The ticks are synthetic below the bars (``trade_ticks``). Last and
AllLast are the same trades: the market has none that is not reported. Imports the engine for types
only.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from pytest_ibkr.sim import past_ticks, trade_ticks
from pytest_ibkr.sim.instruments import Instrument
from pytest_ibkr.sim.lots import live_size
from pytest_ibkr.sim.subscriptions import next_look_s
from pytest_ibkr.sim.tick_search import Asked
from pytest_ibkr.wire.declare import Message
from pytest_ibkr.wire.messages.tick_by_tick import (
    ALL_LAST,
    BID_ASK,
    LAST,
    MID_POINT,
    ReqTickByTick,
    TickByTick,
)

if TYPE_CHECKING:
    from pytest_ibkr.sim.client import Client
    from pytest_ibkr.sim.engine import Engine
    from pytest_ibkr.sim.schedule import Timer

KINDS: Final = {"Last": LAST, "AllLast": ALL_LAST, "BidAsk": BID_ASK, "MidPoint": MID_POINT}
_PAST: Final = {LAST: "TRADES", ALL_LAST: "TRADES", BID_ASK: "BID_ASK", MID_POINT: "MIDPOINT"}


class TickLine:
    """One request from its past ticks on."""

    def __init__(
        self, engine: Engine, client: Client, instrument: Instrument, request: ReqTickByTick
    ) -> None:
        self._engine, self._client, self.instrument = engine, client, instrument
        self._request, self._kind = request, KINDS[request.kind]
        self._seen_s = engine.now_s
        self._shown: tuple[float, ...] = ()  # the last quote or middle this client knows
        self._last: float | None = None
        self._timer: Timer | None = None
        self._over = False

    def start(self) -> None:
        """Plan the past ticks, where some are asked for, and the stream."""
        delay_s = self._engine.conditions.latency.tick_s
        self._timer = self._engine.owe(self._client, delay_s, self._first)

    def stop(self) -> None:
        """Send nothing any more."""
        self._over = True
        if self._timer is not None:
            self._timer.cancel()

    def _first(self) -> None:
        engine, request = self._engine, self._request
        self._seen_s = engine.now_s
        self._last = engine.market.quote(self.instrument, engine.now_s).last
        deque(self._ticks(engine.now_s, engine.now_s), maxlen=0)  # what stands now is no tick
        if request.count > 0:
            self._client.send(self._past())
        self._go_on()

    def _past(self) -> Message:
        engine, request = self._engine, self._request
        at_s = engine.market_time(self.instrument)
        asked = Asked(_PAST[self._kind], min(request.count, past_ticks.MOST), at_s)
        found = past_ticks.found(
            *(engine.market, self.instrument, asked),
            start_s=at_s,
            end_s=at_s,
            ignore_size=request.ignore_size,
        )
        return past_ticks.message(
            *(request.request_id, asked.what, found[-asked.count :]),
            instrument=self.instrument,
            version=self._client.version,
        )

    def update(self) -> None:
        """Look now: a quote was set, and a last price set with it is a trade."""
        if self._over:
            return
        before = self._last
        if not self._look() and self._kind in (LAST, ALL_LAST) and self._last != before:
            self._client.send(*self._trades(self._set_trade()))

    def _look(self) -> bool:
        """Send the ticks since the last time, and plan the next look; whether there were any."""
        engine, symbol = self._engine, self.instrument.symbol
        seen_s, self._seen_s = self._seen_s, engine.now_s
        found: list[Message] = []
        if symbol not in engine.conditions.frozen and symbol not in engine.halted:
            found = list(self._ticks(seen_s, engine.now_s))
            self._client.send(*found)
        self._last = engine.market.quote(self.instrument, engine.now_s).last
        self._go_on()
        return bool(found)

    def _set_trade(self) -> Iterator[trade_ticks.Trade]:
        engine = self._engine
        quote = engine.market.quote(self.instrument, engine.now_s)
        still = {self.instrument.symbol} & {*engine.conditions.frozen, *engine.halted}
        if quote.last is not None and not still and engine.market.is_open(engine.now_s):
            venue = self.instrument.primary_exchange
            yield trade_ticks.Trade(engine.now_s, quote.last, quote.last_size or 1, venue)

    def _ticks(self, from_s: float, until_s: float) -> Iterator[Message]:
        market, instrument = self._engine.market, self.instrument
        if self._kind == BID_ASK:
            yield from self._quotes(from_s, until_s)
        elif self._kind == MID_POINT:
            for middle in trade_ticks.midpoints(market, instrument, from_s=from_s, until_s=until_s):
                yield from self._middle(middle.at_s, middle.price)
            quote = self._quote(until_s)
            if quote is not None:
                yield from self._middle(until_s, round((quote.bid + quote.ask) / 2, 6))
        else:
            yield from self._trades(
                trade_ticks.trades(market, instrument, from_s=from_s, until_s=until_s)
            )

    def _quote(self, at_s: float) -> trade_ticks.QuoteTick | None:
        """The two-sided quote of this moment: one that was set lies between the market's."""
        market = self._engine.market
        quote = market.quote(self.instrument, at_s)
        if not market.is_open(at_s) or quote.bid is None or quote.ask is None:
            return None
        sizes = (quote.bid_size or 0, quote.ask_size or 0)
        return trade_ticks.QuoteTick(at_s, quote.bid, quote.ask, *sizes)

    def _quotes(self, from_s: float, until_s: float) -> Iterator[Message]:
        ignore_size = self._request.ignore_size
        found = trade_ticks.quotes(
            *(self._engine.market, self.instrument),
            from_s=from_s,
            until_s=until_s,
            ignore_size=ignore_size,
        )
        now = self._quote(until_s)
        for quote in [*found, *([] if now is None else [now])]:
            shown: tuple[float, ...] = (quote.bid, quote.ask)
            if not ignore_size:
                shown += (quote.bid_size, quote.ask_size)
            if shown == self._shown:
                continue
            self._shown = shown
            yield TickByTick(
                request_id=self._request.request_id,
                kind=self._kind,
                at_s=int(quote.at_s),
                bid=quote.bid,
                ask=quote.ask,
                bid_size=self._size(quote.bid_size),
                ask_size=self._size(quote.ask_size),
            )

    def _middle(self, at_s: float, price: float) -> Iterator[Message]:
        if self._shown != (price,):
            self._shown = (price,)
            number = self._request.request_id
            yield TickByTick(request_id=number, kind=self._kind, at_s=int(at_s), mid_point=price)

    def _trades(self, found: Iterator[trade_ticks.Trade]) -> Iterator[Message]:
        for trade in found:
            yield TickByTick(
                request_id=self._request.request_id,
                kind=self._kind,
                at_s=int(trade.at_s),
                price=trade.price,
                size=self._size(trade.size),
                exchange=trade.exchange,
            )

    def _size(self, shares: int) -> int:
        return live_size(shares, self.instrument, version=self._client.version)

    def _due(self) -> None:
        if not self._over:
            self._look()

    def _go_on(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        next_s = next_look_s(self._engine, self.instrument)
        self._timer = self._engine.plan(next_s, self._due)
