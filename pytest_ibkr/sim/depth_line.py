"""One book of market depth from its first rows to its end.

Sends what changed at the instants the market may change at. Source: gateway-behaviour.md 2.4.
Imports the engine for types only.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from pytest_ibkr.sim import depth_book
from pytest_ibkr.sim.depth_book import EMPTY, Operation, Venues
from pytest_ibkr.sim.exchange_facts import (
    STOCK_DEEP,
    STOCK_TOP,
)
from pytest_ibkr.sim.instruments import Instrument
from pytest_ibkr.sim.lots import live_size
from pytest_ibkr.sim.subscriptions import next_look_s
from pytest_ibkr.wire.declare import Message
from pytest_ibkr.wire.messages.depth import (
    MarketDepth,
    MarketDepthL2,
    ReqMarketDepth,
)

if TYPE_CHECKING:
    from pytest_ibkr.sim.client import Client
    from pytest_ibkr.sim.engine import Engine
    from pytest_ibkr.sim.schedule import Timer

HALTED: Final = "Market depth data has been HALTED. Please re-subscribe."
RESET: Final = (
    "Market depth data has been RESET. Please empty deep book contents before applying any new"
    " entries."
)


@dataclass(frozen=True, slots=True)
class Shown:
    """What a request shows: the exchanges, and in which message."""

    venues: Venues
    smart: bool = False
    makers: bool = False  # message 13 although not SMART


class DepthLine:
    """One book. ``ended`` is called when it is over by itself (a halt)."""

    def __init__(
        self,
        engine: Engine,
        client: Client,
        instrument: Instrument,
        request: ReqMarketDepth,
        *,
        shown: Shown,
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
        size = live_size(row.size, self.instrument, version=self._client.version)
        if self._shown.smart or self._shown.makers:
            return MarketDepthL2(
                request_id=self._request_id,
                position=change.position,
                market_maker=row.venue,
                operation=change.kind,
                side=change.side,
                price=row.price,
                size=size,
                smart_depth=self._shown.smart,
            )
        return MarketDepth(
            request_id=self._request_id,
            position=change.position,
            operation=change.kind,
            side=change.side,
            price=row.price,
            size=size,
        )

    def _go_on(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        next_s = next_look_s(self._engine, self.instrument)
        self._timer = self._engine.plan(next_s, self.update)


def _listed(names: Sequence[str]) -> str:
    return " ".join(f"{name};" for name in names)
