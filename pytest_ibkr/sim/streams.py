"""Market data lines: streams and one-shot snapshots, their entitlements and limits.

Source: gateway-behaviour.md 2.3 and 5. Imports the engine for types only.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from pytest_ibkr.sim import generic_ticks
from pytest_ibkr.sim.contracts import Instrument
from pytest_ibkr.sim.feed import Feed
from pytest_ibkr.sim.market_line import MarketLine
from pytest_ibkr.sim.refusal import Refusal, failed, invalid
from pytest_ibkr.wire.declare import Message
from pytest_ibkr.wire.messages.market_data import (
    CancelMarketData,
    ReqMarketData,
    ReqMarketDataType,
)

if TYPE_CHECKING:
    from pytest_ibkr.sim.client import Client
    from pytest_ibkr.sim.engine import Engine

MAX_LINES: Final = 100  # shared by all clients
_MAX_SNAPSHOTS: Final = 100  # a second and client
_LIVE, _FROZEN, _DELAYED, _DELAYED_FROZEN = 1, 2, 3, 4
NOT_FOR_API: Final = (
    "Requested market data requires additional subscription for API. See link in 'Market Data"
    " Connections' dialog for more details.Delayed market data is available.{name}/TOP/ALL"
)
NOT_SUBSCRIBED: Final = (
    "Requested market data is not subscribed. Delayed market data is not available."
)
NOT_ENABLED: Final = "Requested market data is not subscribed. Delayed market data is not enabled."


class StreamDesk:
    """Owns every market data request of a session."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.max_lines = MAX_LINES
        self._lines: dict[tuple[int, int], MarketLine] = {}
        self._snapshots: dict[int, deque[float]] = {}

    def handlers(self) -> dict[type[Message], Callable[[Client, Any], None]]:
        """Request classes and what deals with them."""
        return {
            ReqMarketData: self._request,
            CancelMarketData: self._cancel,
            ReqMarketDataType: self._choose_type,
        }

    def lines_in_use(self) -> int:
        """Streams of all clients; snapshots hold no line."""
        return sum(not line.snapshot for line in self._lines.values())

    def client_gone(self, client: Client) -> None:
        """End what a client had open."""
        for key in [key for key in self._lines if key[0] == client.connection]:
            self._lines.pop(key).stop()
        self._snapshots.pop(client.connection, None)

    def drop_all(self) -> None:
        """End every line without a word, as a lost market data connection (1101) does."""
        for line in self._lines.values():
            line.stop()
        self._lines.clear()

    def refresh(self, symbol: str) -> None:
        """Send at once what changed for a symbol and its options."""
        for line in list(self._lines.values()):
            if line.instrument.symbol == symbol:
                line.update()

    @staticmethod
    def _choose_type(client: Client, request: ReqMarketDataType) -> None:
        # Silent, also for a type that does not exist (captured with 99).
        if request.data_type in (_LIVE, _FROZEN, _DELAYED, _DELAYED_FROZEN):
            client.data_type = request.data_type

    def _cancel(self, client: Client, request: CancelMarketData) -> None:
        line = self._lines.pop((client.connection, request.request_id), None)
        if line is None:
            raise Refusal(300, f"Can't find EId with tickerId:{request.request_id}")
        line.stop()

    def _request(self, client: Client, request: ReqMarketData) -> None:
        key = (client.connection, request.request_id)
        if key in self._lines:
            raise failed("Duplicate ticker id")
        if request.snapshot and request.generic_ticks:
            raise invalid("Snapshot market data subscription is not applicable to generic ticks")
        instrument = self._engine.world.book.resolve(request.contract)
        asked = generic_ticks.parse(request.generic_ticks, instrument.sec_type)
        if request.snapshot:
            self._count_snapshot(client)
        elif self.lines_in_use() >= self.max_lines:
            raise Refusal(101, "Max number of tickers has been reached")
        feed = self._feed(client, instrument)
        if isinstance(feed, Refusal):
            self._refuse_later(client, request.request_id, feed)
            return
        line = MarketLine(
            *(self._engine, client, instrument),
            request_id=request.request_id,
            feed=feed,
            asked=asked,
            snapshot=request.snapshot,
            ended=lambda: self._forget(key, line),
        )
        self._lines[key] = line
        line.start()

    def _forget(self, key: tuple[int, int], line: MarketLine) -> None:
        if self._lines.get(key) is line:
            del self._lines[key]

    def _count_snapshot(self, client: Client) -> None:
        recent = self._snapshots.setdefault(client.connection, deque())
        now_s = self._engine.now_s
        while recent and recent[0] <= now_s - 1:
            recent.popleft()
        if len(recent) >= _MAX_SNAPSHOTS:
            raise invalid(f"Snapshot requests limitation exceeded:{_MAX_SNAPSHOTS} per 1 second(s)")
        recent.append(now_s)

    def _refuse_later(self, client: Client, request_id: int, refusal: Refusal) -> None:
        self._engine.owe(
            client,
            self._engine.conditions.latency.tick_s,
            lambda: client.error(request_id, refusal.code, refusal.text),
        )

    def _feed(self, client: Client, instrument: Instrument) -> Feed | Refusal:
        """What this client may see of an instrument, by entitlement and type asked for."""
        entitlement = self._engine.conditions.entitlement_of(instrument.symbol)
        closed = not self._engine.market.is_open(self._engine.now_s)
        holds_last = client.data_type in (_FROZEN, _DELAYED_FROZEN)
        asked_frozen = holds_last and closed
        if entitlement == "live":  # the best there is, whatever was asked for
            return Feed(_FROZEN if asked_frozen else _LIVE, holds_last=holds_last)
        if entitlement == "none":
            return Refusal(354, NOT_SUBSCRIBED)
        if entitlement == "not_enabled":
            return Refusal(10168, NOT_ENABLED)
        if client.data_type in (_LIVE, _FROZEN):
            name = f"{instrument.symbol} {instrument.listing}"
            return Refusal(10089, NOT_FOR_API.format(name=name))
        return Feed(_DELAYED_FROZEN if asked_frozen else _DELAYED, holds_last=holds_last)
