"""Market data streams: order of messages, updates, limits, cancels, halts."""

from __future__ import annotations

from itertools import pairwise

import pytest

from pytest_ibkr.wire.codec import encode
from pytest_ibkr.wire.messages.market_data import (
    CancelMarketData,
    MarketDataType,
    TickGeneric,
    TickOptionComputation,
    TickPrice,
    TickReqParams,
    TickSize,
    TickSnapshotEnd,
)
from pytest_ibkr.wire.messages.session import ErrorNotice
from tests.sim.data_bench import (
    SPY,
    VIX,
    errors,
    on_friday,
    only,
    option,
    peer,
)

CALL = option().contract()


def _shape(messages):
    """Message id and, for ticks, the tick type."""
    return [(m.MSG_ID, getattr(m, "tick", None)) for m in messages]


def _batch(messages):
    """What came together with the first tick: up to the halted tick."""
    shape = _shape(messages)
    return shape[: shape.index((45, 49)) + 1]


def _prices(messages):
    """Tick type to price and size of the last price tick of each type."""
    return {t.tick: (t.price, t.size) for t in only(messages, TickPrice)}


def test_a_stream_begins_with_parameters_and_type_then_prices_each_with_its_size():
    client = peer()
    found = client.send(client.market_data())
    assert _batch(found) == [
        *((81, None), (58, None), (1, 1), (2, 0), (1, 2), (2, 3), (1, 4), (2, 5)),
        *((2, 8), (1, 6), (1, 7), (1, 9), (1, 14), (46, 45), (45, 49)),
    ]
    [parameters], [kind] = only(found, TickReqParams), only(found, MarketDataType)
    assert (parameters.min_tick, kind.data_type) == (0.01, 1)
    price, size = found[2], found[3]
    assert (price.size, price.mask) == (size.size, 1)


def test_a_minute_of_spy_brings_updates_without_long_gaps():
    client = peer()
    client.send(client.market_data(), wait_s=1.0)
    moments, prices = [], set()
    for _ in range(240):
        ticks = only(client.wait(0.25), TickPrice)
        if ticks:
            moments.append(client.engine.now_s)
            prices |= {(t.tick, t.price) for t in ticks}
    assert len(moments) >= 50
    assert max(b - a for a, b in pairwise(moments)) <= 5
    assert len(prices) > 10


def test_only_what_changed_is_sent_and_a_size_alone_comes_as_a_size_tick():
    client = peer()
    client.send(client.market_data(), wait_s=1.0)
    known = {(m.tick, type(m)): m for m in client.seen if isinstance(m, TickPrice)}
    size_only = 0
    for _ in range(200):
        found = client.wait(0.25)
        fresh = {m.tick for m in only(found, TickPrice)}
        for tick in only(found, TickPrice):
            assert known.get((tick.tick, TickPrice)).price != tick.price
            known[tick.tick, TickPrice] = tick
        size_only += sum(m.tick == 0 and 1 not in fresh for m in only(found, TickSize))
    assert size_only > 10


def test_an_option_stream_computes_at_bid_ask_last_and_model():
    client = peer()
    found = client.send(client.market_data(contract=CALL), wait_s=0.06)
    computed = only(found, TickOptionComputation)
    assert [c.tick for c in computed] == [10, 11, 12, 13]
    assert all(0 < c.implied_vol < 1 and 0 < c.delta < 1 for c in computed)
    assert all(c.under_price == pytest.approx(753, abs=2) for c in computed)


@pytest.mark.parametrize("greeks", ["late", "never"])
def test_greeks_can_come_late_or_never(greeks):
    client = peer()
    client.engine.conditions.greeks = greeks
    early = client.send(client.market_data(contract=CALL), wait_s=4.9)
    assert only(early, TickPrice)
    assert not only(early, TickOptionComputation)
    late = only(client.wait(2.0), TickOptionComputation)
    assert bool(late) == (greeks == "late")


def test_the_owed_end_lets_the_clock_jump_but_market_events_do_not():
    client = peer(on_friday(8, 0))
    client.send(client.market_data(snapshot=True), wait_s=0.1)
    assert client.engine.schedule.next_owed_s() == pytest.approx(on_friday(8, 0) + 11, abs=0.01)
    streaming = peer()
    streaming.send(streaming.market_data(), wait_s=0.1)
    assert streaming.engine.schedule.next_owed_s() is None
    assert streaming.engine.schedule.next_due_s() is not None


def test_the_same_id_twice_is_a_duplicate():
    client = peer()
    client.send(client.market_data())
    [(request_id, code, text)] = errors(client.send(client.market_data(contract=CALL)))
    assert (request_id, code) == (7, 322)
    assert text.endswith("cause - Duplicate ticker id")


def test_a_cancel_is_silent_and_ends_the_stream():
    client = peer()
    client.send(client.market_data())
    assert client.send(CancelMarketData(request_id=7), wait_s=0) == []
    assert client.wait(10) == []
    [(_, code, text)] = errors(client.send(CancelMarketData(request_id=7)))
    assert (code, text) == (300, "Can't find EId with tickerId:7")


def test_all_clients_share_a_hundred_lines_and_a_cancel_frees_one():
    first = peer()
    second = peer(engine=first.engine)
    for number in range(50):
        first.send(first.market_data(number, CALL), wait_s=0.05)
        second.send(second.market_data(number, CALL), wait_s=0.05)
    assert first.engine.streams.lines_in_use() == 100
    [(_, code, text)] = errors(first.send(first.market_data(99)))
    assert (code, text) == (101, "Max number of tickers has been reached")
    assert only(first.send(first.market_data(98, snapshot=True)), TickSnapshotEnd)
    second.send(CancelMarketData(request_id=3))
    assert not errors(first.send(first.market_data(99)))


def test_a_client_that_goes_away_frees_its_lines():
    client = peer()
    client.send(client.market_data())
    client.engine.gone(client.client, "")
    assert client.engine.streams.lines_in_use() == 0


def test_a_frozen_symbol_sends_nothing_until_it_thaws():
    client = peer()
    client.send(client.market_data(), wait_s=5)
    fault = client.engine.faults.freeze("SPY")
    assert client.wait(30) == []
    assert fault.fired
    client.engine.faults.disarm(fault)
    assert client.wait(5)


def test_a_halt_is_told_once_and_stops_the_prices():
    client = peer()
    client.send(client.market_data(), wait_s=2)
    client.engine.halted.add("SPY")
    client.engine.streams.refresh("SPY")
    client.wait(1)
    assert [t.value for t in only(client.seen, TickGeneric) if t.tick == 49] == [0.0, 1.0]
    assert only(client.wait(10), TickPrice) == []
    client.engine.halted.clear()
    assert [t.value for t in only(client.wait(1), TickGeneric)] == [0.0]


def test_the_same_requests_at_the_same_moments_give_the_same_bytes():
    def session() -> bytes:
        client = peer()
        for number, contract in enumerate((SPY, CALL, VIX)):
            client.engine.receive(
                client.client, encode(client.market_data(number, contract), client.client.version)
            )
            client.engine.advance(client.engine.now_s + 7)
        return client.client.take_output()

    assert session() == session()


def test_old_clients_are_sent_stock_sizes_in_lots():
    new, old = peer(version=178), peer(version=157)
    shares, lots = (
        {t.tick: int(t.size) for t in only(c.send(c.market_data()), TickSize)} for c in (new, old)
    )
    assert lots[8] == shares[8] // 100
    assert lots[0] == max(1, shares[0] // 100)


def test_an_unknown_contract_is_refused_without_any_tick():
    client = peer()
    found = client.send(
        client.market_data(contract=type(SPY)(symbol="X", sec_type="STK", exchange="SMART"))
    )
    assert [type(m) for m in found] == [ErrorNotice]
    assert errors(found)[0][1] == 200
