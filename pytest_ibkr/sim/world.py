"""What derives from a snapshot alone: contracts, calendar, market; shared by all sessions."""

from __future__ import annotations

import copy
from collections import deque
from collections.abc import Collection, Iterable
from dataclasses import replace
from typing import Final
from weakref import WeakValueDictionary

from pytest_ibkr.sim.calendar import SessionCalendar
from pytest_ibkr.sim.contracts import Chain, ContractBook
from pytest_ibkr.sim.following_path import FollowingPath
from pytest_ibkr.sim.index_options import index_option
from pytest_ibkr.sim.instrument_pool import InstrumentPool
from pytest_ibkr.sim.listing import Follows, Listing, Walks
from pytest_ibkr.sim.made_up_blocks import block_of
from pytest_ibkr.sim.market import Market, Priced
from pytest_ibkr.sim.option_chains import Carried
from pytest_ibkr.sim.option_quotes import OptionQuoter
from pytest_ibkr.sim.underlying_path import UnderlyingPath
from pytest_ibkr.sim.underlying_quotes import UnderlyingQuoter
from pytest_ibkr.snapshot.model import Snapshot, SymbolBlock
from pytest_ibkr.snapshot.rows import TradingSession

_KEPT: Final = 16  # worlds with additions that no session uses: some 0.3 MB for each listing


class World:
    """A market to trade in. Immutable to its users; what is derived is cached in here.

    Args:
        snapshot: the market, captured at the close of its day.
        pool: of a market of many days: one object per contract in every day's world.
        dates: the days ``YYYYMMDD`` such a market has; on others after this one's own it is
            closed. None: a market of one day, open as its session table says.

    Attributes:
        snapshot: where everything comes from.
        book: its instruments.
        calendar: its session table.
        market: its quotes.
        listed: made-up instruments it has beside the snapshot's, in the order of adding.
    """

    def __init__(
        self,
        snapshot: Snapshot,
        *,
        pool: InstrumentPool | None = None,
        dates: Collection[str] | None = None,
    ) -> None:
        self.snapshot, self._pool = snapshot, pool
        self.calendar = SessionCalendar(_sessions(snapshot, dates))
        self.book = ContractBook(snapshot, pool=pool)
        self.market = Market(snapshot, self.book, self.calendar)
        self.listed: tuple[Listing, ...] = ()
        self._root = self
        # Of the root. One object per listing for as long as any world has it: what no session
        # uses any more goes, the last few kept for the next one that adds the same.
        self._priced: WeakValueDictionary[Listing, Priced] = WeakValueDictionary()
        self._extended: WeakValueDictionary[tuple[Listing, ...], World] = WeakValueDictionary()
        self._recent: deque[World] = deque(maxlen=_KEPT)
        self._added: list[Priced] = []
        self._carried: list[Priced] = []  # over from the day before

    def extended(self, listings: tuple[Listing, ...]) -> World:
        """The world with made-up instruments in it; those it has already are not added again.

        It shares everything that this world has: instruments compare by identity, and positions
        and streams go on. The same additions give the same world.
        """
        wanted = self.listed + tuple(each for each in listings if each not in self.listed)
        if wanted == self.listed:
            return self
        return self._root._extended_by(wanted)._kept_of(self)

    def _extended_by(self, wanted: tuple[Listing, ...]) -> World:
        root = self
        found = root._extended.get(wanted)
        if found is None:
            found = root._extended.setdefault(wanted, root._with(wanted))
        if found not in root._recent:
            root._recent.append(found)
        return found

    def as_of(self, today: str) -> World:
        """The world on an exchange date ``YYYYMMDD``: contracts that ended before are unknown."""
        if self.book.today == today:
            return self
        found = copy.copy(self)
        found.book = self.book.as_of(today)
        return found

    def following(self, former: World, options: Iterable[Carried]) -> World:
        """The world of a later day, with what is still in use of the one before it.

        Args:
            former: the world until now: symbols that this one lacks are taken over, unquoted,
                and what was listed beside the snapshot is listed here too.
            options: options in use; those this world's own chains have are left to them.
        """
        world = self.extended(former.listed)
        absent = [key for key in former.book.chains if key not in world.book.chains]
        priced = [former.market.priced(key, former.book.chains[key]) for key in absent]
        needed = [each for each in options if world.book.by_id(each.option.con_id) is None]
        for key in dict.fromkeys(each.option.prices for each in needed):
            more = [each for each in needed if each.option.prices == key]
            if key in world.book.chains:
                priced.append(world._recharted(key, more))
        return world._joined(priced) if priced else world

    def _recharted(self, key: str, more: list[Carried]) -> Priced:
        chain = self.book.chains[key].carrying(more)
        known = self.market.priced(key, chain)
        captured_s = self.market.captured_s
        options = OptionQuoter(chain, known.quoter, self.calendar, captured_s=captured_s)
        return replace(known, options=options)

    def _joined(self, priced: list[Priced]) -> World:
        found = copy.copy(self)
        found._carried = [*self._carried, *priced]
        found.book = self.book.extended(each.chain for each in priced)
        found.market = self.market.extended(found.book, priced)
        return found

    def _kept_of(self, former: World) -> World:
        """This world with the date and what is carried over of another one of the same day."""
        found = self._joined(former._carried) if former._carried else self
        return found.as_of(former.book.today)

    def _with(self, listings: tuple[Listing, ...]) -> World:
        priced = [self._of(listing) for listing in listings]
        found = copy.copy(self)
        found.listed, found._added = listings, priced
        found.book = self.book.extended(each.chain for each in priced)
        found.market = self.market.extended(found.book, priced)
        return found

    def _of(self, listing: Listing) -> Priced:
        found = self._priced.get(listing)
        if found is None:
            found = self._priced.setdefault(listing, self._made(listing))
        return found

    def _made(self, listing: Listing) -> Priced:
        block, captured_s = block_of(listing, self.snapshot), self.market.captured_s
        written_on = self.snapshot.symbols.get(listing.underlying)
        instrument = listing.instrument(under_con_id=written_on.con_id if written_on else 0)
        if self._pool is not None:
            instrument = self._pool.one(instrument)
        chain = Chain(instrument, block, make_option=index_option, pool=self._pool)
        path = self._path(listing, block)
        quoter = UnderlyingQuoter(
            path,
            captured_s=captured_s,
            traded=listing.traded,
            from_path=isinstance(listing.source, Walks),
        )
        options = OptionQuoter(chain, quoter, self.calendar, captured_s=captured_s)
        return Priced(chain, path, quoter, options)

    def _path(self, listing: Listing, block: SymbolBlock) -> UnderlyingPath:
        source = listing.source
        if isinstance(source, Follows):
            leader = self.market.paths[source.symbol]
            return FollowingPath(block, self.calendar, leader=leader, source=source)
        return UnderlyingPath(block, self.calendar, seed=self.snapshot.seed)


def _sessions(snapshot: Snapshot, dates: Collection[str] | None) -> tuple[TradingSession, ...]:
    """The session table; of a market of many days those it does not have are closed."""
    own = f"{snapshot.captured_at:%Y%m%d}"
    return tuple(
        day
        if dates is None or day.date <= own or day.date in dates
        else replace(day, open=None, close=None)
        for day in snapshot.sessions
    )
