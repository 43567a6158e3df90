"""What derives from a snapshot alone: contracts, calendar, market; shared by all sessions."""

from __future__ import annotations

import copy
from collections import deque
from typing import Final
from weakref import WeakValueDictionary

from pytest_ibkr.sim.calendar import SessionCalendar
from pytest_ibkr.sim.contracts import Chain, ContractBook
from pytest_ibkr.sim.following_path import FollowingPath
from pytest_ibkr.sim.index_options import index_option
from pytest_ibkr.sim.listing import Follows, Listing, Walks
from pytest_ibkr.sim.made_up_blocks import block_of
from pytest_ibkr.sim.market import Market, Priced
from pytest_ibkr.sim.option_quotes import OptionQuoter
from pytest_ibkr.sim.underlying_path import UnderlyingPath
from pytest_ibkr.sim.underlying_quotes import UnderlyingQuoter
from pytest_ibkr.snapshot.model import Snapshot, SymbolBlock

_KEPT: Final = 16  # worlds with additions that no session uses: some 0.3 MB for each listing


class World:
    """A market to trade in. Immutable to its users; what is derived is cached in here.

    Attributes:
        snapshot: where everything comes from.
        book: its instruments.
        calendar: its session table.
        market: its quotes.
        listed: made-up instruments it has beside the snapshot's, in the order of adding.
    """

    def __init__(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot
        self.calendar = SessionCalendar(snapshot.sessions)
        self.book = ContractBook(snapshot)
        self.market = Market(snapshot, self.book, self.calendar)
        self.listed: tuple[Listing, ...] = ()
        self._root = self
        # Of the root. One object per listing for as long as any world has it: what no session
        # uses any more goes, the last few kept for the next one that adds the same.
        self._priced: WeakValueDictionary[Listing, Priced] = WeakValueDictionary()
        self._extended: WeakValueDictionary[tuple[Listing, ...], World] = WeakValueDictionary()
        self._recent: deque[World] = deque(maxlen=_KEPT)
        self._added: list[Priced] = []

    def extended(self, listings: tuple[Listing, ...]) -> World:
        """The world with made-up instruments in it; those it has already are not added again.

        It shares everything that this world has: instruments compare by identity, and positions
        and streams go on. The same additions give the same world.
        """
        wanted = self.listed + tuple(each for each in listings if each not in self.listed)
        root = self._root
        if wanted == root.listed:
            return root
        found = root._extended.get(wanted)
        if found is None:
            found = root._extended.setdefault(wanted, root._with(wanted))
        if found not in root._recent:
            root._recent.append(found)
        return found

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
        chain = Chain(instrument, block, make_option=index_option)
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
