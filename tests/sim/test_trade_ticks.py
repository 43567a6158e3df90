"""Single trades and quotes: on the path of quotes and bars, the same however they are asked for."""

from __future__ import annotations

from itertools import pairwise

import pytest

from pytest_ibkr.sim.trade_ticks import Trade, midpoints, quotes, trades
from tests.sim.data_bench import CAPTURED, TEN, normal_world, on_friday, option

WORLD = normal_world()
MARKET = WORLD.market
SPY = WORLD.book.by_symbol("SPY")
VIX = WORLD.book.by_symbol("VIX")
assert SPY is not None
assert VIX is not None
OPENING = on_friday(9, 30)


def _trades(instrument=SPY, *, from_s=TEN, for_s=60.0) -> list[Trade]:
    return list(trades(MARKET, instrument, from_s=from_s, until_s=from_s + for_s))


@pytest.mark.parametrize("instrument", [SPY, option()], ids=["stock", "option"])
def test_every_trade_lies_inside_the_quote_of_its_moment(instrument) -> None:
    found = _trades(instrument)
    assert len(found) > 100
    for trade in found:
        quote = MARKET.quote(instrument, trade.at_s)
        assert quote.bid <= trade.price <= quote.ask
        assert trade.size > 0


@pytest.mark.parametrize("bar", range(3))
def test_the_trades_of_a_bar_stay_in_it_and_add_up_to_its_volume(bar: int) -> None:
    start_s = OPENING + bar * 300
    day = MARKET.paths["SPY"].day(WORLD.calendar.on("20260710"))
    window = day.window(round(start_s * 1000), round((start_s + 300) * 1000))
    found = _trades(from_s=start_s, for_s=300.0)
    assert all(window.low <= trade.price <= window.high for trade in found)
    assert sum(trade.size for trade in found) == pytest.approx(window.volume, rel=0.01)


def test_the_trades_of_bars_in_a_row_add_up_to_their_volume() -> None:
    found = _trades(from_s=OPENING - 60, for_s=60 + 3600)
    bars = MARKET.paths["SPY"].day(WORLD.calendar.on("20260710")).bars[:12]
    assert sum(trade.size for trade in found) == pytest.approx(
        sum(bar.bar.volume for bar in bars), rel=0.001
    )


def test_sizes_differ_from_trade_to_trade() -> None:
    assert len({trade.size for trade in _trades()}) > 50


@pytest.mark.parametrize("cut_s", [0.001, 17.3, 30.236, 59.9])
@pytest.mark.parametrize("instrument", [SPY, option()], ids=["stock", "option"])
def test_two_stretches_have_the_ticks_of_the_whole(instrument, cut_s: float) -> None:
    for walk in (trades, quotes, midpoints):
        whole = list(walk(MARKET, instrument, from_s=TEN, until_s=TEN + 60))
        first = walk(MARKET, instrument, from_s=TEN, until_s=TEN + cut_s)
        rest = walk(MARKET, instrument, from_s=TEN + cut_s, until_s=TEN + 60)
        assert whole == [*first, *rest]


def test_an_option_trades_as_often_as_its_volume_says() -> None:
    call = option(740.0)
    found = _trades(call, for_s=3600.0)
    before, after = (MARKET.quote(call, TEN + s).volume for s in (0, 3600))
    assert sum(trade.size for trade in found) == after - before > 0


def test_an_option_nobody_bids_for_trades_at_the_ask_not_at_nothing() -> None:
    prices = {trade.price for trade in _trades(option(765.0), for_s=600.0)}
    assert prices == {0.01}


def test_quotes_are_the_changes_of_what_the_market_shows() -> None:
    found = list(quotes(MARKET, SPY, from_s=TEN, until_s=TEN + 60))
    for tick in found:
        quote = MARKET.quote(SPY, tick.at_s)
        assert (tick.bid, tick.ask) == (quote.bid, quote.ask)
        assert (tick.bid_size, tick.ask_size) == (quote.bid_size, quote.ask_size)
    values = [(tick.bid, tick.ask, tick.bid_size, tick.ask_size) for tick in found]
    assert all(before != after for before, after in pairwise(values))


def test_ignoring_sizes_leaves_the_changes_of_prices() -> None:
    every = list(quotes(MARKET, SPY, from_s=TEN, until_s=TEN + 60))
    prices = list(quotes(MARKET, SPY, from_s=TEN, until_s=TEN + 60, ignore_size=True))
    assert 0 < len(prices) < len(every)
    assert all(
        (before.bid, before.ask) != (after.bid, after.ask) for before, after in pairwise(prices)
    )


def test_midpoints_are_the_middle_of_the_quote() -> None:
    found = list(midpoints(MARKET, SPY, from_s=TEN, until_s=TEN + 60))
    assert len(found) > 50
    for tick in found:
        quote = MARKET.quote(SPY, tick.at_s)
        assert tick.price == pytest.approx((quote.bid + quote.ask) / 2)


@pytest.mark.parametrize(
    ("from_s", "until_s"),
    [
        pytest.param(on_friday(4, 0), OPENING - 1, id="before the opening"),
        pytest.param(CAPTURED, CAPTURED + 3600, id="after the close"),
        pytest.param(on_friday(0, 0, day=11), on_friday(23, 0, day=11), id="on a Saturday"),
        pytest.param(on_friday(9, 0, day=16), on_friday(17, 0, day=16), id="after the capture"),
        pytest.param(
            on_friday(9, 30) - 60 * 86400, on_friday(16, 0) - 45 * 86400, id="without fine bars"
        ),
    ],
)
def test_there_are_no_ticks(from_s: float, until_s: float) -> None:
    for walk in (trades, quotes, midpoints):
        assert list(walk(MARKET, SPY, from_s=from_s, until_s=until_s)) == []


def test_an_index_known_by_the_hour_has_no_ticks() -> None:
    assert _trades(VIX, from_s=OPENING, for_s=7200.0) == []
