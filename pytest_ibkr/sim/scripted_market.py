"""The market as one session sees it: the snapshot's, with what a test wrote over it.

Quotes a test sets stand until it clears them; moves shift an underlying's path, and everything
that is priced on it. With nothing scripted it answers what the market behind it answers.
"""

from __future__ import annotations

import dataclasses
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from pytest_ibkr.sim import combo_quotes
from pytest_ibkr.sim.calendar import date_of
from pytest_ibkr.sim.combo import Combo
from pytest_ibkr.sim.market import Market
from pytest_ibkr.sim.moved_path import Move, MovedPath
from pytest_ibkr.sim.quotes import Computation, Quote, Side

if TYPE_CHECKING:
    from pytest_ibkr.sim.contracts import Instrument
    from pytest_ibkr.sim.world import World

_INSTANT_S: Final = 0.001
SIZES: Final = {"bid": "bid_size", "ask": "ask_size", "last": "last_size"}
_UNIT: Final = {"OPT": 10}  # contracts shown with a price that had no size; shares otherwise
_LOT: Final = 100


@dataclass(frozen=True, slots=True)
class Change:
    """What a test writes into a quote; what it does not name stays.

    ``prices`` of "bid", "ask" and "last" in dollars per share, ``sizes`` of the same in shares or
    contracts; ``gone`` are sides that nobody quotes any more.
    """

    prices: Mapping[str, float] = field(default_factory=dict)
    sizes: Mapping[str, int] = field(default_factory=dict)
    gone: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class _Written:
    """The fields written over a quote since ``since_s``, with the day's scripted extremes."""

    since_s: float
    fields: dict[str, float | int | None]
    date: str = ""
    high: float | None = None
    low: float | None = None


class ScriptedMarket(Market):
    """One session's market. Instants are epoch seconds.

    Args:
        world: the snapshot's market and calendar; other sessions share it, so nothing is
            written there.
    """

    def __init__(self, world: World) -> None:
        self._written: dict[int, list[_Written]] = {}
        self._moves: dict[str, tuple[Move, ...]] = {}
        self.rebase(world)

    def rebase(self, world: World) -> None:
        """Stand on another world's market; what was scripted goes on."""
        self._behind, self._table = world.market, world.calendar
        vars(self).update(vars(world.market))
        for leader, moves in list(self._moves.items()):
            for key in self.followers(leader):  # new here, perhaps
                self._moves.setdefault(key, moves)
        for key in self._moves:
            self._shift(key)

    def moving_with(self, symbol: str) -> list[str]:
        """A symbol, and those of what follows one of its paths."""
        known = self._book.underlyings
        own = [each.prices for each in known if each.symbol == symbol]
        led = {key for path in own for key in self.followers(path)}
        return list(dict.fromkeys([symbol, *(each.symbol for each in known if each.prices in led)]))

    def followers(self, key: str) -> list[str]:
        """Keys of what follows the path of an underlying; a move of it moves them too."""
        return self._behind.followers(key)

    @property
    def scripted(self) -> bool:
        """Whether a test wrote anything."""
        return bool(self._written or self._moves)

    # What a test writes

    def write(self, instrument: Instrument, change: Change, *, at_s: float) -> None:
        """Write over an instrument's quote from ``at_s`` on; what is not given stays.

        A price keeps the size shown with it until now; where none was, a round lot (options: ten
        contracts) is shown. A last price is a trade: it counts in the day's high and low.
        """
        known = self._written.setdefault(instrument.con_id, [])
        fields = dict(known[-1].fields) if known else {}
        present = self.quote(instrument, at_s)
        for side, size_name in SIZES.items():
            price, size = change.prices.get(side), change.sizes.get(side)
            if side in change.gone:
                fields[side] = fields[size_name] = None
            elif price is not None:
                if size is None:
                    size = getattr(present, size_name) or _UNIT.get(instrument.sec_type, _LOT)
                fields[side], fields[size_name] = price, size
            elif size is not None:
                fields[side], fields[size_name] = getattr(present, side), size
        if "last" in change.prices:
            fields["last_time_s"] = int(at_s)
        known.append(_extremes(known, change, fields, at_s=at_s))

    def clear(self, instrument: Instrument, *, at_s: float) -> bool:
        """Show the market's own quote again; False: nothing was written over it."""
        known = self._written.get(instrument.con_id)
        if not known or not known[-1].fields:
            return False
        known.append(dataclasses.replace(known[-1], since_s=at_s, fields={}))
        return True

    def written(self) -> list[int]:
        """The ids of the contracts whose quotes are written over now."""
        return [con_id for con_id, known in self._written.items() if known[-1].fields]

    def move(self, underlying: Instrument, *, share: float, over_s: float, at_s: float) -> None:
        """Shift an underlying's path by ``share`` (0.01: one per cent up), evenly ``over_s``.

        What follows it is shifted with it. At once (0 s) means from the step of the price grid on
        at which the market stands.
        """
        for key in (underlying.prices, *self.followers(underlying.prices)):
            start_ms = round(at_s * 1000)
            end_ms = start_ms + round(over_s * 1000)
            if start_ms == end_ms:
                start_ms = end_ms = start_ms - 2 * self.paths[key].grid_ms
            self._moves[key] = (*self._moves.get(key, ()), Move(start_ms, end_ms, share))
            self._shift(key)

    def _shift(self, key: str) -> None:
        still = self._behind.paths[key]
        path = MovedPath(still, self._table, seed=self._seed, moves=self._moves[key])
        quoter = self._underlyings[key].over(path)
        self._underlyings = {**self._underlyings, key: quoter}
        self._options = {**self._options, key: self._options[key].over(quoter)}
        # A path is also known by the mere symbol, where that means one thing only.
        same = {name for name, known in self._behind.paths.items() if known is still}
        self.paths = {**self.paths, **dict.fromkeys(same, path)}

    # What the session asks

    def is_open(self, at_s: float) -> bool:
        """Whether ``at_s`` lies in a regular session."""
        return self._behind.is_open(at_s)

    def tick_size(self, instrument: Instrument, price: Decimal) -> Decimal:
        """The price increment at a price."""
        if isinstance(instrument, Combo):
            return combo_quotes.tick(instrument)
        return self._behind.tick_size(instrument, price)

    def next_change_s(self, instrument: Instrument, at_s: float) -> float | None:
        """The next instant the quote may differ by itself; a written one is good to the close.

        A combination's may when one of its legs' may, as long as all still do.
        """
        if isinstance(instrument, Combo):
            changes = [self.next_change_s(leg.instrument, at_s) for leg in instrument.legs]
            known = [change_s for change_s in changes if change_s is not None]
            return min(known) if len(known) == len(changes) else None
        found = self._behind.next_change_s(instrument, at_s)
        if found is None and self._over(instrument, at_s) and self._table.is_open(at_s):
            return self._table.next_bell_s(at_s)
        return found

    def quote(self, instrument: Instrument, at_s: float) -> Quote:
        """The quote at an instant; unknown parts are None. Of a combination: its legs' together."""
        if isinstance(instrument, Combo):
            return combo_quotes.quote(instrument, lambda leg: self.quote(leg, at_s))
        moves = self._moves.get(instrument.prices) if self._moves else None
        if moves and at_s * 1000 >= moves[0].start_ms:
            found = super().quote(instrument, self._before_end(at_s))
        else:
            found = self._behind.quote(instrument, at_s)
        if self._written and (over := self._at(instrument, at_s)) is not None:
            return _overlaid(found, over, at_s=at_s)
        return found

    def next_trade_s(self, instrument: Instrument, at_s: float) -> float | None:
        """The next instant the last price may become known; combinations have none."""
        return None if isinstance(instrument, Combo) else super().next_trade_s(instrument, at_s)

    def spread(self, instrument: Instrument) -> float | None:
        """Dollars between bid and ask as captured; None: it is not quoted."""
        if not isinstance(instrument, Combo):
            return super().spread(instrument)
        parts = [Market.spread(self, leg.instrument) for leg in instrument.legs]
        known = [part for part in parts if part is not None]
        return sum(known) if len(known) == len(parts) else None

    def computation(self, instrument: Instrument, at_s: float, side: Side) -> Computation | None:
        """What the gateway computes of an option, from the quote it shows."""
        if not self.scripted:
            return self._behind.computation(instrument, at_s, side)
        if instrument.sec_type != "OPT":
            return None
        moment_s = self._before_end(at_s) if instrument.prices in self._moves else at_s
        return self._computed(instrument, self.quote(instrument, at_s), side, at_s=moment_s)

    def _before_end(self, at_s: float) -> float:
        # A moved market is not the captured one at its captured instant either.
        return min(at_s, self.captured_s - _INSTANT_S)

    def _at(self, instrument: Instrument, at_s: float) -> _Written | None:
        known = self._written.get(instrument.con_id)
        if not known:
            return None
        place = bisect_right(known, at_s, key=lambda written: written.since_s)
        return known[place - 1] if place else None

    def _over(self, instrument: Instrument, at_s: float) -> bool:
        over = self._at(instrument, at_s)
        return over is not None and bool(over.fields)


def _extremes(
    known: list[_Written], change: Change, fields: dict[str, float | int | None], *, at_s: float
) -> _Written:
    date = date_of(at_s)
    before = known[-1] if known and known[-1].date == date else None
    traded = [price for side, price in change.prices.items() if side == "last"]
    highs = traded + ([before.high] if before and before.high is not None else [])
    lows = traded + ([before.low] if before and before.low is not None else [])
    return _Written(at_s, fields, date, high=max(highs, default=None), low=min(lows, default=None))


def _overlaid(found: Quote, over: _Written, *, at_s: float) -> Quote:
    values: dict[str, float | int | None] = dict(over.fields)
    if over.high is not None and over.low is not None and over.date == date_of(at_s):
        values["high"] = max(over.high, over.high if found.high is None else found.high)
        values["low"] = min(over.low, over.low if found.low is None else found.low)
    return dataclasses.replace(found, **values)  # type: ignore[arg-type]
