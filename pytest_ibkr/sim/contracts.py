"""Who is traded: every instrument of a market and how a client's contract finds one.

May import wire and snapshot; knows nothing of prices and clients.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Final

from pytest_ibkr.sim.instrument_pool import InstrumentPool
from pytest_ibkr.sim.instruments import Instrument, from_block
from pytest_ibkr.sim.option_chains import Chain
from pytest_ibkr.sim.refusal import ambiguous_contract, invalid, unknown_contract
from pytest_ibkr.snapshot.model import Snapshot
from pytest_ibkr.snapshot.rows import OptionRow
from pytest_ibkr.wire.messages.contract import Contract

__all__ = ["Chain", "ContractBook", "Instrument"]

# What the gateway knows as security types; a snapshot has stocks, indexes and options.
_SEC_TYPES: Final = frozenset(
    {"STK", "IND", "OPT", "FUT", "FOP", "CASH", "BOND", "CFD", "CMDTY", "CRYPTO", "WAR"}
    | {"FUND", "BAG", "CONTFUT", "NEWS", "IOPT", "BILL"}
)
_RIGHTS: Final = {"C": "C", "CALL": "C", "P": "P", "PUT": "P"}


class ContractBook:
    """Every instrument of a market. Chains are read when first asked for.

    Args:
        snapshot: the market.
        pool: keeps one object per contract over the days of a market; None: a market of one day.

    Attributes:
        today: exchange date ``YYYYMMDD``; options that ended before it are found no more by what
            a client sends. Empty: all are.
    """

    def __init__(self, snapshot: Snapshot, *, pool: InstrumentPool | None = None) -> None:
        self.today = ""
        self._chains: dict[str, Chain] = {}
        self._by_id: dict[int, Instrument] = {}
        self._by_symbol: dict[str, list[Chain]] = {}
        for block in snapshot.symbols.values():
            made = from_block(block)
            self._enter(Chain(made if pool is None else pool.one(made), block, pool=pool))

    def extended(self, chains: Iterable[Chain]) -> ContractBook:
        """A book with more in it, which shares every instrument of this one."""
        found = copy.copy(self)
        found._chains, found._by_id = dict(self._chains), dict(self._by_id)
        found._by_symbol = {symbol: list(all_) for symbol, all_ in self._by_symbol.items()}
        for chain in chains:
            found._enter(chain)
        return found

    def as_of(self, today: str) -> ContractBook:
        """The same book on an exchange date ``YYYYMMDD``: what expired before is unknown."""
        found = copy.copy(self)
        found.today = today
        return found

    def _enter(self, chain: Chain) -> None:
        underlying = chain.underlying
        known = self._by_symbol.setdefault(underlying.symbol, [])
        if (former := self._chains.get(underlying.prices)) in known:
            known[known.index(former)] = chain
        else:
            known.append(chain)
        self._chains[underlying.prices] = chain
        self._by_id[underlying.con_id] = underlying

    def is_over(self, found: Instrument) -> bool:
        """Whether a contract's last day is behind: an option's by the book's date."""
        return found.expired or (found.sec_type == "OPT" and found.expiry < self.today)

    @property
    def chains(self) -> Mapping[str, Chain]:
        """Everything that is no option, with the options on it, by ``Instrument.prices``."""
        return self._chains

    @property
    def underlyings(self) -> tuple[Instrument, ...]:
        """Everything that is no option, in the snapshot's order, then what was added."""
        return tuple(self._by_id.values())

    def by_id(self, con_id: int) -> Instrument | None:
        """The instrument with a contract id; None when there is none."""
        found = self._by_id.get(con_id)
        if found is None:
            options = (chain.by_id.get(con_id) for chain in self._chains.values())
            found = next((option for option in options if option is not None), None)
        return found

    def by_symbol(self, symbol: str) -> Instrument | None:
        """What ``symbol`` or a local symbol means; of futures the next to expire; None: nothing."""
        chain = self._chains.get(symbol)
        if chain is not None:
            return chain.underlying
        known = [chain.underlying for chain in self._by_symbol.get(symbol, ())]
        return self.front(symbol) or next(iter(known), None)

    def front(self, symbol: str) -> Instrument | None:
        """The future on ``symbol`` that expires next; None: there is none."""
        known = (chain.underlying for chain in self._by_symbol.get(symbol, ()))
        futures = (each for each in known if each.sec_type == "FUT" and not each.expired)
        return min(futures, key=lambda future: future.expiry, default=None)

    def underlying(self, instrument: Instrument) -> Instrument:
        """What an option or a future is written on; all else is its own underlying."""
        return self._by_id[instrument.under_con_id or instrument.con_id]

    def chain(self, symbol: str) -> tuple[Instrument, ...]:
        """All options on ``symbol`` in the snapshot's order; empty when it has none."""
        return tuple(
            option
            for chain in self._by_symbol.get(symbol, ())
            for option in chain.options
            if not self.is_over(option)
        )

    def row(self, option: Instrument) -> OptionRow:
        """The captured row of an option."""
        return self._chains[option.prices].row_by_id[option.con_id]

    def find(self, contract: Contract, *, include_expired: bool = False) -> list[Instrument]:
        """All instruments that match what is given; empty text and 0 match everything.

        A continuous future is found as the future that expires next.

        Args:
            contract: as the client sent it.
            include_expired: futures that are over count too.
        """
        if contract.sec_type == "CONTFUT":
            return self._find_continuous(contract)
        if contract.con_id:
            found = self.by_id(contract.con_id)
            candidates: Iterable[Instrument] = [] if found is None else [found]
        else:
            candidates = self._candidates(contract)
        return [
            found
            for found in candidates
            # Of options that are over the gateway knows nothing more, whatever is asked.
            if ((include_expired and found.sec_type != "OPT") or not self.is_over(found))
            and _fits(found, contract)
        ]

    def _find_continuous(self, contract: Contract) -> list[Instrument]:
        known = self._by_id.get(contract.con_id)
        front = self.front(known.symbol if known else contract.symbol)
        if front is None or contract.con_id not in (0, front.con_id):
            return []
        return [front] if _fits(front, replace(contract, sec_type="FUT")) else []

    def resolve(
        self,
        contract: Contract,
        *,
        missing_exchange: str = "Please enter exchange",
        include_expired: bool = False,
    ) -> Instrument:
        """The one instrument meant.

        Args:
            contract: As the client sent it.
            missing_exchange: Cause of the refusal when the exchange is empty.
            include_expired: Futures that are over count too.

        Raises:
            Refusal: 321 without exchange or with a bad security type; 200 when nothing or more
                than one instrument matches.
        """
        if not contract.con_id and contract.sec_type not in _SEC_TYPES:
            raise invalid("Please enter a valid security type")
        if not contract.exchange:
            raise invalid(missing_exchange)
        found = self.find(contract, include_expired=include_expired)
        if not found:
            raise unknown_contract()
        if len(found) > 1:
            raise ambiguous_contract(contract.symbol or contract.local_symbol)
        return found[0]

    def _candidates(self, contract: Contract) -> Iterable[Instrument]:
        local = contract.local_symbol
        chains = self._by_symbol.get(contract.symbol or local[:6].strip(), [])
        if not contract.symbol and (named := self._chains.get(local)) is not None:
            chains = [named]  # futures and currency pairs are named by what they are
        if contract.sec_type == "OPT":
            return [option for chain in chains for option in chain.matching(contract)]
        return [chain.underlying for chain in chains]


def _fits(found: Instrument, contract: Contract) -> bool:
    right = contract.right.upper()
    return (
        contract.sec_type in ("", found.sec_type)
        and contract.symbol in ("", found.symbol)
        and contract.currency in ("", found.currency)
        and contract.local_symbol in ("", found.local_symbol)
        and contract.trading_class in ("", found.trading_class)
        and _fits_exchange(found, contract)
        and _fits_expiry(found, contract.expiry)
        and contract.strike in (0.0, found.strike)
        and (right in ("", "?", "0") or _RIGHTS.get(right) == found.right)
        # Clients that read an empty multiplier as a number send 0 back.
        and contract.multiplier in ("", "0", "0.0", str(found.multiplier))
    )


def _fits_expiry(found: Instrument, asked: str) -> bool:
    """A day or a month; the contract month of a future counts like its expiry."""
    return found.expiry.startswith(asked[:8]) or (bool(asked) and asked == found.contract_month)


def _fits_exchange(found: Instrument, contract: Contract) -> bool:
    known = found.valid_exchanges.split(",")
    if contract.exchange and contract.exchange not in known:
        return False
    # Clients write ISLAND, the older name of NASDAQ, as the listing exchange too.
    listing = "NASDAQ" if contract.primary_exchange == "ISLAND" else contract.primary_exchange
    # Options and futures have no listing of their own: what is given there is not looked at.
    return listing in ("", "SMART", found.primary_exchange) or not found.primary_exchange
