"""One underlying with the options on it, each read when first asked for; imports instruments."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from pytest_ibkr.sim.instrument_pool import InstrumentPool, MakeOption
from pytest_ibkr.sim.instruments import Instrument, from_row
from pytest_ibkr.snapshot.model import SymbolBlock
from pytest_ibkr.snapshot.rows import OptionRow
from pytest_ibkr.wire.messages.contract import Contract


@dataclass(frozen=True, slots=True)
class Carried:
    """An option in use that a later day's snapshot does not list.

    Attributes:
        option: the instrument, as the days before had it.
        row: what is known of it still; nobody is said to quote it at the captured instant.
        spread: dollars between bid and ask on the last day that quoted it; None: none did.
    """

    option: Instrument
    row: OptionRow
    spread: float | None


class Chain:
    """The options on one underlying, indexed when first used.

    Args:
        underlying: what they are written on.
        block: its block, with the captured rows.
        make_option: turns a row into an instrument.
        pool: keeps one object per contract over the days of a market; None: a market of one day.
    """

    def __init__(
        self,
        underlying: Instrument,
        block: SymbolBlock,
        *,
        make_option: MakeOption = from_row,
        pool: InstrumentPool | None = None,
    ) -> None:
        self.underlying, self.block = underlying, block
        self._make_option, self._pool = make_option, pool
        self._carried: dict[int, Carried] = {}

    def carrying(self, more: Sequence[Carried]) -> Chain:
        """The chain with options in it that its snapshot does not list."""
        found = Chain(self.underlying, self.block, make_option=self._make_option, pool=self._pool)
        found._carried = {**self._carried, **{each.option.con_id: each for each in more}}
        return found

    @cached_property
    def options(self) -> tuple[Instrument, ...]:
        """One instrument per row, in the snapshot's order; then what is carried over."""
        make, pool, under = self._make_option, self._pool, self.underlying
        rows = self.block.option_chain
        if pool is None:
            listed = tuple(make(under, row) for row in rows)
        else:
            listed = tuple(pool.option(under, row, make) for row in rows)
        return listed + tuple(each.option for each in self._carried.values())

    @cached_property
    def rows(self) -> tuple[OptionRow, ...]:
        """The captured row of each of the options."""
        carried = tuple(each.row for each in self._carried.values())
        return (*self.block.option_chain, *carried)

    def carried_spread(self, con_id: int) -> float | None:
        """What an option that is carried over is quoted with, dollars; None: by its row."""
        found = self._carried.get(con_id)
        return None if found is None else found.spread

    @property
    def has_options(self) -> bool:
        """Whether any are listed; reads none."""
        return bool(self.block.raw["optionChain"]) or bool(self._carried)

    @cached_property
    def by_id(self) -> dict[int, Instrument]:
        """Options by contract id."""
        return {option.con_id: option for option in self.options}

    @cached_property
    def row_by_id(self) -> dict[int, OptionRow]:
        """Captured rows by contract id."""
        return {row.con_id: row for row in self.rows}

    @cached_property
    def by_expiry(self) -> dict[str, tuple[Instrument, ...]]:
        """Options by expiry ``YYYYMMDD``, ascending."""
        found: dict[str, list[Instrument]] = {}
        for option in self.options:
            found.setdefault(option.expiry, []).append(option)
        return {expiry: tuple(found[expiry]) for expiry in sorted(found)}

    @cached_property
    def rows_by_series(self) -> dict[str, list[OptionRow]]:
        """Captured rows by :attr:`Instrument.series`, in the snapshot's order."""
        found: dict[str, list[OptionRow]] = {}
        for option, row in zip(self.options, self.rows, strict=True):
            found.setdefault(option.series, []).append(row)
        return found

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
