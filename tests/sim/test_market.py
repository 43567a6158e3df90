"""The simulated market on the committed snapshot: it follows the bars and ends in the file."""

from __future__ import annotations

from decimal import Decimal

import pytest

from pytest_ibkr.sim.quotes import Quote
from pytest_ibkr.sim.world import World
from pytest_ibkr.wire.messages.history import HistoricalData, HistoricalDataUpdate
from tests.sim.data_bench import (
    CAPTURED,
    SPY,
    TEN,
    history,
    normal_world,
    on_friday,
    only,
    option,
    peer,
)

WORLD = normal_world()
MARKET, BOOK = WORLD.market, WORLD.book
STOCKS = [each for each in BOOK.underlyings if each.sec_type == "STK"]
SYMBOL = pytest.mark.parametrize("stock", STOCKS, ids=lambda stock: stock.symbol)


def _bars_of_friday(symbol):
    bars = WORLD.snapshot.symbols[symbol].bars["5 mins"]
    return [bar for bar in bars if f"{bar.start:%Y%m%d}" == "20260710"]


@pytest.mark.parametrize("symbol", ["SPY", "QQQ", "IWM", "AAPL", "VIX"])
def test_at_the_captured_instant_an_underlying_is_what_the_file_says(symbol):
    block = WORLD.snapshot.symbols[symbol]
    quote = MARKET.quote(BOOK.by_symbol(symbol), CAPTURED)
    for name in (
        *("bid", "ask", "last", "bid_size", "ask_size", "last_size"),
        *("open", "high", "low", "close", "volume"),
    ):
        assert getattr(quote, name) == getattr(block, name), name


def test_at_the_captured_instant_every_option_is_what_the_file_says():
    seen = 0
    for stock in STOCKS:
        for each in BOOK.chain(stock.symbol):
            row, quote = BOOK.row(each), MARKET.quote(each, CAPTURED)
            assert (quote.bid, quote.ask, quote.last) == (row.bid, row.ask, row.last)
            assert (quote.bid_size, quote.ask_size) == (row.bid_size, row.ask_size)
            assert quote.volume == row.volume
            seen += 1
    assert seen == sum(len(BOOK.chain(stock.symbol)) for stock in STOCKS) > 2000


def test_at_the_captured_instant_computations_report_the_vendors_values():
    seen = 0
    for each in BOOK.chain("SPY"):
        row, found = BOOK.row(each), MARKET.computation(each, CAPTURED, "model")
        if found is None or row.implied_vol is None:
            continue
        assert (found.implied_vol, found.delta) == (row.implied_vol, row.delta)
        assert (found.gamma, found.theta, found.vega) == (row.gamma, row.theta, row.vega)
        seen += 1
    assert seen > 500


def test_just_before_it_the_model_agrees_with_the_vendor_about_delta():
    # Out of the money only: the vendor's deltas of puts in the money know early exercise.
    gaps = []
    for each in BOOK.chain("SPY"):
        row, own = BOOK.row(each), MARKET.computation(each, CAPTURED - 1, "model")
        if own and own.delta and row.delta and row.bid and abs(row.delta) < 0.5:
            gaps.append(abs(own.delta - row.delta))
    assert len(gaps) > 400
    assert sorted(gaps)[len(gaps) // 2] < 0.005
    assert sorted(gaps)[len(gaps) * 95 // 100] < 0.03


@SYMBOL
def test_the_path_touches_each_bars_prices_exactly_and_never_leaves_it(stock):
    for bar in _bars_of_friday(stock.symbol)[::13]:
        start_s = bar.start.timestamp()
        session = WORLD.calendar.session_of(start_s)
        path = MARKET.paths[stock.symbol].day(session)
        lasts = [path.price_ticks(round(start_s * 1000) + 250 * k) / 100 for k in range(1200)]
        # Stored prices may have fractions of a cent; the path moves in cents.
        assert lasts[0] == round(bar.open, 2)
        assert lasts[-1] == round(bar.close, 2)
        assert max(lasts) == round(bar.high, 2)
        assert min(lasts) == round(bar.low, 2)


@SYMBOL
def test_quotes_move_like_a_market_and_the_day_adds_up(stock):
    before = MARKET.quote(stock, TEN)
    for k in range(1, 2400):
        quote = MARKET.quote(stock, TEN + k * 0.25)
        assert quote.two_sided
        assert quote.bid <= quote.last <= quote.ask
        assert quote.low <= quote.last <= quote.high
        assert quote.high >= before.high
        assert quote.low <= before.low
        assert quote.volume >= before.volume
        assert (quote.open, quote.close) == (before.open, before.close)
        before = quote


def test_nothing_later_than_now_shows_in_a_quote():
    session = WORLD.calendar.session_of(TEN)
    for moment in (on_friday(9, 47, 3), TEN, on_friday(13, 22, 30)):
        quote = MARKET.quote(BOOK.by_symbol("SPY"), moment)
        bars = [b for b in _bars_of_friday("SPY") if b.start.timestamp() <= moment]
        assert quote.high <= max(b.high for b in bars) + 0.005
        assert quote.low >= min(b.low for b in bars) - 0.005
        ended = [b for b in bars if b.start.timestamp() + 300 <= moment]
        assert sum(b.volume for b in ended) <= quote.volume <= sum(b.volume for b in bars)
        assert quote.last_time_s <= moment < session.close_s


def test_the_days_extremes_are_those_traded_so_far_not_those_to_come():
    spy, open_s = BOOK.by_symbol("SPY"), on_friday(9, 30, 1)
    moments = [open_s + k * 0.25 for k in range(3600)]
    quotes = [MARKET.quote(spy, moment) for moment in moments]
    high, low = quotes[0].high, quotes[0].low
    for quote in quotes:
        high, low = max(high, quote.last), min(low, quote.last)
        # A stored extreme may have a fraction of a cent more than the path that shows it.
        assert (quote.high, quote.low) == (pytest.approx(high), pytest.approx(low))


def test_before_the_open_only_the_previous_close_is_known():
    quote = MARKET.quote(BOOK.by_symbol("SPY"), on_friday(9, 0))
    assert quote == Quote(close=WORLD.snapshot.symbols["SPY"].close)
    early = MARKET.quote(option(), on_friday(9, 0))
    assert (early.bid, early.ask, early.last) == (None, None, None)
    assert MARKET.computation(option(), on_friday(9, 0), "model") is None


def test_after_the_close_quotes_stand_still_until_the_next_day():
    spy, thursday = BOOK.by_symbol("SPY"), on_friday(16, 0, day=9)
    evening = MARKET.quote(spy, thursday + 1)
    assert evening == MARKET.quote(spy, thursday + 3600)
    assert evening.last == pytest.approx(751.65)  # close of Thursday's last five-minute bar
    assert MARKET.quote(spy, CAPTURED + 86400) == MARKET.quote(spy, CAPTURED)


def test_quotes_change_only_where_the_market_says_they_may():
    for instrument in (BOOK.by_symbol("SPY"), BOOK.by_symbol("VIX"), option()):
        moment, steps = TEN, 0
        while moment < TEN + 20:
            following = MARKET.next_change_s(instrument, moment)
            assert following > moment
            held = MARKET.quote(instrument, moment)
            assert MARKET.quote(instrument, following - 1e-4) == held
            moment, steps = following, steps + 1
        assert steps >= 20


def test_nothing_changes_once_the_snapshot_is_reached():
    assert MARKET.next_change_s(BOOK.by_symbol("SPY"), CAPTURED) is None
    assert MARKET.next_change_s(BOOK.by_symbol("SPY"), CAPTURED - 0.01) == CAPTURED
    assert MARKET.next_change_s(BOOK.by_symbol("SPY"), on_friday(8, 0)) == on_friday(9, 30)
    evening = on_friday(18, 0, day=9)
    assert MARKET.next_change_s(BOOK.by_symbol("SPY"), evening) == on_friday(9, 30)


def test_an_equal_snapshot_makes_an_equal_market():
    other = World(WORLD.snapshot).market
    for moment in (TEN, TEN + 33.3, on_friday(15, 12, 1)):
        for instrument in (BOOK.by_symbol("QQQ"), option()):
            twin = World(WORLD.snapshot).book.by_id(instrument.con_id)
            assert other.quote(twin, moment) == MARKET.quote(instrument, moment)


def test_options_keep_their_captured_spread_in_ticks():
    for each in BOOK.chain("SPY")[::7]:
        row, quote = BOOK.row(each), MARKET.quote(each, on_friday(12, 0))
        if quote.bid and row.bid:
            captured = max(1, round((row.ask - row.bid) * 100))
            assert round((quote.ask - quote.bid) * 100) == captured


def test_nobody_bids_a_fraction_of_a_tick():
    rows = [(each, BOOK.row(each)) for each in BOOK.chain("SPY")]
    empty = [each for each, row in rows if row.bid == 0 and row.ask]
    assert empty
    for each in empty:
        quote = MARKET.quote(each, CAPTURED - 60)
        assert quote.bid == 0 or quote.bid >= 0.01
        assert quote.ask >= quote.bid + 0.01 - 1e-9


def test_without_a_two_sided_quote_there_is_no_quote_and_no_computation():
    rows = [(each, BOOK.row(each)) for each in BOOK.chain("SPY")]
    unquoted = [each for each, row in rows if row.ask == 0]
    assert unquoted
    for each in unquoted:
        quote = MARKET.quote(each, TEN)
        assert (quote.bid, quote.ask) == (None, None)
        for moment in (TEN, CAPTURED):
            assert MARKET.computation(each, moment, "model") is None


def test_option_prices_lie_on_the_tick_grid_of_their_class():
    for symbol in ("SPY", "AAPL"):
        for each in BOOK.chain(symbol)[::5]:
            quote = MARKET.quote(each, on_friday(11, 0))
            for price in (quote.bid, quote.ask):
                if price:
                    tick = MARKET.tick_size(each, Decimal(str(min(quote.bid, price))))
                    assert Decimal(str(price)) % tick == 0, (each.local_symbol, price)


def test_a_call_gains_and_a_put_loses_when_the_underlying_rises():
    session = WORLD.calendar.session_of(TEN)
    for right, sign in (("C", 1), ("P", -1)):
        low, high = MARKET.option_values(option(right=right), session, TEN, spots=(750.0, 756.0))
        assert sign * (high - low) > 1.0


def test_time_value_melts_with_the_clock_of_the_day():
    session = WORLD.calendar.session_of(TEN)
    [early] = MARKET.option_values(option(), session, TEN, spots=(753.0,))
    [late] = MARKET.option_values(option(), session, on_friday(15, 59), spots=(753.0,))
    assert late < early


def test_every_option_quoted_on_both_sides_has_a_model_delta():
    seen = 0
    for each in BOOK.chain("SPY"):
        found = MARKET.computation(each, TEN, "model")
        if found is not None:
            assert found.implied_vol > 0
            assert 0 <= (found.delta if each.right == "C" else -found.delta) <= 1.01
            seen += 1
    assert seen > 1000


def test_sides_of_a_computation_are_ordered_like_their_prices():
    bid, ask = (MARKET.computation(option(), TEN, side) for side in ("bid", "ask"))
    model = MARKET.computation(option(), TEN, "model")
    assert bid.implied_vol < model.implied_vol < ask.implied_vol
    assert bid.price < model.price < ask.price
    assert 0 < model.delta < 1
    assert model.theta < 0 < model.vega


def test_a_stock_has_no_computation():
    assert MARKET.computation(BOOK.by_symbol("SPY"), TEN, "model") is None


def test_option_ticks_are_cents_in_penny_classes_and_nickels_from_three_dollars_elsewhere():
    aapl = BOOK.chain("AAPL")[0]
    assert MARKET.tick_size(option(), Decimal("12.34")) == Decimal("0.01")
    assert MARKET.tick_size(aapl, Decimal("2.99")) == Decimal("0.01")
    assert MARKET.tick_size(aapl, Decimal("3.00")) == Decimal("0.05")
    assert MARKET.tick_size(BOOK.resolve(SPY), Decimal("754.95")) == Decimal("0.01")


def test_no_option_trades_for_nothing() -> None:
    world = normal_world()
    lasts = [
        quote.last
        for each in world.book.chain("SPY")
        if (quote := world.market.quote(each, TEN)).last is not None and quote.last_time_s
    ]
    assert len(lasts) > 500
    assert min(lasts) == 0.01


def test_no_bar_of_an_options_trades_shows_a_price_of_nothing() -> None:
    worthless = option(764.0, "C")
    for keep in (False, True):
        client = peer(TEN + 3600)
        client.send(history(contract=worthless.contract(), keep_up_to_date=keep), wait_s=10.0)
        [bars] = only(client.seen, HistoricalData)
        prices = [(bar.open, bar.high, bar.low, bar.close) for bar in bars.bars if bar.volume > 0]
        prices += [
            (u.open, u.high, u.low, u.close) for u in only(client.seen, HistoricalDataUpdate)
        ]
        assert len(prices) > 5
        assert min(map(min, prices)) == 0.01
    asked = history(contract=worthless.contract(), what_to_show="MIDPOINT")
    [middle] = only(peer(TEN + 3600).send(asked), HistoricalData)
    assert min(bar.low for bar in middle.bars) == 0.0, "a worth may round to nothing"
