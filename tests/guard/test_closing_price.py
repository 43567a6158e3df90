"""Closing orders are marketable, on the tick grid, and go one way only."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_ibkr.guard.closing_price import REPRICES, closing_price, portion, trades_at
from pytest_ibkr.guard.limits import Limits

CENT = Decimal("0.01")
HOURS = "20260710:0930-20260710:1600;20260711:CLOSED;20260713:0930-20260713:1300"
JULY_10_EDT_MIDNIGHT_S = 1_783_656_000


def d(text: str) -> Decimal:
    return Decimal(text)


@pytest.mark.parametrize(("action", "price"), [("SELL", "4.80"), ("BUY", "4.90")])
def test_the_first_price_meets_the_other_side(action, price) -> None:
    assert closing_price(action, bid=d("4.80"), ask=d("4.90"), tick=CENT) == d(price)


def test_a_sale_the_market_left_behind_goes_to_the_mid_and_through_it() -> None:
    prices = [d("5.00")]
    for step in (1, 2, 3):
        price = closing_price(
            "SELL", bid=d("4.80"), ask=d("4.90"), tick=CENT, step=step, previous=prices[-1]
        )
        prices.append(price)
    assert prices == [d("5.00"), d("4.85"), d("4.82"), d("4.80")]


@pytest.mark.parametrize(
    ("action", "bid", "ask"),
    [
        *(("SELL", "0", "0.05"), ("BUY", "1", "0"), ("SELL", "-1", "-1")),
        *(("BUY", "2", "1"), ("BUY", "-1", "1"), ("SELL", "2", "1")),
    ],
)
def test_without_anybody_on_the_other_side_there_is_no_price(action, bid, ask) -> None:
    assert closing_price(action, bid=d(bid), ask=d(ask), tick=CENT) is None


def test_a_purchase_needs_nobody_who_bids() -> None:
    assert closing_price("BUY", bid=d("0"), ask=d("0.05"), tick=CENT) == d("0.05")


def test_without_a_price_step_there_is_no_price() -> None:
    assert closing_price("BUY", bid=d("4.80"), ask=d("4.90"), tick=d("0")) is None


quotes = st.lists(st.tuples(st.integers(1, 5000), st.integers(0, 300)), min_size=4, max_size=4)


@given(
    quotes=quotes, action=st.sampled_from(["BUY", "SELL"]), tick=st.sampled_from(["0.01", "0.05"])
)
def test_prices_are_monotone_on_the_grid_and_end_marketable(quotes, action, tick) -> None:
    size, prices = d(tick), []
    for step in range(1 + REPRICES):
        bid, spread = quotes[step]
        price = closing_price(
            action,
            bid=bid * CENT,
            ask=(bid + spread) * CENT,
            tick=size,
            step=step,
            previous=prices[-1] if prices else None,
        )
        assert price % size == 0
        prices.append(price)
    assert prices == sorted(prices, reverse=action == "SELL")
    touch = quotes[-1][0] * CENT if action == "SELL" else sum(quotes[-1]) * CENT
    assert prices[-1] >= touch if action == "BUY" else prices[-1] <= max(touch, size)


@pytest.mark.parametrize(
    ("hour", "minute", "trades"),
    [(9, 29, False), (9, 30, True), (15, 59, True), (16, 0, False), (0, 0, False)],
)
def test_hours_are_those_of_the_contract(hour, minute, trades) -> None:
    at_s = JULY_10_EDT_MIDNIGHT_S + hour * 3600 + minute * 60
    assert trades_at(HOURS, "US/Eastern", at_s) is trades


def test_half_days_closed_days_and_days_nobody_knows() -> None:
    day_s = 24 * 3600
    assert trades_at(HOURS, "US/Eastern", JULY_10_EDT_MIDNIGHT_S + day_s + 12 * 3600) is False
    assert trades_at(HOURS, "US/Eastern", JULY_10_EDT_MIDNIGHT_S + 3 * day_s + 12 * 3600) is True
    assert trades_at(HOURS, "US/Eastern", JULY_10_EDT_MIDNIGHT_S + 3 * day_s + 14 * 3600) is False
    assert trades_at(HOURS, "US/Eastern", JULY_10_EDT_MIDNIGHT_S + 9 * day_s) is None


@pytest.mark.parametrize(
    ("hours", "zone"),
    [
        *(("", "US/Eastern"), (HOURS, "Nowhere/At all"), (HOURS, ""), (HOURS, "America")),
        ("20260710:2930-20260710:1600", "US/Eastern"),
        ("20260710:0930-20260710:1660", "US/Eastern"),
    ],
)
def test_hours_that_say_nothing_are_not_open(hours, zone) -> None:
    assert trades_at(hours, zone, JULY_10_EDT_MIDNIGHT_S + 12 * 3600) is None


@pytest.mark.parametrize(
    ("zone", "opens"),
    [
        *(("EST", 9), ("EST5EDT", 9), ("EST (Eastern Standard Time)", 9)),
        *(("CST", 10), ("CST (Central Standard Time)", 10), ("MET", 3), ("UTC", 5)),
    ],
)
def test_short_names_of_zones_mean_exchanges_with_their_summer_time(zone, opens) -> None:
    """``opens``: the hour in New York."""
    at_s = JULY_10_EDT_MIDNIGHT_S + opens * 3600 + 30 * 60
    assert trades_at(HOURS, zone, at_s - 1) is False
    assert trades_at(HOURS, zone, at_s) is True


@pytest.mark.parametrize(
    ("quantity", "sec_type", "price", "part"),
    [
        ("300", "STK", "10", "100"),
        ("300", "STK", "750", "30"),
        ("40", "OPT", "3", "10"),
        ("5", "OPT", "90", "2"),
        *(("1", "OPT", "300", "0"), ("1", "OPT", "225", "1"), ("1", "OPT", "225.01", "0")),
        ("3", "STK", "10", "3"),
        ("300", "BOND", "9", "25"),
    ],
)
def test_one_order_closes_no_more_than_an_order_may(quantity, sec_type, price, part) -> None:
    assert portion(d(quantity), sec_type, d(price), Limits()) == d(part)
