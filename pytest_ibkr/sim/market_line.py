"""One market data request from its first batch to its end: stream or snapshot.

Sends what changed at the instants the market may change at. Source: gateway-behaviour.md 2.3
("Streams", "Snapshot end rule"). Imports the engine for types only.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from pytest_ibkr.sim.exchange_facts import BBO_OTHER, BBO_STOCK
from pytest_ibkr.sim.exchange_ticks import ExchangeTicks
from pytest_ibkr.sim.feed import Feed
from pytest_ibkr.sim.generic_ticks import NEWS, NO_TOP, GenericTicks
from pytest_ibkr.sim.instruments import Instrument
from pytest_ibkr.sim.quotes import Quote, Side
from pytest_ibkr.sim.ticks import DELAYED, LIVE, SHARE_SIZES, SIDES, Field, TickWriter, end_rule
from pytest_ibkr.wire.declare import Message
from pytest_ibkr.wire.messages.market_data import (
    MarketDataType,
    TickReqParams,
    TickSnapshotEnd,
)

if TYPE_CHECKING:
    from pytest_ibkr.sim.client import Client
    from pytest_ibkr.sim.engine import Engine
    from pytest_ibkr.sim.schedule import Timer

_DELAYED_NOTICE: Final = "Requested market data is not subscribed. Displaying delayed market data."
_PERMISSIONS: Final = 3
_MODEL_GAP_S: Final = 1.0  # the model's computation is not sent more often
_OF_A_TRADE: Final = frozenset({"last", "last_time_s", "last computation"})
_STANDSTILL_S: Final = 1.0  # how often a frozen line looks whether it still is


class MarketLine:
    """One request. ``ended`` is called when it is over by itself (a snapshot's end)."""

    def __init__(
        self,
        engine: Engine,
        client: Client,
        instrument: Instrument,
        *,
        request_id: int,
        feed: Feed,
        asked: frozenset[str],
        snapshot: bool,
        ended: Callable[[], None],
    ) -> None:
        self._engine, self._client, self._request_id = engine, client, request_id
        self.instrument, self.snapshot = instrument, snapshot
        self._feed, self._ended, self._asked = feed, ended, asked
        self._lag_s = feed.lag_s
        self._writer = TickWriter(
            request_id,
            DELAYED if feed.delayed else LIVE,
            in_lots=instrument.sec_type == "STK" and client.version < SHARE_SIZES,
            size_ticks=not feed.delayed,
        )
        self._generic = GenericTicks(engine, instrument, asked=asked, writer=self._writer)
        self._timers: list[Timer] = []
        self._next: Timer | None = None
        self._started_s = engine.now_s
        self._quote = Quote()
        self._halted: bool | None = None
        self._sent: set[str] = set()  # a snapshot sends each field once
        quoted = engine.market.spread(instrument) is not None
        self._needed = end_rule(instrument.sec_type, delayed=feed.delayed, quoted=quoted)
        self._exchanges = None if feed.delayed else ExchangeTicks(instrument, request_id)
        self._values: dict[Side, float | None] = {}
        self._model_s = 0.0
        self._over = self._again = False

    def start(self) -> None:
        """Plan the first batch, and a snapshot's end."""
        tick_s = self._engine.conditions.latency.tick_s
        self._timers.append(self._engine.owe(self._client, tick_s, self._first))
        if self.snapshot:
            end_s = self._engine.conditions.snapshot_end_s
            self._timers.append(self._engine.owe(self._client, end_s, self._time_out))
        if self.instrument.sec_type == "OPT":
            conditions = self._engine.conditions
            if conditions.greeks == "late":
                delay_s = tick_s + conditions.greeks_delay_s
                self._timers.append(self._engine.owe(self._client, delay_s, self.update))

    def stop(self) -> None:
        """Send nothing any more."""
        self._over = True
        if NEWS in self._asked and (news := self._engine.streams.news) is not None:
            news.unfollow(self._client, self._request_id)
        for timer in (*self._timers, self._next):
            if timer is not None:
                timer.cancel()

    def _now(self) -> tuple[Quote, float]:
        if self._engine.weather.active:
            self._engine.weather.met("quote", self.instrument)
        at_s = self._engine.market_time(self.instrument) - self._lag_s
        return self._feed.shown(self._engine.market, self.instrument, at_s)

    def _first(self) -> None:
        if self._over:
            return
        quote, at_s = self._now()
        self._announce()
        if self.snapshot:
            self._client.send(*self._unsent(quote))
        else:
            self._client.send(*self._batch(quote))
            self._client.send(*self._generic.first(quote, at_s))
        self._client.send(*self._computations(quote, at_s))
        self._quote = quote
        self._go_on()

    def _announce(self) -> None:
        """Send 58 and 81; captures show both orders of them."""
        first = self._engine.conditions.data_type_first
        type_first = first == "always" or (first == "snapshots" and self.snapshot)
        parameters = self._parameters()
        if not type_first:
            self._client.send(parameters)
        kind = MarketDataType(request_id=self._request_id, data_type=self._feed.data_type)
        self._client.send(kind)
        if self._feed.delayed:
            self._client.error(self._request_id, 10167, _DELAYED_NOTICE)
        if type_first:
            self._client.send(parameters)

    def _parameters(self) -> TickReqParams:
        kind = self.instrument.sec_type
        key = "" if kind == "CASH" else BBO_STOCK if kind == "STK" else BBO_OTHER
        self._engine.streams.announced.add(key)
        return TickReqParams(
            request_id=self._request_id,
            min_tick=self.instrument.quote_tick or self.instrument.min_tick,
            bbo_exchange=key,
            snapshot_permissions=0 if kind == "CASH" else _PERMISSIONS,
        )

    def _batch(self, quote: Quote) -> list[Message]:
        self._halted = self.instrument.symbol in self._engine.halted
        if NO_TOP in self._asked:
            return []
        found = [m for _, part in self._writer.all_fields(quote, snapshot=False) for m in part]
        if self.instrument.sec_type not in ("IND", "CASH"):
            found.append(self._writer.halted(halted=self._halted))
        return found + self._exchange_news(quote)

    def _exchange_news(self, quote: Quote) -> list[Message]:
        return [] if self._exchanges is None else self._exchanges.changes(quote)

    def _unsent(self, quote: Quote) -> list[Message]:
        found: list[Message] = []
        for field, messages in self._writer.all_fields(quote, snapshot=True):
            if messages and field not in self._sent:
                self._sent.add(field)
                found += messages
        return found

    def resend(self) -> None:
        """Send everything known again, as a data farm that is back does."""
        if not (self._over or self.snapshot):
            self._quote, self._halted, self._again = Quote(), None, True
            self._values.clear()
            self.update()

    def update(self) -> None:
        """Send what changed since the last time, and plan the next look."""
        if self._over:
            return
        conditions, symbol = self._engine.conditions, self.instrument.symbol
        quote, at_s = self._now()
        halted = symbol in self._engine.halted
        if symbol not in conditions.frozen or self._again:
            self._again = False
            if self.snapshot:
                self._client.send(*self._unsent(quote))
            elif not (halted and self._halted):  # nothing moves in a halt
                if NO_TOP not in self._asked:
                    self._client.send(*self._writer.changes(self._quote, quote))
                    self._client.send(*self._exchange_news(quote))
                self._client.send(*self._generic.changes(self._quote, quote))
                self._client.send(*self._generic.later(at_s))
            if not self.snapshot and halted != self._halted:
                self._halted = halted
                self._client.send(self._writer.halted(halted=halted))
            self._client.send(*self._computations(quote, at_s))
            self._quote = quote
        self._go_on()

    def _computations(self, quote: Quote, at_s: float) -> list[Message]:
        if self.instrument.sec_type != "OPT" or not (quote.two_sided and self._greeks_due()):
            return []
        found: list[Message] = []
        for side in SIDES:
            if side in self._values and not self._moved(side, quote):
                continue
            computed = self._engine.market.computation(self.instrument, at_s, side)
            if computed is not None:
                self._values[side] = computed.price
                if side == "model":
                    self._model_s = self._engine.now_s
                self._sent.add(f"{side} computation")
                found.append(self._writer.computation(side, computed))
        return found

    def _moved(self, side: Side, quote: Quote) -> bool:
        if self.snapshot:
            return False
        if side != "model":
            return self._values[side] != {"bid": quote.bid, "ask": quote.ask}.get(side, quote.last)
        if self._engine.now_s < self._model_s + _MODEL_GAP_S:
            return False
        return (quote.bid, quote.ask) != (self._quote.bid, self._quote.ask)

    def _greeks_due(self) -> bool:
        conditions = self._engine.conditions
        if conditions.greeks == "never":
            self._engine.weather.met("greeks", self.instrument)
            return False
        due_s = self._started_s + conditions.latency.tick_s
        if conditions.greeks == "late":
            due_s += conditions.greeks_delay_s
        if self._engine.now_s >= due_s - 1e-6:
            return True
        self._engine.weather.met("greeks", self.instrument)
        return False

    def _go_on(self) -> None:
        if self.snapshot and not self._missing():
            self._finish()
            return
        if self._next is not None:
            self._next.cancel()
        now_s = self._engine.now_s
        market = self._engine.market
        at_s = now_s - self._lag_s
        if self.snapshot and self._missing() <= _OF_A_TRADE:
            next_s = market.next_trade_s(self.instrument, at_s)
        else:
            next_s = market.next_change_s(self.instrument, at_s)
            next_s = next_s or market.calendar.next_bell_s(at_s)
        if next_s is not None:
            next_s += self._lag_s
        if self.instrument.symbol in self._engine.conditions.frozen:
            next_s = now_s + _STANDSTILL_S
        if next_s is not None:
            self._next = self._engine.later(next_s - now_s, self.update)

    def _missing(self) -> frozenset[str]:
        return self._needed - self._sent

    def _time_out(self) -> None:
        if not self._over:
            self._finish()

    def _finish(self) -> None:
        tops: tuple[Field, ...] = ("bid", "ask")
        for field in tops:
            if field not in self._sent and self.instrument.sec_type != "IND":
                self._client.send(*self._writer.field(field, Quote(), missing=True))
        self._client.send(TickSnapshotEnd(request_id=self._request_id))
        self.stop()
        self._ended()
