"""The account's books: cash, holdings, cost and realised P&L, exact in Decimal.

Imports instruments only as a type; knows nothing of orders, clients or quotes.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pytest_ibkr.sim.contracts import Instrument

ZERO: Final = Decimal(0)
# A cost share is cut here, and what is cut stays in the remaining cost: nothing gets lost.
_COST_STEP: Final = Decimal("1E-8")


def unit(instrument: Instrument) -> int:
    """Shares that one share or contract stands for."""
    return instrument.multiplier or 1


def funded(instrument: Instrument) -> bool:
    """Whether what is bought is paid for; a future is not: cash takes its P&L and commissions."""
    return instrument.sec_type != "FUT"


def exact(value: float) -> Decimal:
    """The decimal a float is printed as: 754.95 gives ``Decimal("754.95")``."""
    return Decimal(repr(value))


@dataclass(frozen=True, slots=True)
class Trade:
    """One fill as the books see it.

    ``quantity`` is signed (buys positive), in shares or contracts; ``price`` is per share;
    ``commission`` is in dollars for the whole fill.
    """

    instrument: Instrument
    quantity: Decimal
    price: Decimal
    commission: Decimal = ZERO

    @property
    def value(self) -> Decimal:
        """Signed dollars of what is traded, before commission; positive is bought."""
        return self.quantity * self.price * unit(self.instrument)

    @property
    def paid(self) -> Decimal:
        """Signed dollars that change hands with commission, P&L of a future apart."""
        return self.commission + (self.value if funded(self.instrument) else ZERO)


@dataclass(slots=True)
class Holding:
    """What the account has of one contract.

    ``cost`` is the signed amount the present quantity was traded for, commissions included
    (negative for short holdings), ``unpaid`` the part of it that took no cash (futures);
    ``realized`` is the P&L of what was closed, net of commissions.
    """

    instrument: Instrument
    quantity: Decimal = ZERO
    cost: Decimal = ZERO
    unpaid: Decimal = ZERO
    realized: Decimal = ZERO

    @property
    def average_cost(self) -> Decimal:
        """Dollars per share or contract: includes the multiplier and commissions."""
        return self.cost / self.quantity if self.quantity else ZERO

    def market_value(self, price: Decimal) -> Decimal:
        """Signed dollars at a price per share."""
        return self.quantity * price * unit(self.instrument)

    def unrealized(self, price: Decimal) -> Decimal:
        """P&L of the present quantity at a price per share, net of the opening commissions."""
        return self.market_value(price) - self.cost


class Ledger:
    """Cash and holdings.

    At any time ``cash + sum(cost - unpaid) == start + sum(realized)``, exactly. Futures are settled
    when they are closed, not every night: their P&L until then is no cash.
    """

    def __init__(self, cash: Decimal) -> None:
        self.start = cash
        self.cash = cash
        self.commissions = ZERO
        self.holdings: dict[int, Holding] = {}

    @property
    def realized(self) -> Decimal:
        """P&L of everything closed, net of commissions."""
        return sum((held.realized for held in self.holdings.values()), ZERO)

    def open_holdings(self) -> list[Holding]:
        """Holdings with a quantity, in order of their first trade."""
        return [held for held in self.holdings.values() if held.quantity]

    def quantity(self, con_id: int) -> Decimal:
        """Signed quantity held, 0 when none."""
        held = self.holdings.get(con_id)
        return ZERO if held is None else held.quantity

    def book(self, trade: Trade) -> Decimal | None:
        """Enter a trade; return the realised P&L, or None when it only opened.

        A trade through zero closes the old side and opens the new one; its commission is shared
        in proportion to the quantities.
        """
        held = self.holdings.setdefault(trade.instrument.con_id, Holding(trade.instrument))
        closing = _closing_part(held.quantity, trade.quantity)
        opening = trade.quantity - closing
        fee = trade.commission if not opening else _share(trade.commission, closing, trade.quantity)
        each = trade.price * unit(trade.instrument)
        self.cash -= trade.paid
        self.commissions += trade.commission
        realized = None
        if closing:
            released = _share(held.cost, -closing, held.quantity)
            realized = -closing * each - fee - released
            held.realized += realized
            held.cost -= released
            if not funded(trade.instrument):
                entered = _share(held.unpaid, -closing, held.quantity)
                held.unpaid -= entered
                self.cash -= closing * each + entered
            held.quantity += closing
        held.quantity += opening
        held.cost += opening * each + (trade.commission - fee)
        if not funded(trade.instrument):
            held.unpaid += opening * each
        return realized

    def holding(self, instrument: Instrument) -> Holding:
        """What the account has of a contract; flat when there is nothing of it in the books."""
        return self.holdings.get(instrument.con_id) or Holding(instrument)

    def deliver(
        self, option: Instrument, stock: Instrument, *, quantity: Decimal
    ) -> tuple[Decimal, Decimal | None]:
        """Exchange contracts for shares at the strike; return the shares, signed, and the P&L.

        What the contracts cost passes to the shares, as brokers account for it: nothing is
        realized on the option. The P&L is of shares this closes; None when it closes none.

        Args:
            option: held, long or short.
            stock: what it is written on.
            quantity: contracts, signed as they are held.
        """
        held = self.holdings[option.con_id]
        passed = _share(held.cost, quantity, held.quantity)
        held.cost -= passed
        held.quantity -= quantity
        shares = quantity * unit(option) * (1 if option.right == "C" else -1)
        # What passes is booked like a commission of the shares, and took its cash long ago.
        realized = self.book(Trade(stock, shares, exact(option.strike), passed))
        self.cash += passed
        self.commissions -= passed
        return shares, realized

    def new_day(self) -> None:
        """Begin another day: what was realized belongs to the start, what was closed is gone."""
        self.start += self.realized
        self.holdings = {con_id: held for con_id, held in self.holdings.items() if held.quantity}
        for held in self.holdings.values():
            held.realized = ZERO

    def adopt(self, instrument: Instrument, quantity: Decimal, *, average_cost: Decimal) -> None:
        """Add a holding that was there before the session: no cash moves, the start does."""
        held = self.holdings.setdefault(instrument.con_id, Holding(instrument))
        cost = quantity * average_cost
        held.quantity += quantity
        held.cost += cost
        if funded(instrument):
            self.start += cost
        else:
            held.unpaid += cost


def _closing_part(held: Decimal, traded: Decimal) -> Decimal:
    """The signed part of a trade that reduces the holding."""
    if not held or (held > 0) == (traded > 0):
        return ZERO
    return traded if abs(traded) <= abs(held) else -held


def _share(amount: Decimal, part: Decimal, whole: Decimal) -> Decimal:
    if part == whole:
        return amount
    return (amount * part / whole).quantize(_COST_STEP, ROUND_HALF_EVEN)
