"""Made-up pieces meet the real numbers they are anchored to, exactly, and never change."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_ibkr.snapshot.model import EXCHANGE_ZONE
from pytest_ibkr.snapshot.rows import Bar, TradingSession
from pytest_ibkr.snapshot.synthetic import daily_bars, intraday_bars, quote_size

OPENS = datetime(2026, 7, 10, 9, 30, tzinfo=EXCHANGE_ZONE)
CENTS = st.integers(100, 100_000).map(lambda cents: cents / 100)


@st.composite
def daily(draw: st.DrawFn) -> Bar:
    prices = sorted(draw(st.lists(CENTS, min_size=4, max_size=4)))
    low, high = prices[0] - draw(st.sampled_from([0.0, 0.004])), prices[3]
    opened, closed = draw(st.permutations(prices[1:3]))
    return Bar(OPENS.replace(hour=0, minute=0), opened, high, low, closed,
               draw(st.none() | st.integers(0, 10**8)), None, None)  # fmt: skip


@given(whole=daily(), hours=st.sampled_from([3.5, 6.5]), seed=st.text(max_size=3))
def test_intraday_bars_add_up_to_their_daily_bar(whole: Bar, hours: float, seed: str) -> None:
    closes = OPENS + timedelta(hours=hours)
    bars = intraday_bars(whole, opens=OPENS, closes=closes, minutes=5, seed=seed)

    assert [bar.start for bar in bars] == [
        OPENS + timedelta(minutes=5 * number) for number in range(int(hours * 12))
    ]
    assert (bars[0].open, bars[-1].close) == (whole.open, whole.close)
    assert max(bar.high for bar in bars) == whole.high
    assert min(bar.low for bar in bars) == whole.low
    if whole.volume is None:
        assert {bar.volume for bar in bars} == {None}
    else:
        assert sum(bar.volume or 0 for bar in bars) == whole.volume
        assert min(bar.volume or 0 for bar in bars) >= 0
    anchors = {whole.open, whole.high, whole.low, whole.close}
    for bar in bars:
        assert bar.low <= min(bar.open, bar.close) <= max(bar.open, bar.close) <= bar.high
        made = {bar.open, bar.high, bar.low, bar.close} - anchors
        assert all(round(price, 2) == price for price in made)


def test_a_flat_day_is_flat() -> None:
    flat = Bar(OPENS, 5.0, 5.0, 5.0, 5.0, 7, None, None)
    closes = OPENS + timedelta(hours=1)
    bars = intraday_bars(flat, opens=OPENS, closes=closes, minutes=5, seed="")
    assert {(bar.open, bar.high, bar.low, bar.close) for bar in bars} == {(5.0,) * 4}


def test_the_same_seed_makes_the_same_day_and_another_seed_another() -> None:
    whole = Bar(OPENS, 297.69, 298.21, 293.62, 295.99, 15_890_336, None, None)
    closes = OPENS + timedelta(hours=6.5)
    one, same, other = (
        intraday_bars(whole, opens=OPENS, closes=closes, minutes=5, seed=seed) for seed in "aab"
    )
    assert one == same != other
    # Fixed: a snapshot that is built again next year must not differ from the committed one.
    assert (one[0].high, one[0].volume, one[40].close) == (298.03, 295140, 296.69)


def test_a_made_up_past_has_a_bar_for_each_session_and_ends_where_it_should() -> None:
    days = [
        TradingSession(f"202607{day:02}", OPENS.replace(day=day), OPENS.replace(day=day, hour=16))
        if day not in (4, 5)
        else TradingSession(f"202607{day:02}", None, None)
        for day in range(1, 11)
    ]
    bars = daily_bars(days, last_close=315.32, yearly_vol=0.26, mean_volume=46_000_000, seed="x")
    assert [bar.start.day for bar in bars] == [1, 2, 3, 6, 7, 8, 9, 10]
    assert {bar.start.hour for bar in bars} == {0}
    assert bars[-1].close == 315.32
    for bar in bars:
        assert bar.low <= min(bar.open, bar.close) <= max(bar.open, bar.close) <= bar.high
        assert bar.volume is not None
        assert 10_000_000 < bar.volume < 200_000_000


@given(activity=st.integers(0, 10**9), seed=st.text(max_size=5))
def test_a_quote_has_a_size(activity: int, seed: str) -> None:
    size = quote_size(1.0, activity=activity, seed=seed)
    assert size is not None
    assert 1 <= size <= 5000
    assert size == quote_size(1.0, activity=activity, seed=seed)


@pytest.mark.parametrize(("price", "size"), [(None, None), (0.0, 0)])
def test_nobody_stands_behind_a_missing_or_zero_price(
    price: float | None, size: int | None
) -> None:
    assert quote_size(price, activity=1000, seed="x") == size
