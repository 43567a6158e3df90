"""Ticks of one request become one quote, whatever the sentinels."""

from __future__ import annotations

import math
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_ibkr.capture import ticks
from pytest_ibkr.capture.ticks import Greeks, TickBoard, current_price
from pytest_ibkr.wire.messages.market_data import (
    MarketDataType,
    TickOptionComputation,
    TickPrice,
    TickSize,
    TickString,
)

UNSET = 1.7976931348623157e308
NOTHING = [-1.0, -2.0, math.nan, math.inf, UNSET]
PRICE_TICKS = {
    "bid": (1, 66),
    "ask": (2, 67),
    "last": (4, 68),
    "high": (6, 72),
    "low": (7, 73),
    "close": (9, 75),
    "open": (14, 76),
}
SIZE_TICKS = {
    "bid_size": (0, 69),
    "ask_size": (3, 70),
    "last_size": (5, 71),
    "volume": (8, 74),
}


def board_of(*messages) -> TickBoard:
    board = TickBoard()
    for message in messages:
        board.take(message)
    return board


def price(tick, value, size=0):
    return TickPrice(request_id=1, tick=tick, price=value, size=size)


def size(tick, value):
    return TickSize(request_id=1, tick=tick, size=value)


def computation(tick=13, **values):
    usual = {"implied_vol": 0.2, "delta": 0.5, "option_price": 3.0, "pv_dividend": 0.0}
    usual |= {"gamma": 0.05, "vega": 0.1, "theta": -0.4, "under_price": 750.0}
    return TickOptionComputation(request_id=1, tick=tick, **(usual | values))


# ------------------------------------------------------------------ which tick is which


@pytest.mark.req("SC-021")
@pytest.mark.parametrize(
    ("tick", "name"),
    [(tick, name) for name, pair in PRICE_TICKS.items() for tick in pair],
)
def test_price_ticks_live_and_delayed_fill_their_field(tick, name):
    board = board_of(price(tick, 12.5))
    assert board.values == {name: 12.5}


@pytest.mark.req("SC-021")
@pytest.mark.parametrize(
    ("tick", "name"),
    [(tick, name) for name, pair in SIZE_TICKS.items() for tick in pair],
)
def test_size_ticks_live_and_delayed_fill_their_field(tick, name):
    assert board_of(size(tick, Decimal("300"))).values == {name: 300}


@pytest.mark.req("SC-021")
def test_ticks_of_other_kinds_fill_nothing():
    known = {*ticks.PRICES, *ticks.SIZES}
    others = set(range(120)) - known
    board = board_of(
        *(price(tick, 5.0) for tick in others),
        *(size(tick, 5) for tick in others),
        TickString(request_id=1, tick=45, value="5"),
    )
    assert board.values == {}
    assert not board.ticked


def test_the_size_inside_a_delayed_price_counts():
    board = board_of(price(66, 1.2, size=40), price(67, 1.3, size=Decimal("50")))
    assert (board.size("bid_size"), board.size("ask_size")) == (40, 50)


def test_a_size_tick_of_its_own_counts_after_the_price():
    board = board_of(price(1, 1.2, size=0), size(0, 0), price(2, 1.3, size=7), size(3, 9))
    assert (board.size("bid_size"), board.size("ask_size")) == (0, 9)


def test_the_delivered_market_data_type_is_noted():
    assert board_of(MarketDataType(request_id=1, data_type=3)).data_type == 3


# ------------------------------------------------------------------ what is unknown


@pytest.mark.req("SC-022")
@pytest.mark.parametrize("value", NOTHING, ids=str)
@pytest.mark.parametrize("tick", sorted(ticks.PRICES))
def test_a_sentinel_price_is_unknown_even_after_a_real_one(tick, value):
    board = board_of(price(tick, 5.0, size=3), price(tick, value))
    assert board.values.get(ticks.PRICES[tick]) is None
    assert not board.ticked


@pytest.mark.req("SC-022")
@given(value=st.floats() | st.sampled_from(NOTHING))
def test_a_price_is_a_number_at_least_zero_or_unknown(value):
    found = ticks.price(value)
    assert found is None or (found == value and 0 <= found < 1e300)


@pytest.mark.req("SC-022")
@given(value=st.decimals() | st.integers() | st.just(Decimal(2**127 - 1)))
def test_a_size_is_a_whole_number_at_least_zero_or_unknown(value):
    found = ticks.size(value)
    assert found is None or (isinstance(found, int) and found >= 0 and found <= value)


def test_a_zero_bid_is_a_quote_and_a_zero_last_is_none():
    board = board_of(price(1, 0.0), price(2, 0.05, size=10), price(4, 0.0))
    assert board.price("bid") == 0.0
    assert board.price("ask") == 0.05
    assert board.price("last") is None
    assert board.ticked


def test_the_size_of_a_side_without_a_price_is_unknown():
    assert board_of(size(0, 10), price(1, -1.0)).size("bid_size") is None


# ------------------------------------------------------------------ greeks


def model_only(make_board) -> None:
    """What must hold of the greeks that are kept."""
    board = make_board(
        computation(10, delta=0.1), computation(11, delta=0.2), computation(12, delta=0.3),
        computation(80, delta=0.1), computation(81, delta=0.2), computation(82, delta=0.3),
        computation(53, delta=0.9),
    )  # fmt: skip
    assert board.greeks == Greeks(), "a computation of bid, ask or last was kept"
    for tick in (13, 83):
        found = make_board(computation(tick, delta=0.4), computation(10, delta=0.1)).greeks
        assert found.delta == 0.4
    unset = dict.fromkeys(("implied_vol", "option_price", "under_price"), -1.0)
    unset |= dict.fromkeys(("delta", "gamma", "vega", "theta"), -2.0)
    assert make_board(computation(13, **unset)).greeks == Greeks(), "a sentinel was kept"


@pytest.mark.req("SC-022")
def test_only_the_models_computation_is_kept_and_sentinels_are_unknown():
    model_only(board_of)


@pytest.mark.req("SC-022", counter_proof="the last computation wins, sentinels are numbers")
def test_counter_proof_a_board_that_keeps_any_computation_is_noticed(monkeypatch):
    monkeypatch.setattr(ticks, "MODEL", frozenset(range(10, 14)) | frozenset(range(80, 84)))
    with pytest.raises(AssertionError, match=r"bid, ask or last was kept"):
        model_only(board_of)
    monkeypatch.undo()
    monkeypatch.setattr(ticks, "_NO_GREEK", math.nan)
    monkeypatch.setattr(ticks, "_greek", lambda value, most=1.0: value)
    with pytest.raises(AssertionError, match="a sentinel was kept"):
        model_only(board_of)


@pytest.mark.req("SC-022")
@pytest.mark.parametrize("value", [math.nan, math.inf, UNSET, -2.0])
@pytest.mark.parametrize("name", ["delta", "gamma", "vega", "theta"])
def test_a_greek_that_is_no_number_is_unknown(name, value):
    assert getattr(board_of(computation(**{name: value})).greeks, name) is None


def test_greeks_that_are_zero_or_negative_are_numbers():
    found = board_of(computation(delta=-1.0, theta=-2.5, gamma=0.0)).greeks
    assert (found.delta, found.theta, found.gamma) == (-1.0, -2.5, 0.0)


# ------------------------------------------------------------------ the price


@pytest.mark.req("SC-013")
@pytest.mark.parametrize(
    ("messages", "found"),
    [
        ([(4, 10.0), (1, 9.0), (2, 9.5), (9, 8.0)], (10.0, "last")),
        ([(68, 10.0), (66, 9.0), (67, 9.5)], (10.0, "last")),
        ([(1, 9.0), (2, 9.5), (9, 8.0)], (9.25, "mid")),
        ([(4, 0.0), (1, 0.1), (2, 0.2)], (0.15, "mid")),
        ([(1, 9.0), (9, 8.0)], (8.0, "close")),
        ([(1, 9.5), (2, 9.0), (9, 8.0)], (8.0, "close")),
        ([(1, 0.0), (2, 9.0), (9, 8.0)], (8.0, "close")),
        ([(1, -1.0), (2, -1.0), (4, -1.0), (9, -1.0)], (None, None)),
        ([(6, 12.0), (7, 8.0), (14, 9.0)], (None, None)),
        ([], (None, None)),
    ],
    ids=[
        *("last", "delayed-last", "mid", "zero-last", "one-sided", "crossed", "zero-bid"),
        *("minus-one", "high-and-low-only", "nothing"),
    ],
)
def test_the_price_is_the_last_trade_then_the_middle_then_the_close(messages, found):
    assert current_price(board_of(*(price(*each) for each in messages))) == found
