"""The simulated market: quotes and computations as a pure function of instrument and instant.

Before the captured instant underlyings follow their bars and options the model; from it on every
quote is the snapshot's and stands still. Imports no client and no engine; seeded by the snapshot.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from pytest_ibkr.sim import pricing
from pytest_ibkr.sim.calendar import Session, SessionCalendar
from pytest_ibkr.sim.contracts import Chain, ContractBook, Instrument
from pytest_ibkr.sim.option_chains import Carried
from pytest_ibkr.sim.option_grid import ticks_per_dollar
from pytest_ibkr.sim.option_quotes import OptionQuoter
from pytest_ibkr.sim.quotes import Computation, Quote, Side
from pytest_ibkr.sim.underlying_path import UnderlyingPath
from pytest_ibkr.sim.underlying_quotes import UnderlyingQuoter
from pytest_ibkr.snapshot.model import Snapshot

__all__ = ["Computation", "Market", "Priced", "Quote", "Side"]

OPTION_GRID_MS: Final = 250
_TICKS: Final = {10: Decimal("0.1"), 20: Decimal("0.05"), 100: Decimal("0.01")}


@dataclass(frozen=True, slots=True, weakref_slot=True)
class Priced:
    """What one underlying and its options are quoted by."""

    chain: Chain
    path: UnderlyingPath
    quoter: UnderlyingQuoter
    options: OptionQuoter


class Market:
    """Quotes of every instrument of a book. Instants are epoch seconds."""

    def __init__(self, snapshot: Snapshot, book: ContractBook, calendar: SessionCalendar) -> None:
        self.calendar, self._book = calendar, book
        self.captured_s = snapshot.captured_at.timestamp()
        self._seed = snapshot.seed
        self.paths = {
            symbol: UnderlyingPath(block, calendar, seed=snapshot.seed)
            for symbol, block in snapshot.symbols.items()
        }
        self._underlyings = {
            symbol: UnderlyingQuoter(path, captured_s=self.captured_s)
            for symbol, path in self.paths.items()
        }
        self._options = {
            symbol: OptionQuoter(book.chains[symbol], quoter, calendar, captured_s=self.captured_s)
            for symbol, quoter in self._underlyings.items()
        }

    def extended(self, book: ContractBook, more: Iterable[Priced]) -> Market:
        """A market with more in it, which shares every path and quoter of this one."""
        found = copy.copy(self)
        found._book = book
        found.paths, found._underlyings = dict(self.paths), dict(self._underlyings)
        found._options = dict(self._options)
        for each in more:
            key = each.chain.underlying.prices
            found.paths[key] = each.path
            found._underlyings[key] = each.quoter
            found._options[key] = each.options
        for symbol in {each.symbol for each in book.underlyings if each.symbol not in self.paths}:
            meant = book.by_symbol(symbol)  # for who knows no more than a symbol
            if meant is not None:
                found.paths[symbol] = found.paths[meant.prices]
        return found

    def priced(self, key: str, chain: Chain) -> Priced:
        """What an underlying is quoted by here, with a chain of its options."""
        return Priced(chain, self.paths[key], self._underlyings[key], self._options[key])

    def carried(self, option: Instrument) -> Carried:
        """What a later day that does not list an option starts from."""
        return self._options[option.prices].carried(option)

    def followers(self, key: str) -> list[str]:
        """Keys of what follows the path of an underlying; see ``Instrument.prices``."""
        leader = self.paths[key]
        return [each for each in self._underlyings if self.paths[each].leader is leader]

    def is_open(self, at_s: float) -> bool:
        """Whether ``at_s`` lies in a regular session of the snapshot's table."""
        return self.calendar.is_open(at_s)

    def tick_size(self, instrument: Instrument, price: Decimal) -> Decimal:
        """The price increment at a price; see :func:`option_grid.ticks_per_dollar`."""
        if instrument.sec_type != "OPT":
            return Decimal(str(instrument.min_tick))
        return _TICKS[ticks_per_dollar(instrument, abs(price))]

    def quote(self, instrument: Instrument, at_s: float) -> Quote:
        """The quote at an instant; unknown parts are None."""
        quoter = self._underlyings[instrument.prices]
        if at_s >= self.captured_s:
            if instrument.sec_type == "OPT":
                return self._options[instrument.prices].captured(instrument)
            return quoter.captured
        session = self.calendar.latest(at_s)
        if session is None:
            return Quote()
        moment_ms = self._moment_ms(instrument, at_s)
        if instrument.sec_type == "OPT":
            return self._options[instrument.prices].quote(instrument, session, moment_ms)
        return quoter.quote(session, moment_ms)

    def computation(self, instrument: Instrument, at_s: float, side: Side) -> Computation | None:
        """What the gateway computes of an option at its bid, ask, last or mid ("model").

        None for anything but an option and without a two-sided quote. At the captured instant
        the model's values are the vendor's where the snapshot has them.
        """
        if instrument.sec_type != "OPT":
            return None
        return self._computed(instrument, self.quote(instrument, at_s), side, at_s=at_s)

    def _computed(
        self, instrument: Instrument, quote: Quote, side: Side, *, at_s: float
    ) -> Computation | None:
        if not quote.two_sided:
            return None
        desk = self._options[instrument.prices]
        at = min(at_s, self.captured_s)
        session = self.calendar.latest(at)
        if session is None:
            return None
        if at < self.captured_s:
            moment_s = min(self._moment_ms(instrument, at) / 1000, session.close_s)
            spot = self._underlyings[instrument.prices].spot(session, round(moment_s * 1000))
        else:
            moment_s, spot = at, self._underlyings[instrument.prices].captured_spot
        if spot is None:
            return None
        return desk.computation(instrument, quote, side, at_s=moment_s, spot=spot)

    def last_quoted_s(self, at_s: float) -> float:
        """``at_s`` while the market is open, else the last close: where frozen data stands."""
        session = self.calendar.begun(at_s)
        if session is None:
            return at_s
        if at_s >= self.captured_s >= session.close_s:  # captured after that close: those stand
            return self.captured_s
        return min(at_s, session.close_s)

    def next_change_s(self, instrument: Instrument, at_s: float) -> float | None:
        """The next instant, strictly later, at which the quote may differ; None: never again.

        A grid of 250 ms (indexes 1 s), shifted per instrument; outside the session the next
        opening; the captured instant is the last change.
        """
        if at_s >= self.captured_s:
            return None
        session = self.calendar.latest(at_s)
        if session is None or at_s >= session.close_s:
            return self._later_open(at_s)
        if at_s < session.open_s:
            return min(session.open_s, self.captured_s)
        grid, shift = self._grid(instrument)
        at_ms = _milliseconds(at_s)
        following = ((at_ms - shift) // grid + 1) * grid + shift
        return min(following / 1000, session.close_s, self.captured_s)

    def next_trade_s(self, instrument: Instrument, at_s: float) -> float | None:
        """The next instant, strictly later, at which the last price may become known."""
        if instrument.sec_type != "OPT" or at_s >= self.captured_s:
            return self.next_change_s(instrument, at_s)
        session = self.calendar.latest(at_s)
        if session is None or not session.open_s <= at_s < session.close_s:
            return self.next_change_s(instrument, at_s)
        traded_s = self._options[instrument.prices].first_trade_s(instrument, session)
        if traded_s is None or traded_s <= at_s:
            return None
        return min(traded_s, session.close_s, self.captured_s)

    def _later_open(self, at_s: float) -> float | None:
        opening = self.calendar.next_open_s(at_s)
        return None if opening is None else min(opening, self.captured_s)

    def _grid(self, instrument: Instrument) -> tuple[int, int]:
        option = instrument.sec_type == "OPT"
        grid = OPTION_GRID_MS if option else self.paths[instrument.prices].grid_ms
        return grid, (instrument.con_id * 2654435761 + self._seed) % grid

    def _moment_ms(self, instrument: Instrument, at_s: float) -> int:
        """The last grid point at or before an instant."""
        grid, shift = self._grid(instrument)
        return (_milliseconds(at_s) - shift) // grid * grid + shift

    def years_to_expiry(self, option: Instrument, at_s: float) -> float:
        """Calendar time from an instant to the option's expiry, years; 0 when it is over."""
        expires_s = self._options[option.prices].expires_s(option.series)
        return max(0.0, (expires_s - at_s) / pricing.YEAR_S)

    def spread(self, instrument: Instrument) -> float | None:
        """Dollars between bid and ask as captured, at least a tick; None: it is not quoted."""
        if instrument.sec_type == "OPT":
            return self._options[instrument.prices].spread(instrument)
        quoter = self._underlyings[instrument.prices]
        ticks = quoter.spread_ticks
        return None if ticks is None else ticks / quoter.path.per_dollar

    def at_the_money_vol(self, symbol: str) -> float | None:
        """Implied volatility of an underlying about 30 days ahead; None without options."""
        desk = self._options.get(symbol)
        return None if desk is None else desk.at_the_money_vol()

    def option_values(
        self, option: Instrument, session: Session, at_s: float, *, spots: tuple[float, ...]
    ) -> tuple[float, ...] | None:
        """Model mids at one instant for several prices of the underlying; None: no quote."""
        return self._options[option.prices].values(option, session, at_s, spots=spots)


def _milliseconds(at_s: float) -> int:
    # A grid instant read back from float seconds must not fall to the point before.
    return int(at_s * 1000 + 0.01)
