"""Five-second bars as they end: validation, rights, pacing, and the bars.

Source: gateway-behaviour.md 2.4 and 5. A bar is made of the ticks of ``trade_ticks``, so that bars
and tick-by-tick data agree. Only regular sessions exist in a snapshot, with or without useRTH.
Imports the engine for types only.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Final

from pytest_ibkr.sim import trade_ticks
from pytest_ibkr.sim.hmds import MORE_RIGHTS, no_permissions
from pytest_ibkr.sim.instruments import Instrument
from pytest_ibkr.sim.lots import hmds_size
from pytest_ibkr.sim.market import Market
from pytest_ibkr.sim.quotes import Quote
from pytest_ibkr.sim.refusal import Refusal, invalid
from pytest_ibkr.sim.streams import unknown_ticker
from pytest_ibkr.sim.subscriptions import Subscriptions
from pytest_ibkr.wire.declare import Message
from pytest_ibkr.wire.messages.real_time_bars import (
    CancelRealTimeBars,
    RealTimeBar,
    ReqRealTimeBars,
)

if TYPE_CHECKING:
    from pytest_ibkr.sim.client import Client
    from pytest_ibkr.sim.engine import Engine
    from pytest_ibkr.sim.schedule import Timer

BAR_S: Final = 5
_WHAT: Final = ("TRADES", "MIDPOINT", "BID", "ASK")
_BUDGET, _BUDGET_S = 60, 600.0  # requests of a client, as for small historical bars
_INSTANT_S: Final = 0.001
_UNKNOWN: Final = -1
PREFIX: Final = "Invalid Real-time Query:"


class RealTimeBarDesk(Subscriptions["BarLine"]):
    """Owns every request for five-second bars of a session."""

    def __init__(self, engine: Engine) -> None:
        super().__init__(engine)
        self._recent: dict[int, deque[float]] = {}
        engine.streams.join(self)

    def handlers(self) -> dict[type[Message], Callable[[Client, Any], None]]:
        """Request classes and what deals with them."""
        return {ReqRealTimeBars: self._request, CancelRealTimeBars: self._cancel}

    def client_gone(self, client: Client) -> None:
        """End what a client had open."""
        super().client_gone(client)
        self._recent.pop(client.connection, None)

    def _cancel(self, client: Client, request: CancelRealTimeBars) -> None:
        if self._end(client, request.request_id) is None:
            raise unknown_ticker(request.request_id)

    def _request(self, client: Client, request: ReqRealTimeBars) -> None:
        key, engine = self._new_key(client, request.request_id), self._engine
        instrument = engine.world.book.resolve(request.contract)
        if request.what_to_show not in _WHAT:
            raise invalid("What to show field is missing or incorrect.")
        if request.bar_size_s != BAR_S:  # the evidence has the rule, and the text of 20's refusal
            raise invalid("Historical data bar size setting is invalid. Legal ones are: 5 secs")
        self._keep_pace(client)
        if engine.conditions.entitlement_of(instrument.symbol) != "live":
            self._refuse_later(client, request.request_id, _refused(instrument, request))
            return
        line = self._open[key] = BarLine(engine, client, instrument, request)
        line.start()

    def _keep_pace(self, client: Client) -> None:
        recent = self._recent.setdefault(client.connection, deque())
        now_s = self._engine.now_s
        while recent and recent[0] <= now_s - _BUDGET_S:
            recent.popleft()
        if len(recent) >= _BUDGET:
            raise Refusal(420, f"{PREFIX}Historical data request pacing violation")
        recent.append(now_s)


def _refused(instrument: Instrument, request: ReqRealTimeBars) -> Refusal:
    if request.what_to_show == "TRADES":
        return Refusal(420, f"{PREFIX}{no_permissions(instrument)}")
    return Refusal(10089, f"{MORE_RIGHTS}{instrument.symbol} {instrument.listing}/TOP/ALL")


class BarLine:
    """One request: a bar at every full five seconds of a session."""

    def __init__(
        self, engine: Engine, client: Client, instrument: Instrument, request: ReqRealTimeBars
    ) -> None:
        self._engine, self._client, self.instrument = engine, client, instrument
        self._request = request
        self._timer: Timer | None = None

    def start(self) -> None:
        """Plan the first bar: the one that is running now, when it ends."""
        self._go_on()

    def stop(self) -> None:
        """Send nothing any more."""
        if self._timer is not None:
            self._timer.cancel()

    def update(self) -> None:
        """A bar comes when it ends, whatever moved inside it."""

    def _ended(self) -> None:
        engine, symbol = self._engine, self.instrument.symbol
        start_s = round(engine.now_s) - BAR_S
        still = symbol in engine.conditions.frozen or symbol in engine.halted
        if not still and engine.market.is_open(start_s):
            found = bar(engine.market, self.instrument, start_s, self._request.what_to_show)
            if found is not None:
                self._client.send(self._message(start_s, found))
        self._go_on()

    def _message(self, start_s: int, values: Values) -> RealTimeBar:
        first, high, low, last, volume, average, count = values
        return RealTimeBar(
            request_id=self._request.request_id,
            at_s=start_s,
            open=first,
            high=high,
            low=low,
            close=last,
            volume=hmds_size(volume, self.instrument, version=self._client.version),
            wap=average,
            count=count,
        )

    def _go_on(self) -> None:
        engine = self._engine
        from_s = engine.now_s
        if not engine.market.is_open(from_s):
            opening = engine.market.calendar.next_open_s(from_s)
            if opening is None:
                self._timer = None
                return
            from_s = opening
        due_s = (from_s // BAR_S + 1) * BAR_S
        self._timer = engine.later(due_s - engine.now_s, self._ended)


Values = tuple[float, float, float, float, int, float, int]  # open to close, volume, average, count


def bar(market: Market, instrument: Instrument, start_s: float, what: str) -> Values | None:
    """One bar of five seconds; None when nothing is known.

    Without a trade a bar of trades stands at the last price with volume 0.
    """
    from_s, until_s = start_s - _INSTANT_S, start_s + BAR_S - _INSTANT_S
    if what == "TRADES":
        found = list(trade_ticks.trades(market, instrument, from_s=from_s, until_s=until_s))
        if found:
            prices = [trade.price for trade in found]
            volume = sum(trade.size for trade in found)
            average = sum(trade.price * trade.size for trade in found) / volume
            return (*_shape(prices), volume, round(average, 6), len(found))
    samples = [
        price
        for quote in _quotes(market, instrument, start_s, until_s)
        if (price := _price(quote, what)) is not None
    ]
    if not samples:
        return None
    if what == "TRADES":
        return (*_shape(samples), 0, samples[-1], 0)
    return (*_shape(samples), _UNKNOWN, _UNKNOWN, _UNKNOWN)


def _shape(prices: list[float]) -> tuple[float, float, float, float]:
    return prices[0], max(prices), min(prices), prices[-1]


def _quotes(
    market: Market, instrument: Instrument, from_s: float, until_s: float
) -> Iterator[Quote]:
    at_s: float | None = from_s
    while at_s is not None and at_s <= until_s:
        yield market.quote(instrument, at_s)
        at_s = market.next_change_s(instrument, at_s)


def _price(quote: Quote, what: str) -> float | None:
    if what == "TRADES":
        return quote.last
    if what in ("BID", "ASK"):
        return quote.bid if what == "BID" else quote.ask
    if quote.bid is None or quote.ask is None:
        return None
    return round((quote.bid + quote.ask) / 2, 6)
