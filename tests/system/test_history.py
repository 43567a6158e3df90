"""Historical bars: the day's real ones, nothing from the future, late answers, refusals."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, timedelta
from itertools import pairwise

import pytest

from bot.broker import (
    NoDataError,
    RateLimitError,
    RequestFailedError,
    RequestTimeoutError,
    retry_rate_limited,
)
from pytest_ibkr.wire.messages.history import CancelHistoricalData, HistoricalData
from tests.system.bench import (
    CALL,
    QQQ,
    SPY,
    UNQUOTED,
    crossed,
    entries_of,
    error_codes,
    exact,
    pass_time,
)
from tests.system.variants import replaced, rewrite

LOT = 100
PACING = "Historical Market Data Service error message:Historical data request pacing violation"
SIMULTANEOUS = "Error processing request.-'x' : cause - Only 50 simultaneous API historical data"


def stored(ibkr_snapshot, symbol: str, size: str) -> dict:
    """The snapshot's own bars by their start."""
    return {bar.start.astimezone(UTC): bar for bar in ibkr_snapshot.symbols[symbol].bars[size]}


@pytest.mark.parametrize(
    ("duration", "size", "length", "least"),
    [("2 D", "5 mins", timedelta(minutes=5), 80), ("5 D", "1 hour", timedelta(hours=1), 28)],
)
def test_intraday_bars_are_the_snapshots_and_none_began_later_than_now(
    ibkr, broker, ibkr_snapshot, duration, size, length, least
):
    bars = broker.get_historical_data(SPY, duration, size)
    now, real = ibkr.clock.now(), stored(ibkr_snapshot, "SPY", size)
    whole = [bar for bar in bars if bar.start + length <= now]
    assert len(whole) >= least
    for bar in whole:
        source = real[bar.start.astimezone(UTC)]
        expected = [exact(value) for value in (source.open, source.high, source.low, source.close)]
        assert [bar.open, bar.high, bar.low, bar.close] == expected
        assert abs(bar.volume - source.volume) < LOT  # older sessions: lots on the wire
    assert all(a.start < b.start for a, b in pairwise(bars))
    assert bars[-1].start <= now
    [sent] = ibkr.journal.answers(HistoricalData)
    assert len(sent.bars) == len(bars)


def test_daily_bars_start_at_midnight_in_new_york_and_end_with_today(ibkr, broker, ibkr_snapshot):
    bars = broker.get_historical_data(SPY, "1 M", "1 day")
    days = {bar.start.date() for bar in ibkr_snapshot.symbols["SPY"].bars["1 day"]}
    starts = [bar.start for bar in bars]
    assert {start.date() for start in starts} <= days
    assert {(start.hour, start.minute) for start in starts} == {(0, 0)}
    assert starts[-1].date() == ibkr.clock.now().date()
    assert len(bars) >= 19


def test_the_running_bar_ends_at_the_price_of_now_and_knows_no_later_one(
    ibkr, broker, ibkr_snapshot
):
    bars = broker.get_historical_data(SPY, "1 D", "5 mins")
    final = stored(ibkr_snapshot, "SPY", "5 mins")
    running = bars[-1]
    assert running.start <= ibkr.clock.now() < running.start + timedelta(minutes=5)
    assert running.volume < final[running.start.astimezone(UTC)].volume
    assert max(bar.high for bar in bars) <= max(
        exact(bar.high) for start, bar in final.items() if start <= ibkr.clock.now()
    )


@pytest.mark.market_hours(at="15:55")
@pytest.mark.req("LV-013")
def test_a_nearly_full_session_has_more_than_seventy_five_minute_bars(ibkr, broker):
    assert len(broker.get_historical_data(SPY, "1 D", "5 mins")) >= 77


def test_bars_end_where_they_are_asked_to(ibkr, broker):
    end = ibkr.clock.now() - timedelta(days=1)
    bars = broker.get_historical_data(SPY, "1 D", "5 mins", end=end)
    assert bars[-1].start <= end < bars[-1].start + timedelta(minutes=10)
    [request] = ibkr.journal.requests("reqHistoricalData")
    assert request.end == f"{end:%Y%m%d-%H:%M:%S}"
    assert (request.date_format, request.use_rth) == (2, True)


@pytest.mark.req("LV-032")
def test_a_slow_history_times_out_without_holding_up_quotes(ibkr, broker):
    quotes = []
    with ibkr.faults.delay("reqHistoricalData", 45, times=1), ThreadPoolExecutor(1) as pool:
        began_s = ibkr.clock.monotonic()
        history = pool.submit(broker.get_historical_data, SPY, "1 D", "5 mins", timeout_s=30)
        request = ibkr.journal.wait_for("reqHistoricalData").message
        while not history.done():
            quotes.append((broker.get_market_data(QQQ), ibkr.clock.monotonic() - began_s))
        with pytest.raises(RequestTimeoutError, match=r"5 mins bars of SPY.*within 30 s"):
            history.result()
        broker.server_time()
        [cancel] = entries_of(ibkr, CancelHistoricalData)
        assert cancel.message.request_id == request.request_id
        assert 30 <= cancel.at_s - entries_of(ibkr, type(request))[0].at_s < 45
        assert quotes[0][1] < 5
        assert all(quote.is_two_sided for quote, _at_s in quotes)
        pass_time(ibkr, broker, 20)  # cancelled: nothing comes any more
    assert ibkr.journal.answers(HistoricalData) == []
    assert error_codes(ibkr, request.request_id) == [162]
    assert broker.is_authenticated()


@pytest.mark.req("LV-020")
def test_a_late_answer_is_discarded_and_the_next_request_gets_its_own(ibkr, broker):
    crossed(ibkr, CancelHistoricalData, code=366)
    with ibkr.faults.delay("reqHistoricalData", 3, symbol="SPY", times=1):
        with pytest.raises(TimeoutError):
            broker.get_historical_data(SPY, "1 D", "5 mins", timeout_s=1)
        qqq = broker.get_historical_data(QQQ, "1 D", "5 mins")
        pass_time(ibkr, broker, 4)
    late, own = ibkr.journal.requests("reqHistoricalData")
    assert {m.request_id for m in ibkr.journal.answers(HistoricalData)} == {
        late.request_id,
        own.request_id,
    }
    sent = next(m for m in ibkr.journal.answers(HistoricalData) if m.request_id == own.request_id)
    assert [bar.close for bar in qqq] == [exact(row.close) for row in sent.bars]
    assert error_codes(ibkr, late.request_id) == [366]
    assert broker.get_historical_data(SPY, "1 D", "5 mins")[-1].close > 0
    assert broker.is_authenticated()


def test_a_cancelled_query_is_confirmed_with_162_that_harms_nothing(ibkr, broker):
    engine, owe = ibkr.engine, ibkr.engine.owe
    # An answer that is owed would be jumped to; this one comes when its time comes.
    slow = lambda _client, _delay_s, action: engine.later(10, action)  # noqa: E731
    ibkr.call(lambda: setattr(engine, "owe", slow))
    with pytest.raises(RequestTimeoutError):
        broker.get_historical_data(SPY, "1 D", "5 mins", timeout_s=2)
    ibkr.call(lambda: setattr(engine, "owe", owe))
    assert broker.get_historical_data(SPY, "1 D", "5 mins")
    cancelled = ibkr.journal.requests("cancelHistoricalData")[0].request_id
    assert error_codes(ibkr, cancelled) == [162]
    assert len(ibkr.journal.answers(HistoricalData)) == 1


def test_a_query_that_finds_nothing_says_no_data(ibkr, broker):
    with pytest.raises(NoDataError, match="HMDS query returned no data") as raised:
        broker.get_historical_data(UNQUOTED, "1 D", "5 mins")
    assert raised.value.code == 162
    assert error_codes(ibkr)[-1] == 162
    assert broker.get_historical_data(CALL, "1 D", "5 mins")


@pytest.mark.req("LV-021")
@pytest.mark.parametrize(("code", "text"), [(162, PACING), (322, SIMULTANEOUS), (100, "Max rate")])
def test_a_limit_is_waited_out_for_2_4_and_8_seconds(ibkr, broker, code, text):
    told = []

    def ask():
        return broker.get_historical_data(SPY, "1 D", "5 mins")

    with ibkr.faults.refuse("reqHistoricalData", code, text, times=3) as fault:
        began_s = ibkr.clock.monotonic()
        bars = retry_rate_limited(
            ask, ibkr.clock, on_wait=lambda error, wait_s: told.append((error.code, wait_s))
        )
        assert fault.fired == 3
    assert len(bars) > 0
    assert told == [(code, 2.0), (code, 4.0), (code, 8.0)]
    assert ibkr.clock.monotonic() - began_s == pytest.approx(14.5, abs=1.5)
    asked = entries_of(ibkr, type(ibkr.journal.requests("reqHistoricalData")[0]))
    waits = [b.at_s - a.at_s for a, b in pairwise(asked)]
    assert waits == pytest.approx([2, 4, 8], abs=0.5)


def test_a_limit_that_stays_is_given_up_after_the_last_wait(ibkr, broker):
    with (
        ibkr.faults.refuse("reqHistoricalData", 162, PACING) as fault,
        pytest.raises(RateLimitError, match="pacing"),
    ):
        retry_rate_limited(lambda: broker.get_historical_data(SPY, "1 D", "5 mins"), ibkr.clock)
    assert fault.fired == 4


def test_the_gateways_own_pacing_of_small_bars_is_met_and_waited_out(ibkr, broker):
    """At most five requests for one contract within two seconds."""
    waits = []

    def ask(seconds):
        return retry_rate_limited(
            lambda: broker.get_historical_data(SPY, f"{seconds} S", "10 secs"),
            ibkr.clock,
            on_wait=lambda _error, wait_s: waits.append(wait_s),
        )

    with ThreadPoolExecutor(7) as pool:
        answers = list(pool.map(ask, range(600, 670, 10)))
    assert [len(bars) for bars in answers] == sorted(len(bars) for bars in answers)
    assert all(answers)
    assert waits
    assert set(waits) <= {2.0, 4.0}
    assert error_codes(ibkr).count(162) == len(waits)


def test_another_refusal_is_no_limit_and_not_retried(ibkr, broker):
    text = "Error validating request.-'x' : cause - Invalid"
    with (
        ibkr.faults.refuse("reqHistoricalData", 321, text),
        pytest.raises(RequestFailedError, match="Invalid") as raised,
    ):
        retry_rate_limited(lambda: broker.get_historical_data(SPY, "1 D", "5 mins"), ibkr.clock)
    assert raised.value.code == 321
    assert not isinstance(raised.value, RateLimitError)
    assert len(ibkr.journal.requests("reqHistoricalData")) == 1


def test_366_for_a_pending_query_does_not_end_it_as_success(ibkr, broker):
    text = "No historical data query found for ticker id:1"
    with ibkr.faults.refuse("reqHistoricalData", 366, text), pytest.raises(RequestFailedError):
        broker.get_historical_data(SPY, "1 D", "5 mins")
    assert broker.get_historical_data(SPY, "1 D", "5 mins")


@pytest.mark.parametrize("duration", ["60 M", "0 D", "1D", "90000 S"])
def test_a_duration_the_gateway_would_refuse_never_reaches_the_wire(ibkr, broker, duration):
    with pytest.raises(ValueError, match="duration"):
        broker.get_historical_data(SPY, duration, "5 mins")
    assert ibkr.journal.requests("reqHistoricalData") == []


def test_rows_that_come_shuffled_and_twice_are_put_in_order(ibkr, broker):
    rewrite(ibkr, HistoricalData, lambda m: replaced(m, bars=(*m.bars[::-1], *m.bars[:5])))
    straight = broker.get_historical_data(SPY, "2 D", "1 hour")
    broker.reconnect()  # from here on shuffled
    shuffled = broker.get_historical_data(SPY, "2 D", "1 hour")
    assert [bar.start for bar in shuffled] == [bar.start for bar in straight]
    sent = ibkr.journal.answers(HistoricalData)[-1]
    assert len(sent.bars) == len(shuffled) + 5


def test_eight_threads_of_history_get_their_own_bars(ibkr, broker):
    symbols = [SPY, QQQ] * 8

    def last_close(contract):
        return contract.symbol, broker.get_historical_data(contract, "2 D", "1 hour")[0].close

    with ThreadPoolExecutor(8) as pool:
        closes = set(pool.map(last_close, symbols))
    assert len(closes) == 2
    assert len(ibkr.journal.requests("reqHistoricalData")) == len(symbols)
