"""Historical data: real bars on the gateway's boundaries, its formats and refusals."""

from __future__ import annotations

from itertools import pairwise

import pytest

from pytest_ibkr.wire.messages.contract import Contract
from pytest_ibkr.wire.messages.history import (
    CancelHistoricalData,
    HistoricalData,
    HistoricalDataEnd,
)
from pytest_ibkr.wire.messages.session import ErrorNotice
from pytest_ibkr.wire.versions import HISTORY_END, NEWEST
from tests.sim.data_bench import (
    CAPTURED,
    TEN,
    VIX,
    errors,
    history,
    normal_world,
    on_friday,
    only,
    option,
    peer,
)

BLOCK = normal_world().snapshot.symbols["SPY"]
CALL = option().contract()
IWM = Contract(symbol="IWM", sec_type="STK", exchange="SMART", currency="USD")


def _bars(at_s=TEN, *, version=NEWEST, **asked):
    [answer] = only(peer(at_s, version=version).send(history(**asked)), HistoricalData)
    return answer.bars


def _refusal(at_s=TEN, **asked):
    found = peer(at_s).send(history(**asked))
    assert not only(found, HistoricalData)
    [(request_id, code, text)] = errors(found)
    assert request_id == 12
    return code, text


def _stored(day="20260710"):
    return [bar for bar in BLOCK.bars["5 mins"] if f"{bar.start:%Y%m%d}" == day]


def test_a_full_day_of_five_minute_bars_is_the_stored_ones():
    bars = _bars(CAPTURED)
    assert len(bars) == 78
    for ours, real in zip(bars, _stored(), strict=True):
        assert (ours.open, ours.high, ours.low, ours.close, ours.volume) == (
            *(real.open, real.high, real.low, real.close, real.volume),
        )
    assert bars[0].date == "20260710 09:30:00 US/Eastern"
    assert bars[-1].date == "20260710 15:55:00 US/Eastern"


def test_one_day_without_an_end_is_the_current_session_from_its_open():
    bars = _bars(TEN + 90)
    assert [b.date[9:17] for b in bars][:2] == ["09:30:00", "09:35:00"]
    assert len(bars) == 7  # six whole ones and the running one


def test_before_the_open_one_day_is_the_last_session():
    bars = _bars(on_friday(8, 0))
    assert len(bars) == 78
    assert bars[0].date.startswith("20260709 09:30:00")


@pytest.mark.parametrize(
    "end", ["20260709 16:00:00 US/Eastern", "20260709-20:00:00", "20260709  16:00:00 US/Eastern"]
)
def test_a_session_that_ended_can_be_asked_for_by_its_end(end):
    bars = _bars(end=end)
    assert len(bars) == 78
    assert bars[-1].date == "20260709 15:55:00 US/Eastern"


def test_no_bar_and_no_price_is_later_than_now():
    for minute in (0, 3, 7):
        now_s = on_friday(11, minute, 20)
        for size in ("1 min", "5 mins", "1 hour", "1 day"):
            bars = _bars(now_s, bar_size=size)
            seen = [b for b in _stored() if b.start.timestamp() <= now_s]
            assert max(b.high for b in bars) <= max(b.high for b in seen)
            assert bars[-1].date <= f"20260710 11:{minute:02}:21 US/Eastern"
            ended = sum(b.volume for b in seen[:-1])
            assert ended <= sum(b.volume for b in bars) <= ended + seen[-1].volume


def test_an_end_in_the_future_shows_nothing_of_the_future():
    bars = _bars(end="20260710 16:00:00 US/Eastern")
    assert bars[-1].date == "20260710 10:00:00 US/Eastern"  # 0.4 s old when it is answered
    assert bars[-1].volume < 1000
    assert bars[:-1] == _bars()


def test_the_running_bar_closes_at_the_present_quote():
    bars = _bars(TEN + 90)
    quote = normal_world().market.quote(normal_world().book.by_symbol("SPY"), TEN + 90)
    assert bars[-1].close == pytest.approx(quote.last, abs=0.02)
    assert bars[-1].volume < _stored()[6].volume / 2


def test_hourly_bars_begin_at_half_past_nine_and_then_on_the_hour():
    bars = _bars(CAPTURED, bar_size="1 hour")
    assert [b.date[9:14] for b in bars] == [
        *("09:30", "10:00", "11:00", "12:00", "13:00", "14:00", "15:00"),
    ]
    first = _stored()[:6]
    assert bars[0].high == max(b.high for b in first)
    assert bars[0].volume == sum(b.volume for b in first)
    assert (bars[0].open, bars[0].close) == (first[0].open, first[-1].close)


@pytest.mark.parametrize(
    ("size", "count"), [("10 mins", 39), ("15 mins", 26), ("30 mins", 13), ("2 hours", 4)]
)
def test_coarser_bars_add_up_to_the_same_day(size, count):
    bars, fine = _bars(CAPTURED, bar_size=size), _bars(CAPTURED)
    assert len(bars) == count
    assert sum(b.volume for b in bars) == sum(b.volume for b in fine)
    assert max(b.high for b in bars) == max(b.high for b in fine)
    assert (bars[0].open, bars[-1].close) == (fine[0].open, fine[-1].close)


@pytest.mark.parametrize("size", ["1 min", "2 mins", "3 mins", "30 secs"])
def test_finer_bars_lie_inside_the_stored_ones_and_are_always_the_same(size):
    bars = _bars(CAPTURED, bar_size=size)
    assert bars == _bars(CAPTURED, bar_size=size)
    assert max(b.high for b in bars) == max(round(b.high, 2) for b in _stored())
    assert min(b.low for b in bars) == min(round(b.low, 2) for b in _stored())
    assert sum(b.volume for b in bars) == sum(b.volume for b in _stored())
    assert all(b.low <= min(b.open, b.close) <= max(b.open, b.close) <= b.high for b in bars)


def test_one_minute_bars_agree_with_the_quotes_of_that_minute():
    spy = normal_world().book.by_symbol("SPY")
    bars = {b.date[9:14]: b for b in _bars(CAPTURED, bar_size="1 min")}
    for k in range(240):
        last = normal_world().market.quote(spy, on_friday(12, 0, 0.25 * k + 0.3)).last
        bar = bars["12:00"] if 0.25 * k < 59.5 else bars["12:01"]
        assert bar.low <= last <= bar.high


def test_thirty_minutes_back_begin_with_the_bar_that_holds_the_start():
    bars = _bars(on_friday(13, 11, 28), bar_size="1 min", duration="1800 S")
    assert bars[0].date == "20260710 12:41:00 US/Eastern"
    assert bars[-1].date == "20260710 13:11:00 US/Eastern"
    assert len(bars) == 31


def test_daily_bars_are_stamped_with_the_date_and_today_is_the_day_so_far():
    for date_format in (1, 2):
        bars = _bars(bar_size="1 day", duration="1 W", date_format=date_format)
        assert [b.date for b in bars] == [f"202607{d:02}" for d in (6, 7, 8, 9, 10)]
    today = _stored()[:6]
    assert bars[-1].open == today[0].open
    assert bars[-1].volume < sum(b.volume for b in _stored()[:8])
    stored = {f"{b.start:%Y%m%d}": b for b in BLOCK.bars["1 day"]}
    assert bars[-2].close == stored["20260709"].close


def test_weekly_and_monthly_bars_carry_their_last_trading_day():
    weeks = _bars(bar_size="1 week", duration="1 M")
    assert weeks[-1].date == "20260710"
    assert weeks[0].date == "20260612"
    months = _bars(bar_size="1 month", duration="1 Y")
    assert months[-2].date == "20260630"
    assert len(months) == 13


def test_a_year_of_days_is_a_year_of_days():
    bars = _bars(CAPTURED, bar_size="1 day", duration="1 Y")
    assert 248 <= len(bars) <= 253
    assert all(a.date < b.date for a, b in pairwise(bars))


def test_dates_have_three_formats():
    assert _bars(date_format=2)[0].date == str(int(on_friday(9, 30)))
    assert _bars(date_format=3)[0].date == "0710 09:30:00 US/Eastern"
    assert _bars(version=173)[0].date == "20260710  09:30:00"
    assert _bars(version=174)[0].date == "20260710 09:30:00 US/Eastern"


def test_the_answer_names_the_window_that_was_asked_for():
    for version, expected in (
        (178, ("20260710 09:30:00 US/Eastern", "20260710 10:00:00 US/Eastern")),
        (157, ("20260710  09:30:00", "20260710  10:00:00")),
    ):
        client = peer(TEN, version=version)
        asked = history(bar_size="1 min", duration="1800 S")
        [answer] = only(client.send(asked), HistoricalData)
        assert (answer.start, answer.end) == expected


@pytest.mark.parametrize("keep_up_to_date", [False, True])
def test_the_window_comes_in_a_message_of_its_own_from_196_on(keep_up_to_date):
    asked = history(bar_size="1 min", duration="1800 S", keep_up_to_date=keep_up_to_date)
    before = peer(version=HISTORY_END - 1).send(asked)
    bars, end = peer(version=HISTORY_END).send(asked)[:2]
    assert not only(before, HistoricalDataEnd)
    assert (bars.bars, bars.start, bars.end) == (before[0].bars, "", "")
    assert end == HistoricalDataEnd(request_id=12, start=before[0].start, end=before[0].end)


def test_no_window_follows_a_refusal():
    found = peer(version=HISTORY_END).send(history(what_to_show="FEE_RATE"))
    assert [type(message) for message in found] == [ErrorNotice]


def test_volumes_are_shares_for_new_clients_and_lots_for_older_ones():
    new, old = _bars(CAPTURED, version=175), _bars(CAPTURED, version=174)
    assert [b.volume // 100 for b in new] == [b.volume for b in old]


def test_trade_bars_have_an_average_inside_the_bar_and_a_count():
    for bar in _bars(CAPTURED):
        assert bar.low <= bar.wap <= bar.high
        assert bar.count > 0


@pytest.mark.parametrize("what", ["BID", "ASK", "MIDPOINT", "BID_ASK"])
def test_quote_bars_have_no_volume_no_average_and_no_count(what):
    bars, trades = _bars(what_to_show=what), _bars()
    assert {(b.volume, b.wap, b.count) for b in bars} == {(-1, -1.0, -1)}
    shift = {"BID": -0.01, "ASK": 0.01}.get(what)
    for bar, trade in zip(bars, trades, strict=True):
        if shift is not None:
            assert bar.high == pytest.approx(trade.high + shift)
        if what == "BID_ASK":
            assert bar.low == pytest.approx(trade.low - 0.01)
            assert bar.high == pytest.approx(trade.high + 0.01)
            assert bar.low <= bar.open < bar.close <= bar.high


def test_an_index_counts_in_its_own_zone_and_has_no_volume():
    bars = _bars(on_friday(12, 0), contract=VIX, bar_size="1 hour")
    assert bars[0].date == "20260710 08:30:00 US/Central"
    assert {b.volume for b in bars} == {0}


def test_bars_of_an_option_come_from_the_model_and_end_near_its_quote():
    bars = _bars(CAPTURED, contract=CALL, bar_size="30 mins", duration="2 D")
    assert len(bars) == 26
    quote = normal_world().market.quote(option(), CAPTURED - 1)
    assert bars[-1].close == pytest.approx((quote.bid + quote.ask) / 2, abs=0.05)
    spread = _bars(CAPTURED, contract=CALL, bar_size="30 mins", what_to_show="ASK")
    assert spread[-1].close > bars[-1].close


def test_days_without_intraday_bars_are_left_out_of_intraday_history():
    days = {b.date[:8] for b in _bars(contract=IWM, bar_size="30 mins", duration="12 M")}
    stored = normal_world().snapshot.symbols["IWM"].bars["5 mins"]
    assert days == {f"{bar.start:%Y%m%d}" for bar in stored}


def test_without_live_rights_the_data_ends_a_quarter_of_an_hour_ago():
    client = peer(on_friday(13, 11, 28))
    client.engine.conditions.entitlement = "delayed"
    asked = history(bar_size="1 min", duration="1800 S")
    [answer] = only(client.send(asked), HistoricalData)
    assert len(answer.bars) == 16  # as captured: 12:41 … 12:56
    assert answer.bars[-1].date == "20260710 12:56:00 US/Eastern"


def test_an_end_without_a_zone_is_warned_about_and_answered():
    found = peer().send(history(end="20260709 16:00:00"))
    [(request_id, code, text)] = errors(found)
    assert (request_id, code) == (12, 2174)
    assert "without explicit time zone" in text
    [answer] = only(found, HistoricalData)
    assert len(answer.bars) == 78


INVALID = [
    ({"duration": ""}, "duration not specified."),
    ({"duration": "1D"}, "integer{SPACE}unit (S|D|W|M|Y)."),
    ({"duration": "0 D"}, "requested duration is invalid."),
    ({"duration": "29 S"}, "requested duration is invalid."),
    ({"duration": "86401 S"}, "greater than 86400 seconds rejected."),
    ({"duration": "366 D"}, "longer than 365 days must be made in years."),
    ({"duration": "53 W"}, "longer than 52 weeks must be made in years."),
    ({"duration": "13 M"}, "longer than 12 months must be made in years."),
    ({"bar_size": "7 mins"}, "Legal ones are: 1 secs,5 secs,10 secs,"),
    ({"date_format": 4}, "Date formatting selection of 4 rejected."),
    ({"what_to_show": "PRICES"}, "What to show field is missing or incorrect."),
    ({"what_to_show": ""}, "What to show field is missing or incorrect."),
    ({"what_to_show": "ADJUSTED_LAST", "end": "20260709-20:00:00"}, "with adjusted last"),
    ({"keep_up_to_date": True, "end": "20260709-20:00:00"}, "not supported with live updates"),
    ({"what_to_show": "SCHEDULE"}, "Only daily resolution supported for Schedule requests"),
    ({"contract": Contract(symbol="SPY", sec_type="STK")}, "Please enter exchange"),
]


@pytest.mark.parametrize(("asked", "cause"), INVALID, ids=[words for _, words in INVALID])
def test_an_invalid_request_is_refused_with_its_cause(asked, cause):
    code, text = _refusal(**asked)
    assert code == 321
    assert text.startswith("Error validating request.-'bZ' : cause - ")
    assert cause in text


@pytest.mark.parametrize(
    "end", ["yesterday", "20261332-10:00:00", "20260709 16:00:00 Mars/Olympus", "20260709 25:00:00"]
)
def test_an_unreadable_end_is_refused(end):
    code, text = _refusal(end=end)
    assert code == 10314
    assert text.startswith("End Date/Time: The date, time, or time-zone entered is invalid.\n")


@pytest.mark.parametrize("duration", ["101 Y", "9999 Y", "999999999999 Y", "0 Y", "0 S"])
def test_a_duration_no_calendar_holds_is_refused(duration):
    code, text = _refusal(duration=duration)
    assert code == 321
    assert text.endswith("Historical data requested duration is invalid.")


@pytest.mark.parametrize("count", [367, 10**9, 10**40])
def test_a_huge_count_of_days_must_be_made_in_years(count):
    assert _refusal(duration=f"{count} D")[1].endswith("365 days must be made in years.")


@pytest.mark.parametrize(
    "end",
    [
        *("00010101-00:00:00", "99991231-23:59:59", "99991231 23:59:59 US/Eastern"),
        *("00010101", "99991231", "20260710 10:00:00 America", "20260710 10:00:00 US"),
        *("10:00:00 ../../etc/passwd", "19691231 23:59:59 US/Eastern", "21010101-00:00:00"),
    ],
)
def test_an_end_beyond_the_calendar_or_in_no_zone_is_refused(end):
    assert _refusal(end=end)[0] == 10314


def test_a_long_time_before_an_early_end_holds_no_data():
    found = _refusal(end="19700102-00:00:00", bar_size="1 day", duration="100 Y")
    assert (found[0], "returned no data" in found[1]) == (162, True)


def test_a_time_of_day_alone_is_todays():
    bars = _bars(end="09:45:00 US/Eastern")
    assert bars[-1].date == "20260710 09:40:00 US/Eastern"


def test_what_there_is_no_data_of_is_said():
    prefix = "Historical Market Data Service error message:HMDS query returned no data: "
    code, text = _refusal(what_to_show="OPTION_IMPLIED_VOLATILITY")
    assert (code, text) == (162, f"{prefix}SPY@SMART OptionImpliedVolatility")
    assert (
        _refusal(contract=VIX, what_to_show="BID", bar_size="1 hour")[1] == f"{prefix}VIX@CBOE Bid"
    )
    assert _refusal(end="20200102-20:00:00")[1] == f"{prefix}SPY@SMART Trades"


def test_without_any_rights_history_is_refused():
    client = peer()
    client.engine.conditions.entitlement = "none"
    [(_, code, text)] = errors(client.send(history()))
    assert code == 162
    assert "No market data permissions for ARCA STK." in text


def test_a_pending_request_can_be_cancelled_and_then_answers_nothing_else():
    client = peer()
    client.send(history(), wait_s=0.1)
    found = client.send(CancelHistoricalData(request_id=12), wait_s=5)
    assert errors(found) == [
        (12, 162, f"Historical Market Data Service error message:{text}")
        for text in ["API historical data query cancelled: 12"]
    ]
    assert not only(found, HistoricalData)


def test_cancelling_what_is_over_is_an_error():
    client = peer()
    client.send(history())
    found = client.send(CancelHistoricalData(request_id=12))
    assert errors(found) == [(12, 366, "No historical data query found for ticker id:12")]


def test_fifty_requests_can_be_open():
    client = peer()
    client.engine.meters[client.client.connection].limit = 10_000
    for number in range(50):
        assert client.send(history(request_id=number), wait_s=0) == []
    [(_, code, text)] = errors(client.send(history(request_id=99), wait_s=0))
    assert code == 322
    assert text.endswith("Only 50 simultaneous API historical data requests allowed.")
    assert len(only(client.wait(1), HistoricalData)) == 50


def test_the_same_small_bars_twice_in_fifteen_seconds_are_too_many():
    client = peer()
    small = history(bar_size="30 secs", duration="1800 S")
    assert only(client.send(small), HistoricalData)
    [(_, code, text)] = errors(client.send(small))
    assert code == 162
    assert text.endswith("Historical data request pacing violation")
    client.wait(15)
    assert only(client.send(small), HistoricalData)


def test_bars_of_a_minute_and_more_are_not_paced():
    client = peer()
    for _ in range(10):
        assert only(client.send(history(), wait_s=0.5), HistoricalData)


def test_a_client_that_goes_away_is_owed_nothing():
    client = peer()
    client.send(history(), wait_s=0.1)
    client.engine.gone(client.client, "")
    client.engine.advance(TEN + 10)
    assert client.engine.schedule.next_owed_s() is None
