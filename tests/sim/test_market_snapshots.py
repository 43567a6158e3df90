"""Market data snapshots: each field once, and when they end."""

from __future__ import annotations

import pytest

from pytest_ibkr.wire.messages.market_data import (
    ReqMarketDataType,
    TickOptionComputation,
    TickPrice,
    TickSnapshotEnd,
)
from tests.sim.data_bench import (
    CAPTURED,
    SPY,
    TEN,
    VIX,
    errors,
    on_friday,
    only,
    option,
    peer,
)

CALL = option().contract()
EVENING = CAPTURED + 2 * 3600


def _shape(messages):
    """Message id and, for ticks, the tick type."""
    return [(m.MSG_ID, getattr(m, "tick", None)) for m in messages]


def _prices(messages):
    """Tick type to price and size of the last price tick of each type."""
    return {t.tick: (t.price, t.size) for t in only(messages, TickPrice)}


def test_a_snapshot_of_a_liquid_stock_ends_within_a_second_and_sends_each_tick_once():
    client = peer()
    found = client.send(client.market_data(snapshot=True), wait_s=1.0)
    assert isinstance(found[-1], TickSnapshotEnd)
    assert _shape(found)[:2] == [(58, None), (81, None)]
    prices = [m.tick for m in only(found, TickPrice)]
    assert sorted(prices) == [1, 2, 4, 6, 7, 9, 14]
    assert client.wait(15.0) == []


def test_a_snapshot_of_an_option_waits_for_its_computations():
    client = peer()
    client.engine.conditions.greeks = "late"
    assert not only(
        client.send(client.market_data(contract=CALL, snapshot=True), wait_s=4.9), TickSnapshotEnd
    )
    found = client.wait(0.5)
    assert [c.tick for c in only(found, TickOptionComputation)] == [10, 11, 12, 13]
    assert isinstance(found[-1], TickSnapshotEnd)


@pytest.mark.parametrize("case", ["before the open", "without greeks"])
def test_a_snapshot_that_misses_something_ends_after_eleven_seconds(case):
    early = case == "before the open"
    client = peer(on_friday(8, 0) if early else TEN)
    client.engine.conditions.greeks = "never"
    contract = SPY if early else CALL
    first = client.send(client.market_data(contract=contract, snapshot=True), wait_s=10.9)
    assert not only(first, TickSnapshotEnd)
    found = client.wait(0.2)
    assert isinstance(found[-1], TickSnapshotEnd)
    if early:  # "no price" is -1 with size 0, not an absent tick
        assert [(t.tick, t.price, t.size) for t in only(found, TickPrice)] == [
            (1, -1.0, 0),
            (2, -1.0, 0),
        ]


def test_an_index_has_neither_bid_nor_open_in_its_snapshot_rule():
    client = peer()
    found = client.send(client.market_data(contract=VIX, snapshot=True), wait_s=1.0)
    assert isinstance(found[-1], TickSnapshotEnd)
    assert {t.tick for t in only(found, TickPrice)} >= {4, 9}


def test_a_delayed_snapshot_ends_once_all_delayed_fields_came():
    client = peer()
    client.engine.conditions.entitlement = "delayed"
    client.send(ReqMarketDataType(data_type=3))
    found = client.send(client.market_data(contract=CALL, snapshot=True))
    shape = _shape(found)
    assert shape[:3] == [(58, None), (4, None), (81, None)]
    assert [t for m, t in shape if m == 21] == [80, 81, 82, 83]
    assert isinstance(found[-1], TickSnapshotEnd)


@pytest.mark.parametrize("contract", [SPY, CALL], ids=["stock", "option"])
def test_a_snapshot_after_the_close_takes_the_full_eleven_seconds(contract):
    client = peer(EVENING)
    early = client.send(client.market_data(contract=contract, snapshot=True), wait_s=10.9)
    assert 4 in _prices(early)
    assert not {1, 2} & set(_prices(early))
    found = client.wait(0.2)
    assert _prices(found) == {1: (-1.0, 0), 2: (-1.0, 0)}
    assert isinstance(found[-1], TickSnapshotEnd)


def test_the_snapshot_of_an_index_needs_no_bid_after_the_close_either():
    client = peer(EVENING)
    found = client.send(client.market_data(contract=VIX, snapshot=True))
    assert isinstance(found[-1], TickSnapshotEnd)


def test_a_snapshot_that_waits_holds_no_line():
    client = peer(on_friday(8, 0))
    client.send(client.market_data(snapshot=True), wait_s=5)
    assert client.engine.streams.lines_in_use() == 0
    client.send(client.market_data(8), wait_s=0)
    assert client.engine.streams.lines_in_use() == 1


def test_more_than_a_hundred_snapshots_a_second_are_refused():
    client = peer()
    client.engine.meters[client.client.connection].limit = 10_000
    for number in range(100):
        client.send(client.market_data(number, snapshot=True), wait_s=0)
    [(_, code, text)] = errors(client.send(client.market_data(500, snapshot=True), wait_s=0))
    assert code == 321
    assert text.endswith("Snapshot requests limitation exceeded:100 per 1 second(s)")
