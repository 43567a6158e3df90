"""Answers that should not be: late ones, pacing errors on demand, a clock that is wrong.

Source: gateway-behaviour.md 5 and 6; requirements.md B.7, case 15.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar, Final, Literal

from pytest_ibkr.sim.consequences import Consequences
from pytest_ibkr.sim.hmds import PREFIX
from pytest_ibkr.sim.weather.base import Weather, check_least, check_most
from pytest_ibkr.sim.weather.families import HISTORY_REQUESTS
from pytest_ibkr.wire.messages.market_data import TickString
from pytest_ibkr.wire.messages.real_time_bars import RealTimeBar
from pytest_ibkr.wire.messages.session import CurrentTime, ErrorNotice, StartApi
from pytest_ibkr.wire.messages.tick_by_tick import TickByTick
from pytest_ibkr.wire.messages.user import CurrentTimeInMillis

if TYPE_CHECKING:
    from pytest_ibkr.sim.client import Client
    from pytest_ibkr.wire.declare import Message

_LAST_TIMES: Final = (45, 88)
_YEAR_S: Final = 366 * 86_400.0


@dataclass(kw_only=True, eq=False)
class SlowGateway(Weather):
    """Every answer is late."""

    delay_s: float = 5.0
    jitter_s: float = 0.0
    NAME: ClassVar[str] = "slow_gateway"
    HAPPENS: ClassVar[str] = (
        "whatever a request causes comes `delay_s`, and up to `jitter_s` by the seed, later;"
        " virtual time must pass, it does not jump there. The handshake and the first messages"
        " of a session are as quick as ever"
    )
    MET_BY: ClassVar[str] = "any request after startApi"

    def check(self) -> None:
        """See that times can be."""
        check_least(0.001, delay_s=self.delay_s)
        check_least(0.0, jitter_s=self.jitter_s)
        check_most(86_400.0, delay_s=self.delay_s, jitter_s=self.jitter_s)

    def takes(self, client: Client, message: Message, rest: Callable[[], None]) -> bool:
        """Take the request now, and answer later."""
        if isinstance(message, StartApi):
            return False
        self.fired += 1
        delay_s = self.delay_s + self.rng.random() * self.jitter_s
        with Consequences(self.engine, delay_s=delay_s), client.held_back():
            rest()
        return True


@dataclass(kw_only=True, eq=False)
class Pacing(Weather):
    """Too fast, says the gateway, whatever the pace was."""

    of: Literal["messages", "history"] = "messages"
    times: int = 1
    disconnect: bool = True
    NAME: ClassVar[str] = "pacing"
    HAPPENS: ClassVar[str] = (
        "`messages`: the next request gets error 100 under id -1 and no answer, and the socket"
        " closes unless `disconnect=False`; `history`: the next request for history gets 162 with"
        " the pacing text"
    )
    MET_BY: ClassVar[str] = 'a request after startApi; with `of="history"` one for history'

    def check(self) -> None:
        """See that the number can be."""
        check_least(1, times=self.times)

    def takes(self, client: Client, message: Message, rest: Callable[[], None]) -> bool:
        """Refuse it for its pace."""
        if isinstance(message, StartApi) or self.fired >= self.times:
            return False
        if self.of == "history":
            if not isinstance(message, HISTORY_REQUESTS):
                return False
            self.fired += 1
            text = f"{PREFIX}Historical data request pacing violation"
            client.error(self.engine.request_id(message), 162, text)
            return True
        self.fired += 1
        most = self.engine.conditions.max_messages_per_s
        client.error(
            *(-1, 100),
            f"Max rate of messages per second has been exceeded:max={most} rec={most + 1}"
            f" ({self.fired})",
        )
        if self.disconnect:
            client.close("message rate exceeded")
        return True


@dataclass(kw_only=True, eq=False)
class ClockDrift(Weather):
    """The gateway's clock is not the program's."""

    offset_s: float = 30.0
    NAME: ClassVar[str] = "clock_drift"
    HAPPENS: ClassVar[str] = (
        "the gateway's clock is `offset_s` ahead of the test's (below zero: behind): current time,"
        " connection time, the times of errors, of last trades (ticks 45 and 88), tick-by-tick and"
        " five-second bars"
    )
    MET_BY: ClassVar[str] = "the current time, or the time of a trade, a tick or a bar"

    def check(self) -> None:
        """See that the offset can be."""
        check_least(-_YEAR_S, offset_s=self.offset_s)
        check_most(_YEAR_S, offset_s=self.offset_s)

    def start(self) -> None:
        """Set the clock."""
        self.engine.weather.drift_s += self.offset_s

    def end(self) -> None:
        """Set it right."""
        self.engine.weather.drift_s -= self.offset_s

    def sends(self, client: Client, message: Message) -> Sequence[Message]:
        """Date it with the wrong clock."""
        if isinstance(message, ErrorNotice):
            if message.at_ms:
                message = replace(message, at_ms=message.at_ms + round(self.offset_s * 1000))
            return (message,)
        dated = self._dated(message)
        if dated is None:
            return (message,)
        self.fired += 1
        return (dated,)

    def _dated(self, message: Message) -> Message | None:
        offset_s = round(self.offset_s)
        if isinstance(message, CurrentTime):
            return replace(message, epoch_s=message.epoch_s + offset_s)
        if isinstance(message, CurrentTimeInMillis):
            return replace(message, epoch_ms=message.epoch_ms + round(self.offset_s * 1000))
        if isinstance(message, TickByTick | RealTimeBar):
            return replace(message, at_s=message.at_s + offset_s)
        dated = isinstance(message, TickString) and message.tick in _LAST_TIMES
        if isinstance(message, TickString) and dated and message.value.isdecimal():
            return replace(message, value=str(int(message.value) + offset_s))
        return None
