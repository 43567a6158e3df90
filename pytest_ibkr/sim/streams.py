"""Market data lines: streams and one-shot snapshots, their entitlements and limits.

Source: gateway-behaviour.md 2.3 and 5. Imports the engine for types only.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, TypeVar

from pytest_ibkr.sim import generic_ticks
from pytest_ibkr.sim.delta_neutral import validation
from pytest_ibkr.sim.feed import Feed
from pytest_ibkr.sim.hmds import MORE_RIGHTS
from pytest_ibkr.sim.instruments import Instrument
from pytest_ibkr.sim.market_line import MarketLine
from pytest_ibkr.sim.refusal import Refusal, failed, invalid, unknown_contract
from pytest_ibkr.sim.subscriptions import Family, Key, Subscriptions
from pytest_ibkr.wire.declare import Message
from pytest_ibkr.wire.messages.market_data import (
    CancelMarketData,
    ReqMarketData,
    ReqMarketDataType,
)
from pytest_ibkr.wire.messages.special_ticks import RerouteMarketData, RerouteMarketDepth

if TYPE_CHECKING:
    from pytest_ibkr.sim.client import Client
    from pytest_ibkr.sim.depth import DepthDesk
    from pytest_ibkr.sim.engine import Engine
    from pytest_ibkr.sim.news import NewsDesk

Reroute = TypeVar("Reroute", RerouteMarketData, RerouteMarketDepth)

MAX_LINES: Final = 100  # shared by all clients
_LIVE, _FROZEN, _DELAYED, _DELAYED_FROZEN = 1, 2, 3, 4
TOO_MANY_LINES: Final = "Max number of tickers has been reached"
NOT_FOR_API: Final = f"{MORE_RIGHTS}Delayed market data is available.{{name}}/TOP/ALL"
NOT_SUBSCRIBED: Final = (
    "Requested market data is not subscribed. Delayed market data is not available."
)
NOT_ENABLED: Final = "Requested market data is not subscribed. Delayed market data is not enabled."


class StreamDesk(Subscriptions[MarketLine]):
    """Owns every market data request of a session, and knows the other families of live data.

    Attributes:
        max_lines: market data lines of all clients; books of depth count.
        announced: keys of exchange maps that message 81 has named.
        depth: the desk of market depth.
        news: the desk of news, which sends headlines to lines with generic tick 292.
    """

    def __init__(self, engine: Engine) -> None:
        super().__init__(engine)
        self.max_lines = MAX_LINES
        self.announced: set[str] = set()
        self.depth: DepthDesk | None = None
        self.news: NewsDesk | None = None
        self._families: list[Family] = []
        self._snapshots: dict[int, deque[float]] = {}

    def handlers(self) -> dict[type[Message], Callable[[Client, Any], None]]:
        """Request classes and what deals with them."""
        return {
            ReqMarketData: self._request,
            CancelMarketData: self._cancel,
            ReqMarketDataType: self._choose_type,
        }

    def join(self, family: Family) -> None:
        """Let another desk's live data be counted, dropped and poked with the rest."""
        self._families.append(family)

    @property
    def lines(self) -> int:
        """Streams of all clients; snapshots hold no line."""
        return sum(not line.snapshot for line in self._open.values())

    def lines_in_use(self) -> int:
        """Market data lines of all clients, books of depth included."""
        return self.lines + sum(family.lines for family in self._families)

    def uses(self, key: Key) -> bool:
        """Whether any family of live data runs a request under this id."""
        return key in self or any(key in family for family in self._families)

    def client_gone(self, client: Client) -> None:
        """End what a client had open."""
        super().client_gone(client)
        self._snapshots.pop(client.connection, None)

    def drop_all(self) -> None:
        """End all live data without a word, as a lost market data connection (1101) does."""
        super().drop_all()
        for family in self._families:
            family.drop_all()
        self._engine.history.drop_live()

    def running(self) -> set[Key]:
        """Every running request for live data, of every family."""
        return self.keys().union(*(family.keys() for family in self._families))

    def resend(self) -> None:
        """Send every line all it knows again, as a data farm that is back does."""
        for line in list(self._open.values()):
            line.resend()

    def poke(self, instrument: Instrument) -> None:
        """Look now at an instrument, and at the options on it: its quote was set."""
        super().poke(instrument)
        for family in self._families:
            family.poke(instrument)

    def instruments(self) -> list[Instrument]:
        """What all live data is about, of every family."""
        found = super().instruments()
        return found + [each for family in self._families for each in family.instruments()]

    def refresh(self, symbol: str) -> None:
        """Send at once what changed for a symbol and its options."""
        for instrument in self._engine.world.book.underlyings:
            if instrument.symbol == symbol:
                self.poke(instrument)

    def _choose_type(self, client: Client, request: ReqMarketDataType) -> None:
        # Silent, also for a type that does not exist (captured with 99); another build refused it.
        if request.data_type in (_LIVE, _FROZEN, _DELAYED, _DELAYED_FROZEN):
            client.data_type = request.data_type
        elif self._engine.conditions.invalid_data_type == "refused":
            client.refuse(-1, invalid("Invalid market data type"))

    def _cancel(self, client: Client, request: CancelMarketData) -> None:
        if self._end(client, request.request_id) is None:
            raise unknown_ticker(request.request_id)

    def _request(self, client: Client, request: ReqMarketData) -> None:
        key = (client.connection, request.request_id)
        if self.uses(key):
            raise failed("Duplicate ticker id")
        if request.snapshot and request.generic_ticks:
            raise invalid("Snapshot market data subscription is not applicable to generic ticks")
        instrument = self._instrument_of(request)
        asked = generic_ticks.parse(
            request.generic_ticks, instrument.sec_type, version=client.version
        )
        if instrument.sec_type == "CFD":
            client.send(rerouted(self._engine, instrument, request.request_id, RerouteMarketData))
            return
        if request.snapshot:
            self._count_snapshot(client)
        elif self.lines_in_use() >= self.max_lines:
            raise Refusal(101, TOO_MANY_LINES)
        feed = self._feed(client, instrument)
        if isinstance(feed, Refusal):
            self._refuse_later(client, request.request_id, feed)
            return
        if self.news is not None:
            number, asked_for = request.request_id, request.generic_ticks
            self.news.follow(client, number, instrument, generic_ticks=asked_for)
        if request.delta_neutral:
            client.send(validation(self._engine, instrument, request))
        line = MarketLine(
            *(self._engine, client, instrument),
            request_id=request.request_id,
            feed=feed,
            asked=asked,
            snapshot=request.snapshot,
            ended=lambda: self._forget(key, line),
        )
        self._open[key] = line
        line.start()

    def _instrument_of(self, request: ReqMarketData) -> Instrument:
        book = self._engine.world.book
        if request.contract.sec_type == "BAG":
            unknown = unknown_contract()
            return self._engine.combos.resolve(
                request.contract, request.legs, book, untraded=unknown
            )
        return book.resolve(request.contract)

    def _count_snapshot(self, client: Client) -> None:
        recent = self._snapshots.setdefault(client.connection, deque())
        now_s = self._engine.now_s
        while recent and recent[0] <= now_s - 1:
            recent.popleft()
        most = self._engine.conditions.max_snapshots_per_s
        if len(recent) >= most:
            raise invalid(f"Snapshot requests limitation exceeded:{most} per 1 second(s)")
        recent.append(now_s)

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


def unknown_ticker(request_id: int) -> Refusal:
    """The refusal of a cancel that finds nothing."""
    return Refusal(300, f"Can't find EId with tickerId:{request_id}")


def rerouted(
    engine: Engine, instrument: Instrument, request_id: int, kind: type[Reroute]
) -> Reroute:
    """The answer to a request for data of a CFD: ask for what it is written on."""
    asked = engine.world.book.underlying(instrument)
    return kind(request_id=request_id, con_id=asked.con_id, exchange=asked.exchange)
