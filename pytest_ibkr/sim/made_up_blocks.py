"""Blocks of instruments that no snapshot has, in the shape of a snapshot's own; all synthetic.

Imports bars and option rows of the same making; knows nothing of clients and instants.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from pytest_ibkr.sim.index_options import index_rows
from pytest_ibkr.sim.listing import Follows, Listing
from pytest_ibkr.sim.made_up_bars import Bars, Grid, factor, followed, walked
from pytest_ibkr.snapshot.model import Snapshot, SymbolBlock
from pytest_ibkr.snapshot.rows import Bar, OptionRow


@dataclass(frozen=True, kw_only=True, eq=False)
class MadeUpBlock(SymbolBlock):
    """A block whose bars and options are computed when first asked for.

    Its ``sec_type`` says how prices are read: ``STK`` quoted and traded, ``IND`` published only.
    Its ``min_tick`` is what quotes move in.
    """

    make_bars: Callable[[], Bars] = field(repr=False)
    make_options: Callable[[], tuple[OptionRow, ...]] = field(repr=False)

    @cached_property
    def bars(self) -> Mapping[str, tuple[Bar, ...]]:
        """Bars by size, each ascending."""
        return self.make_bars()

    @cached_property
    def option_chain(self) -> tuple[OptionRow, ...]:
        """Every option; empty where none are listed."""
        return self.make_options()


def block_of(listing: Listing, snapshot: Snapshot) -> MadeUpBlock:
    """The block of a listing.

    Args:
        listing: what is made up; the symbol it follows must be in the snapshot.
        snapshot: where days, steps and followed prices come from.
    """
    grid = Grid(listing.quote_tick or listing.min_tick)
    source = listing.source
    base = next(iter(snapshot.symbols.values()))
    if isinstance(source, Follows):
        base = snapshot.symbols[source.symbol]
        quote = _followed_quote(listing, source, snapshot, grid)
    else:
        quote = _quote(listing, grid, source.price)
    return MadeUpBlock(
        symbol=listing.symbol,
        con_id=listing.id,
        sec_type="IND" if listing.spread is None else "STK",
        exchange=listing.exchange,
        primary_exchange=listing.primary_exchange,
        currency=listing.currency,
        local_symbol=listing.local_symbol,
        trading_class=listing.trading_class,
        long_name=listing.long_name,
        stock_type=listing.stock_type,
        isin=None,
        min_tick=1 / grid.per_dollar,
        time_zone=base.time_zone,
        raw={"provenance": _provenance(listing), "bars": {}, "optionChain": _listed(listing, base)},
        make_bars=lambda: _bars(listing, base, snapshot, grid),
        make_options=lambda: index_rows(listing, base, snapshot.sessions),
        **quote,
    )


def _bars(listing: Listing, base: SymbolBlock, snapshot: Snapshot, grid: Grid) -> Bars:
    source = listing.source
    if isinstance(source, Follows):
        return followed(source, base, grid)
    seed = f"{snapshot.seed}:{listing.family}"
    return walked(source, base, grid, seed=seed, at=snapshot.captured_at)


def _listed(listing: Listing, base: SymbolBlock) -> list[Any]:
    """The rows its options will be made from: none of them is read to know that there are any."""
    return list(base.raw["optionChain"]) if listing.options else []


def _provenance(listing: Listing) -> dict[str, dict[str, str]]:
    said = {"origin": "synthetic", "detail": f"{listing.family}: {listing.source}"}
    return dict.fromkeys(("contract", "quote", "bars", "optionChain"), said)


def _quote(listing: Listing, grid: Grid, price: float) -> dict[str, Any]:
    """The quote at the captured instant, as the path's quoter makes it around its last price."""
    ticks = round(price * grid.per_dollar)
    bid = ask = None
    if listing.spread is not None:
        wide = max(1, round(listing.spread * grid.per_dollar))
        bid = (ticks - wide // 2) / grid.per_dollar
        ask = (ticks - wide // 2 + wide) / grid.per_dollar
    traded = listing.traded
    return {
        "price": ticks / grid.per_dollar,
        "price_source": "last" if traded else "mid",
        "bid": bid,
        "ask": ask,
        "last": ticks / grid.per_dollar if traded else None,
        "bid_size": listing.size or None,
        "ask_size": listing.size or None,
        "last_size": 1 if traded and bid is not None else None,
        "open": None,
        "high": None,
        "low": None,
        "close": None,
        "volume": None,
    }


def _followed_quote(
    listing: Listing, source: Follows, snapshot: Snapshot, grid: Grid
) -> dict[str, Any]:
    base, day = snapshot.symbols[source.symbol], f"{snapshot.captured_at:%Y%m%d}"
    if base.price is None or listing.expired:
        nothing = _quote(listing, grid, 0.0)
        return dict.fromkeys(nothing)
    times = factor(source, day)
    found = _quote(listing, grid, base.price * times)
    for name in ("open", "high", "low", "close"):
        value = getattr(base, name)
        found[name] = None if value is None else grid(value * times)
    if base.volume is not None and source.volume_share:
        found["volume"] = round(base.volume * source.volume_share)
    return found
