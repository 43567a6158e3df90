"""Market depth: which books there are, their limits, and each book kept up to date.

Source: gateway-behaviour.md 2.4 and 5. Imports the engine for types only.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from pytest_ibkr.sim import depth_book
from pytest_ibkr.sim.depth_book import EMPTY, Operation, Venues
from pytest_ibkr.sim.exchange_facts import (
    DEEP2,
    NASDAQ_MAKER,
    SERVICES,
    STOCK_DEEP,
    STOCK_TOP,
)
from pytest_ibkr.sim.instruments import Instrument
from pytest_ibkr.sim.refusal import Refusal
from pytest_ibkr.sim.streams import NOT_SUBSCRIBED, TOO_MANY_LINES, rerouted
from pytest_ibkr.sim.subscriptions import Key, Subscriptions
from pytest_ibkr.wire.declare import Message
from pytest_ibkr.wire.messages.depth import (
    CancelMarketDepth,
    MarketDepth,
    MarketDepthL2,
    ReqMarketDepth,
)
from pytest_ibkr.wire.messages.special_ticks import RerouteMarketDepth

if TYPE_CHECKING:
    from pytest_ibkr.sim.client import Client
    from pytest_ibkr.sim.engine import Engine
    from pytest_ibkr.sim.schedule import Timer

MAX_REQUESTS: Final = 3  # of all clients
NO_DEPTH: Final = "Deep market data is not supported for this combination of security type/exchange"
HALTED: Final = "Market depth data has been HALTED. Please re-subscribe."
RESET: Final = (
    "Market depth data has been RESET. Please empty deep book contents before applying any new"
    " entries."
)
_STANDSTILL_S: Final = 1.0


@dataclass(frozen=True, slots=True)
class _Shown:
    """What a request shows: the exchanges, and in which message."""

    venues: Venues
    smart: bool = False
    makers: bool = False  # message 13 although not SMART


class DepthDesk(Subscriptions["DepthLine"]):
    """Owns every market depth request of a session."""

    def __init__(self, engine: Engine) -> None:
        super().__init__(engine)
        self._unsupported: set[Key] = set()
        engine.streams.join(self)
        engine.streams.depth = self

    def handlers(self) -> dict[type[Message], Callable[[Client, Any], None]]:
        """Request classes and what deals with them."""
        return {ReqMarketDepth: self._request, CancelMarketDepth: self._cancel}

    @property
    def lines(self) -> int:
        """Market data lines in use here: one a request."""
        return len(self._open)

    def reset(self, symbol: str) -> None:
        """Send 317 for a symbol's books, then each book anew."""
        for line in list(self._open.values()):
            if line.instrument.symbol == symbol:
                line.reset()

    def client_gone(self, client: Client) -> None:
        """End what a client had open."""
        super().client_gone(client)
        self._unsupported = {key for key in self._unsupported if key[0] != client.connection}

    def _cancel(self, client: Client, request: CancelMarketDepth) -> None:
        key = (client.connection, request.request_id)
        if key in self._unsupported:  # silence, in a paper gateway's log
            self._unsupported.discard(key)
        elif self._end(client, request.request_id) is None:
            number = request.request_id
            raise Refusal(310, f"Can't find the subscribed market depth with tickerId:{number}")

    def _request(self, client: Client, request: ReqMarketDepth) -> None:
        key, engine = self._new_key(client, request.request_id), self._engine
        instrument = engine.world.book.resolve(request.contract)
        if instrument.sec_type == "CFD":
            client.send(rerouted(engine, instrument, request.request_id, RerouteMarketDepth))
            return
        shown = self._shown(instrument, request)
        if shown is None:
            self._unsupported.add(key)
            raise Refusal(10092, NO_DEPTH)
        if len(self._open) >= MAX_REQUESTS:
            raise Refusal(
                309, f"Max number ({MAX_REQUESTS}) of market depth requests has been reached"
            )
        if engine.streams.lines_in_use() >= engine.streams.max_lines:
            raise Refusal(101, TOO_MANY_LINES)
        missing = engine.conditions.no_depth
        if engine.conditions.entitlement_of(instrument.symbol) != "live" or (
            not shown.smart and request.contract.exchange in missing
        ):
            self._refuse_later(client, request.request_id, Refusal(354, NOT_SUBSCRIBED))
            return
        line = DepthLine(
            *(engine, client, instrument, request),
            shown=shown,
            ended=lambda: self._forget(key, line),
        )
        self._open[key] = line
        line.start()

    def _shown(self, instrument: Instrument, request: ReqMarketDepth) -> _Shown | None:
        exchange = request.contract.exchange
        if exchange == "SMART":
            if not request.smart_depth or instrument.sec_type != "STK":
                return None
            allowed = [name for name in STOCK_DEEP if name not in self._engine.conditions.no_depth]
            return _Shown(Venues(tuple(allowed), STOCK_TOP), smart=True)
        service = SERVICES.get((exchange, instrument.sec_type))
        if service is None or request.smart_depth:
            return None
        if service == DEEP2:
            return _Shown(Venues((NASDAQ_MAKER,)), makers=True)
        return _Shown(Venues((exchange,)))


class DepthLine:
    """One book. ``ended`` is called when it is over by itself (a halt)."""

    def __init__(
        self,
        engine: Engine,
        client: Client,
        instrument: Instrument,
        request: ReqMarketDepth,
        *,
        shown: _Shown,
        ended: Callable[[], None],
    ) -> None:
        self._engine, self._client, self.instrument = engine, client, instrument
        self._request_id, self._rows = request.request_id, request.rows
        self._shown, self._ended = shown, ended
        self.book = EMPTY  # as the client has it
        self._timer: Timer | None = None
        self._over = False

    def start(self) -> None:
        """Plan the first rows."""
        self._timer = self._engine.owe(
            self._client, self._engine.conditions.latency.tick_s, self._first
        )

    def stop(self) -> None:
        """Send nothing any more."""
        self._over = True
        if self._timer is not None:
            self._timer.cancel()

    def reset(self) -> None:
        """Declare the client's book void and send it again."""
        if not self._over:
            self._client.error(self._request_id, 317, RESET)
            self.book = EMPTY
            self.update()

    def _first(self) -> None:
        if self._shown.smart and self._engine.conditions.no_depth:
            self._client.error(self._request_id, 2152, self._exchanges())
        self.update()

    def _exchanges(self) -> str:
        missing = [name for name in STOCK_DEEP if name in self._engine.conditions.no_depth]
        deep = self._shown.venues.deep
        seen = [f"Depth: {_listed(deep)}"] if deep else []
        return (
            f"Exchanges - {' '.join([*seen, f'Top: {_listed(STOCK_TOP)}'])} Need additional market"
            f" data permissions - Depth: {_listed(missing)} "
        )

    def update(self) -> None:
        """Send what changed since the last time, and plan the next look."""
        if self._over:
            return
        engine, symbol = self._engine, self.instrument.symbol
        if symbol in engine.halted:
            self._client.error(self._request_id, 316, HALTED)
            self.stop()
            self._ended()
            return
        if symbol not in engine.conditions.frozen:
            now = self._now()
            self._client.send(*map(self._message, depth_book.operations(self.book, now)))
            self.book = now
        self._go_on()

    def _now(self) -> depth_book.Book:
        engine = self._engine
        at_s = engine.now_s
        if not engine.market.is_open(at_s):
            return EMPTY
        return depth_book.book(
            self.instrument,
            engine.market.quote(self.instrument, at_s),
            rows=self._rows,
            venues=self._shown.venues,
            at_s=at_s,
        )

    def _message(self, change: Operation) -> Message:
        row = change.row
        if self._shown.smart or self._shown.makers:
            return MarketDepthL2(
                request_id=self._request_id,
                position=change.position,
                market_maker=row.venue,
                operation=change.kind,
                side=change.side,
                price=row.price,
                size=row.size,
                smart_depth=self._shown.smart,
            )
        return MarketDepth(
            request_id=self._request_id,
            position=change.position,
            operation=change.kind,
            side=change.side,
            price=row.price,
            size=row.size,
        )

    def _go_on(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        engine = self._engine
        at_s, market = engine.now_s, engine.market
        if self.instrument.symbol in engine.conditions.frozen:
            next_s: float | None = at_s + _STANDSTILL_S
        else:
            next_s = market.next_change_s(self.instrument, at_s)
            next_s = next_s or market.calendar.next_bell_s(at_s)
        self._timer = None if next_s is None else engine.later(next_s - at_s, self.update)


def _listed(names: Sequence[str]) -> str:
    return " ".join(f"{name};" for name in names)
