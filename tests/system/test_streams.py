"""Streams: shared, counted, really cancelled; limits and refusals end one stream only."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from bot.broker import MarketDataError, RateLimitError, RequestTimeoutError
from pytest_ibkr.wire.messages.market_data import TickOptionComputation, TickPrice
from tests.system.bench import AAPL, CALL, QQQ, SPY, VIX, error_codes, exact, last_price, pass_time
from tests.system.variants import cancel_market_data_ignored

LINES = 100


def ticks_of(ibkr, request_id: int) -> int:
    """Price ticks sent under a request id so far."""
    return sum(m.request_id == request_id for m in ibkr.journal.answers(TickPrice))


@pytest.mark.parametrize("contract", [SPY, CALL], ids=lambda contract: contract.label)
def test_a_stream_follows_the_market_and_ends_with_its_last_prices(ibkr, broker, contract):
    stream = broker.subscribe_market_data(contract)
    pass_time(ibkr, broker, 20)
    ibkr.clock.hold()
    broker.server_time()
    latest = broker.get_latest_quote(contract)
    assert latest.bid == exact(last_price(ibkr, stream.request_id, 1))
    assert latest.ask == exact(last_price(ibkr, stream.request_id, 2))
    assert stream.updates >= 20
    assert len({(q.bid, q.ask, q.last) for q in stream.updates_since()}) > 3
    assert stream.ticks >= stream.updates
    assert ibkr.pacing()["lines_in_use"] == 1


def test_an_index_streams_its_last_price_and_no_book(ibkr, broker):
    stream = broker.subscribe_market_data(VIX)
    pass_time(ibkr, broker, 10)
    quote = stream.latest()
    assert quote.last is not None
    assert (quote.bid, quote.ask) == (None, None)
    assert {m.price for m in ibkr.journal.answers(TickPrice) if m.tick in (1, 2)} <= {-1}


def test_a_stream_of_an_option_carries_greeks_that_move_with_it(ibkr, broker):
    stream = broker.subscribe_market_data(CALL)
    pass_time(ibkr, broker, 30)
    models = [m for m in ibkr.journal.answers(TickOptionComputation) if m.tick == 13]
    assert len(models) > 3
    assert stream.latest().greeks.is_complete
    assert len({q.greeks.underlying_price for q in stream.updates_since() if q.greeks}) > 3


def test_two_subscriptions_of_one_contract_share_one_line(ibkr, broker):
    first, second = broker.subscribe_market_data(SPY), broker.subscribe_market_data(SPY)
    assert first is second
    first.wait_for_update(0, 5)
    assert len(ibkr.journal.requests("reqMktData")) == 1
    assert ibkr.pacing()["lines_in_use"] == 1
    broker.unsubscribe_market_data(SPY)
    with pytest.raises(MarketDataError, match="no stream runs"):
        broker.get_latest_quote(SPY)


def ends_for_good(ibkr, broker) -> None:
    """After an unsubscribe no tick crosses the wire any more."""
    stream = broker.subscribe_market_data(SPY)
    pass_time(ibkr, broker, 5)
    broker.unsubscribe_market_data(stream)
    assert [m.request_id for m in ibkr.journal.requests("cancelMktData")] == [stream.request_id]
    sent, updates = ticks_of(ibkr, stream.request_id), stream.updates
    pass_time(ibkr, broker, 10)
    assert stream.ticks_after_cancel == 0
    assert (ticks_of(ibkr, stream.request_id), stream.updates) == (sent, updates)
    assert ibkr.pacing()["lines_in_use"] == 0
    assert broker.streams == ()


@pytest.mark.req("LV-015", "LV-041")
def test_unsubscribing_ends_the_stream_on_the_wire(ibkr, broker):
    ends_for_good(ibkr, broker)


@pytest.mark.req("LV-015", "LV-041", counter_proof="the gateway ignores the cancel")
def test_counter_proof_a_stream_that_goes_on_is_noticed(ibkr, broker):
    cancel_market_data_ignored(ibkr)
    with pytest.raises(AssertionError, match="== 0"):
        ends_for_good(ibkr, broker)


def test_300_for_a_stream_the_gateway_forgot_is_harmless(ibkr, broker):
    stream = broker.subscribe_market_data(SPY)
    pass_time(ibkr, broker, 1)
    ibkr.call(ibkr.engine.streams.drop_all)
    broker.unsubscribe_market_data(stream)
    assert error_codes(ibkr, stream.request_id) == [300]
    assert stream.error is None
    assert broker.get_market_data(SPY).is_two_sided


def test_a_bounded_stream_gives_one_quote_and_returns_its_line(ibkr, broker):
    quote = broker.get_market_data(CALL, snapshot=False)
    [request] = ibkr.journal.requests("reqMktData")
    assert quote.is_two_sided
    assert not request.snapshot
    assert [m.request_id for m in ibkr.journal.requests("cancelMktData")] == [request.request_id]
    assert ibkr.pacing()["lines_in_use"] == 0


def test_a_feed_that_stands_still_adds_no_updates(ibkr, broker):
    stream = broker.subscribe_market_data(SPY)
    pass_time(ibkr, broker, 5)
    with ibkr.faults.freeze("SPY"):
        pass_time(ibkr, broker, 2)
        count = stream.updates
        with pytest.raises(RequestTimeoutError, match="no update within 20 s"):
            stream.wait_for_update(count, 20)
    assert (ibkr.clock.now() - stream.last_update_at).total_seconds() >= 20
    stream.wait_for_update(count, 20)
    assert stream.updates > count


def test_a_stream_without_permission_ends_with_the_reason(ibkr, broker):
    ibkr.configure(entitlements={"SPY": "none"})
    spy, qqq = broker.subscribe_market_data(SPY), broker.subscribe_market_data(QQQ)
    with pytest.raises(MarketDataError) as raised:
        spy.wait_for_update(0, 5)
    assert raised.value.code == 354
    assert error_codes(ibkr, spy.request_id) == [354]
    assert qqq.wait_for_update(0, 5).last > 0
    broker.unsubscribe_market_data(spy)
    assert [m.request_id for m in ibkr.journal.requests("cancelMktData")] == []


def test_the_hundred_and_first_line_is_refused_and_the_others_run(ibkr, connect):
    broker = connect(max_streams=200)
    ibkr.clock.hold()  # so that messages are counted when they are sent
    listed = [o for o in ibkr.engine.world.book.chain("SPY") if o.right == "C"][: LINES + 1]
    streams = [
        broker.subscribe_market_data(
            replace(CALL, expiry=each.expiry, strike=Decimal(str(each.strike)))
        )
        for each in listed
    ]
    pass_time(ibkr, broker, 1)
    with pytest.raises(RateLimitError) as raised:
        streams[-1].latest()
    assert raised.value.code == 101
    assert error_codes(ibkr).count(101) == 1
    assert all(stream.error is None for stream in streams[:-1])
    used = ibkr.pacing()
    assert (used["peak_messages_per_s"], used["lines_in_use"]) == (45, LINES)
    ibkr.clock.resume()
    broker.disconnect()
    ibkr.journal.wait_for(lambda e: e.direction == "note" and "closed" in e.message.text)
    assert ibkr.pacing()["lines_in_use"] == 0


def test_more_streams_than_the_bot_allows_itself_never_reach_the_wire(ibkr, connect):
    broker = connect(max_streams=2)
    broker.subscribe_market_data(SPY)
    broker.subscribe_market_data(QQQ)
    with pytest.raises(RateLimitError, match="2 streams run already"):
        broker.subscribe_market_data(AAPL)
    broker.server_time()
    assert len(ibkr.journal.requests("reqMktData")) == 2


def test_streams_are_requested_again_once_after_a_reconnect(ibkr, broker):
    stream = broker.subscribe_market_data(SPY)
    stream.wait_for_update(0, 5)
    ibkr.faults.cut_now()
    broker.reconnect()
    count = stream.updates
    assert stream.wait_for_update(count, 5).last > 0
    assert stream.resubscriptions == 1
    assert len(ibkr.journal.requests("reqMktData")) == 2
    assert ibkr.pacing()["lines_in_use"] == 1
