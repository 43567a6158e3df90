"""The journal keeps requests, orders and errors whole, and the newest ticks."""

from __future__ import annotations

from pytest_ibkr.sim.journal import RING, Journal
from pytest_ibkr.wire.messages.market_data import TickPrice
from pytest_ibkr.wire.messages.session import ErrorNotice


def test_ticks_beyond_the_ring_go_and_errors_stay():
    journal = Journal()
    journal.add(1.0, 1, "out", ErrorNotice(code=200, text="x"), size=10)
    tick = TickPrice(request_id=1, tick=1, price=2.0)
    for _ in range(RING + 5):
        journal.add(2.0, 1, "out", tick, size=10)
    kept = list(journal.entries())
    assert len(kept) == RING + 1
    assert isinstance(kept[0].message, ErrorNotice)
    assert journal.frames_out == RING + 6


def test_one_flooded_connection_does_not_push_out_anothers_ticks():
    journal = Journal()
    tick = TickPrice(request_id=1, tick=1, price=2.0)
    journal.add(1.0, 2, "out", tick)
    for _ in range(RING + 1):
        journal.add(2.0, 1, "out", tick)
    assert [e.connection for e in journal.entries()].count(2) == 1


def test_entries_come_in_the_order_they_happened():
    journal = Journal()
    journal.add(1.0, 1, "out", TickPrice(request_id=1, tick=1, price=2.0))
    journal.add(1.0, 1, "out", ErrorNotice(code=200, text="x"))
    journal.add(1.0, 1, "out", TickPrice(request_id=1, tick=2, price=2.0))
    assert [entry.serial for entry in journal.entries()] == [1, 2, 3]


def test_bytes_count_the_length_prefix_too():
    journal = Journal()
    journal.add(1.0, 1, "in", ErrorNotice(code=1, text=""), size=6)
    assert (journal.frames_in, journal.bytes_in) == (1, 10)
