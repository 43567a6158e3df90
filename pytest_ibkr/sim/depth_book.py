"""A book of orders below the top of book, and how one book becomes the next; pure.

Synthetic: a snapshot has the top of book only. The best price and its size are the quote's; prices
behind it, their sizes and the exchanges that show them are drawn from the price, so that a price
keeps its row while the top moves over it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from pytest_ibkr.sim.instruments import Instrument
from pytest_ibkr.sim.quotes import Quote
from pytest_ibkr.sim.underlying_quotes import mixed
from pytest_ibkr.wire.messages.depth import ASK, BID, DELETE, INSERT, UPDATE

MOST_ROWS: Final = 20  # a side; a client that asks for more gets these
_LOT: Final = {"STK": 100}
_HOLD_S: Final = 2.0  # how long a size behind the top stands
_EMPTY_SHARE: Final = 4  # one price in so many has no order
_MOST_AT_TOP: Final = 3


@dataclass(frozen=True, slots=True)
class Venues:
    """Exchanges of a book: those that show all their prices, and those that show their best."""

    deep: tuple[str, ...]
    top: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class BookRow:
    """One row: dollars per share, shares (others: contracts), the exchange that shows it."""

    price: float
    size: int
    venue: str


@dataclass(frozen=True, slots=True)
class Operation:
    """One change of a book, as messages 12 and 13 carry it."""

    kind: int
    side: int
    position: int
    row: BookRow


Book = dict[int, tuple[BookRow, ...]]  # by side, best first
EMPTY: Final[Book] = {ASK: (), BID: ()}


def book(instrument: Instrument, quote: Quote, *, rows: int, venues: Venues, at_s: float) -> Book:
    """Both sides around a quote; a side nobody quotes is empty.

    Args:
        instrument: whose book.
        quote: its top.
        rows: at most so many a side.
        venues: the exchanges it is made of.
        at_s: epoch seconds; sizes behind the top change with it.
    """
    tops = {ASK: (quote.ask, quote.ask_size, 1), BID: (quote.bid, quote.bid_size, -1)}
    most = min(rows, MOST_ROWS)
    return {
        side: tuple(
            _side(instrument, (price, size), step=step, most=most, venues=venues, at_s=at_s)
        )
        for side, (price, size, step) in tops.items()
    }


def operations(before: Book, now: Book) -> Iterator[Operation]:
    """What turns one book into the other, in the order it must be applied in.

    Deletes first and from the back, then inserts and updates from the front: no row is ever
    beyond the book's end, and no book longer than the longer of the two.
    """
    for side in (BID, ASK):
        yield from _changes(before[side], now[side], side)


def _changes(before: Sequence[BookRow], now: Sequence[BookRow], side: int) -> Iterator[Operation]:
    wanted = {_key(row) for row in now}
    kept = list(before)
    for position in range(len(before) - 1, -1, -1):
        if _key(before[position]) not in wanted:
            del kept[position]
            gone = BookRow(0.0, 0, before[position].venue)
            yield Operation(DELETE, side, position, gone)
    for position, row in enumerate(now):
        if position < len(kept) and _key(kept[position]) == _key(row):
            if kept[position].size != row.size:
                kept[position] = row
                yield Operation(UPDATE, side, position, row)
        else:
            kept.insert(position, row)
            yield Operation(INSERT, side, position, row)


def _key(row: BookRow) -> tuple[float, str]:
    return row.price, row.venue


def _side(
    instrument: Instrument,
    top: tuple[float | None, int | None],
    *,
    step: int,
    most: int,
    venues: Venues,
    at_s: float,
) -> list[BookRow]:
    price, size = top
    if price is None or price <= 0 or most < 1:
        return []
    lot = _LOT.get(instrument.sec_type, 1)
    per_dollar = 1 / (instrument.quote_tick or instrument.min_tick)
    best = round(price * per_dollar)
    bits = _bits(instrument, best, step)
    found = _split(price, size or lot, _at_top(venues, bits), bits=bits)
    away = 0
    while len(found) < most and venues.deep:
        away += 1
        ticks = best + step * away
        if ticks <= 0:
            break
        bits = _bits(instrument, ticks, step)
        if bits % _EMPTY_SHARE:
            venue = venues.deep[(bits >> 8) % len(venues.deep)]
            behind = round(ticks / per_dollar, 6)
            found.append(BookRow(behind, _size(bits, away, at_s) * lot, venue))
    return found[:most]


def _at_top(venues: Venues, bits: int) -> list[str]:
    every = sorted({*venues.deep, *venues.top})
    count = min(1 + (bits >> 16) % _MOST_AT_TOP, len(every))
    first = (bits >> 24) % len(every)
    return [every[(first + place) % len(every)] for place in range(count)]


def _split(price: float, size: int, names: Sequence[str], *, bits: int) -> list[BookRow]:
    """The size at the best price over exchanges; each shows something, the sum is the quote's."""
    names = names[:size]
    parts = [max(1, size // (2 * len(names)) + (bits >> 4 * n) % 3) for n in range(len(names))]
    parts[0] += size - sum(parts)
    if parts[0] < 1:  # too few for all of them
        return [BookRow(price, size, names[0])]
    return [BookRow(price, part, name) for part, name in zip(parts, names, strict=True)]


def _size(bits: int, away: int, at_s: float) -> int:
    """Lots behind the top: more further away; redrawn every two seconds, not all at once."""
    drawn = mixed(int(at_s / _HOLD_S + (bits % 97) / 97) // (1 + bits % 5) * 31 + bits % 65521)
    return 1 + drawn % (4 + 2 * min(away, 8))


def _bits(instrument: Instrument, ticks: int, step: int) -> int:
    return mixed((ticks * 2 + (step > 0)) * 1_000_003 + instrument.con_id)
