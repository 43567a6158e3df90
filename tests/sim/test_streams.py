"""Market data requests: order of messages, entitlements, snapshots' ends, limits, cancels."""

from __future__ import annotations

from itertools import pairwise

import pytest

from pytest_ibkr.sim.feed import DELAY_S
from pytest_ibkr.wire.codec import encode
from pytest_ibkr.wire.messages.market_data import (
    CancelMarketData,
    MarketDataType,
    ReqMarketDataType,
    TickGeneric,
    TickOptionComputation,
    TickPrice,
    TickReqParams,
    TickSize,
    TickSnapshotEnd,
    TickString,
)
from pytest_ibkr.wire.messages.session import ErrorNotice
from tests.sim.data_bench import (
    CAPTURED,
    SPY,
    TEN,
    VIX,
    errors,
    normal_world,
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


def test_the_owed_end_lets_the_clock_jump_but_market_events_do_not():
    client = peer(on_friday(8, 0))
    client.send(client.market_data(snapshot=True), wait_s=0.1)
    assert client.engine.schedule.next_owed_s() == pytest.approx(on_friday(8, 0) + 11, abs=0.01)
    streaming = peer()
    streaming.send(streaming.market_data(), wait_s=0.1)
    assert streaming.engine.schedule.next_owed_s() is None
    assert streaming.engine.schedule.next_due_s() is not None


def test_an_index_has_neither_bid_nor_open_in_its_snapshot_rule():
    client = peer()
    found = client.send(client.market_data(contract=VIX, snapshot=True), wait_s=1.0)
    assert isinstance(found[-1], TickSnapshotEnd)
    assert {t.tick for t in only(found, TickPrice)} >= {4, 9}


def test_without_live_rights_a_live_request_ends_with_10089_and_is_no_stream():
    client = peer()
    client.engine.conditions.entitlement = "delayed"
    found = client.send(client.market_data())
    [(request_id, code, text)] = errors(found)
    assert (request_id, code) == (7, 10089)
    assert text == (
        "Requested market data requires additional subscription for API. See link in 'Market"
        " Data Connections' dialog for more details.Delayed market data is available."
        "SPY ARCA/TOP/ALL"
    )
    assert len(found) == 1
    [(_, code, _)] = errors(client.send(CancelMarketData(request_id=7)))
    assert code == 300


def test_delayed_data_announces_itself_and_uses_the_delayed_ids():
    client = peer()
    client.engine.conditions.entitlement = "delayed"
    assert client.send(ReqMarketDataType(data_type=3)) == []
    found = client.send(client.market_data(), wait_s=0.06)
    assert _shape(found) == [
        *((81, None), (58, None), (4, None), (1, 76), (1, 72), (1, 73), (2, 74), (1, 75)),
        *((1, 68), (46, 88), (1, 66), (1, 67), (45, 90)),
    ]
    assert only(found, MarketDataType)[0].data_type == 3
    assert errors(found)[0][1] == 10167
    [stamp] = only(found, TickString)
    assert int(stamp.value) == pytest.approx(client.engine.now_s - DELAY_S, abs=1.5)
    quarter_ago = normal_world().market.quote(
        normal_world().book.by_symbol("SPY"), client.engine.now_s - DELAY_S - 0.01
    )
    assert {t.tick: t.price for t in only(found, TickPrice)}[68] == quarter_ago.last


def test_a_delayed_snapshot_ends_once_all_delayed_fields_came():
    client = peer()
    client.engine.conditions.entitlement = "delayed"
    client.send(ReqMarketDataType(data_type=3))
    found = client.send(client.market_data(contract=CALL, snapshot=True))
    shape = _shape(found)
    assert shape[:3] == [(58, None), (4, None), (81, None)]
    assert [t for m, t in shape if m == 21] == [80, 81, 82, 83]
    assert isinstance(found[-1], TickSnapshotEnd)


@pytest.mark.parametrize(
    ("entitlement", "code", "text"),
    [("none", 354, "is not available."), ("not_enabled", 10168, "is not enabled.")],
)
def test_other_missing_rights_have_their_own_codes(entitlement, code, text):
    client = peer()
    client.engine.conditions.entitlements["SPY"] = entitlement
    client.send(ReqMarketDataType(data_type=3))
    [(request_id, found, words)] = errors(client.send(client.market_data()))
    assert (request_id, found) == (7, code)
    assert words.endswith(text)


def test_asking_for_delayed_data_with_live_rights_gives_live_data():
    client = peer()
    client.send(ReqMarketDataType(data_type=3))
    found = client.send(client.market_data())
    assert only(found, MarketDataType)[0].data_type == 1
    assert {1, 2, 4} <= {t.tick for t in only(found, TickPrice)}


def test_a_new_data_type_leaves_running_streams_alone():
    client = peer()
    client.send(client.market_data())
    client.send(ReqMarketDataType(data_type=3))
    client.engine.conditions.entitlement = "delayed"
    assert {t.tick for t in only(client.wait(5), TickPrice)} <= {1, 2, 4, 6, 7}


EVENING = CAPTURED + 2 * 3600


def _prices(messages):
    """Tick type to price and size of the last price tick of each type."""
    return {t.tick: (t.price, t.size) for t in only(messages, TickPrice)}


@pytest.mark.parametrize("contract", [SPY, CALL], ids=["stock", "option"])
@pytest.mark.parametrize("data_type", [1, 3])
def test_after_the_close_nobody_bids_or_asks(contract, data_type):
    client = peer(EVENING)
    client.send(ReqMarketDataType(data_type=data_type))
    found = client.send(client.market_data(contract=contract))
    quote = normal_world().market.quote(normal_world().book.resolve(contract), CAPTURED)
    prices = _prices(found)
    assert prices[1] == prices[2] == (-1.0, 0)
    assert (prices[4][0], prices[9][0]) == (quote.last, quote.close)
    assert only(found, MarketDataType)[0].data_type == 1
    assert not only(found, TickOptionComputation)


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


@pytest.mark.parametrize(
    ("at_s", "quoted_s"),
    [(EVENING, CAPTURED), (on_friday(8, 0), on_friday(15, 59, 59.999, day=9))],
    ids=["evening", "morning"],
)
@pytest.mark.parametrize("data_type", [2, 4])
def test_frozen_data_outside_the_session_are_the_last_quotes_and_say_so(at_s, quoted_s, data_type):
    client = peer(at_s)
    client.send(ReqMarketDataType(data_type=data_type))
    found = client.send(client.market_data(snapshot=True), wait_s=1.0)
    quote = normal_world().market.quote(normal_world().book.resolve(SPY), quoted_s)
    prices = _prices(found)
    assert (prices[1], prices[2]) == ((quote.bid, quote.bid_size), (quote.ask, quote.ask_size))
    assert only(found, MarketDataType)[0].data_type == 2
    assert isinstance(found[-1], TickSnapshotEnd)


def test_a_stream_loses_its_quotes_at_the_close_and_has_them_again_at_the_open():
    client = peer(CAPTURED - 5)
    client.send(client.market_data(), wait_s=4.9)
    assert _prices(client.seen)[1][0] > 0
    assert {t: p for t, p in _prices(client.wait(0.1)).items() if t < 3} == {
        1: (-1.0, 0),
        2: (-1.0, 0),
    }
    assert client.wait(3600) == []
    monday_s = on_friday(9, 30, day=13)
    assert client.wait(monday_s - 1 - client.engine.now_s) == []
    assert _prices(client.wait(2))[1][0] > 0


def test_delayed_data_close_a_quarter_of_an_hour_late():
    client = peer(CAPTURED + DELAY_S - 5)
    client.engine.conditions.entitlement = "delayed"
    client.send(ReqMarketDataType(data_type=3), wait_s=0)
    client.send(client.market_data(), wait_s=4.9)
    assert _prices(client.seen)[66][0] > 0
    prices = _prices(client.wait(0.2))
    assert prices[66] == prices[67] == (-1.0, 0)


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


def test_a_snapshot_that_waits_holds_no_line():
    client = peer(on_friday(8, 0))
    client.send(client.market_data(snapshot=True), wait_s=5)
    assert client.engine.streams.lines_in_use() == 0
    client.send(client.market_data(8), wait_s=0)
    assert client.engine.streams.lines_in_use() == 1


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
    client.engine.conditions.halted.add("SPY")
    client.engine.streams.refresh("SPY")
    client.wait(1)
    assert [t.value for t in only(client.seen, TickGeneric) if t.tick == 49] == [0.0, 1.0]
    assert only(client.wait(10), TickPrice) == []
    client.engine.conditions.halted.clear()
    assert [t.value for t in only(client.wait(1), TickGeneric)] == [0.0]


def test_a_frozen_stream_ends_the_day_on_the_captured_quote_and_then_rests():
    for contract in (SPY, CALL):
        client = peer(CAPTURED - 3)
        client.send(ReqMarketDataType(data_type=2), wait_s=0)
        client.send(client.market_data(contract=contract), wait_s=4)
        instrument = normal_world().book.resolve(contract)
        captured = normal_world().market.quote(instrument, CAPTURED)
        latest = {t.tick: t.price for t in only(client.seen, TickPrice)}
        assert (latest[1], latest[2], latest[4]) == (captured.bid, captured.ask, captured.last)
        assert client.wait(600) == []


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


def test_generic_ticks_are_answered_from_the_data_there_is():
    client = peer()
    found = client.send(
        client.market_data(generic_ticks="100,101,104,106,165,221,233"), wait_s=0.06
    )
    sizes = {t.tick: t.size for t in only(found, TickSize)}
    rows = [normal_world().book.row(o) for o in normal_world().book.chain("SPY")]
    assert sizes[27] == sum(r.open_interest or 0 for r in rows if r.right == "C")
    assert 0 < sizes[29] < sum(r.volume or 0 for r in rows if r.right == "C")
    assert sizes[21] > 10_000_000
    values = {t.tick: t.value for t in only(found, TickGeneric)}
    assert 0.05 < values[24] < 0.5
    assert 0.05 < values[23] < 0.5
    prices = {t.tick: t.price for t in only(found, TickPrice)}
    assert prices[19] <= prices[17] <= prices[15] < prices[16] <= prices[18] <= prices[20]
    assert prices[1] <= prices[37] <= prices[2]
    parts = next(t.value for t in only(found, TickString) if t.tick == 48).split(";")
    assert len(parts) == 6
    assert float(parts[0]) == prices[4]


def test_open_interest_of_an_option_is_its_own_and_zero_on_the_other_side():
    client = peer()
    found = client.send(client.market_data(contract=CALL, generic_ticks="101"))
    sizes = {t.tick: t.size for t in only(found, TickSize)}
    assert (sizes[27], sizes[28]) == (normal_world().book.row(option()).open_interest, 0)


@pytest.mark.parametrize(
    ("terms", "code", "text"),
    [
        ({"generic_ticks": "233,999"}, 321, "Incorrect generic tick list of 233,999.  Legal ones"),
        ({"generic_ticks": "233", "snapshot": True}, 321, "not applicable to generic ticks"),
        ({"generic_ticks": "258"}, 10358, "Fundamentals"),
    ],
)
def test_generic_ticks_that_cannot_be_are_refused_whole(terms, code, text):
    client = peer()
    [(_, found, words)] = errors(client.send(client.market_data(**terms)))
    assert found == code
    assert text in words


def test_mdoff_suppresses_the_top_of_book():
    client = peer()
    found = client.send(client.market_data(generic_ticks="mdoff,233"), wait_s=3)
    assert only(found, TickPrice) == []
    assert {t.tick for t in only(found, TickString)} == {48}


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


def test_more_than_a_hundred_snapshots_a_second_are_refused():
    client = peer()
    client.engine.meters[client.client.connection].limit = 10_000
    for number in range(100):
        client.send(client.market_data(number, snapshot=True), wait_s=0)
    [(_, code, text)] = errors(client.send(client.market_data(500, snapshot=True), wait_s=0))
    assert code == 321
    assert text.endswith("Snapshot requests limitation exceeded:100 per 1 second(s)")
