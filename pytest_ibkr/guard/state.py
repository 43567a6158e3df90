"""What the guard knows of the run, its clients and the running test."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import ClassVar, Literal

from pytest_ibkr.guard.limits import Limits
from pytest_ibkr.guard.order_book import OrderBook
from pytest_ibkr.guard.quotes import QuoteBoard

Mode = Literal["tests", "read", "close"]

__all__ = ["ClientState", "Limits", "MarketFacts", "Mode", "RunState", "TestContext"]


@dataclass(slots=True)
class TestContext:
    """The running test and the markers on it that decide about orders."""

    __test__: ClassVar[bool] = False  # pytest would take the name for a class of tests

    name: str
    places_orders: bool = False
    market_closed: bool = False


@dataclass(slots=True)
class ClientState:
    """One connection of a program to the relay.

    Attributes:
        connection: number of the connection, for the audit log.
        version: negotiated server version.
        client_id: of its startApi; None before.
        started: whether a startApi was allowed.
        verified: whether this connection's managedAccounts were the verified ones.
        orders_revoked: refuses its orders whatever else holds; the relay may set it.
        next_order_id: the highest next order id its gateway named; None before the first.
        held_frames: frames held so far; counted by ``answers.seen``.
        held_bytes: bytes held so far.
    """

    connection: int
    version: int
    client_id: int | None = None
    started: bool = False
    verified: bool = False
    orders_revoked: bool = False
    next_order_id: int | None = None
    held_frames: int = 0
    held_bytes: int = 0


@dataclass(slots=True)
class MarketFacts:
    """The exchange's session, by the gateway's clock.

    Attributes:
        open: whether the exchange trades now.
        closes_s: Unix epoch seconds of the session's end, by the gateway's clock; None unknown.
    """

    open: bool = False
    closes_s: float | None = None


@dataclass(slots=True)
class RunState:
    """One run against one gateway.

    Attributes:
        mode: "tests"; "read", without any order; "close", whose orders only reduce positions.
        expected_account: the id named for orders (``paper_trading.account`` or
            ``IBKR_PAPER_ACCOUNT``); None without one.
        allowed_client_ids: ids the run gave out. A test that starts gets ids no connection had.
        accounts: the ids the relay's own probe verified; None before.
        test: the running test; None between tests.
        open_ledger: whether a ledger of an earlier run is unfinished.
        ending: why the run is ending; None while it goes on.
        positions: per contract id, what the gateway last said the account holds.
        first_positions: per contract id, what it said first.
        security_types: per contract id, what the gateway calls it (``STK``, ``OPT``).
    """

    limits: Limits = field(default_factory=Limits)
    mode: Mode = "tests"
    expected_account: str | None = None
    allowed_client_ids: set[int] = field(default_factory=set)
    accounts: tuple[str, ...] | None = None
    test: TestContext | None = None
    market: MarketFacts = field(default_factory=MarketFacts)
    orders: OrderBook = field(default_factory=OrderBook)
    quotes: QuoteBoard = field(default_factory=QuoteBoard)
    open_ledger: bool = False
    ending: str | None = None
    positions: dict[int, Decimal] = field(default_factory=dict)
    first_positions: dict[int, Decimal] = field(default_factory=dict)
    security_types: dict[int, str] = field(default_factory=dict)
    _lost_in: dict[int, TestContext | None] = field(default_factory=dict)

    def begin_test(self, test: TestContext) -> None:
        """From here on ``test`` runs: an object of its own for every test."""
        self.test = test

    def end_test(self) -> None:
        """No test runs until the next one begins."""
        self.test = None

    def connection_ended(self, client: ClientState) -> None:
        """A client's connection is gone, whoever ended it; call it for every one.

        Who comes back under that client id later has orders in the same test only: a program of
        a finished test that reconnects by itself must not trade in the next one.
        """
        if client.client_id is not None and client.started:
            self._lost_in.setdefault(client.client_id, self.test)
        self.quotes.forget(client.connection)

    def may_order_again(self, client: ClientState) -> bool:
        """Whether the client lost no connection, or lost it in the running test."""
        if client.orders_revoked or client.client_id is None:
            return False
        return self._lost_in.get(client.client_id, self.test) is self.test
