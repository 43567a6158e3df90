"""Choosing contracts at run time from what is listed and quoted now."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import ROUND_FLOOR, Decimal
from zoneinfo import ZoneInfo

from bot.broker import ContractNotFoundError
from bot.domain.contracts import Contract, option, stock
from bot.domain.quotes import Quote

NEW_YORK = ZoneInfo("America/New_York")
CANDIDATES = 12


@dataclass(frozen=True)
class Chosen:
    """A qualified option, the quote it was chosen by, and its price increment (dollars)."""

    contract: Contract
    quote: Quote
    tick: Decimal

    def snapped(self, price: Decimal) -> Decimal:
        """The price on or below, on the increment's grid."""
        return (price / self.tick).to_integral_value(ROUND_FLOOR) * self.tick


def exchange_date(clock) -> date:
    """Today's date at the exchange."""
    return clock.now().astimezone(NEW_YORK).date()


def cheapest_otm_call(broker, clock, wanted) -> Chosen:
    """Return the call nearest the money whose ask is within ``wanted.max_premium``."""
    underlying = broker.qualify_contract(stock(wanted.symbol))
    spot = broker.get_market_data(underlying).last
    assert spot is not None, f"{wanted.symbol} has no last price, nothing can be chosen"
    listed = broker.option_chain(underlying)
    today = exchange_date(clock)
    expiries = [e for e in listed.expirations if days(e, today) >= wanted.min_dte]
    assert expiries, f"no listed expiry of {wanted.symbol} has {wanted.min_dte} days left"
    strikes = [strike for strike in sorted(listed.strikes) if strike > spot]
    return first_affordable(broker, wanted, expiry=min(expiries), strikes=strikes)


def first_affordable(broker, wanted, *, expiry: str, strikes: list[Decimal]) -> Chosen:
    """Try listed strikes upwards until one is quoted on both sides and cheap enough."""
    step = max(1, len([s for s in strikes if s < strikes[0] * Decimal("1.1")]) // CANDIDATES)
    for strike in strikes[: CANDIDATES * step : step]:
        try:
            contract = broker.qualify_contract(
                option(wanted.symbol, expiry, strike, right=wanted.right or "C")
            )
        except ContractNotFoundError:
            continue  # the list unites all expiries: not every strike exists for this one
        quote = broker.get_market_data(contract)
        if quote.is_two_sided and quote.bid and quote.ask <= Decimal(str(wanted.max_premium)):
            [details] = broker.contract_details(contract)
            return Chosen(contract, quote, details.min_tick or Decimal("0.01"))
    raise AssertionError(
        f"no {wanted.symbol} {expiry} call up to ${wanted.max_premium} is quoted on both sides"
    )


def days(expiry: str, today: date) -> int:
    """Calendar days from ``today`` to an expiry ``YYYYMMDD``."""
    return (date.fromisoformat(expiry) - today).days
