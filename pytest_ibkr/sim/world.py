"""What derives from a snapshot alone: contracts, calendar, market; shared by all sessions."""

from __future__ import annotations

from pytest_ibkr.sim.calendar import SessionCalendar
from pytest_ibkr.sim.contracts import ContractBook
from pytest_ibkr.sim.market import Market
from pytest_ibkr.snapshot.model import Snapshot


class World:
    """A market to trade in. Immutable to its users; what is derived is cached in here.

    Attributes:
        snapshot: where everything comes from.
        book: its instruments.
        calendar: its session table.
        market: its quotes.
    """

    def __init__(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot
        self.calendar = SessionCalendar(snapshot.sessions)
        self.book = ContractBook(snapshot)
        self.market = Market(snapshot, self.book, self.calendar)
