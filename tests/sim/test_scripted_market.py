"""What a test writes over the market: quotes, moves of a path, halts, and who looks at them."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest

from pytest_ibkr.sim.contracts import Instrument
from pytest_ibkr.sim.engine import Engine
from pytest_ibkr.sim.scripted_market import Change, ScriptedMarket
from pytest_ibkr.sim.world import World
from pytest_ibkr.snapshot.model import Snapshot
from pytest_ibkr.wire.messages.contract import Contract
from pytest_ibkr.wire.messages.history import HistoricalBar, HistoricalData
from pytest_ibkr.wire.messages.market_data import TickGeneric, TickOptionComputation, TickPrice
from pytest_ibkr.wire.messages.order import OrderStatus
from pytest_ibkr.wire.messages.place_order import PlaceOrder
from tests.sim.added_bench import ES, added_peer, listed, world_with
from tests.sim.data_bench import (
    CAPTURED,
    SPY,
    TEN,
    Peer,
    history,
    normal_world,
    on_friday,
    only,
    option,
    peer,
)

INSTANTS = [TEN + step * 0.37 for step in range(200)]


@pytest.fixture
def market() -> ScriptedMarket:
    return ScriptedMarket(normal_world())


@pytest.fixture
def spy() -> Instrument:
    found = normal_world().book.by_symbol("SPY")
    assert found is not None
    return found


def bars(client: Peer, **changes: object) -> dict[str, HistoricalBar]:
    """Today's bars as a client is served them, by date."""
    [answer] = only(client.send(history(**changes)), HistoricalData)
    return {bar.date: bar for bar in answer.bars}


def limit(order_id: int, action: str, price: str) -> PlaceOrder:
    return PlaceOrder(
        order_id=order_id,
        contract=SPY,
        action=action,
        quantity=Decimal(10),
        order_type="LMT",
        limit_price=Decimal(price),
    )


def test_with_nothing_scripted_it_is_the_market_behind_it(market, spy):
    for instrument in (spy, option()):
        for at_s in (*INSTANTS, CAPTURED, CAPTURED + 60):
            behind = normal_world().market
            assert market.quote(instrument, at_s) == behind.quote(instrument, at_s)
            assert market.next_change_s(instrument, at_s) == behind.next_change_s(instrument, at_s)
    assert market.computation(option(), TEN, "bid") == normal_world().market.computation(
        option(), TEN, "bid"
    )


def test_a_written_side_stands_and_the_others_go_on(market, spy):
    before = market.quote(spy, TEN)
    market.write(spy, Change({"bid": 700.0}), at_s=TEN)
    later = [market.quote(spy, at_s) for at_s in INSTANTS]
    assert {quote.bid for quote in later} == {700.0}
    assert {quote.bid_size for quote in later} == {before.bid_size}
    assert len({quote.ask for quote in later}) > 5
    assert market.quote(spy, TEN - 1) == normal_world().market.quote(spy, TEN - 1)


def test_a_price_without_a_size_shows_a_lot(market):
    worthless = next(
        each
        for each in normal_world().book.chain("SPY")
        if normal_world().market.quote(each, TEN).bid_size == 0
    )
    market.write(worthless, Change({"bid": 0.05, "ask": 0.1}), at_s=TEN)
    assert market.quote(worthless, TEN).bid_size == 10
    market.write(worthless, Change({"bid": 0.04}, {"bid": 3}), at_s=TEN)
    assert (market.quote(worthless, TEN).bid, market.quote(worthless, TEN).bid_size) == (0.04, 3)


def test_a_last_price_is_a_trade_of_the_day(market, spy):
    before = market.quote(spy, TEN)
    market.write(spy, Change({"last": 800.0}), at_s=TEN)
    market.write(spy, Change({"last": 600.0}), at_s=TEN + 1)
    now = market.quote(spy, TEN + 2)
    assert (now.last, now.high, now.low) == (600.0, 800.0, 600.0)
    assert now.last_time_s == int(TEN + 1)
    assert market.clear(spy, at_s=TEN + 3)
    now = market.quote(spy, TEN + 4)
    assert (now.high, now.low) == (800.0, 600.0)
    assert now.last == normal_world().market.quote(spy, TEN + 4).last
    assert before.high != 800.0


def test_clearing_says_whether_there_was_anything(market, spy):
    assert not market.clear(spy, at_s=TEN)
    market.write(spy, Change(gone=frozenset({"ask"})), at_s=TEN)
    assert market.written() == [spy.con_id]
    assert market.quote(spy, TEN).ask is None
    assert market.clear(spy, at_s=TEN)
    assert market.written() == []
    assert not market.clear(spy, at_s=TEN)


@pytest.mark.parametrize(
    "change",
    [Change(gone=frozenset({"bid"})), Change({"bid": 9.0, "ask": 8.0})],
    ids=["one-sided", "crossed"],
)
def test_without_a_sound_quote_an_option_has_no_greeks(market, change):
    assert market.computation(option(), TEN, "ask") is not None
    market.write(option(), change, at_s=TEN)
    assert market.computation(option(), TEN, "ask") is None
    assert market.computation(option(), TEN, "model") is None


def test_greeks_are_computed_at_the_written_price(market):
    cheap = market.computation(option(), TEN, "bid")
    quote = market.quote(option(), TEN)
    market.write(option(), Change({"bid": quote.bid + 1, "ask": quote.ask + 1}), at_s=TEN)
    dear = market.computation(option(), TEN, "bid")
    assert dear.price == pytest.approx(cheap.price + 1)
    assert dear.implied_vol > cheap.implied_vol


def test_a_move_multiplies_the_path_from_then_on(market, spy):
    market.move(spy, share=-0.03, over_s=0, at_s=TEN)
    behind = normal_world().market
    for at_s in INSTANTS:
        moved, still = market.quote(spy, at_s), behind.quote(spy, at_s)
        assert moved.last == pytest.approx(still.last * 0.97, abs=0.006)
        assert moved.ask - moved.bid == pytest.approx(still.ask - still.bid)
    for at_s in (TEN - 5, on_friday(9, 45)):
        assert market.quote(spy, at_s) == behind.quote(spy, at_s)


def test_a_move_over_time_gets_there_evenly_and_moves_multiply(market, spy):
    market.move(spy, share=-0.03, over_s=60, at_s=TEN)
    market.move(spy, share=-0.03, over_s=0, at_s=TEN + 120)

    def factor(at_s: float) -> float:
        return market.quote(spy, at_s).last / normal_world().market.quote(spy, at_s).last

    assert factor(TEN) == pytest.approx(1, abs=1e-4)
    assert factor(TEN + 30) == pytest.approx(0.985, abs=2e-4)
    assert factor(TEN + 61) == pytest.approx(0.97, abs=1e-4)
    assert factor(TEN + 121) == pytest.approx(0.97**2, abs=1e-4)


def test_options_follow_a_move_through_the_model(market):
    call, put = option(right="C"), option(right="P")
    before = {each: market.quote(each, TEN + 10) for each in (call, put)}
    market.move(normal_world().book.by_symbol("SPY"), share=0.01, over_s=0, at_s=TEN)
    assert market.quote(call, TEN + 10).bid > before[call].bid + 3
    assert market.quote(put, TEN + 10).ask < before[put].ask
    computed = market.computation(call, TEN + 10, "model")
    assert computed.delta > 0.8
    assert computed.under_price == pytest.approx(
        normal_world().market.computation(call, TEN + 10, "model").under_price * 1.01, abs=0.02
    )


def test_the_moved_market_is_not_the_captured_one_at_the_capture(market, spy):
    market.move(spy, share=0.1, over_s=0, at_s=TEN)
    captured = normal_world().market.quote(spy, CAPTURED)
    assert market.quote(spy, CAPTURED + 5).last == pytest.approx(captured.last * 1.1, rel=1e-3)
    assert market.computation(option(), CAPTURED + 5, "model").under_price > captured.last * 1.05


def test_the_days_extremes_contain_the_move(market, spy):
    before = market.quote(spy, TEN)
    market.move(spy, share=0.05, over_s=0, at_s=TEN)
    now = market.quote(spy, TEN + 1)
    assert now.low == before.low
    assert now.high == pytest.approx(now.last, abs=0.5)
    assert now.high > before.high * 1.04


def test_bars_of_the_running_day_agree_with_the_move():
    still, moved = peer(on_friday(10, 2)), peer(on_friday(10, 2))
    market, spy = moved.engine.market, normal_world().book.by_symbol("SPY")
    market.move(spy, share=-0.03, over_s=60, at_s=on_friday(10, 2))
    seen = []
    while moved.engine.now_s < on_friday(10, 12):
        moved.engine.advance(moved.engine.now_s + 0.25)
        seen.append((moved.engine.now_s, market.quote(spy, moved.engine.now_s).last))
    still.engine.advance(on_friday(10, 12))
    was, now = bars(still), bars(moved)

    assert was.keys() == now.keys()
    before, during, after = sorted(now)[5:8]
    assert now[before] == was[before]
    assert now[during].open == was[during].open
    walked = [last for at_s, last in seen if at_s < on_friday(10, 5)]
    assert now[during].low == pytest.approx(min(walked), abs=0.02)
    assert now[during].close == pytest.approx(was[during].close * 0.97, abs=0.006)
    assert now[after].high == pytest.approx(was[after].high * 0.97, abs=0.006)
    assert now[after].volume == was[after].volume


def test_the_daily_bar_of_a_moved_day_is_the_moved_days_own():
    client = peer(on_friday(15, 30))
    spy = normal_world().book.by_symbol("SPY")
    client.engine.market.move(spy, share=0.1, over_s=0, at_s=client.engine.now_s)
    client.engine.advance(CAPTURED + 60)
    daily = bars(client, bar_size="1 day", duration="5 D")
    last = daily["20260710"]
    five = bars(client, request_id=13)
    assert last.high == max(bar.high for bar in five.values())
    assert last.close == list(five.values())[-1].close
    was = peer(CAPTURED + 60)
    assert last.open == bars(was, bar_size="1 day", duration="5 D")["20260710"].open


def test_what_was_scripted_survives_another_world(spy):
    engine = Engine(normal_world(), start_s=TEN)
    engine.market.write(option(), Change({"bid": 1.0}), at_s=TEN)
    engine.market.move(spy, share=0.02, over_s=0, at_s=TEN)
    market, moved = engine.market, engine.market.quote(spy, TEN + 1)
    engine.use_world(World(normal_world().snapshot))
    assert engine.market is market
    assert engine.market.quote(spy, TEN + 1) == moved
    assert engine.market.quote(option(), TEN + 1).bid == 1.0


@pytest.mark.parametrize("when", ["listed before the move", "listed after it"])
def test_what_follows_an_underlying_moves_with_it(spy, when):
    before, after = ["ES", "SPX"], []
    if when == "listed after it":
        before, after = after, before
    engine = Engine(world_with(*before), start_s=TEN)
    engine.market.move(spy, share=-0.03, over_s=0, at_s=TEN)
    if after:
        engine.use_world(world_with(*after))
    still = world_with("ES", "SPX").market
    for name in ("ES", "SPX"):
        follower = listed(name)
        for at_s in INSTANTS[4:]:
            moved = engine.market.quote(follower, at_s)
            assert moved.last == pytest.approx(still.quote(follower, at_s).last * 0.97, rel=1e-4)
        assert engine.market.quote(follower, TEN - 5) == still.quote(follower, TEN - 5)


def test_bars_and_options_of_a_follower_agree_with_the_move():
    client = added_peer("ES", "SPX", at_s=on_friday(10, 2))
    market = client.engine.market
    [call] = client.engine.world.book.find(
        Contract(symbol="SPX", sec_type="OPT", expiry="20260717", strike=7530.0, right="C")
    )
    bid = market.quote(call, client.engine.now_s).bid
    spy = normal_world().book.by_symbol("SPY")
    market.move(spy, share=-0.03, over_s=0, at_s=client.engine.now_s)
    assert market.quote(call, client.engine.now_s).bid < bid / 2
    client.engine.advance(on_friday(10, 12))
    still = added_peer("ES", at_s=on_friday(10, 12))
    was, now = bars(still, contract=ES), bars(client, contract=ES)
    last = list(now.values())[-1]
    assert last.close == market.quote(listed("ES"), client.engine.now_s - 1).last
    assert last.high == pytest.approx(list(was.values())[-1].high * 0.97, abs=0.3)
    assert min(now.items()) == min(was.items())


def test_a_move_of_a_follower_leaves_what_it_follows(spy):
    market = Engine(world_with("ES"), start_s=TEN).market
    market.move(listed("ES"), share=0.01, over_s=0, at_s=TEN)
    assert market.quote(spy, TEN + 1) == normal_world().market.quote(spy, TEN + 1)
    still = world_with("ES").market.quote(listed("ES"), TEN + 1).last
    assert market.quote(listed("ES"), TEN + 1).last == pytest.approx(still * 1.01, rel=1e-4)


def test_a_stream_of_a_follower_is_sent_the_move_at_once(spy):
    client = added_peer("ES")
    client.send(client.market_data(contract=ES))
    client.engine.market.move(spy, share=0.02, over_s=0, at_s=client.engine.now_s)
    client.engine.market_changed("SPY")
    [bid] = [m.price for m in only(client.wait(0.0), TickPrice) if m.tick == 1]
    assert bid > 1.01 * world_with("ES").market.quote(listed("ES"), client.engine.now_s).bid


def test_another_session_of_the_world_sees_nothing_of_it(market, spy):
    market.write(spy, Change({"bid": 1.0}), at_s=TEN)
    market.move(spy, share=0.5, over_s=0, at_s=TEN)
    other = ScriptedMarket(normal_world())
    assert other.quote(spy, TEN + 1) == normal_world().market.quote(spy, TEN + 1)
    assert not other.scripted


def test_a_stream_is_sent_the_change_at_once_and_then_the_order_fills():
    client, spy = peer(), normal_world().book.by_symbol("SPY")
    client.send(client.market_data())
    client.send(limit(3, "BUY", "740.00"))
    client.engine.market.write(spy, Change({"bid": 739.9, "ask": 740.0}), at_s=client.engine.now_s)
    client.engine.market_changed("SPY")
    found = client.wait(0.0)
    kinds = [type(message) for message in found]
    assert [m.price for m in only(found, TickPrice) if m.tick == 2] == [740.0]
    [done] = only(found, OrderStatus)
    assert (done.status, done.average_fill_price) == ("Filled", Decimal("740.0"))
    assert kinds.index(TickPrice) < kinds.index(OrderStatus)


@pytest.mark.parametrize(
    "change",
    [Change({"bid": 741.0, "ask": 740.0}), Change({"ask": 740.0}, gone=frozenset({"bid"}))],
    ids=["crossed", "one-sided"],
)
def test_counter_proof_an_unsound_quote_fills_nothing(change):
    client, spy = peer(), normal_world().book.by_symbol("SPY")
    client.send(limit(3, "BUY", "740.00"))
    client.engine.market.write(spy, change, at_s=client.engine.now_s)
    client.engine.market_changed("SPY")
    assert {m.status for m in only(client.wait(5.0), OrderStatus)} <= {"PreSubmitted", "Submitted"}


def test_a_stop_is_triggered_by_a_move():
    client, spy = peer(), normal_world().book.by_symbol("SPY")
    stop = PlaceOrder(
        order_id=3,
        contract=SPY,
        action="SELL",
        quantity=Decimal(10),
        order_type="STP",
        aux_price=Decimal("745.00"),
    )
    client.send(stop)
    client.engine.market.move(spy, share=-0.02, over_s=0, at_s=client.engine.now_s)
    client.engine.market_changed("SPY")
    assert [m.status for m in only(client.wait(0.0), OrderStatus)] == ["Submitted", "Filled"]


def test_a_halt_is_announced_and_its_end_lets_orders_look():
    client, spy = peer(), normal_world().book.by_symbol("SPY")
    client.send(client.market_data())
    client.engine.halted.add("SPY")
    client.engine.market_changed("SPY")
    assert [m.value for m in only(client.wait(0.0), TickGeneric) if m.tick == 49] == [1.0]
    client.engine.market.write(spy, Change({"ask": 740.0, "bid": 739.0}), at_s=client.engine.now_s)
    found = client.send(limit(3, "BUY", "740.00"))
    assert "Filled" not in {m.status for m in only(found, OrderStatus)}
    client.engine.halted.discard("SPY")
    client.engine.market_changed("SPY")
    found = client.wait(0.0)
    assert [m.value for m in only(found, TickGeneric) if m.tick == 49] == [0.0]
    assert [m.status for m in only(found, OrderStatus)] == ["Filled"]


def test_a_stream_of_an_option_has_computations_of_the_written_quote():
    client = peer()
    contract = option().contract()
    client.send(client.market_data(contract=contract))
    quote = client.engine.market.quote(option(), client.engine.now_s)
    change = Change({"bid": quote.bid + 1, "ask": quote.ask + 1})
    client.engine.market.write(option(), change, at_s=client.engine.now_s)
    client.engine.market_changed("SPY")
    found = only(client.wait(0.0), TickOptionComputation)
    assert quote.bid + 1 in [m.option_price for m in found if m.tick == 10]


def test_after_the_capture_a_written_quote_is_good_until_the_close(spy):
    document = normal_world().snapshot.to_dict()
    document["capturedAtUtc"] = "2026-07-10T19:00:00+00:00"
    at_three = Snapshot(document, name="at_three", content=json.dumps(document).encode())
    engine = Engine(World(at_three), start_s=on_friday(15, 30))
    assert engine.market.next_change_s(spy, engine.now_s) is None
    client = peer(engine=engine)
    client.send(limit(3, "BUY", "740.00"))
    engine.market.write(spy, Change({"bid": 739.9, "ask": 740.0}), at_s=engine.now_s)
    engine.market_changed("SPY")
    assert engine.market.next_change_s(spy, engine.now_s) == on_friday(16, 0)
    assert [m.status for m in only(client.wait(0.0), OrderStatus)] == ["Filled"]
