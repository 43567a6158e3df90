"""Gateways that end, are not there yet, or do not notice: restart, logout, stale ids, half-open.

Source: gateway-behaviour.md 1.4 and 1.6. Imports the engine for types only.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar, Literal

from pytest_ibkr.sim.weather.base import Weather, check_clock, check_least
from pytest_ibkr.wire.messages.session import StartApi

if TYPE_CHECKING:
    from pytest_ibkr.sim.client import Client
    from pytest_ibkr.wire.declare import Message

_SUNDAY = 6
_LONGEST_REFUSAL_S = 120.0
_SHORTEST_REFUSAL_S = 30.0


@dataclass(kw_only=True, eq=False)
class NightlyRestart(Weather):
    """The gateway restarts itself."""

    after_s: float = 0.0
    at: str | None = None
    refuse_s: float | None = None
    reset_s: float = 10.0
    silent_s: float = 0.0

    NAME: ClassVar[str] = "nightly_restart"
    HAPPENS: ClassVar[str] = (
        "every socket closes without a message; the port refuses for 30 to 120 s (`refuse_s`, or"
        " by the seed), then accepts and resets for `reset_s`, then accepts and says nothing for"
        " `silent_s`; then all is as before, subscriptions excepted. With `at` every night"
    )
    MET_BY: ClassVar[str] = (
        "a program that is connected when it restarts, or that connects before it is back"
    )

    def check(self) -> None:
        """See that times can be."""
        check_least(0.0, after_s=self.after_s, reset_s=self.reset_s, silent_s=self.silent_s)
        check_least(0.0, refuse_s=self.refuse_s)
        check_clock("at", self.at)

    def start(self) -> None:
        """Plan the restart, every night if ``at`` says when."""
        if self.at is None:
            self.with_client(self.after_s, self._restart)
        else:
            self.daily(self.at, self._restart)

    def _restart(self) -> None:
        self.fired += close_all(self, "the gateway restarts")
        refuse_s = self.refuse_s
        if refuse_s is None:
            refuse_s = self.rng.uniform(_SHORTEST_REFUSAL_S, _LONGEST_REFUSAL_S)
        self.door = "refuse"
        self.later(refuse_s, lambda: self._set("reset"))
        self.later(refuse_s + self.reset_s, lambda: self._set("silent"))
        self.later(refuse_s + self.reset_s + self.silent_s, lambda: self._set("open"))

    def _set(self, door: Literal["reset", "silent", "open"]) -> None:
        self.door = door

    def noticed(self, event: str, subject: object) -> None:
        """Count programs that came too early."""
        if event in ("reset", "swallowed") and self.door != "open":
            self.fired += 1


@dataclass(kw_only=True, eq=False)
class WeeklyLogout(Weather):
    """The gateway waits for a human to log in."""

    after_s: float = 0.0
    at: str | None = None
    for_s: float | None = None
    port: Literal["silent", "refused"] = "silent"

    NAME: ClassVar[str] = "weekly_logout"
    HAPPENS: ClassVar[str] = (
        "every socket closes; the port accepts and gives no version, or refuses, until somebody"
        " logs in: after `for_s`, or at its end. With `at` every Sunday at that time"
    )
    MET_BY: ClassVar[str] = (
        "a program that is connected at the logout, or that sends bytes before the login"
    )

    def check(self) -> None:
        """See that times can be."""
        check_least(0.0, after_s=self.after_s)
        check_least(0.001, for_s=self.for_s)
        check_clock("at", self.at)

    def start(self) -> None:
        """Plan the logout."""
        if self.at is None:
            self.with_client(self.after_s, self._log_out)
        else:
            self.daily(self.at, self._log_out, weekday=_SUNDAY)

    def _log_out(self) -> None:
        self.fired += close_all(self, "the gateway is logged out")
        self.door = "silent" if self.port == "silent" else "refuse"
        if self.for_s is not None:
            self.later(self.for_s, self._log_in)

    def _log_in(self) -> None:
        self.door = "open"

    def noticed(self, event: str, subject: object) -> None:
        """Count programs that met the login window."""
        if event == "swallowed" and self.door == "silent":
            self.fired += 1


@dataclass(kw_only=True, eq=False)
class StaleClientId(Weather):
    """A client that left is still there for the gateway."""

    for_s: float = 60.0
    NAME: ClassVar[str] = "stale_client_id"
    HAPPENS: ClassVar[str] = (
        "the gateway does not notice for `for_s` that a client has gone, by itself or by"
        " `faults.cut_now()`: its id answers 326, its"
        " subscriptions keep their lines, what its orders report meanwhile reaches nobody"
    )
    MET_BY: ClassVar[str] = "a client that comes back under its own id within `for_s`"

    _ghosts: list[Client] = field(default_factory=list, init=False)

    def check(self) -> None:
        """See that the time can be."""
        check_least(0.001, for_s=self.for_s)

    def keeps(self, client: Client) -> bool:
        """Keep a client whose socket is gone."""
        if client in self._ghosts:
            return True
        if not client.started or client.closing or client.deaf:
            return False
        client.deaf = True
        self._ghosts.append(client)
        self.engine.note(client, "its socket is gone, which the gateway has not noticed")
        self.later(self.for_s, lambda: self._release(client))
        return True

    def _release(self, client: Client) -> None:
        if client in self._ghosts:
            self._ghosts.remove(client)
            client.closing = "noticed at last"
            self.engine.gone(client, "noticed at last")

    def noticed(self, event: str, subject: object) -> None:
        """Count those who are told that their id is in use."""
        if event == "id in use" and subject in self._ghosts:
            self.fired += 1

    def end(self) -> None:
        """Notice all of them."""
        for client in list(self._ghosts):
            self._release(client)


@dataclass(kw_only=True, eq=False)
class HalfOpen(Weather):
    """The socket is open and nobody is behind it."""

    stage: Literal["handshake", "start", "session"] = "handshake"
    after_s: float = 0.0
    NAME: ClassVar[str] = "half_open"
    HAPPENS: ClassVar[str] = (
        "bytes are taken and nothing is ever answered: from the handshake on (no version), from"
        " startApi on (a version, then nothing), or in a running session. Such a connection stays"
        " dead when the weather ends; a new one lives"
    )
    MET_BY: ClassVar[str] = "a program that sends something to the dead connection"

    def check(self) -> None:
        """See that the time can be."""
        check_least(0.0, after_s=self.after_s)

    def start(self) -> None:
        """Fall silent."""
        if self.stage == "handshake":
            self.door = "silent"
        elif self.stage == "session":
            self.with_client(self.after_s, self._fall_silent)

    def _fall_silent(self) -> None:
        for client in self.engine.clients:
            client.deaf = True

    def takes(self, client: Client, message: Message, rest: Callable[[], None]) -> bool:
        """Answer nothing after the version."""
        if self.stage != "start" or not isinstance(message, StartApi):
            return False
        client.deaf = True
        self.fired += 1
        return True

    def noticed(self, event: str, subject: object) -> None:
        """Count what was taken."""
        if event == "swallowed":
            self.fired += 1


def close_all(weather: Weather, why: str) -> int:
    """Close every connection without a message; how many programs were in a session."""
    engine = weather.engine
    started = len(engine.clients)
    for client in list(engine.opened):
        client.deaf = False
        client.close(why)
    return started
