"""Data farms that break and come back, or sleep: 2103 to 2107, 2157, 2158.

Source: gateway-behaviour.md 1.5. Imports the engine for types only.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar, Final, Literal

from pytest_ibkr.sim.consequences import Consequences
from pytest_ibkr.sim.weather.base import Notice, Weather, check_least
from pytest_ibkr.sim.weather.families import CONTRACT_REQUESTS, HISTORY_REQUESTS, LIVE_DATA

if TYPE_CHECKING:
    from pytest_ibkr.sim.client import Client
    from pytest_ibkr.wire.declare import Message

# What a farm is for, its name, and the codes and words of its loss and its return.
FARMS: Final[dict[str, tuple[str, Notice, Notice]]] = {
    name: (
        kind,
        (lost, f"{service} data farm connection is broken:{name}"),
        (ok, f"{service} data farm connection is OK:{name}"),
    )
    for name, kind, service, lost, ok in (
        ("usfarm", "market_data", "Market", 2103, 2104),
        ("usopt", "market_data", "Market", 2103, 2104),
        ("ushmds", "history", "HMDS", 2105, 2106),
        ("secdefnj", "contracts", "Sec-def", 2157, 2158),
    )
}
_IDLE: Final = (
    2107,
    "HMDS data farm connection is inactive but should be available upon demand.ushmds",
)
_AWAKE: Final = (2106, "HMDS data farm connection is OK:ushmds")
EVERY: Final = ("market_data", "history", "contracts")


def broken(kinds: Sequence[str]) -> list[Notice]:
    """The notices that farms of some kinds are lost."""
    return [lost for kind, lost, _ok in FARMS.values() if kind in kinds]


def repaired(kinds: Sequence[str]) -> list[Notice]:
    """The notices that they are back."""
    return [ok for kind, _lost, ok in FARMS.values() if kind in kinds]


def as_greeted(notices: Sequence[Notice], kinds: Sequence[str]) -> list[Notice]:
    """The notices of a beginning while farms of some kinds are lost."""
    instead = {ok: lost for kind, lost, ok in FARMS.values() if kind in kinds}
    return [instead.get(notice, notice) for notice in notices]


@dataclass(kw_only=True, eq=False)
class FarmFlap(Weather):
    """Data farms break and come back."""

    farms: Literal["all", "market_data", "history", "contracts"] = "all"
    after_s: float = 0.0
    for_s: float = 30.0
    times: int = 1
    every_s: float = 120.0

    NAME: ClassVar[str] = "farm_flap"
    HAPPENS: ClassVar[str] = (
        "2103, 2105 and 2157 for the farms; until 2104, 2106 and 2158 live data stands still, and"
        " requests for history and contracts are not answered. Lines go on by themselves"
    )
    MET_BY: ClassVar[str] = "a connected client, until virtual time reaches the loss"

    down: bool = field(default=False, init=False)
    _left: int = field(default=0, init=False)

    def check(self) -> None:
        """See that times can be."""
        check_least(0.0, after_s=self.after_s)
        check_least(0.001, for_s=self.for_s)
        check_least(1, times=self.times)
        check_least(self.for_s, every_s=self.every_s)

    def start(self) -> None:
        """Plan the first loss."""
        self._left = self.times
        self.with_client(self.after_s, self._break)

    @property
    def _kinds(self) -> Sequence[str]:
        return EVERY if self.farms == "all" else (self.farms,)

    def _break(self) -> None:
        self.down, self._left = True, self._left - 1
        self.fired += self.tell(*broken(self._kinds))
        self.later(self.for_s, self._repair)
        if self._left:
            self.later(self.every_s, self._break)

    def _repair(self) -> None:
        if self.down:
            self.down = False
            self.tell(*repaired(self._kinds))
            self.engine.streams.resend()

    def end(self) -> None:
        """Repair what is broken."""
        self._repair()

    def greets(self, notices: Sequence[Notice]) -> Sequence[Notice]:
        """A client that comes meanwhile is told so."""
        return as_greeted(notices, self._kinds) if self.down else notices

    def takes(self, client: Client, message: Message, rest: Callable[[], None]) -> bool:
        """Leave what a broken farm would answer unanswered."""
        kinds = self._kinds if self.down else ()
        return ("history" in kinds and isinstance(message, HISTORY_REQUESTS)) or (
            "contracts" in kinds and isinstance(message, CONTRACT_REQUESTS)
        )

    def sends(self, client: Client, message: Message) -> Sequence[Message]:
        """Keep live data from clients."""
        silent = self.down and "market_data" in self._kinds and isinstance(message, LIVE_DATA)
        return () if silent else (message,)


@dataclass(kw_only=True, eq=False)
class HmdsIdle(Weather):
    """The history farm sleeps, and wakes for a request."""

    idle_s: float = 360.0
    wakes_s: float = 0.3
    NAME: ClassVar[str] = "hmds_idle"
    HAPPENS: ClassVar[str] = (
        "2107 now, or in place of 2106 when a client connects, and after every `idle_s` without a"
        " request for history; the next one gets 2106 and its data `wakes_s` later than usual"
    )
    MET_BY: ClassVar[str] = "a request for history while the farm sleeps"

    asleep: bool = field(default=False, init=False)
    _asked_s: float = field(default=0.0, init=False)

    def check(self) -> None:
        """See that times can be."""
        check_least(0.001, idle_s=self.idle_s, wakes_s=self.wakes_s)

    def start(self) -> None:
        """Fall asleep; who connects later is greeted so."""
        if self.engine.clients:
            self._sleep()
        else:
            self.asleep = True

    def _sleep(self) -> None:
        still = self.engine.now_s >= self._asked_s + self.idle_s - 1e-6
        if not self.asleep and (still or not self._asked_s):
            self.asleep = True
            self.tell(_IDLE)

    def greets(self, notices: Sequence[Notice]) -> Sequence[Notice]:
        """A client that comes meanwhile is told so."""
        return [_IDLE if notice == _AWAKE and self.asleep else notice for notice in notices]

    def _say_awake(self) -> None:
        self.tell(_AWAKE)

    def takes(self, client: Client, message: Message, rest: Callable[[], None]) -> bool:
        """Wake for a request for history."""
        if not isinstance(message, HISTORY_REQUESTS):
            return False
        self._asked_s = self.engine.now_s
        self.later(self.idle_s, self._sleep)
        if not self.asleep:
            return False
        self.asleep = False
        self.fired += 1
        latency_s = self.engine.conditions.latency.tick_s
        self.engine.owe(client, latency_s, self._say_awake)
        with Consequences(self.engine, delay_s=self.wakes_s, keeps_owed=True):
            rest()
        return True
