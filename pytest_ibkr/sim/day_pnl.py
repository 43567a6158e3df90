"""The profit and loss of the running trading day, exact in Decimal; knows no clients.

A day's P&L of a contract is what it is worth now, less what it was worth when the day began, less
what was paid for it since, commissions included: the change of the account's equity, transfers
apart. A day begins with the calendar day of a regular session and lasts until the next one's,
through evenings, weekends and holidays.

What a position was worth when the day began is told by the previous session's close. On the day a
session starts, that is the close its quotes carry (tick 9), for holdings the account "had before"
too; and at a later day's beginning, unless that day has no market of its own. Then it is the mark
at the last moment of the session before, because a quote past the captured instant stands still
together with the close it carries.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from pytest_ibkr.sim.fills import mark_price
from pytest_ibkr.sim.positions import ZERO, Holding, Ledger, Trade, exact, unit

if TYPE_CHECKING:
    from pytest_ibkr.sim.contracts import Instrument
    from pytest_ibkr.sim.engine import Engine


@dataclass(slots=True)
class _Start:
    """A holding when the day began; ``price`` per share, None: not known."""

    quantity: Decimal
    price: Decimal | None
    realized: Decimal


class TradingDay:
    """What changed since the trading day began.

    Args:
        engine: whose clock and market count.
        ledger: the books. Told before they change (``roll``) and after (``booked``).
    """

    def __init__(self, engine: Engine, ledger: Ledger) -> None:
        self._engine, self._ledger = engine, ledger
        self._date = self._today()
        self._first = True
        self._starts: dict[int, _Start] = {}
        self._paid: dict[int, Decimal] = {}
        self._closed: set[int] = set()

    def roll(self) -> None:
        """Begin another day if time has come to it. Call before the books change or are read."""
        if (today := self._today()) == self._date:
            return
        self._date, self._first = today, False
        self._ledger.new_day()
        self._starts = {
            con_id: _Start(
                held.quantity,
                self._previous_close(held.instrument) if held.quantity else None,
                held.realized,
            )
            for con_id, held in self._ledger.holdings.items()
        }
        self._paid.clear()
        self._closed.clear()

    def booked(self, trade: Trade, *, closed: bool) -> None:
        """Note a trade of today; ``closed``: it realized something."""
        con_id = trade.instrument.con_id
        self._paid[con_id] = self._paid.get(con_id, ZERO) + trade.value + trade.commission
        if closed:
            self._closed.add(con_id)

    def adopted(self, instrument: Instrument, quantity: Decimal) -> None:
        """Note a holding that the account had before this day."""
        start = self._starts.get(instrument.con_id)
        if start is None:
            price = self._previous_close(instrument)
            self._starts[instrument.con_id] = _Start(quantity, price, ZERO)
            return
        if not start.quantity:
            start.price = self._previous_close(instrument)
        start.quantity += quantity

    def touched(self, held: Holding) -> bool:
        """Whether the contract is held, or was at some moment of this day."""
        return bool(held.quantity) or held.instrument.con_id in self._paid

    def daily(self, held: Holding, mark: Decimal | None) -> Decimal | None:
        """Return the day's P&L at a price per share, dollars; None: a price is not known."""
        con_id = held.instrument.con_id
        start = self._starts.get(con_id)
        value, before = ZERO, ZERO
        if held.quantity:
            if mark is None:
                return None
            value = held.market_value(mark)
        if start is not None and start.quantity:
            if start.price is None:
                return None
            before = start.quantity * start.price * unit(held.instrument)
        return value - before - self._paid.get(con_id, ZERO)

    def realized(self, held: Holding) -> Decimal | None:
        """Return what was realized today, dollars; None: nothing was closed today."""
        con_id = held.instrument.con_id
        if con_id not in self._closed:
            return None
        start = self._starts.get(con_id)
        return held.realized - (ZERO if start is None else start.realized)

    def _today(self) -> str:
        session = self._engine.world.calendar.latest(self._engine.now_s)
        return "" if session is None else session.date

    def _previous_close(self, instrument: Instrument) -> Decimal | None:
        engine = self._engine
        if self._first or engine.now_s < engine.world.snapshot.captured_at.timestamp():
            close = engine.market.quote(instrument, engine.now_s).close
            if close is not None:
                return exact(close)
        session = engine.world.calendar.latest(engine.now_s)
        previous = None if session is None else engine.world.calendar.previous(session)
        if previous is None:
            return None
        return mark_price(engine.market.quote(instrument, previous.close_s))
