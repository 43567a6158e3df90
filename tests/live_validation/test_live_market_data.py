"""Quotes, bars and streams: present, ordered, fresh, and really moving."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import pytest

from bot.domain.contracts import option, stock
from bot.risk.quote_gate import reasons_not_to_trade
from tests.live_validation.choose import NEW_YORK

pytestmark = pytest.mark.live
SAME = 0.02  # two quotes of one symbol, seconds apart, differ by less than this share


def fresh_quote(broker, contract):
    """A snapshot of a stock or ETF."""
    return broker.get_market_data(broker.qualify_contract(contract))


@pytest.mark.req("LV-012")
def test_a_spy_snapshot_is_two_sided_and_fresh(broker, clock, ibkr_config, measure, stocks):
    spy = broker.qualify_contract(stocks["spy"])
    assert spy.con_id > 0
    quote = broker.get_market_data(spy)
    age_s = quote.age_s(clock.now())
    measure("quote_freshness_s", age_s)
    assert quote.last is not None
    assert quote.last > 0
    assert quote.bid is not None
    assert quote.ask is not None
    assert 0 < quote.bid <= quote.ask, "a locked market is legal, a crossed one is not"
    assert quote.time_source == "exchange", "a local stamp would make every quote look fresh"
    assert age_s < ibkr_config.thresholds.quote_freshness_seconds


@pytest.mark.req("LV-013")
def test_a_full_session_of_five_minute_bars_is_complete_and_ordered(broker, ibkr_config, stocks):
    spy = broker.qualify_contract(stocks["spy"])
    bars = broker.get_historical_data(
        spy,
        "2 D",
        "5 mins",
        timeout_s=ibkr_config.thresholds.historical_data_timeout_seconds,
    )
    assert all(a.start < b.start for a, b in pairwise(bars))
    assert all(bar.start.tzinfo is not None for bar in bars)
    assert all(bar.close > 0 for bar in bars)
    assert all(bar.volume is not None and bar.volume >= 0 for bar in bars)
    per_day = Counter(bar.start.astimezone(NEW_YORK).date() for bar in bars)
    first_day = min(per_day)
    assert per_day[first_day] >= ibkr_config.thresholds.min_bars_per_day


@pytest.mark.req("LV-014")
def test_three_symbols_are_quoted_at_the_same_time(broker, stocks):
    with ThreadPoolExecutor(len(stocks)) as pool:
        quotes = list(pool.map(lambda contract: fresh_quote(broker, contract), stocks.values()))
    assert all(quote.last is not None and quote.last > 0 for quote in quotes)
    assert len({quote.last for quote in quotes}) == len(stocks), "quotes were mixed up"


@pytest.mark.req("LV-015")
def test_a_stream_keeps_moving_and_stops_when_told(broker, clock, ibkr_config, measure, stocks):
    limits = ibkr_config.thresholds
    stream = broker.subscribe_market_data(broker.qualify_contract(stocks["spy"]))
    try:
        stream.wait_for_update(0, limits.stream_max_gap_seconds)
        for _second in range(int(limits.stream_seconds)):
            clock.sleep(1)
            quote = broker.get_latest_quote(stream.contract)
            assert quote is not None
            age_s = quote.age_s(clock.now())
            measure("quote_freshness_s", age_s)
            assert age_s < limits.quote_freshness_seconds
        updates = stream.updates_since(0)
    finally:
        broker.unsubscribe_market_data(stream)
    moments = [update.received_at for update in updates]
    gaps_s = [(b - a).total_seconds() for a, b in pairwise(moments)]
    distinct = {(q.last, q.bid, q.ask, q.bid_size, q.ask_size, q.volume) for q in updates}
    assert len(distinct) >= limits.stream_quality_min_quotes, "distinct updates, not polls"
    assert max(gaps_s) <= limits.stream_max_gap_seconds
    ticks = stream.ticks
    clock.sleep(3)
    assert stream.ticks_after_cancel == 0
    assert stream.ticks == ticks, "ticks came after the stream was cancelled"
    assert stream not in broker.streams


@pytest.mark.req("LV-022")
def test_a_quote_is_fresh_or_no_decision_is_made_on_it(broker, clock, ibkr_config, stocks):
    max_age_s = ibkr_config.thresholds.quote_freshness_seconds
    quote = fresh_quote(broker, stocks["spy"])
    reasons = reasons_not_to_trade(quote, now=clock.now(), max_age_s=max_age_s)
    is_fresh = quote.age_s(clock.now()) <= max_age_s
    assert bool(reasons) == (not is_fresh), reasons


@pytest.mark.req("LV-024")
def test_quotes_stay_fresh_over_ten_snapshots(broker, clock, ibkr_config, measure, stocks):
    for _round in range(10):
        age_s = fresh_quote(broker, stocks["spy"]).age_s(clock.now())
        measure("quote_freshness_s", age_s)
        assert -2 <= age_s < ibkr_config.thresholds.quote_freshness_seconds
        clock.sleep(1)


@pytest.mark.req("LV-024")
def test_a_qualified_option_keeps_strike_right_and_expiry(connect, otm_call):
    asked = otm_call.contract
    with connect() as own:  # it has nothing remembered
        found = own.qualify_contract(
            option(asked.symbol, asked.expiry, asked.strike, right=asked.right)
        )
    assert found.con_id == asked.con_id > 0
    assert (found.strike, found.right, found.expiry) == (asked.strike, asked.right, asked.expiry)
    assert found.multiplier == 100


@pytest.mark.req("LV-024")
def test_greeks_of_an_option_come_with_its_quote(otm_call):
    sign = 1 if otm_call.contract.right == "C" else -1
    greeks = otm_call.quote.greeks
    assert greeks is not None
    assert greeks.is_complete
    assert 0 < sign * greeks.delta < 1
    assert 0 < greeks.iv < 5


@pytest.mark.req("LV-024")
def test_five_requests_at_once_are_answered_each_with_its_own(broker):
    symbols = ("SPY", "QQQ", "IWM", "AAPL", "SPY")
    alone = {
        symbol: broker.get_market_data(broker.qualify_contract(stock(symbol))).last
        for symbol in set(symbols)
    }
    with ThreadPoolExecutor(len(symbols)) as pool:
        contracts = list(pool.map(lambda s: broker.qualify_contract(stock(s)), symbols))
        quotes = list(pool.map(broker.get_market_data, contracts))
    assert [contract.symbol for contract in contracts] == list(symbols)
    for symbol, quote in zip(symbols, quotes, strict=True):
        assert abs(quote.last / alone[symbol] - 1) < SAME, f"{symbol} got another one's answer"
