"""Who is traded: instruments of a snapshot and how a client's contract finds them.

May import wire and snapshot; knows nothing of prices and clients.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from pytest_ibkr.sim.refusal import ambiguous_contract, invalid, unknown_contract
from pytest_ibkr.snapshot.model import Snapshot, SymbolBlock
from pytest_ibkr.snapshot.rows import OptionRow
from pytest_ibkr.wire.messages.contract import Contract

# What the gateway knows as security types; only three of them exist in a snapshot.
_SEC_TYPES: Final = frozenset(
    {"STK", "IND", "OPT", "FUT", "FOP", "CASH", "BOND", "CFD", "CMDTY", "CRYPTO", "WAR"}
    | {"FUND", "BAG", "CONTFUT", "NEWS", "IOPT", "BILL"}
)
STOCK_EXCHANGES: Final = (  # as captured 2026-01-02 for SPY
    "SMART,AMEX,NYSE,CBOE,PHLX,ISE,CHX,ARCA,NASDAQ,DRCTEDGE,BEX,BATS,EDGEA,BYX,IEX,EDGX,FOXRIVER,"
    "PEARL,NYSENAT,LTSE,MEMX,IBEOS,OVERNIGHT,TPLUS0,PSX,T24X"
)
OPTION_EXCHANGES: Final = (
    "SMART,AMEX,CBOE,PHLX,PSE,ISE,BOX,BATS,NASDAQOM,CBOE2,NASDAQBX,MIAX,GEMINI,EDGX,MERCURY,PEARL,"
    "EMERALD,MEMX,SAPPHIRE"
)
_RIGHTS: Final = {"C": "C", "CALL": "C", "P": "P", "PUT": "P"}
_ZONES: Final = {"America/New_York": "US/Eastern", "America/Chicago": "US/Central"}
_PENNY_CLASSES: Final = frozenset({"SPY", "QQQ", "IWM"})


@dataclass(frozen=True, slots=True, eq=False)
class Instrument:
    """One thing that can be quoted and traded; one object per contract id.

    ``expiry`` is ``YYYYMMDD`` or empty, ``strike`` dollars (0.0 for no option), ``multiplier``
    shares per contract (0 for no option), ``min_tick`` dollars, ``under_con_id`` 0 for no option,
    ``listing`` what market-data errors print after the symbol (``ARCA``, ``NASDAQ.NMS``),
    ``time_zone`` the zone name as the gateway prints it (``US/Eastern``), ``penny`` whether every
    price of an option class moves in cents.
    """

    con_id: int
    symbol: str
    sec_type: str
    expiry: str
    strike: float
    right: str
    multiplier: int
    exchange: str
    primary_exchange: str
    currency: str
    local_symbol: str
    trading_class: str
    min_tick: float
    long_name: str
    stock_type: str
    under_con_id: int
    listing: str
    time_zone: str
    valid_exchanges: str
    penny: bool

    def contract(self, *, exchange: str | None = None) -> Contract:
        """The contract as messages carry it.

        Args:
            exchange: Printed instead of the instrument's own; positions of options print "".
        """
        return Contract(
            con_id=self.con_id,
            symbol=self.symbol,
            sec_type=self.sec_type,
            expiry=self.expiry,
            strike=self.strike,
            right=self.right,
            multiplier=str(self.multiplier) if self.multiplier else "",
            exchange=self.exchange if exchange is None else exchange,
            currency=self.currency,
            local_symbol=self.local_symbol,
            trading_class=self.trading_class,
        )


class ContractBook:
    """Every instrument of a snapshot. Chains are read when first asked for."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._underlyings = {
            symbol: _underlying(block) for symbol, block in snapshot.symbols.items()
        }
        self._by_id = {found.con_id: found for found in self._underlyings.values()}
        self._chains = {
            symbol: Chain(self._underlyings[symbol], block)
            for symbol, block in snapshot.symbols.items()
        }

    @property
    def underlyings(self) -> tuple[Instrument, ...]:
        """Stocks and indexes, in the snapshot's order."""
        return tuple(self._underlyings.values())

    def by_id(self, con_id: int) -> Instrument | None:
        """The instrument with a contract id; None when there is none."""
        found = self._by_id.get(con_id)
        if found is None:
            options = (chain.by_id.get(con_id) for chain in self._chains.values())
            found = next((option for option in options if option is not None), None)
        return found

    def by_symbol(self, symbol: str) -> Instrument | None:
        """The stock or index called ``symbol``; None when there is none."""
        return self._underlyings.get(symbol)

    def underlying(self, instrument: Instrument) -> Instrument:
        """What an option is written on; a stock or index is its own underlying."""
        return self._by_id[instrument.under_con_id or instrument.con_id]

    def chain(self, symbol: str) -> tuple[Instrument, ...]:
        """All options on ``symbol`` in the snapshot's order; empty when it has none."""
        chain = self._chains.get(symbol)
        return chain.options if chain else ()

    def row(self, option: Instrument) -> OptionRow:
        """The captured row of an option."""
        return self._chains[option.symbol].row_by_id[option.con_id]

    def find(self, contract: Contract) -> list[Instrument]:
        """All instruments that match what is given; empty text and 0 match everything."""
        if contract.con_id:
            found = self.by_id(contract.con_id)
            candidates = [] if found is None else [found]
        else:
            candidates = self._candidates(contract)
        return [found for found in candidates if _fits(found, contract)]

    def resolve(
        self, contract: Contract, *, missing_exchange: str = "Please enter exchange"
    ) -> Instrument:
        """The one instrument meant.

        Args:
            contract: As the client sent it.
            missing_exchange: Cause of the refusal when the exchange is empty.

        Raises:
            Refusal: 321 without exchange or with a bad security type; 200 when nothing or more
                than one instrument matches.
        """
        if not contract.con_id and contract.sec_type not in _SEC_TYPES:
            raise invalid("Please enter a valid security type")
        if not contract.exchange:
            raise invalid(missing_exchange)
        found = self.find(contract)
        if not found:
            raise unknown_contract()
        if len(found) > 1:
            raise ambiguous_contract(contract.symbol or contract.local_symbol)
        return found[0]

    def _candidates(self, contract: Contract) -> list[Instrument]:
        symbol = contract.symbol or contract.local_symbol[:6].strip()
        chain = self._chains.get(symbol)
        if chain is None:
            return []
        if contract.sec_type == "OPT":
            return list(chain.matching(contract))
        return [chain.underlying]


class Chain:
    """The options on one underlying, indexed when first used."""

    def __init__(self, underlying: Instrument, block: SymbolBlock) -> None:
        self.underlying = underlying
        self._block = block

    @cached_property
    def options(self) -> tuple[Instrument, ...]:
        """One instrument per row, in the snapshot's order."""
        return tuple(_option(self.underlying, row) for row in self._block.option_chain)

    @cached_property
    def by_id(self) -> dict[int, Instrument]:
        """Options by contract id."""
        return {option.con_id: option for option in self.options}

    @cached_property
    def row_by_id(self) -> dict[int, OptionRow]:
        """Captured rows by contract id."""
        return {row.con_id: row for row in self._block.option_chain}

    @cached_property
    def by_expiry(self) -> dict[str, tuple[Instrument, ...]]:
        """Options by expiry ``YYYYMMDD``, ascending."""
        found: dict[str, list[Instrument]] = {}
        for option in self.options:
            found.setdefault(option.expiry, []).append(option)
        return {expiry: tuple(found[expiry]) for expiry in sorted(found)}

    @cached_property
    def _by_local_symbol(self) -> dict[str, Instrument]:
        return {option.local_symbol: option for option in self.options}

    def matching(self, contract: Contract) -> Iterable[Instrument]:
        """Options that may match; narrowed by local symbol or expiry where one is given."""
        if contract.local_symbol:
            found = self._by_local_symbol.get(contract.local_symbol)
            return [] if found is None else [found]
        if len(contract.expiry) == 8:
            return self.by_expiry.get(contract.expiry, ())
        return self.options


def _fits(found: Instrument, contract: Contract) -> bool:
    right = contract.right.upper()
    return (
        contract.sec_type in ("", found.sec_type)
        and contract.symbol in ("", found.symbol)
        and contract.currency in ("", found.currency)
        and contract.local_symbol in ("", found.local_symbol)
        and contract.trading_class in ("", found.trading_class)
        and _fits_exchange(found, contract)
        and found.expiry.startswith(contract.expiry[:8])
        and contract.strike in (0.0, found.strike)
        and (right in ("", "?", "0") or _RIGHTS.get(right) == found.right)
        and contract.multiplier in ("", str(found.multiplier or ""))
    )


def _fits_exchange(found: Instrument, contract: Contract) -> bool:
    known = found.valid_exchanges.split(",")
    if contract.exchange and contract.exchange not in known:
        return False
    # Clients write ISLAND, the older name of NASDAQ, as the listing exchange too.
    listing = "NASDAQ" if contract.primary_exchange == "ISLAND" else contract.primary_exchange
    return listing in ("", "SMART", found.primary_exchange) or found.sec_type == "OPT"


def _underlying(block: SymbolBlock) -> Instrument:
    index = block.sec_type == "IND"
    listing = block.primary_exchange or block.exchange
    if listing == "NASDAQ":
        listing = f"NASDAQ.{block.trading_class}"
    return Instrument(
        con_id=block.con_id,
        symbol=block.symbol,
        sec_type=block.sec_type,
        expiry="",
        strike=0.0,
        right="",
        multiplier=0,
        exchange=block.exchange,
        primary_exchange=block.primary_exchange,
        currency=block.currency,
        local_symbol=block.local_symbol,
        trading_class=block.trading_class,
        min_tick=block.min_tick,
        long_name=block.long_name,
        stock_type=block.stock_type,
        under_con_id=0,
        listing=listing,
        time_zone=_ZONES.get(block.time_zone, block.time_zone),
        valid_exchanges=block.exchange if index else STOCK_EXCHANGES,
        penny=True,
    )


def _option(underlying: Instrument, row: OptionRow) -> Instrument:
    thousandths = round(row.strike * 1000)
    return Instrument(
        con_id=row.con_id,
        symbol=row.symbol,
        sec_type="OPT",
        expiry=row.expiry,
        strike=row.strike,
        right=row.right,
        multiplier=row.multiplier,
        exchange="SMART",
        primary_exchange="",
        currency=underlying.currency,
        local_symbol=f"{row.trading_class:<6}{row.expiry[2:]}{row.right}{thousandths:08d}",
        trading_class=row.trading_class,
        min_tick=0.01,
        long_name=underlying.long_name,
        stock_type="",
        under_con_id=underlying.con_id,
        listing="OPRA",
        time_zone="US/Eastern",
        valid_exchanges=OPTION_EXCHANGES,
        penny=row.trading_class in _PENNY_CLASSES,
    )
