"""One-shot quotes: what is known, what is not, who may see it, and for which request."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from decimal import Decimal

import pytest

from bot.broker import MarketDataError, RequestTimeoutError
from bot.risk.quote_gate import reasons_not_to_trade
from pytest_ibkr.wire.messages.market_data import (
    CancelMarketData,
    MarketDataType,
    TickOptionComputation,
    TickPrice,
    TickSnapshotEnd,
)
from tests.system.bench import (
    AAPL,
    CALL,
    IWM,
    QQQ,
    SPY,
    UNQUOTED,
    VIX,
    WORTHLESS,
    crossed,
    entries_of,
    error_codes,
    exact,
    last_price,
    pass_time,
)
from tests.system.variants import replaced, rewrite

BID, ASK, LAST, CLOSE = 1, 2, 4, 9
MODEL = 13


def only_request(ibkr) -> int:
    """The id of the one market-data request of the test."""
    [request] = ibkr.journal.requests("reqMktData")
    return request.request_id


@pytest.mark.parametrize("contract", [SPY, AAPL, CALL], ids=lambda contract: contract.label)
def test_a_snapshot_says_what_the_wire_said_and_is_never_cancelled(ibkr, broker, contract):
    quote = broker.get_market_data(contract)
    request_id = only_request(ibkr)
    for field, tick in (("bid", BID), ("ask", ASK), ("last", LAST), ("close", CLOSE)):
        assert getattr(quote, field) == exact(last_price(ibkr, request_id, tick)), field
    assert quote.is_two_sided
    assert quote.bid_size > 0
    assert quote.ask_size > 0
    assert quote.market_data_type == 1
    assert [m.request_id for m in ibkr.journal.answers(TickSnapshotEnd)] == [request_id]
    assert ibkr.journal.requests("cancelMktData") == []


def test_the_time_of_a_quote_is_the_exchanges_and_fresh(ibkr, broker):
    quote = broker.get_market_data(SPY)
    assert quote.time_source == "exchange"
    assert -1 <= quote.age_s(ibkr.clock.now()) < 5
    assert quote.received_at <= ibkr.clock.now()


def test_an_index_has_a_last_price_and_no_book(ibkr, broker):
    quote = broker.get_market_data(VIX)
    assert quote.last == exact(last_price(ibkr, only_request(ibkr), LAST))
    assert (quote.bid, quote.ask, quote.mid) == (None, None, None)
    assert not quote.is_two_sided


def test_the_greeks_are_the_model_computation_and_no_other(ibkr, broker):
    greeks = broker.get_market_data(CALL).greeks
    sent = {m.tick: m for m in ibkr.journal.answers(TickOptionComputation)}
    assert set(sent) == {10, 11, 12, MODEL}
    model = sent[MODEL]
    assert greeks.is_complete
    assert greeks.iv == exact(model.implied_vol)
    assert greeks.delta == exact(model.delta)
    assert greeks.underlying_price == exact(model.under_price)
    assert Decimal(0) < greeks.delta < 1


def test_a_zero_bid_is_a_bid_of_zero(ibkr, broker):
    quote = broker.get_market_data(WORTHLESS)
    assert last_price(ibkr, only_request(ibkr), BID) == 0
    assert quote.bid == 0
    assert quote.bid is not None
    assert quote.is_two_sided


def test_an_unquoted_option_ends_after_eleven_seconds_with_unknown_sides(ibkr, broker):
    quote = broker.get_market_data(UNQUOTED)
    request_id = only_request(ibkr)
    assert last_price(ibkr, request_id, BID) == last_price(ibkr, request_id, ASK) == -1
    assert (quote.bid, quote.ask, quote.greeks) == (None, None, None)
    [asked] = [
        e for e in ibkr.journal.entries() if e.message in ibkr.journal.requests("reqMktData")
    ]
    [ended] = entries_of(ibkr, TickSnapshotEnd)
    assert ended.at_s - asked.at_s == pytest.approx(11, abs=0.2)


def one_sided_is_kept_out(ibkr, broker) -> None:
    """A side that never comes is unknown, and the gate says so."""
    rewrite(ibkr, TickPrice, lambda m: replaced(m, price=-1.0, size=0) if m.tick == BID else m)
    broker.reconnect()
    quote = broker.get_market_data(CALL)
    assert quote.bid is None
    assert quote.ask == exact(last_price(ibkr, only_request(ibkr), ASK))
    assert quote.mid is None
    assert "no bid" in reasons_not_to_trade(quote, now=ibkr.clock.now(), max_age_s=600)


def test_a_missing_bid_is_unknown_and_keeps_the_bot_out(ibkr, broker):
    one_sided_is_kept_out(ibkr, broker)


def test_counter_proof_a_price_of_minus_one_is_noticed(ibkr, broker, monkeypatch):
    for place in ("bot.broker.quote_builder.to_price", "bot.domain.quotes.to_price"):
        monkeypatch.setattr(place, lambda value: None if value is None else Decimal(str(value)))
    with pytest.raises(AssertionError, match="is None"):
        one_sided_is_kept_out(ibkr, broker)


def test_late_greeks_are_waited_for(ibkr, broker):
    ibkr.configure(greeks="late", greeks_delay_s=5)
    quote = broker.get_market_data(CALL)
    assert quote.greeks.is_complete
    first_price = entries_of(ibkr, TickPrice)[0].at_s
    assert entries_of(ibkr, TickOptionComputation)[0].at_s - first_price == pytest.approx(
        5, abs=0.2
    )


def test_greeks_that_never_come_are_unknown_beside_good_prices(ibkr, broker):
    ibkr.configure(greeks="never")
    quote = broker.get_market_data(CALL)
    assert quote.greeks is None
    assert quote.delta is None
    assert quote.is_two_sided
    assert ibkr.journal.answers(TickOptionComputation) == []


def test_delayed_data_is_refused_until_it_is_asked_for_and_then_marked(ibkr, broker):
    ibkr.configure(entitlement="delayed")
    with pytest.raises(MarketDataError, match="additional subscription") as raised:
        broker.get_market_data(SPY)
    assert raised.value.code == 10089
    broker.set_market_data_type(3)
    quote = broker.get_market_data(SPY)
    request_id = ibkr.journal.requests("reqMktData")[-1].request_id
    assert error_codes(ibkr, request_id) == [10167]
    ticks = {m.tick for m in ibkr.journal.answers(TickPrice) if m.request_id == request_id}
    assert ticks >= {66, 67, 68}
    assert quote.bid == exact(last_price(ibkr, request_id, 66))
    assert quote.is_delayed
    assert quote.market_data_type == 3
    assert any(warning.startswith("10167") for warning in quote.warnings)
    assert quote.age_s(ibkr.clock.now()) >= 899
    reasons = reasons_not_to_trade(quote, now=ibkr.clock.now(), max_age_s=1e6)
    assert reasons == ("not live: market data type 3",)


@pytest.mark.parametrize(("entitlement", "code"), [("none", 354), ("not_enabled", 10168)])
def test_an_account_without_data_gets_an_error_and_keeps_the_rest(ibkr, broker, entitlement, code):
    ibkr.configure(entitlements={"SPY": entitlement})
    with pytest.raises(MarketDataError) as raised:
        broker.get_market_data(SPY)
    assert raised.value.code == code
    assert raised.value.request_id == only_request(ibkr)
    assert broker.get_market_data(QQQ).is_two_sided


def stale_is_kept_out(ibkr, broker) -> None:
    """A quote that stands still grows old, and the gate says so."""
    with ibkr.faults.freeze("SPY"):
        before = broker.get_market_data(SPY)
        pass_time(ibkr, broker, 30)
        after = broker.get_market_data(SPY)
    assert (after.bid, after.ask, after.time) == (before.bid, before.ask, before.time)
    assert after.age_s(ibkr.clock.now()) >= 30
    assert after.received_at > before.received_at
    [reason] = reasons_not_to_trade(after, now=ibkr.clock.now(), max_age_s=5)
    assert reason.startswith("stale")


def test_a_frozen_quote_is_stale_although_it_just_arrived(ibkr, broker):
    stale_is_kept_out(ibkr, broker)


def test_counter_proof_ageing_by_arrival_is_noticed(ibkr, broker, monkeypatch):
    monkeypatch.setattr(
        "bot.domain.quotes.Quote.age_s",
        lambda quote, now: (now - quote.received_at).total_seconds(),
    )
    with pytest.raises(AssertionError, match=">= 30"):
        stale_is_kept_out(ibkr, broker)


def test_a_snapshot_that_takes_too_long_is_cancelled_and_its_late_ticks_are_dropped(ibkr, broker):
    crossed(ibkr, CancelMarketData, code=300)
    with ibkr.faults.delay("reqMktData", 5, times=1):
        with pytest.raises(RequestTimeoutError, match="snapshot quote of SPY"):
            broker.get_market_data(SPY, timeout_s=1)
        broker.server_time()
        late_id = only_request(ibkr)
        assert [m.request_id for m in ibkr.journal.requests("cancelMktData")] == [late_id]
        assert broker.get_market_data(QQQ).last > 0
        pass_time(ibkr, broker, 6)
    assert error_codes(ibkr, late_id) == [300]
    assert {t.request_id for t in ibkr.journal.answers(TickPrice)} >= {late_id}
    assert broker.get_market_data(SPY).is_two_sided


@pytest.mark.req("LV-014")
def test_eight_threads_get_their_own_answers(ibkr, broker):
    calls = [replace(CALL, strike=Decimal(strike)) for strike in (752, 753, 754, 756)]
    contracts = [SPY, QQQ, IWM, AAPL, *calls]
    with ThreadPoolExecutor(8) as pool:
        quotes = list(pool.map(broker.get_market_data, contracts * 3))
    asked = {(m.contract.symbol, m.contract.strike) for m in ibkr.journal.requests("reqMktData")}
    assert len(asked) == len(contracts)
    bids_sent = {key: set() for key in asked}
    for request in ibkr.journal.requests("reqMktData"):
        key = (request.contract.symbol, request.contract.strike)
        bids_sent[key].add(exact(last_price(ibkr, request.request_id, BID)))
    for contract, quote in zip(contracts * 3, quotes, strict=True):
        assert quote.bid in bids_sent[contract.symbol, float(contract.strike or 0)]
    assert len({quote.bid for quote in quotes[: len(contracts)]}) == len(contracts)
    assert ibkr.pacing()["peak_messages_per_s"] <= 45


def test_prices_of_a_delayed_feed_announce_their_type_before_the_first_tick(ibkr, broker):
    ibkr.configure(entitlement="delayed")
    broker.set_market_data_type(3)
    broker.get_market_data(CALL)
    types = entries_of(ibkr, MarketDataType)
    assert [entry.message.data_type for entry in types] == [3]
    assert types[0].serial < entries_of(ibkr, TickPrice)[0].serial
