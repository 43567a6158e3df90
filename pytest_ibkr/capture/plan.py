"""What a capture asks a gateway for, symbol by symbol, as messages; opens no socket.

Source: requirements.md A.5. Imports wire and the snapshot's naming rule.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from pytest_ibkr.errors import UsageError
from pytest_ibkr.snapshot.store import check_scenario
from pytest_ibkr.wire.messages.account import CancelAccountSummary, ReqAccountSummary
from pytest_ibkr.wire.messages.contract import Contract, ReqContractDetails, ReqOptionParameters
from pytest_ibkr.wire.messages.history import ReqHistoricalData
from pytest_ibkr.wire.messages.market_data import ReqMarketData

DEFAULT_SCENARIO: Final = "normal"
DEFAULT_SYMBOLS: Final = ("SPY", "QQQ", "IWM", "VIX")
CURRENCY: Final = "USD"
MULTIPLIER: Final = 100
RIGHTS: Final[tuple[Literal["C", "P"], ...]] = ("C", "P")
DTE_TARGETS: Final = (2, 7)  # calendar days from today to the expiries wanted
STRIKES: Final = 5
SNAPSHOT_DEADLINE_S: Final = 12.0  # a snapshot ends by itself within some 11 s
BARS_DEADLINE_S: Final = 30.0
ANSWER_DEADLINE_S: Final = 10.0
SUMMARY_DEADLINE_S: Final = 5.0
READY_DEADLINE_S: Final = 10.0
_LISTED_ON: Final = {"SPY": "ARCA", "QQQ": "NASDAQ", "IWM": "ARCA"}
_INDEXES: Final = {"VIX": "CBOE"}


@dataclass(frozen=True, slots=True)
class Bars:
    """One request for bars; ``size`` and ``duration`` as the gateway spells them."""

    size: Literal["5 mins", "1 hour", "1 day"]
    duration: str


# The hourly bars are the source format's; the others are what a simulated gateway moves along:
# two sessions in detail, a quarter of days. More of them would make the file too large.
HOURLY: Final = Bars("1 hour", "5 D")
DETAIL: Final = Bars("5 mins", "2 D")
DAYS: Final = Bars("1 day", "3 M")


@dataclass(frozen=True, slots=True, kw_only=True)
class Underlying:
    """One symbol to capture. An index has a price and bars, and no chain here."""

    symbol: str
    sec_type: Literal["STK", "IND"] = "STK"
    exchange: str = "SMART"
    primary_exchange: str = ""

    @property
    def has_chain(self) -> bool:
        """Whether its options are captured."""
        return self.sec_type == "STK"

    @property
    def bars(self) -> tuple[Bars, ...]:
        """The bars to ask for."""
        return (HOURLY, DETAIL, DAYS) if self.has_chain else (HOURLY, DAYS)

    def contract(self) -> Contract:
        """The contract as it is looked up, before its id is known."""
        return Contract(
            symbol=self.symbol,
            sec_type=self.sec_type,
            exchange=self.exchange,
            primary_exchange=self.primary_exchange,
            currency=CURRENCY,
        )


@dataclass(frozen=True, slots=True)
class Plan:
    """A capture: its scenario and its symbols, in the order they are asked for."""

    scenario: str
    underlyings: tuple[Underlying, ...]

    @property
    def symbols(self) -> tuple[str, ...]:
        """The symbols' names."""
        return tuple(each.symbol for each in self.underlyings)


def plan_of(
    *, scenario: str = DEFAULT_SCENARIO, symbols: Sequence[str | Underlying] = DEFAULT_SYMBOLS
) -> Plan:
    """The plan for a scenario's name and symbols; a bare name is a US stock, ``VIX`` the index.

    Raises:
        BadScenarioName: the scenario cannot be part of a file name.
        UsageError: there is no symbol, one comes twice, or one is not a symbol.
    """
    found = tuple(each if isinstance(each, Underlying) else underlying(each) for each in symbols)
    names = [each.symbol for each in found]
    if not found or len(set(names)) != len(names):
        raise UsageError(
            f"a capture of {', '.join(names) or 'no symbol'} cannot be planned: at least one"
            " symbol, and each once\n  state: nothing was connected"
        )
    return Plan(check_scenario(scenario), found)


def underlying(symbol: str) -> Underlying:
    """What a bare symbol means.

    Raises:
        UsageError: it is not a symbol.
    """
    if not (symbol.isascii() and symbol.replace(".", "").replace(" ", "").isalnum()):
        raise UsageError(
            f"{symbol!r} is not a symbol\n  fix:   write one such as SPY, as the gateway spells it"
        )
    if (exchange := _INDEXES.get(symbol)) is not None:
        return Underlying(
            symbol=symbol, sec_type="IND", exchange=exchange, primary_exchange=exchange
        )
    return Underlying(symbol=symbol, primary_exchange=_LISTED_ON.get(symbol, ""))


# ------------------------------------------------------------------ requests


def account_type(request_id: int) -> ReqAccountSummary:
    """Which legal form the account has; recorded, never a proof of anything."""
    return ReqAccountSummary(request_id=request_id, group="All", tags="AccountType")


def account_type_end(request_id: int) -> CancelAccountSummary:
    """Ends what :func:`account_type` began: a summary is a subscription."""
    return CancelAccountSummary(request_id=request_id)


def details(request_id: int, contract: Contract) -> ReqContractDetails:
    """Who a contract is."""
    return ReqContractDetails(request_id=request_id, contract=contract)


def quote(request_id: int, contract: Contract) -> ReqMarketData:
    """A one-shot quote: no generic ticks, never the regulatory snapshot, which costs money."""
    return ReqMarketData(request_id=request_id, contract=contract, legs=(), snapshot=True)


def history(request_id: int, contract: Contract, bars: Bars) -> ReqHistoricalData:
    """Bars of trades in regular hours up to now, dates as text, not kept up to date."""
    return ReqHistoricalData(
        request_id=request_id,
        contract=contract,
        bar_size=bars.size,
        duration=bars.duration,
        use_rth=True,
        what_to_show="TRADES",
        date_format=1,
        legs=(),
        keep_up_to_date=False,
    )


def parameters(request_id: int, symbol: str, *, sec_type: str, con_id: int) -> ReqOptionParameters:
    """Which options are listed; a futures exchange must not be named (gateway-behaviour 2.2)."""
    return ReqOptionParameters(
        request_id=request_id, symbol=symbol, sec_type=sec_type, con_id=con_id
    )


def option_contracts(
    symbol: str, *, expiries: Iterable[str], strikes: Iterable[float]
) -> list[Contract]:
    """Every contract of the chain to capture: by expiry, strike, then call before put."""
    levels = list(strikes)
    return [
        Contract(
            symbol=symbol,
            sec_type="OPT",
            expiry=expiry,
            strike=strike,
            right=right,
            multiplier=str(MULTIPLIER),
            exchange="SMART",
            currency=CURRENCY,
            trading_class=symbol,
        )
        for expiry in expiries
        for strike in levels
        for right in RIGHTS
    ]
