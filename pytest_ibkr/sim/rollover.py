"""The market's next day: its world takes over, and what is running goes on in it.

Everything that has to begin anew with a day is told from here. Imports the engine for types only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from pytest_ibkr.sim.calendar import date_of
from pytest_ibkr.sim.combo import Combo
from pytest_ibkr.sim.journal import Note

if TYPE_CHECKING:
    from pytest_ibkr.sim.contracts import Instrument
    from pytest_ibkr.sim.engine import Engine
    from pytest_ibkr.sim.world import World


class Days(Protocol):
    """A market as a sequence of days, ``YYYYMMDD``."""

    @property
    def dates(self) -> tuple[str, ...]:
        """Its trading days in order."""
        ...

    def world(self, date: str) -> World:
        """The world of one of them."""
        ...

    def provenance(self, date: str) -> str:
        """Where one of them comes from."""
        ...

    def after(self, date: str) -> str | None:
        """The first trading day after a date; None: there is none."""
        ...


class Rollover:
    """Begins every calendar day of a session at 00:00 exchange time.

    Args:
        engine: the session's.
        days: the market's days; None: a market of one day, whose quotes stand still after it.

    Attributes:
        date: the day whose world is in force, ``YYYYMMDD``.
    """

    def __init__(self, engine: Engine, days: Days | None) -> None:
        self._engine, self.days = engine, days
        self.date = f"{engine.world.snapshot.captured_at:%Y%m%d}"

    def is_over(self, at_s: float) -> bool:
        """Whether the market's last day has closed; a market of one day never is."""
        if self.days is None or self.days.after(self.date) is not None:
            return False
        session = self._engine.world.calendar.on(self.date)
        return session is not None and at_s >= session.close_s

    def new_day(self) -> None:
        """Begin the calendar day that it is now."""
        engine = self._engine
        today = date_of(engine.now_s)
        trades = self.days is not None and today > self.date and today in self.days.dates
        if trades or engine.world.calendar.on(today) is not None:
            engine.accounts.close_day()
        if trades and self.days is not None:
            self._change(self.days.world(today), today)
            self._note(f"new trading day {today}: {self.days.provenance(today)}")
        else:
            if (world := engine.world.as_of(today)) is not engine.world:
                engine.use_world(world)
            if self.days is not None and date_of(engine.now_s - 1) == self.days.dates[-1]:
                self._note(f"the market's days are over: {self.days.dates[-1]} was the last")
        engine.accounts.day.roll()

    def _change(self, world: World, today: str) -> None:
        engine = self._engine
        former = engine.world
        in_use = [former.market.carried(option) for option in self._options_in_use()]
        engine.use_world(world.following(former, in_use).as_of(today))
        self.date = today
        engine.orders.flow.watch.new_day()
        engine.history.new_day()
        for underlying in engine.world.book.underlyings:
            engine.streams.poke(underlying)

    def _options_in_use(self) -> list[Instrument]:
        """Options that a position, an order or a subscription is about."""
        engine = self._engine
        found = [held.instrument for held in engine.accounts.ledger.open_holdings()]
        found += [each.instrument for each in engine.orders.book.all() if not each.is_done]
        found += engine.streams.instruments() + engine.history.instruments()
        legs = [leg.instrument for each in found if isinstance(each, Combo) for leg in each.legs]
        used = {each.con_id: each for each in (*found, *legs) if each.sec_type == "OPT"}
        book = engine.world.book
        return [each for con_id, each in used.items() if book.by_id(con_id) is not None]

    def _note(self, text: str) -> None:
        engine = self._engine
        engine.journal.add(engine.now_s, 0, "note", Note(text))
