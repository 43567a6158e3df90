"""Rights to market data that are missing, lesser, or taken by another session.

Source: gateway-behaviour.md 2.3 and 1.6. Imports the engine for types only.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar, Final, Literal

from pytest_ibkr.sim.weather.base import Weather, check_least, underlyings
from pytest_ibkr.sim.weather.families import LIVE_DATA, LIVE_REQUESTS
from pytest_ibkr.wire.messages.market_data import MarketDataType
from pytest_ibkr.wire.messages.session import ErrorNotice

if TYPE_CHECKING:
    from pytest_ibkr.sim.client import Client
    from pytest_ibkr.wire.declare import Message

COMPETING: Final = "No market data during competing live session"
_NO_RIGHTS: Final = frozenset({354, 10089, 10168, 10186, 10189, 162})
_DELAYED: Final = frozenset({10167, 10089})


@dataclass(kw_only=True, eq=False)
class _Rights(Weather):
    """Market data rights change for a symbol, or for all."""

    symbol: str = ""

    def start(self) -> None:
        """Take rights away."""
        level = self._level
        if not self.symbol:
            self.tunes = {"entitlement": lambda _: level, "entitlements": lambda _: {}}
            return
        symbol = underlyings(self, self.symbol)[0].symbol
        self.tunes = {"entitlements": lambda before: {**before, symbol: level}}

    @property
    def _level(self) -> str:
        raise NotImplementedError


@dataclass(kw_only=True, eq=False)
class NoEntitlement(_Rights):
    """The account may not see the data."""

    answer: Literal["354", "10168"] = "354"
    NAME: ClassVar[str] = "no_entitlement"
    HAPPENS: ClassVar[str] = (
        "requests for live data are refused with `answer` and nothing else; history that needs"
        " the same rights with 162. Lines that run already go on"
    )
    MET_BY: ClassVar[str] = "a request for data of the symbol, which is then refused"

    @property
    def _level(self) -> str:
        return "none" if self.answer == "354" else "not_enabled"

    def sends(self, client: Client, message: Message) -> Sequence[Message]:
        """Count refusals."""
        self.fired += isinstance(message, ErrorNotice) and message.code in _NO_RIGHTS
        return (message,)


@dataclass(kw_only=True, eq=False)
class DelayedData(_Rights):
    """The account sees data of fifteen minutes ago."""

    NAME: ClassVar[str] = "delayed_data"
    HAPPENS: ClassVar[str] = (
        "who asked for type 3 or 4 gets 10167 and delayed ticks; who did not, 10089 and nothing"
    )
    MET_BY: ClassVar[str] = "a request for market data of the symbol"
    _level: ClassVar[str] = "delayed"

    def sends(self, client: Client, message: Message) -> Sequence[Message]:
        """Count warnings, refusals and announcements."""
        self.fired += isinstance(message, ErrorNotice) and message.code in _DELAYED
        self.fired += isinstance(message, MarketDataType) and message.data_type in (3, 4)
        return (message,)


@dataclass(kw_only=True, eq=False)
class CompetingSession(Weather):
    """Somebody else looks at the same data with the same login."""

    after_s: float = 0.0
    for_s: float | None = 20.0
    NAME: ClassVar[str] = "competing_session"
    HAPPENS: ClassVar[str] = (
        "10197 under the id of every running request for live data, and of every new one; then"
        " silence; after `for_s` data again, without a word"
    )
    MET_BY: ClassVar[str] = "a request for live data that runs then, or comes before its end"

    _on: bool = field(default=False, init=False)

    def check(self) -> None:
        """See that times can be."""
        check_least(0.0, after_s=self.after_s)
        check_least(0.001, for_s=self.for_s)

    def start(self) -> None:
        """Plan the other login."""
        self.with_client(self.after_s, self._begin)

    def _begin(self) -> None:
        self._on = True
        running = self.engine.streams.running()
        for client in self.engine.clients:
            for number in sorted(n for connection, n in running if connection == client.connection):
                self._tell(client, number)
        if self.for_s is not None:
            self.later(self.for_s, self.end)

    def _tell(self, client: Client, number: int) -> None:
        if self._on and (client.connection, number) in self.engine.streams.running():
            self.fired += 1
            client.error(number, 10197, COMPETING)

    def takes(self, client: Client, message: Message, rest: Callable[[], None]) -> bool:
        """Tell who asks meanwhile."""
        if self._on and isinstance(message, LIVE_REQUESTS):
            number, latency_s = message.request_id, self.engine.conditions.latency.tick_s
            self.engine.owe(client, latency_s, lambda: self._tell(client, number))
        return False

    def sends(self, client: Client, message: Message) -> Sequence[Message]:
        """Keep live data from clients."""
        return () if self._on and isinstance(message, LIVE_DATA) else (message,)

    def end(self) -> None:
        """Let data come again."""
        if self._on:
            self._on = False
            self.engine.streams.resend()
