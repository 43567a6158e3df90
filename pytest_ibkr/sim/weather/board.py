"""The weather in force on one engine: asks each in turn, in the order they came.

Imports the engine for types only.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Final

from pytest_ibkr.sim.journal import Note
from pytest_ibkr.sim.weather.base import Door, Notice, Weather, overrides

if TYPE_CHECKING:
    from decimal import Decimal

    from pytest_ibkr.sim.client import Client
    from pytest_ibkr.sim.engine import Engine
    from pytest_ibkr.sim.fills import Offer
    from pytest_ibkr.sim.order_state import Order
    from pytest_ibkr.sim.refusal import Refusal
    from pytest_ibkr.wire.declare import Message

_DOORS: Final[tuple[Door, ...]] = ("open", "silent", "reset", "refuse")  # ever worse


class WeatherBoard:
    """What the engine and its desks ask before they act.

    Attributes:
        active: the weathers in force, oldest first.
        sending: those that look at what clients are sent.
        drift_s: how far the gateway's clock is ahead.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.active: list[Weather] = []
        self.sending: list[Weather] = []
        self.drift_s = 0.0
        self._taking: list[Weather] = []
        self._withholding: list[Weather] = []
        self._shaping: list[Weather] = []
        self._number = 0
        self._before: dict[str, Any] = {}  # conditions as they were before they were tuned

    def arm(self, weather: Weather) -> Weather:
        """Put a weather in force.

        Raises:
            UsageError: it is about something that does not exist here.
        """
        weather.check()
        self._number += 1
        self.active.append(weather)
        self._sort()
        try:
            weather.begin(self._engine, self._number)
        except BaseException:
            self.active.remove(weather)
            self._sort()
            raise
        self._tune()
        self._note(f"weather {weather.what}")
        return weather

    def disarm(self, weather: Weather) -> None:
        """End a weather; nothing happens when it has ended."""
        if weather in self.active:
            self.active.remove(weather)
            self._sort()
            self._tune()
            weather.stop()
            self._note(f"weather {weather.what} is over")

    def _note(self, text: str) -> None:
        engine = self._engine
        engine.journal.add(engine.now_s, 0, "note", Note(text))

    def _sort(self) -> None:
        active = self.active
        self.sending = [each for each in active if overrides(each, "sends")]
        self._taking = [each for each in active if overrides(each, "takes")]
        self._withholding = [each for each in active if overrides(each, "withholds")]
        self._shaping = [each for each in active if overrides(each, "shapes")]

    def _tune(self) -> None:
        conditions = self._engine.conditions
        for name in {name for each in self.active for name in each.tunes}:
            self._before.setdefault(name, getattr(conditions, name))
        for name, value in list(self._before.items()):
            tuned = [each.tunes[name] for each in self.active if name in each.tunes]
            for change in tuned:
                value = change(value)
            setattr(conditions, name, value)
            if not tuned:
                del self._before[name]

    # Connections

    @property
    def door(self) -> Door:
        """What happens to programs that connect: the worst any weather asks for."""
        return max((each.door for each in self.active), key=_DOORS.index, default="open")

    def started(self, client: Client) -> None:
        """A client has been greeted."""
        for each in list(self.active):
            each.started(client)

    def greets(self, notices: Sequence[Notice]) -> Sequence[Notice]:
        """The notices a client that begins gets."""
        for each in self.active:
            notices = each.greets(notices)
        return notices

    def keeps(self, client: Client) -> bool:
        """Whether the gateway does not notice that a client has gone."""
        return any(each.keeps(client) for each in self.active)

    # Messages and bytes

    def deal(self, client: Client, message: Message, rest: Callable[[], None]) -> None:
        """Let each weather take a request over, before ``rest`` deals with it."""
        self._deal(tuple(self._taking), client, message, rest=rest)

    def _deal(
        self,
        weathers: tuple[Weather, ...],
        client: Client,
        message: Message,
        *,
        rest: Callable[[], None],
    ) -> None:
        for place, each in enumerate(weathers):
            later = weathers[place + 1 :]

            def go_on(later: tuple[Weather, ...] = later) -> None:
                self._deal(later, client, message, rest=rest)

            if each.takes(client, message, go_on):
                return
        rest()

    def outgoing(self, client: Client, messages: Sequence[Message]) -> Sequence[Message]:
        """What a client is sent instead of these messages."""
        for each in self.sending:
            messages = [sent for message in messages for sent in each.sends(client, message)]
        return messages

    def withholds(self, client: Client, frames: int) -> bool:
        """Whether what is queued for a client waits."""
        # All are asked: each counts its own time.
        return bool(sum([each.withholds(client, frames) for each in self._withholding]))

    def pieces(self, client: Client, data: bytes) -> list[bytes]:
        """How bytes for a client go out: one write each, a moment between them."""
        pieces = [data]
        for each in self._shaping:
            pieces = each.shapes(client, pieces)
        return pieces

    def met(self, event: str, subject: object) -> None:
        """Say that something happened.

        Args:
            event: "frozen" (a symbol was priced while frozen), "greeks" (an option's were
                withheld), "quote" (an instrument was shown), "swallowed" (bytes of a client were
                taken and not answered), "id in use", "reset", "cancel asked", "filled" (before
                anybody is told).
            subject: symbol, instrument, client or order.
        """
        for each in list(self.active):
            each.noticed(event, subject)

    # Orders

    def rejects(self, order: Order) -> Refusal | None:
        """Why IB refuses an order that it would have taken."""
        return next((found for each in self.active if (found := each.rejects(order))), None)

    def cancels(self, order: Order, offer: Offer | None) -> str:
        """With what reason IB cancels an order that it has just taken."""
        return next((why for each in self.active if (why := each.cancels(order, offer))), "")

    def skips_status(self, order: Order) -> bool:
        """Whether an order says nothing before its fill."""
        asked = [each.skips_status(order) for each in self.active]  # each of them counts
        return any(asked)

    def part(self, order: Order, shares: Decimal) -> Decimal:
        """How much of what an order could get it gets at once."""
        for each in self.active:
            shares = each.part(order, shares)
        return shares
