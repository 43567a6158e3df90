"""Market depth: which books there are, their limits, and each book kept up to date.

Source: gateway-behaviour.md 2.4 and 5. Imports the engine for types only.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from pytest_ibkr.sim.depth_book import Venues
from pytest_ibkr.sim.depth_line import DepthLine, Shown
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
    ReqMarketDepth,
)
from pytest_ibkr.wire.messages.special_ticks import RerouteMarketDepth

if TYPE_CHECKING:
    from pytest_ibkr.sim.client import Client
    from pytest_ibkr.sim.engine import Engine

MAX_REQUESTS: Final = 3  # of all clients
NO_DEPTH: Final = "Deep market data is not supported for this combination of security type/exchange"


class DepthDesk(Subscriptions[DepthLine]):
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

    def _shown(self, instrument: Instrument, request: ReqMarketDepth) -> Shown | None:
        exchange = request.contract.exchange
        if exchange == "SMART":
            if not request.smart_depth or instrument.sec_type != "STK":
                return None
            allowed = [name for name in STOCK_DEEP if name not in self._engine.conditions.no_depth]
            return Shown(Venues(tuple(allowed), STOCK_TOP), smart=True)
        service = SERVICES.get((exchange, instrument.sec_type))
        if service is None or request.smart_depth:
            return None
        if service == DEEP2:
            return Shown(Venues((NASDAQ_MAKER,)), makers=True)
        return Shown(Venues((exchange,)))
