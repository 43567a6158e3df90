"""Choosing contracts at run time from what is listed and quoted now."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import ROUND_FLOOR, Decimal
from zoneinfo import ZoneInfo

from bot.broker import ContractNotFoundError
from bot.domain.contracts import Contract, option
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


def chosen_option(broker, clock, wanted) -> Chosen:
    """Return the contract the file names, or the one it says how to choose."""
    if wanted.select is None:
        assert wanted.expiry, "name expiry and strike, or say `select`"
        assert wanted.strike, "name expiry and strike, or say `select`"
        return first_affordable(
            broker, wanted, expiry=wanted.expiry, strikes=[Decimal(str(wanted.strike))]
        )
    underlying = broker.qualify_contract(listed_contract(wanted, sec_type="STK"))
    spot = broker.get_market_data(underlying).last
    assert spot is not None, f"{wanted.symbol} has no last price, nothing can be chosen"
    listed = broker.option_chain(underlying, exchange=wanted.exchange)
    today = exchange_date(clock)
    expiries = [e for e in listed.expirations if days(e, today) >= wanted.min_dte]
    assert expiries, f"no listed expiry of {wanted.symbol} has {wanted.min_dte} days left"
    strikes = sorted(strike for strike in listed.strikes if strike > spot)
    if wanted.select == "otm_put":
        strikes = sorted((strike for strike in listed.strikes if strike < spot), reverse=True)
    return first_affordable(broker, wanted, expiry=min(expiries), strikes=strikes)


def listed_contract(wanted, *, sec_type: str = "") -> Contract:
    """The contract a configuration entry describes, not yet qualified."""
    return Contract(
        symbol=wanted.symbol,
        sec_type=sec_type or wanted.sec_type,
        exchange=wanted.exchange,
        currency=wanted.currency,
        primary_exchange=wanted.primary_exchange,
    )


def right_of(wanted) -> str:
    """C or P: as chosen, else as written."""
    return {"otm_call": "C", "otm_put": "P"}.get(wanted.select) or wanted.right or "C"


def first_affordable(broker, wanted, *, expiry: str, strikes: list[Decimal]) -> Chosen:
    """Try strikes away from the money until one is quoted on both sides and cheap enough."""
    near = [s for s in strikes if abs(s / strikes[0] - 1) < Decimal("0.1")]
    step = max(1, len(near) // CANDIDATES)
    for strike in strikes[: CANDIDATES * step : step]:
        try:
            contract = broker.qualify_contract(
                option(wanted.symbol, expiry, strike, right=right_of(wanted))
            )
        except ContractNotFoundError:
            continue  # the list unites all expiries: not every strike exists for this one
        quote = broker.get_market_data(contract)
        if quote.is_two_sided and quote.bid and quote.ask <= Decimal(str(wanted.max_premium)):
            [details] = broker.contract_details(contract)
            return Chosen(contract, quote, details.min_tick or Decimal("0.01"))
    raise AssertionError(
        f"no {wanted.symbol} {expiry} {right_of(wanted)} up to ${wanted.max_premium} is quoted on"
        " both sides"
    )


def days(expiry: str, today: date) -> int:
    """Calendar days from ``today`` to an expiry ``YYYYMMDD``."""
    return (date.fromisoformat(expiry) - today).days
