"""Composes the options of the days between the stored ones, and stored days that lack some.

A surface moves with the volatility index, what is listed stays listed; deterministic from seed and
date. Imports no engine and no client.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import asdict

from pytest_ibkr.sim.composed_options import ChainMaker, ExpiryAtClose, at_close, moved_surface
from pytest_ibkr.sim.day_snapshot import DaySnapshot, composed
from pytest_ibkr.sim.option_series import Listings
from pytest_ibkr.snapshot.con_ids import OptionKey
from pytest_ibkr.snapshot.day_plan import DayPlan
from pytest_ibkr.snapshot.days_layout import KnotRow, SymbolSurface
from pytest_ibkr.snapshot.model import Snapshot
from pytest_ibkr.snapshot.rows import OptionRow, Provenance, row_from_option
from pytest_ibkr.snapshot.surface import Knot, Slice, Surface

StoredMids = Callable[[str], Mapping[int, float] | None]
StoredStrikes = Callable[[str, str], Mapping[str, frozenset[float]]]


class DayComposer:
    """Makes days of a plan.

    Args:
        plan: bars, surfaces and calendar.
        stored_mids: option mids of a stored day by contract id; None: the day is composed.
        stored_strikes: strikes by expiry of a symbol on the stored days before a day.
    """

    def __init__(
        self,
        plan: DayPlan,
        *,
        stored_mids: StoredMids = lambda _day: None,
        stored_strikes: StoredStrikes = lambda _symbol, _day: {},
    ) -> None:
        self.plan = plan
        self._stored_mids, self._stored_strikes = stored_mids, stored_strikes
        self._not_listed = frozenset(plan.document["notListed"])
        self._ids: dict[OptionKey, int] = {}
        self._listings: dict[str, Listings] = {}
        self._surfaces: dict[tuple[str, str], Surface] = {}

    def snapshot(self, day: str) -> DaySnapshot:
        """The market at a day's close.

        Args:
            day: a date for which :meth:`DayPlan.why_closed` has nothing to say.
        """
        return composed(self.plan, day, chain=self.chain)

    def chain(self, symbol: str, day: str) -> tuple[OptionRow, ...]:
        """The options of one underlying at a day's close, sorted by expiry, strike and right."""
        data = self._data(symbol)
        if data is None:
            return ()
        maker, before = ChainMaker(symbol, data, self._ids), self.plan.calendar.before(day)
        stored = self._stored_mids(before)
        rows: list[OptionRow] = []
        for at, strikes in self.listed(symbol, day):
            close_of = self._closes(symbol, before, at.expiry, stored)
            rows.extend(maker.rows(at, strikes, close_of=close_of))
        return tuple(row for row in rows if not self._not_listed or self._listed(row))

    def _listed(self, row: OptionRow) -> bool:
        name = f"{row.symbol} {row.expiry} {row.right} {row.strike:g}"
        return name not in self._not_listed

    def listed(self, symbol: str, day: str) -> list[tuple[ExpiryAtClose, list[float]]]:
        """The expiries of a day as they stand at its close, ascending, each with its strikes."""
        data = self._data(symbol)
        if data is None or self.plan.bars.close(symbol, day) is None:
            return []
        listings = self._listing(symbol, data)
        return [
            (self.at_close(symbol, day, expiry), listings.strikes(day, expiry))
            for expiry in listings.expiries(day)
        ]

    def at_close(self, symbol: str, day: str, expiry: str) -> ExpiryAtClose:
        """An expiry of one underlying at a day's close; needs a surface and a price."""
        data, spot = self._data(symbol), self.plan.bars.close(symbol, day)
        if data is None or spot is None or self.plan.surface is None:
            raise KeyError(f"{symbol} has no surface or no price on {day}")
        return at_close(
            day,
            expiry,
            spot=spot,
            surface=self.surface(symbol, day),
            data=data,
            rate=self.plan.surface["discountRate"],
            calendar=self.plan.calendar,
        )

    def surface(self, symbol: str, day: str) -> Surface:
        """The surface of a day: fitted, or the base moved to the day's volatility index."""
        found = self._surfaces.get((symbol, day))
        if found is None:
            found = self._surfaces[symbol, day] = self._surface(symbol, day)
        return found

    def _surface(self, symbol: str, day: str) -> Surface:
        data = self._data(symbol)
        if data is None:
            raise KeyError(f"{symbol} has no surface")
        fitted = data["fitted"].get(day)
        if fitted is not None:
            return Surface(_knots(fitted["knots"]))
        index = self.plan.index_level(day) or data["index"]
        noise = data["noise"] * random.Random(f"{self.plan.document['seed']}:{symbol}:{day}").gauss(
            0.0, 1.0
        )
        base = Surface(_knots(data["knots"]))
        return moved_surface(base, data, index=index, base_index=data["index"], noise=noise)

    def _data(self, symbol: str) -> SymbolSurface | None:
        surface = self.plan.surface
        return None if surface is None else surface["symbols"].get(symbol)

    def _listing(self, symbol: str, data: SymbolSurface) -> Listings:
        found = self._listings.get(symbol)
        if found is None:
            closes = self.plan.closes(symbol)
            found = self._listings[symbol] = Listings(
                self.plan.calendar,
                closes,
                data["strikes"],
                first=self.plan.document["first"],
                listed=lambda day: self._stored_strikes(symbol, day),
            )
        return found

    def _closes(
        self, symbol: str, before: str, expiry: str, stored: Mapping[int, float] | None
    ) -> Callable[[int, float, str], float | None]:
        """Mids at the close before; the stored day's where there is one."""
        if self.plan.bars.close(symbol, before) is None:
            return lambda *_: None
        at = self.at_close(symbol, before, expiry)
        known: dict[float, tuple[float, float]] = {}

        def close_of(con_id: int, strike: float, right: str) -> float | None:
            if stored is not None and con_id in stored:
                return round(stored[con_id], 2)
            pair = known.get(strike)
            if pair is None:
                value = next(at.valued((strike,)))
                pair = known[strike] = value.call, value.put
            return max(0.01, round(pair[0] if right == "C" else pair[1], 2))

        return close_of


def extended(stored: Snapshot, composer: DayComposer, day: str) -> Snapshot:
    """A stored day with the contracts that the days around it have and its file has not.

    What the file says stays as it is; what is added is labelled in ``optionChain.added``. The
    content is the file's own, when nothing is missing.
    """
    document = stored.to_dict()
    changed = False
    for symbol, block in stored.symbols.items():
        known = {row.con_id for row in block.option_chain}
        added = [row for row in composer.chain(symbol, day) if row.con_id not in known]
        if known and added:
            changed = True
            entry = document["symbols"][symbol]
            entry["optionChain"] += [row_from_option(row) for row in added]
            detail = f"{len(added)} contracts that the file has not: "
            detail += composer.plan.surface_detail(symbol, day)
            entry["provenance"]["optionChain.added"] = asdict(Provenance("synthetic", detail))
    seed = composer.plan.document["seed"]
    if not changed:
        return DaySnapshot.of(stored, seed)
    identity = f"{stored.sha256}|{composer.plan.digest}|{day}".encode()
    return DaySnapshot(document, name=stored.name, content=identity, seed=seed)


def _knots(rows: list[KnotRow]) -> list[Knot]:
    return [Knot(row["days"], Slice(row["theta"], row["right"], row["left"])) for row in rows]
