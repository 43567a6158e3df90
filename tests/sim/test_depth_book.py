"""Books as plain values: any book becomes any other by the operations that are sent."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from pytest_ibkr.sim.depth_book import BookRow, Venues, book, operations
from pytest_ibkr.sim.quotes import Quote
from pytest_ibkr.wire.messages.depth import ASK, BID, DELETE, INSERT
from tests.sim.data_bench import TEN, normal_world

SPY = normal_world().book.underlyings[0]
SMART = Venues(("ARCA", "BATS", "IEX"), ("AMEX", "MEMX"))
TOPS = st.tuples(
    st.one_of(st.none(), st.integers(1, 60)),
    st.integers(1, 5),
    st.one_of(st.none(), st.integers(0, 400)),
)


def book_at(top: tuple[int | None, int, int | None], rows: int, at_s: float):
    """A book whose bid is a number of cents; None: nobody quotes."""
    cents, spread, size = top
    bid = None if cents is None else cents / 100
    ask = None if cents is None else (cents + spread) / 100
    quote = Quote(bid=bid, ask=ask, bid_size=size, ask_size=size)
    return book(SPY, quote, rows=rows, venues=SMART, at_s=at_s)


def after(before, changes, *, most: int):
    """The book a client has after it applied the changes."""
    held = {side: list(rows) for side, rows in before.items()}
    for change in changes:
        rows = held[change.side]
        if change.kind == INSERT:
            assert change.position <= len(rows)
            rows.insert(change.position, change.row)
        elif change.kind == DELETE:
            del rows[change.position]
        else:
            assert rows[change.position].price == change.row.price
            rows[change.position] = change.row
        assert len(rows) <= most
    return {side: tuple(rows) for side, rows in held.items()}


@given(TOPS, TOPS, st.integers(1, 20), st.floats(0, 60))
def test_the_operations_turn_one_book_into_the_other(before, now, rows, passed_s):
    first = book_at(before, rows, TEN)
    second = book_at(now, rows, TEN + passed_s)
    assert after(first, operations(first, second), most=rows) == second


@given(TOPS, st.integers(1, 20))
def test_a_side_is_sorted_has_no_row_twice_and_nothing_at_zero(top, rows):
    found = book_at(top, rows, TEN)
    for side, sign in ((BID, -1), (ASK, 1)):
        prices = [sign * row.price for row in found[side]]
        assert prices == sorted(prices)
        assert len({(row.price, row.venue) for row in found[side]}) == len(prices) <= rows
        assert all(row.price > 0 and row.size > 0 for row in found[side])


def test_what_did_not_change_is_not_sent():
    found = book_at((50, 1, 300), 10, TEN)
    assert list(operations(found, found)) == []
    bigger = {**found, BID: (replace(found[BID][0], size=999), *found[BID][1:])}
    [change] = operations(found, bigger)
    assert (change.side, change.position, change.row.size) == (BID, 0, 999)


def test_a_deleted_row_carries_neither_price_nor_size():
    [change] = operations({BID: (BookRow(1.0, 5, "IEX"),), ASK: ()}, {BID: (), ASK: ()})
    assert (change.kind, change.position, change.row) == (DELETE, 0, BookRow(0.0, 0, "IEX"))
