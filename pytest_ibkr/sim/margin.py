"""Regulation T requirements and what an account may still buy; pure, knows no orders or clients.

==============  ====================================  ==================================
holding         initial                               maintenance
==============  ====================================  ==================================
long stock      50 % of value (Regulation T, 12 CFR   25 % (FINRA Rule 4210(c)(1))
                220.12(a))
short stock     150 % of value, of which the sale     130 %, likewise (30 % is needed;
                brought 100 %, so 50 % is needed      FINRA Rule 4210(c)(3))
                (12 CFR 220.12(c)(1))
long stock      as without the put                    10 % of the strike and what the
with a put                                            put is out of the money, at most
                                                      25 % (Cboe Exchange Rule
                                                      10.3(c)(5)(C)(5))
short stock     as without the call                   likewise with the call, at most
with a call                                           30 %
options         ``option_margin``: long ones their    same
                whole premium, short ones by the
                strategy they belong to
future          7 % of value (synthetic: the          6 %
                exchange sets dollars a contract,
                every day)
==============  ====================================  ==================================
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Final, NamedTuple

from pytest_ibkr.sim import option_margin
from pytest_ibkr.sim.option_margin import OptionLine
from pytest_ibkr.sim.positions import ZERO, Ledger, Trade, exact, funded, unit

if TYPE_CHECKING:
    from pytest_ibkr.sim.contracts import Instrument

LONG_INITIAL: Final = Decimal("0.50")
LONG_MAINTENANCE: Final = Decimal("0.25")
SHORT_INITIAL: Final = Decimal("0.50")
SHORT_MAINTENANCE: Final = Decimal("0.30")
FUTURE_INITIAL: Final = Decimal("0.07")
FUTURE_MAINTENANCE: Final = Decimal("0.06")
PROTECTED_STRIKE: Final = Decimal("0.10")
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
    ``stock_value`` nor ``gross_value``. ``futures_initial`` and ``futures_maintenance`` are their
    part of the two margins.
    """

    cash: Decimal
    stock_value: Decimal
    option_value: Decimal
    futures_pnl: Decimal
    gross_value: Decimal
    initial_margin: Decimal
    maintenance_margin: Decimal
    unrealized: Decimal
    futures_initial: Decimal = ZERO
    futures_maintenance: Decimal = ZERO

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
        futures_initial=bare.futures_value * FUTURE_INITIAL,
        futures_maintenance=bare.futures_value * FUTURE_MAINTENANCE,
    )


class _Sums(NamedTuple):
    """Values by kind and requirements, dollars."""

    stock: Decimal
    option: Decimal
    future: Decimal
    gross: Decimal
    initial: Decimal
    maintenance: Decimal
    futures_value: Decimal  # without sign


_Line = tuple["Instrument", Decimal, Decimal]  # quantity signed, price per share


def _sum_up(lines: Iterable[_Line], valuation: Valuation) -> _Sums:
    stock = option = future = gross = initial = maintenance = futures_value = ZERO
    families: dict[int, list[_Line]] = {}
    for line in lines:
        instrument, quantity, price = line
        value = quantity * price * unit(instrument)
        if instrument.sec_type == "FUT":
            future += value
            futures_value += abs(value)
            continue
        gross += abs(value)
        if instrument.sec_type == "OPT":
            option += value
        else:
            stock += value
        written_on = instrument.under_con_id if instrument.sec_type == "OPT" else 0
        families.setdefault(written_on or instrument.con_id, []).append(line)
    for family in families.values():
        needed, kept = _family_margin(family, valuation)
        initial, maintenance = initial + needed, maintenance + kept
    initial += futures_value * FUTURE_INITIAL
    maintenance += futures_value * FUTURE_MAINTENANCE
    return _Sums(stock, option, future, gross, initial, maintenance, futures_value)


def _family_margin(family: Sequence[_Line], valuation: Valuation) -> tuple[Decimal, Decimal]:
    """Initial and maintenance requirement of an underlying and the options on it, dollars."""
    initial = maintenance = shares = ZERO
    options: list[OptionLine] = []
    underlying: Decimal | None = None
    for instrument, quantity, price in family:
        if instrument.sec_type == "OPT":
            underlying = underlying or valuation.underlying(instrument)
            options.append(_option_line(instrument, quantity, price))
            continue
        value = abs(quantity * price * unit(instrument))
        short = quantity < 0
        initial += value * (SHORT_INITIAL if short else LONG_INITIAL)
        maintenance += value * (SHORT_MAINTENANCE if short else LONG_MAINTENANCE)
        shares, underlying = shares + quantity, price
    if not options:
        return initial, maintenance
    if underlying is None:  # nothing better is known; at the money is the dearest case
        underlying = max(line.strike for line in options)
    needed = option_margin.required(options, underlying=underlying, shares=shares)
    saved = _protection(options, underlying=underlying, shares=shares)
    return initial + needed, maintenance + needed - saved


def _option_line(instrument: Instrument, quantity: Decimal, price: Decimal) -> OptionLine:
    return OptionLine(
        right=instrument.right,
        strike=exact(instrument.strike),
        expiry=instrument.series,
        quantity=quantity,
        price=price,
        unit=unit(instrument),
    )


def _protection(options: Sequence[OptionLine], *, underlying: Decimal, shares: Decimal) -> Decimal:
    """What bought options take off the maintenance of the stock they protect, dollars.

    Only as many as are not needed against sold ones of the same right.
    """
    right = "P" if shares > 0 else "C"
    full = underlying * (LONG_MAINTENANCE if shares > 0 else SHORT_MAINTENANCE)
    same = [line for line in options if line.right == right]
    free = sum((line.quantity for line in same), ZERO)
    left, saved = abs(shares), ZERO
    for line in sorted(same, key=lambda one: abs(one.strike - underlying)):
        if line.quantity <= 0:
            continue
        distance = underlying - line.strike if right == "P" else line.strike - underlying
        needed = PROTECTED_STRIKE * line.strike + max(ZERO, distance)
        contracts = max(ZERO, min(line.quantity, free, left // line.unit))
        free, left = free - contracts, left - contracts * line.unit
        saved += contracts * line.unit * max(ZERO, full - needed)
    return saved
