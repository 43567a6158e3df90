"""One underlying with the options on it, each read when first asked for; imports instruments."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cached_property

from pytest_ibkr.sim.instruments import Instrument, from_row
from pytest_ibkr.snapshot.model import SymbolBlock
from pytest_ibkr.snapshot.rows import OptionRow
from pytest_ibkr.wire.messages.contract import Contract


class Chain:
    """The options on one underlying, indexed when first used.

    Args:
        underlying: what they are written on.
        block: its block, with the captured rows.
        make_option: turns a row into an instrument.
    """

    def __init__(
        self,
        underlying: Instrument,
        block: SymbolBlock,
        *,
        make_option: Callable[[Instrument, OptionRow], Instrument] = from_row,
    ) -> None:
        self.underlying, self.block = underlying, block
        self._make_option = make_option

    @cached_property
    def options(self) -> tuple[Instrument, ...]:
        """One instrument per row, in the snapshot's order."""
        return tuple(self._make_option(self.underlying, row) for row in self.block.option_chain)

    @property
    def has_options(self) -> bool:
        """Whether any are listed; reads none."""
        return bool(self.block.raw["optionChain"])

    @cached_property
    def by_id(self) -> dict[int, Instrument]:
        """Options by contract id."""
        return {option.con_id: option for option in self.options}

    @cached_property
    def row_by_id(self) -> dict[int, OptionRow]:
        """Captured rows by contract id."""
        return {row.con_id: row for row in self.block.option_chain}

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
        for option, row in zip(self.options, self.block.option_chain, strict=True):
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
