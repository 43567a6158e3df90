"""What the gateway remembers of orders: state of each, executions, ids used.

Holds data and answers questions; decides and sends nothing.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field, replace
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING, Final, Literal

from pytest_ibkr.sim.order_types import SILENT, TRIGGERED
from pytest_ibkr.sim.positions import ZERO

if TYPE_CHECKING:
    from pytest_ibkr.sim.contracts import Instrument
    from pytest_ibkr.wire.messages.place_order import PlaceOrder

MANUAL_CLIENT: Final = 0  # who is told of orders entered by hand, and may bind them
_UNBOUND: Final = -1  # in place of a client id: they cannot be named
_FIRST_PERM_ID: Final = 1_000_000_000  # ten digits, as seen
_LAST_PERM_ID: Final = 2_000_000_000
# First group of an execution id by security type; stock as captured, option made up alike.
_EXEC_PREFIX: Final = {"STK": "0000e0d5", "OPT": "0000e1b2"}
# Venues a fill is reported from; a fill names one, orders filled in pieces several.
VENUES: Final = {
    "OPT": ("CBOE", "ISE", "BOX", "PHLX", "AMEX", "BATS"),
    "STK": ("IBKRATS", "ARCA", "NYSE", "NASDAQ", "IEX", "ISLAND"),
}


class Status(StrEnum):
    """Order statuses as printed; there is none for a partial fill."""

    PENDING_SUBMIT = "PendingSubmit"  # before IB's first acknowledgement; never sent
    PRE_SUBMITTED = "PreSubmitted"
    SUBMITTED = "Submitted"
    PENDING_CANCEL = "PendingCancel"
    CANCELLED = "Cancelled"
    API_CANCELLED = "ApiCancelled"
    FILLED = "Filled"
    INACTIVE = "Inactive"


OPEN: Final = frozenset({Status.PRE_SUBMITTED, Status.SUBMITTED, Status.PENDING_CANCEL})
DONE: Final = frozenset({Status.CANCELLED, Status.API_CANCELLED, Status.FILLED, Status.INACTIVE})


@dataclass(slots=True, eq=False)
class Order:
    """One order through its life. Prices per share; quantities in shares or contracts.

    Attributes:
        terms: the request as last accepted.
        quantity: what is wanted in all; an OCA group may reduce it.
        held: transmit was false: known to the gateway only, silent.
        commission: sum of the commissions reported so far, None before the first.
        triggered: a stop that has become a market or limit order.
        stop: the stop price now; trailing stops move it.
        limit: the limit it works under when that is not its terms': it trails, follows the market,
            or is what the rest of a market-to-limit order got.
        cap: where IB holds its limit, when that lies beyond the price band.
        auction: which auction it trades in, and nowhere else.
        taken_s: when IB acknowledged it.
        wakes_s: the good-after time that has not come.
        conditional: its conditions are not met.
        locating: a short sale whose shares are being located.
        confirmed: a trigger that wants two looks in a row had its first.
        waits_for_open: placed outside the session.
        ready_s: moment of its first look at the market; None: not routed.
        filled_first: reports ``Filled`` before the execution, as orders modified to market do.
        modified_silently: a modification whose echo is owed if it does not fill.
        finished_s: when it was done, and in which words completed orders say so.
    """

    terms: PlaceOrder
    instrument: Instrument
    client_id: int
    quantity: Decimal
    held: bool
    parent: Order | None = None
    children: list[Order] = field(default_factory=list)
    oca_group: str = ""
    oca_type: int = 3
    perm_id: int = 0
    status: Status = Status.PENDING_SUBMIT
    filled: Decimal = ZERO
    spent: Decimal = ZERO
    fills: int = 0
    last_price: Decimal = ZERO
    commission: Decimal | None = None
    triggered: bool = False
    stop: Decimal | None = None
    limit: Decimal | None = None
    cap: Decimal | None = None
    auction: Literal["", "open", "close"] = ""
    taken_s: float = 0.0
    wakes_s: float | None = None
    conditional: bool = False
    locating: bool = False
    confirmed: bool = False
    waits_for_open: bool = False
    ready_s: float | None = None
    expires_s: float | None = None
    filled_first: bool = False
    modified_silently: bool = False
    cancel_asked: bool = False
    finished_s: float | None = None
    finished_text: str = ""

    @property
    def order_id(self) -> int:
        """The id its client chose."""
        return self.terms.order_id

    @property
    def order_type(self) -> str:
        """The type as printed."""
        return self.terms.order_type

    @property
    def buys(self) -> bool:
        """Whether it buys."""
        return self.terms.action == "BUY"

    @property
    def remaining(self) -> Decimal:
        """What is not filled; keeps its value when cancelled."""
        return self.quantity - self.filled

    @property
    def average_price(self) -> Decimal:
        """Average price of what is filled, 0 before."""
        return self.spent / self.filled if self.filled else ZERO

    @property
    def is_open(self) -> bool:
        """Acknowledged and not done."""
        return self.status in OPEN

    @property
    def is_done(self) -> bool:
        """Filled, cancelled or refused by IB."""
        return self.status in DONE

    @property
    def waits_for_parent(self) -> bool:
        """A child whose parent is not filled yet."""
        return self.parent is not None and self.parent.status is not Status.FILLED

    @property
    def waits_for_trigger(self) -> bool:
        """A stop or touch that was not reached yet."""
        return self.order_type in TRIGGERED and not self.triggered

    @property
    def sleeps(self) -> bool:
        """Held for a time, a condition or the loan of shares; looks at no market meanwhile."""
        return self.wakes_s is not None or self.conditional or self.locating

    @property
    def silent(self) -> bool:
        """Of a type that is taken without an echo."""
        return self.order_type in SILENT

    @property
    def why_held(self) -> str:
        """Why it is held, only while PreSubmitted: ``child``, ``trigger``, ``locate``."""
        if self.status is not Status.PRE_SUBMITTED:
            return ""
        reasons = (
            ("child", self.waits_for_parent),
            ("trigger", self.waits_for_trigger),
            ("locate", self.locating),
        )
        return ",".join(name for name, holds in reasons if holds)

    @property
    def rests(self) -> bool:
        """Whether IB or the market would hold it rather than work it now."""
        waits = self.waits_for_parent or self.waits_for_trigger or self.waits_for_open
        return waits or self.sleeps or self.silent or self.auction != ""


@dataclass(slots=True, eq=False)
class Execution:
    """One fill. ``order`` is None for a trade somebody else did on the account."""

    exec_id: str
    instrument: Instrument
    buys: bool
    shares: Decimal
    price: Decimal
    at_s: float
    venue: str
    liquidity: int  # 1 added, 2 removed
    commission: Decimal
    realized: Decimal | None
    order: Order | None
    cumulative: Decimal
    average_price: Decimal
    perm_id: int
    reported: bool = False  # the commission report is out
    repeated: Decimal = ZERO  # commission of its legs that a combination's report says again


class OrderBook:
    """All orders and executions of a session, and the ids handed out."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self._orders: dict[tuple[int, int], Order] = {}
        self._highest: dict[int, int] = {}
        self._perm_id = rng.randrange(_FIRST_PERM_ID, _LAST_PERM_ID)
        self._exec_base = rng.randrange(0x60000000, 0x70000000)
        self.executions: list[Execution] = []
        self.auto_bind = False  # client 0 asked for ids of orders entered by hand
        self._manual = 0

    def next_order_id(self, client_id: int) -> int:
        """Highest id ever used by a client id, plus one."""
        return self._highest.get(client_id, 0) + 1

    def use_id(self, client_id: int, order_id: int) -> None:
        """Count an id as used; refused orders and what-ifs count too."""
        self._highest[client_id] = max(order_id, self._highest.get(client_id, 0))

    def find(self, client_id: int, order_id: int) -> Order | None:
        """The order a client knows under an id."""
        return self._orders.get((client_id, order_id))

    def add(self, order: Order) -> None:
        """Remember an order; one that was held and is sent again replaces itself."""
        self._orders[order.client_id, order.order_id] = order

    def enter(self, order: Order) -> None:
        """Remember an order entered by hand; it gets a negative id where client 0 binds it."""
        self._manual += 1
        if not self.auto_bind:
            self._orders[_UNBOUND, self._manual] = order
            return
        order.terms = replace(order.terms, order_id=-self._manual)
        self.add(order)

    def all(self) -> list[Order]:
        """Every order that was accepted, oldest first."""
        return list(self._orders.values())

    def open(self) -> list[Order]:
        """Acknowledged orders that are not done, in no useful order, as the gateway lists them."""
        return sorted((o for o in self._orders.values() if o.is_open), key=_scattered)

    def new_perm_id(self) -> int:
        """A ten-digit permanent id."""
        self._perm_id += self._rng.randrange(1, 40)
        return self._perm_id

    def new_exec_id(self, instrument: Instrument, fill: int) -> str:
        """Four dotted groups; the last is the correction number.

        Args:
            instrument: what was traded.
            fill: how many fills the order had, this one included.
        """
        prefix = _EXEC_PREFIX.get(instrument.sec_type, _EXEC_PREFIX["STK"])
        self._exec_base += self._rng.randrange(1, 256)
        return f"{prefix}.{self._exec_base:08x}.{fill:02d}.01"

    def new_combo_exec_ids(self, first_leg: Instrument, legs: int) -> list[str]:
        """Ids of a combination's fill and of its legs: one middle, third groups 01, 02, ..."""
        head = self.new_exec_id(first_leg, 1).rpartition(".01.01")[0]
        return [f"{head}.{place:02d}.01" for place in range(1, legs + 2)]

    def venue(self, instrument: Instrument) -> str:
        """Where the next fill is reported from."""
        return self._rng.choice(VENUES.get(instrument.sec_type, VENUES["STK"]))

    def siblings(self, order: Order) -> list[Order]:
        """The other open orders of its OCA group."""
        if not order.oca_group:
            return []
        return [
            other
            for other in self._orders.values()
            if other is not order and other.oca_group == order.oca_group and other.is_open
        ]


def _scattered(order: Order) -> int:
    return order.perm_id * 2654435761 % 2**32
