"""One object per contract over all days of a market: instruments compare by identity.

Knows instruments only. A pool belongs to a market; it keeps what it has seen for as long as it
lives.
"""

from __future__ import annotations

from collections.abc import Callable

from pytest_ibkr.errors import UsageError
from pytest_ibkr.sim.instruments import Instrument
from pytest_ibkr.snapshot.rows import OptionRow

MakeOption = Callable[[Instrument, OptionRow], Instrument]


class InstrumentPool:
    """The instruments of every day's world, by contract id.

    What a later day says beside the contract itself (its name, its exchanges) does not change
    the first object.
    """

    def __init__(self) -> None:
        self._known: dict[int, Instrument] = {}

    def __len__(self) -> int:
        return len(self._known)

    def one(self, made: Instrument) -> Instrument:
        """The pool's object for an instrument that was just made.

        Raises:
            UsageError: another contract has that contract id.
        """
        known = self._known.setdefault(made.con_id, made)
        return known if known is made else self._same(known, made)

    def option(self, underlying: Instrument, row: OptionRow, make: MakeOption) -> Instrument:
        """The pool's object for an option's row; made when it is seen for the first time.

        Raises:
            UsageError: another contract has that contract id.
        """
        known = self._known.get(row.con_id)
        if known is None or known.under_con_id != underlying.con_id:
            return self.one(make(underlying, row))
        if (known.strike, known.right) != (row.strike, row.right) or known.expiry != row.expiry:
            return self.one(make(underlying, row))  # says what is wrong
        return known

    @staticmethod
    def _same(known: Instrument, made: Instrument) -> Instrument:
        if _contract_of(known) == _contract_of(made):
            return known
        if known.synthetic and made.synthetic:  # made-up ids may meet; each is its own then
            return made
        raise UsageError(
            f"conId {made.con_id} is {_named(known)} on one day of the market and {_named(made)}"
            " on another\n"
            "  state: that day cannot be traded\n"
            "  fix:   give the days' snapshots one id per contract, as a broker does"
        )


def _contract_of(found: Instrument) -> tuple[object, ...]:
    return (found.symbol, found.sec_type, found.expiry, found.strike, found.right)


def _named(found: Instrument) -> str:
    return f"{found.symbol} {found.sec_type} {found.local_symbol}".strip()
