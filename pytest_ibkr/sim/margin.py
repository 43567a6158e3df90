"""Regulation T requirements and what an account may still buy; pure, knows no orders or clients.

Rules (interactivebrokers' published RegT method, reduced to single legs):

==============  =======================================  ==============================
holding         initial                                  maintenance
==============  =======================================  ==============================
long stock      50 % of value                            25 %
short stock     150 % of value, of which the sale        130 %, likewise
                brought 100 % (so 50 % is needed)        (30 % is needed)
long option     the whole premium (worth nothing as      same
                collateral)
short option    its value plus the larger of 20 % of     same
                the underlying less what it is out of
                the money, and 10 % of the underlying
                (calls) or of the strike (puts)
future          7 % of value (synthetic: the exchange    6 %
                sets dollars a contract, every day)
==============  =======================================  ==============================

Spreads and covered calls get no relief here: requirements are never below the real ones.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Final, NamedTuple

from pytest_ibkr.sim.positions import ZERO, Ledger, Trade, exact, funded, unit

if TYPE_CHECKING:
    from pytest_ibkr.sim.contracts import Instrument

LONG_INITIAL: Final = Decimal("0.50")
LONG_MAINTENANCE: Final = Decimal("0.25")
SHORT_INITIAL: Final = Decimal("0.50")
SHORT_MAINTENANCE: Final = Decimal("0.30")
FUTURE_INITIAL: Final = Decimal("0.07")
FUTURE_MAINTENANCE: Final = Decimal("0.06")
OPTION_UNDERLYING: Final = Decimal("0.20")
OPTION_FLOOR: Final = Decimal("0.10")
BUYING_POWER_FACTOR: Final = 4  # intraday RegT; 4042993.84 = 4 x 1010748.46 on the paper log

# Price per share at which something is valued; None when nothing is known of it.
PriceOf = Callable[["Instrument"], Decimal | None]


@dataclass(frozen=True, slots=True)
class Valuation:
    """Prices of a moment: of an instrument, and of an option's underlying."""

    mark: PriceOf
    underlying: PriceOf


@dataclass(frozen=True, slots=True)
class Standing:
    """Where an account stands, dollars. ``equity_with_loan`` leaves options out, as RegT does.

    ``futures_pnl`` is what open futures gained since they were traded; they count in neither
    ``stock_value`` nor ``gross_value``.
    """

    cash: Decimal
    stock_value: Decimal
    option_value: Decimal
    futures_pnl: Decimal
    gross_value: Decimal
    initial_margin: Decimal
    maintenance_margin: Decimal
    unrealized: Decimal

    @property
    def net_liquidation(self) -> Decimal:
        """Cash plus the market value of everything held; of futures their P&L."""
        return self.equity_with_loan + self.option_value

    @property
    def equity_with_loan(self) -> Decimal:
        """Cash plus stock value and the P&L of futures."""
        return self.cash + self.stock_value + self.futures_pnl

    @property
    def available_funds(self) -> Decimal:
        """Equity with loan value less the initial requirement."""
        return self.equity_with_loan - self.initial_margin

    @property
    def excess_liquidity(self) -> Decimal:
        """Equity with loan value less the maintenance requirement."""
        return self.equity_with_loan - self.maintenance_margin

    @property
    def buying_power(self) -> Decimal:
        """Stock the account could buy today; never below 0."""
        return max(ZERO, self.available_funds * BUYING_POWER_FACTOR)


def standing(ledger: Ledger, valuation: Valuation, trades: Iterable[Trade] = ()) -> Standing:
    """Value the books, as if ``trades`` had been done on top.

    A holding without any known price counts at its cost.
    """
    cash, cost, unpaid = ledger.cash, ZERO, ZERO
    quantities: dict[int, tuple[Instrument, Decimal, Decimal]] = {}
    for held in ledger.open_holdings():
        price = valuation.mark(held.instrument)
        if price is None:
            price = held.cost / held.quantity / unit(held.instrument)
        quantities[held.instrument.con_id] = (held.instrument, held.quantity, price)
        cost += held.cost
        unpaid += held.unpaid
    for trade in trades:
        cash -= trade.paid
        if not funded(trade.instrument):
            unpaid += trade.value
        mark = valuation.mark(trade.instrument)
        known = (trade.instrument, ZERO, trade.price if mark is None else mark)
        instrument, quantity, price = quantities.get(trade.instrument.con_id, known)
        quantities[instrument.con_id] = (instrument, quantity + trade.quantity, price)
    bare = _sum_up(quantities.values(), valuation)
    return Standing(
        cash=cash,
        stock_value=bare.stock,
        option_value=bare.option,
        futures_pnl=bare.future - unpaid,
        gross_value=bare.gross,
        initial_margin=bare.initial,
        maintenance_margin=bare.maintenance,
        unrealized=bare.stock + bare.option + bare.future - cost,
    )


class _Sums(NamedTuple):
    """Values by kind and requirements, dollars."""

    stock: Decimal
    option: Decimal
    future: Decimal
    gross: Decimal
    initial: Decimal
    maintenance: Decimal


def _sum_up(lines: Iterable[tuple[Instrument, Decimal, Decimal]], valuation: Valuation) -> _Sums:
    stock = option = future = gross = initial = maintenance = ZERO
    for instrument, quantity, price in lines:
        value = quantity * price * unit(instrument)
        if instrument.sec_type == "FUT":
            future += value
            initial += abs(value) * FUTURE_INITIAL
            maintenance += abs(value) * FUTURE_MAINTENANCE
            continue
        gross += abs(value)
        if instrument.sec_type == "OPT":
            option += value
            needed = _short_option(instrument, quantity, price, valuation)
            initial, maintenance = initial + needed, maintenance + needed
            continue
        stock += value
        short = quantity < 0
        initial += abs(value) * (SHORT_INITIAL if short else LONG_INITIAL)
        maintenance += abs(value) * (SHORT_MAINTENANCE if short else LONG_MAINTENANCE)
    return _Sums(stock, option, future, gross, initial, maintenance)


def _short_option(
    instrument: Instrument, quantity: Decimal, price: Decimal, valuation: Valuation
) -> Decimal:
    if quantity >= 0:
        return ZERO
    strike = exact(instrument.strike)
    underlying = valuation.underlying(instrument)
    if underlying is None:
        underlying = strike  # nothing better is known; at the money is the dearest case
    call = instrument.right == "C"
    out_of_the_money = max(ZERO, strike - underlying if call else underlying - strike)
    floor = OPTION_FLOOR * (underlying if call else strike)
    per_share = price + max(OPTION_UNDERLYING * underlying - out_of_the_money, floor)
    return -quantity * unit(instrument) * per_share
