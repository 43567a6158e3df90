"""What every client library is asked and tells, in one vocabulary; imports none of them.

Prices are dollars per share as the client's callbacks gave them, quantities are ``Decimal``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from tests.conformance.peers.families import Families

PRICE_TICKS = (1, 2, 4, 6, 7, 9, 14, *range(66, 69), 72, 73, 75, 76)


@dataclass(frozen=True, slots=True)
class Asked:
    """A contract as a program names it: by id, or by symbol; ``legs`` of a BAG are ids and signed
    ratios.
    """

    symbol: str = ""
    con_id: int = 0
    sec_type: str = "STK"
    exchange: str = "SMART"
    currency: str = "USD"
    legs: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Ticket:
    """An order as a program writes it."""

    action: str
    quantity: int
    limit: float | None = None  # None: market
    tif: str = "DAY"


@dataclass(frozen=True, slots=True)
class Details:
    """One row of contract details."""

    con_id: int
    symbol: str
    sec_type: str
    expiry: str
    strike: float
    right: str
    multiplier: str
    local_symbol: str
    trading_class: str
    min_tick: float
    long_name: str
    under_con_id: int
    time_zone: str
    trading_hours: str
    liquid_hours: str
    market_rule_ids: str
    stock_type: str


@dataclass(frozen=True, slots=True)
class Chain:
    """One row of option parameters."""

    exchange: str
    trading_class: str
    multiplier: str
    under_con_id: int
    expirations: frozenset[str]
    strikes: frozenset[float]


@dataclass(frozen=True, slots=True)
class Bar:
    """One historical bar; ``date`` is the client's own type."""

    date: object
    open: float
    high: float
    low: float
    close: float
    volume: Decimal
    wap: float
    count: int


@dataclass(frozen=True, slots=True)
class Greeks:
    """One option computation; None where the client says "not computed"."""

    implied_vol: float | None
    delta: float | None
    option_price: float | None
    gamma: float | None
    vega: float | None
    theta: float | None
    under_price: float | None


@dataclass(slots=True)
class Line:
    """What arrived on one market-data request."""

    request_id: int
    prices: list[tuple[int, float]] = field(default_factory=list)
    greeks: dict[int, Greeks] = field(default_factory=dict)
    ended: bool = False

    def last(self, tick: int) -> float:
        """Return the newest price of a tick type."""
        return [price for kind, price in self.prices if kind == tick][-1]


@dataclass(frozen=True, slots=True)
class Status:
    """One order status."""

    order_id: int
    status: str
    filled: Decimal
    remaining: Decimal
    perm_id: int


@dataclass(frozen=True, slots=True)
class Working:
    """One open order as the gateway echoed it."""

    order_id: int
    perm_id: int
    status: str
    con_id: int
    action: str
    quantity: Decimal
    order_type: str
    limit: float


def newest(echoes: list[Working]) -> list[Working]:
    """Return the last echo of each order: unasked ones interleave with those asked for."""
    return list({echo.order_id: echo for echo in echoes}.values())


@dataclass(frozen=True, slots=True)
class Completed:
    """One completed order."""

    perm_id: int
    status: str
    con_id: int
    action: str


@dataclass(frozen=True, slots=True)
class Execution:
    """One execution."""

    exec_id: str
    order_id: int
    con_id: int
    side: str
    quantity: Decimal
    price: float


@dataclass(frozen=True, slots=True)
class Commission:
    """What one execution cost, dollars."""

    amount: float
    currency: str


@dataclass(frozen=True, slots=True)
class Notice:
    """One message 4."""

    request_id: int
    code: int
    text: str


class Refused(Exception):
    """A request was answered with an error instead of data."""

    def __init__(self, notice: Notice) -> None:
        self.notice = notice
        super().__init__(f"{notice.code}: {notice.text}")


class Peer(Protocol):
    """A connected client library; every wait ends after ``PATIENCE_S`` real seconds."""

    @property
    def families(self) -> Families:
        """What it can ask beside the main job."""

    @property
    def notices(self) -> list[Notice]:
        """Every message 4, in order."""

    @property
    def statuses(self) -> list[Status]:
        """Every order status, in order."""

    @property
    def executions(self) -> dict[str, Execution]:
        """Executions by id."""

    @property
    def commissions(self) -> dict[str, Commission]:
        """Commissions by execution id."""

    def connect(self, host: str, port: int, client_id: int) -> None:
        """Connect and wait until the library calls itself connected."""

    def close(self) -> None:
        """Disconnect; no thread or loop of the library is left."""

    def version(self) -> int:
        """Return the server version in force."""

    def accounts(self) -> list[str]:
        """Return the managed accounts."""

    def next_id(self) -> int:
        """Return the next valid order id as the library knows it."""

    def summary(self) -> dict[tuple[str, str], str]:
        """Return account summary values by tag and currency."""

    def account_values(self, account: str) -> dict[tuple[str, str], str]:
        """Return the account download's values by key and currency."""

    def positions(self) -> dict[int, Decimal]:
        """Return signed quantities by conId."""

    def details(self, asked: Asked) -> list[Details]:
        """Look a contract up; raises ``Refused``."""

    def chains(self, symbol: str, con_id: int) -> list[Chain]:
        """Return the option parameters of a stock."""

    def bars(self, asked: Asked, *, duration: str, size: str) -> list[Bar]:
        """Return historical TRADES bars in regular hours."""

    def want_data_type(self, data_type: int) -> None:
        """Choose live (1), frozen, delayed (3) or delayed-frozen for later requests."""

    def snapshot(self, asked: Asked) -> Line:
        """Return a market-data snapshot once its end marker came."""

    def stream(self, asked: Asked) -> Line:
        """Start streaming; the line fills while ``until`` waits."""

    def stop_stream(self, line: Line) -> None:
        """Cancel a stream."""

    def place(self, asked: Asked, ticket: Ticket) -> int:
        """Place an order and return its id."""

    def modify(self, order_id: int, asked: Asked, ticket: Ticket) -> None:
        """Send an order again under its id."""

    def cancel(self, order_id: int) -> None:
        """Cancel an order."""

    def working(self) -> list[Working]:
        """Ask for this client's open orders."""

    def replayed(self) -> list[Working]:
        """Return open orders the gateway told of at connect."""

    def completed(self) -> list[Completed]:
        """Ask for completed orders."""

    def past_executions(self) -> list[Execution]:
        """Ask for the day's executions."""

    def until(self, condition: Callable[[], bool], what: str) -> None:
        """Let the client work until a condition holds; ``AssertionError`` names what never came."""
