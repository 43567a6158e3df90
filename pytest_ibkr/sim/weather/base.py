"""One scenario of weather: its parameters, when it acts, and the proof that something met it.

Imports the engine for types only.
"""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pytest_ibkr.errors import UsageError
from pytest_ibkr.sim.calendar import EXCHANGE_ZONE

if TYPE_CHECKING:
    from decimal import Decimal

    from pytest_ibkr.sim.client import Client
    from pytest_ibkr.sim.engine import Engine
    from pytest_ibkr.sim.fills import Offer
    from pytest_ibkr.sim.instruments import Instrument
    from pytest_ibkr.sim.order_state import Order
    from pytest_ibkr.sim.refusal import Refusal
    from pytest_ibkr.sim.schedule import Timer
    from pytest_ibkr.wire.declare import Message

Door = Literal["open", "silent", "reset", "refuse"]
Notice = tuple[int, str]


@dataclass(kw_only=True, eq=False)
class Weather:
    """Base of every weather. Fields that ``__init__`` takes are its parameters.

    A weather overrides the hooks it needs; what it does not override costs nothing.

    Attributes:
        NAME: under which people ask for it.
        HAPPENS: what it does, for the page of weather.
        MET_BY: what meets it, for that page and for the error of one that nothing met.
        door: what happens to programs that connect.
        tunes: conditions it changes, each by a function of the value before.
        fired: how often something has met it.
    """

    NAME: ClassVar[str] = ""
    HAPPENS: ClassVar[str] = ""
    MET_BY: ClassVar[str] = ""

    seed: int | None = None
    door: Door = field(default="open", init=False)
    tunes: dict[str, Callable[[Any], Any]] = field(default_factory=dict, init=False)
    fired: int = field(default=0, init=False)

    @classmethod
    def parameters(cls) -> list[dataclasses.Field[Any]]:
        """What may be given, ``seed`` first."""
        return [each for each in dataclasses.fields(cls) if each.init]

    def check(self) -> None:
        """Refuse values that cannot be.

        Raises:
            UsageError: says which, and what can.
        """

    @property
    def what(self) -> str:
        """Its name and what was given, for people."""
        given = [
            f"{each.name}={value!r}"
            for each in self.parameters()
            if (value := getattr(self, each.name)) != each.default
        ]
        return f"{self.NAME}({', '.join(given)})"

    # Its life

    def begin(self, engine: Engine, number: int) -> None:
        """Come into force; ``number`` counts the weathers of a session, for the seed."""
        self.engine = engine
        own = f"{engine.seed}:{number}" if self.seed is None else str(self.seed)
        self.rng = random.Random(f"{self.NAME}:{own}")
        self._timers: list[Timer] = []
        self._when_started: list[Callable[[], None]] = []
        self.start()

    def start(self) -> None:
        """Do, or plan, what it does."""

    def end(self) -> None:
        """Take it back."""

    def stop(self) -> None:
        """End it, with everything it had planned."""
        for timer in self._timers:
            timer.cancel()
        self._when_started.clear()
        self.door = "open"
        self.end()

    # When it acts

    def later(self, delay_s: float, action: Callable[[], None]) -> None:
        """Act after virtual seconds; time is never jumped to it."""
        self._timers.append(self.engine.later(delay_s, action))

    def with_client(self, after_s: float, action: Callable[[], None]) -> None:
        """Act ``after_s`` after a client is there: from now, or from when the first has started."""

        def go() -> None:
            if after_s:
                self.later(after_s, action)
            else:
                action()

        if self.engine.clients:
            go()
        else:
            self._when_started.append(go)

    def daily(self, at: str, action: Callable[[], None], *, weekday: int | None = None) -> None:
        """Act at ``HH:MM`` exchange time, every day or every ``weekday`` (0 is Monday)."""
        when = _clock("at", at)
        now = datetime.fromtimestamp(self.engine.now_s, EXCHANGE_ZONE)
        due = datetime.combine(now.date(), when, EXCHANGE_ZONE)
        while due <= now or weekday not in (None, due.weekday()):
            due = datetime.combine(due.date() + timedelta(days=1), when, EXCHANGE_ZONE)

        def act() -> None:
            self.daily(at, action, weekday=weekday)
            action()

        self.later(due.timestamp() - self.engine.now_s, act)

    def tell(self, *notices: Notice) -> int:
        """Send notices to every client; how many there were."""
        clients = list(self.engine.clients)
        for client in clients:
            for code, text in notices:
                client.error(-1, code, text)
        return len(clients)

    # Hooks

    def started(self, client: Client) -> None:
        """A client has been greeted."""
        waiting, self._when_started = self._when_started, []
        for action in waiting:
            action()

    def takes(self, client: Client, message: Message, rest: Callable[[], None]) -> bool:
        """Deal with a request; True: nobody else does, unless ``rest`` was called."""
        raise NotImplementedError

    def sends(self, client: Client, message: Message) -> Sequence[Message]:
        """What a client is sent instead of a message; nothing: it is kept from it."""
        raise NotImplementedError

    def withholds(self, client: Client, frames: int) -> bool:
        """Whether what is queued for a client waits."""
        raise NotImplementedError

    def shapes(self, client: Client, pieces: list[bytes]) -> list[bytes]:
        """How bytes go out: one write each, a moment between them."""
        raise NotImplementedError

    def keeps(self, client: Client) -> bool:
        """Whether the gateway does not notice that a client has gone."""
        return False

    def greets(self, notices: Sequence[Notice]) -> Sequence[Notice]:
        """The notices of the farms as a client that begins gets them."""
        return notices

    def noticed(self, event: str, subject: object) -> None:
        """Something happened that a weather may wait for; see ``WeatherBoard.met``."""

    def rejects(self, order: Order) -> Refusal | None:
        """Why IB refuses an order that it would have taken."""
        return None

    def cancels(self, order: Order, offer: Offer | None) -> str:
        """With what reason IB cancels an order it has just taken; empty: it does not."""
        return ""

    def skips_status(self, order: Order) -> bool:
        """Whether an order says nothing before its fill."""
        return False

    def part(self, order: Order, shares: Decimal) -> Decimal:
        """How much of what an order could get it gets at once."""
        return shares


def overrides(weather: Weather, hook: str) -> bool:
    """Whether a weather has a hook of its own."""
    return getattr(type(weather), hook) is not getattr(Weather, hook)


def _clock(what: str, text: str) -> time:
    try:
        hour, minute = text.split(":")
        return time(int(hour), int(minute))
    except ValueError:
        raise UsageError(f"{what} cannot be {text!r}: HH:MM exchange time is expected") from None


def check_clock(what: str, text: str | None) -> None:
    """A time of day, or none."""
    if text is not None:
        _clock(what, text)


def check_least(least: float, **values: float | None) -> None:
    """Numbers that have a lower bound; None stands for none given."""
    for name, value in values.items():
        if value is not None and not value >= least:
            raise UsageError(f"{name} cannot be {value}: at least {least:g}")
        if value is not None and value == float("inf"):
            raise UsageError(f"{name} cannot be {value}: a finite number is expected")


def check_most(most: float, **values: float) -> None:
    """Numbers that have an upper bound."""
    for name, value in values.items():
        if value > most:
            raise UsageError(f"{name} cannot be {value}: at most {most:g}")


def underlyings(weather: Weather, symbol: str, con_id: int = 0) -> list[Instrument]:
    """The instruments a weather is about: a conId's, a symbol's, or everything that is quoted.

    Raises:
        UsageError: there is no such instrument; says which there are.
    """
    book = weather.engine.world.book
    if con_id:
        found = book.by_id(con_id)
        if found is None:
            raise UsageError(f"{weather.NAME}: conId {con_id} is not in the snapshot")
        return [found]
    chosen = [each for each in book.underlyings if symbol in ("", each.symbol)]
    if not chosen:
        known = ", ".join(dict.fromkeys(each.symbol for each in book.underlyings))
        raise UsageError(f"{weather.NAME}: no symbol {symbol!r} here; known: {known}")
    return chosen if symbol else [each for each in chosen if each.sec_type != "IND"]
