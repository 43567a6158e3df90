"""Connectivity to IB lost and restored: 1100, 1101, 1102, and the reset in the night.

Source: gateway-behaviour.md 1.5 and 1.6. Imports the engine for types only.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar, Final, Literal

from pytest_ibkr.sim.refusal import NO_DEFINITION
from pytest_ibkr.sim.weather.base import Notice, Weather, check_clock, check_least
from pytest_ibkr.sim.weather.families import (
    LIVE_DATA,
    ORDER_REPORTS,
    ORDER_REQUESTS,
    answered_by_gateway,
)
from pytest_ibkr.sim.weather.farms import EVERY, as_greeted, broken, repaired
from pytest_ibkr.wire.messages.contract import ReqContractDetails

if TYPE_CHECKING:
    from pytest_ibkr.sim.client import Client
    from pytest_ibkr.wire.declare import Message

LOST: Final = (1100, "Connectivity between IB and Trader Workstation has been lost.")
DATA_LOST: Final = (
    1101,
    "Connectivity between IB and Trader Workstation has been restored - data lost.",
)
DATA_KEPT: Final = (
    1102,
    "Connectivity between IB and Trader Workstation has been restored - data maintained.",
)


@dataclass(kw_only=True, eq=False)
class Outage(Weather):
    """The gateway has lost its servers: the socket stays, nothing that needs them works."""

    after_s: float = 0.0
    for_s: float | None = None
    repeat_s: float = 60.0
    contracts: Literal["mixed", "refused", "unanswered"] = "mixed"
    orders: Literal["held", "lost"] = "held"

    WITH_FARMS: ClassVar[bool] = False
    MET_BY: ClassVar[str] = "a connected client, until virtual time reaches the loss"

    lost: bool = field(default=False, init=False)
    data_lost: bool = field(default=False, init=False)
    _requests: list[tuple[Client, Callable[[], None]]] = field(default_factory=list, init=False)
    _reports: list[tuple[Client, Message]] = field(default_factory=list, init=False)

    def check(self) -> None:
        """See that times can be."""
        check_least(0.0, after_s=self.after_s)
        check_least(0.001, for_s=self.for_s, repeat_s=self.repeat_s)

    def start(self) -> None:
        """Plan the loss."""
        self.with_client(self.after_s, self._lose)

    def _lose(self) -> None:
        if self.lost:
            return
        self.lost = True
        if self.WITH_FARMS:
            self.tell(*broken(EVERY))
        self._say_lost()
        if self.for_s is not None:
            self.later(self.for_s, self._restore)

    def _say_lost(self) -> None:
        if self.lost:
            self.fired += self.tell(LOST)
            self.later(self.repeat_s, self._say_lost)

    def _restore(self) -> None:
        if not self.lost:
            return
        self.lost = False
        streams = self.engine.streams
        if self.data_lost:
            streams.drop_all()
        if self.WITH_FARMS:
            self.tell(*repaired(EVERY))
        self.tell(DATA_LOST if self.data_lost else DATA_KEPT)
        reports, self._reports = self._reports, []
        for client, message in reports:
            client.send(message)
        requests, self._requests = self._requests, []
        for client, rest in requests:
            if not client.closed:
                rest()
        if not self.data_lost:
            streams.resend()

    def end(self) -> None:
        """Connect again."""
        self._restore()

    def greets(self, notices: Sequence[Notice]) -> Sequence[Notice]:
        """A client that comes meanwhile is told so."""
        return [*as_greeted(notices, EVERY), LOST] if self.lost else notices

    def takes(self, client: Client, message: Message, rest: Callable[[], None]) -> bool:
        """Leave what needs the servers unanswered; contracts may be unknown suddenly."""
        if not self.lost or answered_by_gateway(message):
            return False
        if isinstance(message, ORDER_REQUESTS):
            if self.orders == "held":
                self._requests.append((client, rest))
            return True
        refuse = self.contracts == "refused"
        if self.contracts == "mixed":
            refuse = self.rng.random() < 0.5
        if refuse and isinstance(message, ReqContractDetails):
            number = message.request_id
            latency_s = self.engine.conditions.latency.details_s
            self.engine.owe(client, latency_s, lambda: client.error(number, 200, NO_DEFINITION))
        return True

    def sends(self, client: Client, message: Message) -> Sequence[Message]:
        """Keep live data from clients, and what happens to orders until it is known again."""
        if not self.lost:
            return (message,)
        if isinstance(message, ORDER_REPORTS):
            self._reports.append((client, message))
            return ()
        return () if isinstance(message, LIVE_DATA) else (message,)


@dataclass(kw_only=True, eq=False)
class Lost1100(Outage):
    """1100 and no end of it but the weather's."""

    NAME: ClassVar[str] = "lost_1100"
    HAPPENS: ClassVar[str] = (
        "1100, repeated; the socket stays. No live data, no answers from IB's servers (contract"
        " details: 200 or nothing), orders and cancels hang until it ends, or are `lost`; what"
        " orders did meanwhile is reported then. It ends with 1102"
    )


@dataclass(kw_only=True, eq=False)
class DataKept1102(Outage):
    """1100, then 1102: subscriptions go on."""

    for_s: float | None = 30.0
    NAME: ClassVar[str] = "data_kept_1102"
    HAPPENS: ClassVar[str] = "as `lost_1100` for a while; then 1102 and live data goes on"


@dataclass(kw_only=True, eq=False)
class DataLost1101(Outage):
    """1100, then 1101: subscriptions are gone."""

    for_s: float | None = 30.0
    NAME: ClassVar[str] = "data_lost_1101"
    HAPPENS: ClassVar[str] = (
        "as `lost_1100` for a while; then 1101, and every subscription to live data is gone"
        " without a word: ask again"
    )
    data_lost: bool = field(default=True, init=False)


@dataclass(kw_only=True, eq=False)
class NightlyReset(Outage):
    """The reset of IB's servers in the night."""

    for_s: float | None = 300.0
    at: str | None = None
    data: Literal["kept", "lost"] = "kept"
    NAME: ClassVar[str] = "nightly_reset"
    HAPPENS: ClassVar[str] = (
        "2103 for each farm, 2105, 2157, then 1100, repeated, as `lost_1100`; minutes later 2104,"
        ' 2106, 2158 and 1102, or 1101 (`data="lost"`). With `at` every night at that time'
    )
    WITH_FARMS: ClassVar[bool] = True

    def check(self) -> None:
        """See that times can be."""
        super().check()
        check_clock("at", self.at)

    def start(self) -> None:
        """Plan the loss, every night if ``at`` says when."""
        self.data_lost = self.data == "lost"
        if self.at is None:
            super().start()
        else:
            self.daily(self.at, self._lose)
