"""What the families of live data have in common: subscriptions by client and request id.

Imports the engine for types only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Generic, Protocol, TypeVar

from pytest_ibkr.sim.instruments import Instrument
from pytest_ibkr.sim.refusal import Refusal, failed

if TYPE_CHECKING:
    from pytest_ibkr.sim.client import Client
    from pytest_ibkr.sim.engine import Engine

_STANDSTILL_S: Final = 1.0
Key = tuple[int, int]  # connection and request id


class Subscription(Protocol):
    """One running request for data of one instrument."""

    instrument: Instrument

    def stop(self) -> None:
        """Send nothing any more."""
        ...

    def update(self) -> None:
        """Look at the market now and send what changed."""
        ...


S = TypeVar("S", bound=Subscription)


class Family(Protocol):
    """What the desk of market data lines knows of the other desks with live data."""

    @property
    def lines(self) -> int:
        """Market data lines in use."""
        ...

    def __contains__(self, key: Key) -> bool:
        """Whether the request is running here."""
        ...

    def keys(self) -> set[Key]:
        """Every request that is running here."""
        ...

    def drop_all(self) -> None:
        """End everything without a word."""
        ...

    def poke(self, instrument: Instrument) -> None:
        """Look now at an instrument, and at the options on it."""
        ...

    def instruments(self) -> list[Instrument]:
        """What its requests are about."""
        ...


class Subscriptions(Generic[S]):
    """The running requests of one family; a desk derives from it."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._open: dict[Key, S] = {}

    def __contains__(self, key: Key) -> bool:
        """Whether the request is running here."""
        return key in self._open

    def keys(self) -> set[Key]:
        """Every request that is running here."""
        return set(self._open)

    @property
    def lines(self) -> int:
        """Market data lines in use here."""
        return 0

    def client_gone(self, client: Client) -> None:
        """End what a client had open."""
        for key in [key for key in self._open if key[0] == client.connection]:
            self._open.pop(key).stop()

    def drop_all(self) -> None:
        """End everything without a word, as a lost market data connection (1101) does."""
        for found in self._open.values():
            found.stop()
        self._open.clear()

    def poke(self, instrument: Instrument) -> None:
        """Look now at an instrument, and at the options on it: its quote was set."""
        for found in list(self._open.values()):
            if concerns(instrument, found.instrument):
                found.update()

    def instruments(self) -> list[Instrument]:
        """What the running requests are about."""
        return [each.instrument for each in self._open.values()]

    def _new_key(self, client: Client, request_id: int) -> Key:
        """The key of a new request.

        Raises:
            Refusal: 322 when the id is in use.
        """
        key = (client.connection, request_id)
        if key in self._open:
            raise failed("Duplicate ticker id")
        return key

    def _end(self, client: Client, request_id: int) -> S | None:
        """Stop and forget a request; None when there is none."""
        found = self._open.pop((client.connection, request_id), None)
        if found is not None:
            found.stop()
        return found

    def _forget(self, key: Key, line: S) -> None:
        if self._open.get(key) is line:
            del self._open[key]

    def _refuse_later(self, client: Client, request_id: int, refusal: Refusal) -> None:
        """Refuse what only the data farm knows to be refused."""
        self._engine.owe(
            client,
            self._engine.conditions.latency.tick_s,
            lambda: client.refuse(request_id, refusal),
        )


def concerns(changed: Instrument, watched: Instrument) -> bool:
    """Whether a new quote of one instrument may move another: itself and the options on it."""
    if watched.con_id == changed.con_id:
        return True
    return changed.sec_type != "OPT" and watched.under_con_id == changed.con_id


def next_look_s(engine: Engine, instrument: Instrument) -> float | None:
    """When a line looks at the market again, epoch seconds; None: nothing will change any more.

    Frozen symbols are looked at every second: whether they still are.
    """
    at_s, market = engine.now_s, engine.market
    if instrument.symbol in engine.conditions.frozen:
        return at_s + _STANDSTILL_S
    return market.next_change_s(instrument, at_s) or market.calendar.next_bell_s(at_s)
