"""Bid and ask as they go down: whose they are, which side, how fresh."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from pytest_ibkr.guard.quotes import QuoteBoard, keys
from pytest_ibkr.wire.declare import Message
from pytest_ibkr.wire.messages.contract import Contract
from pytest_ibkr.wire.messages.market_data import (
    MarketDataType,
    ReqMarketData,
    TickPrice,
    TickSize,
)
from pytest_ibkr.wire.messages.session import CurrentTime
from pytest_ibkr.wire.messages.tick_by_tick import ReqTickByTick, TickByTick
from tests.guard.bench import CALL, SPY

BID, ASK, DELAYED_BID, DELAYED_ASK, LAST = 1, 2, 66, 67, 4


def tick(kind: int, price: float, *, request_id: int = 1) -> TickPrice:
    return TickPrice(request_id=request_id, tick=kind, price=price)


def board(contract: Contract = SPY, *ticks: Message, at_s: float = 100.0) -> QuoteBoard:
    made = QuoteBoard()
    made.asked(1, ReqMarketData(request_id=1, contract=contract))
    for one in ticks:
        made.seen(1, one, at_s)
    return made


BOTH = (tick(BID, 10.0), tick(ASK, 10.5))


def test_a_contract_is_known_by_its_id_and_by_its_description() -> None:
    assert keys(SPY) == [756733, ("SPY", "STK", "USD")]
    assert keys(CALL) == [700001, ("SPY", "OPT", "USD", "20260717", "600.0", "C")]
    assert keys(replace(CALL, con_id=0, right="CALL")) == keys(CALL)[1:]
    assert keys(replace(CALL, con_id=0, right="c")) == keys(CALL)[1:]


@pytest.mark.parametrize(
    "contract",
    [
        Contract(),
        replace(SPY, con_id=0, symbol=""),
        replace(SPY, con_id=0, currency=""),
        replace(SPY, con_id=0, sec_type=""),
        replace(SPY, con_id=0, sec_type="FUT"),
        replace(CALL, con_id=0, expiry=""),
        replace(CALL, con_id=0, right=""),
    ],
)
def test_a_description_that_says_too_little_is_none(contract: Contract) -> None:
    assert keys(contract) == []


def test_the_higher_of_bid_and_ask_counts() -> None:
    assert board(SPY, *BOTH).fresh(SPY, since_s=100.0) == Decimal("10.5")
    crossed = board(SPY, tick(BID, 11.0), tick(ASK, 10.5))
    assert crossed.fresh(SPY, since_s=100.0) == Decimal(11)
    assert crossed.highest(SPY) == Decimal(11)


def test_a_quote_is_found_by_id_or_description() -> None:
    made = board(SPY, *BOTH)
    made.told(SPY)
    assert made.highest(replace(SPY, con_id=0)) == Decimal("10.5")
    assert made.highest(Contract(con_id=756733)) == Decimal("10.5")
    assert made.highest(replace(SPY, con_id=0, currency="EUR")) is None
    assert made.highest(replace(SPY, con_id=0, symbol="QQQ")) is None
    assert made.highest(CALL) is None


def test_the_own_id_comes_before_the_description() -> None:
    made = board(SPY, *BOTH)
    made.asked(1, ReqMarketData(request_id=2, contract=Contract(con_id=5)))
    made.seen(1, tick(BID, 99.0, request_id=2), 100.0)
    assert made.highest(replace(SPY, con_id=5)) == Decimal(99)


@pytest.mark.parametrize("side", [BID, ASK])
def test_one_side_is_a_price_and_no_fresh_quote(side: int) -> None:
    made = board(SPY, tick(side, 10.0))
    assert made.highest(SPY) == Decimal(10)
    assert made.fresh(SPY, since_s=100.0) is None


def test_both_sides_must_be_fresh() -> None:
    made = board(SPY, *BOTH)
    made.seen(1, tick(ASK, 10.6), 120.0)
    assert made.fresh(SPY, since_s=100.0) == Decimal("10.6")
    assert made.fresh(SPY, since_s=100.1) is None
    made.seen(1, tick(BID, 10.4), 120.0)
    assert made.fresh(SPY, since_s=120.0) == Decimal("10.6")
    assert made.fresh(SPY, since_s=120.1) is None


@pytest.mark.parametrize("price", [-1.0, 0.0, float("nan"), float("inf")])
def test_no_price_takes_the_side_away(price: float) -> None:
    made = board(SPY, *BOTH, tick(ASK, price))
    assert made.fresh(SPY, since_s=100.0) is None
    assert made.highest(SPY) == Decimal(10)


def test_delayed_prices_are_known_and_never_fresh() -> None:
    made = board(SPY, tick(DELAYED_BID, 10.0), tick(DELAYED_ASK, 10.5))
    assert made.highest(SPY) == Decimal("10.5")
    assert made.fresh(SPY, since_s=-1e9) is None


def test_cents_are_a_price() -> None:
    assert board(SPY, tick(BID, 0.01), tick(ASK, 0.02)).highest(SPY) == Decimal("0.02")


def test_a_size_nobody_asked_for_is_passed_over() -> None:
    made = board(SPY, *BOTH)
    for size in (0, 3):
        made.seen(1, TickSize(request_id=9, tick=size, size=Decimal(7)), 130.0)
    assert made.fresh(SPY, since_s=100.1) is None


@pytest.mark.parametrize("kind", [0, 3, 4, 6, 7, 9, 14, 37, 68, 75])
def test_other_prices_are_no_quotes(kind: int) -> None:
    assert board(SPY, tick(kind, 10.0)).highest(SPY) is None


@pytest.mark.parametrize(("size", "side"), [(0, BID), (3, ASK)])
def test_a_new_size_says_that_the_price_beside_it_stands(size: int, side: int) -> None:
    made = board(SPY, *BOTH)
    made.seen(1, tick(BID + ASK - side, 10.2), 130.0)
    assert made.fresh(SPY, since_s=130.0) is None
    made.seen(1, TickSize(request_id=1, tick=size, size=Decimal(7)), 130.0)
    assert made.fresh(SPY, since_s=130.0) is not None


@pytest.mark.parametrize("size", [5, 8, 69, 70])
def test_other_sizes_confirm_nothing(size: int) -> None:
    made = board(SPY, *BOTH)
    made.seen(1, TickSize(request_id=1, tick=size, size=Decimal(7)), 130.0)
    assert made.fresh(SPY, since_s=100.1) is None


def test_a_size_without_a_price_and_of_a_delayed_price_confirms_nothing() -> None:
    sizes = [TickSize(request_id=1, tick=kind, size=Decimal(7)) for kind in (0, 3)]
    assert board(SPY, *sizes).highest(SPY) is None
    made = board(SPY, tick(DELAYED_BID, 10.0), tick(DELAYED_ASK, 10.5), *sizes)
    assert made.fresh(SPY, since_s=-1e9) is None


@pytest.mark.parametrize("kind", [2, 3, 4])
def test_frozen_and_delayed_data_are_known_and_not_fresh(kind: int) -> None:
    frozen = MarketDataType(request_id=1, data_type=kind)
    made = board(SPY, frozen, *BOTH)
    assert made.highest(SPY) == Decimal("10.5")
    assert made.fresh(SPY, since_s=-1e9) is None
    for size in (0, 3):
        made.seen(1, TickSize(request_id=1, tick=size, size=Decimal(7)), 130.0)
    assert made.fresh(SPY, since_s=-1e9) is None
    made.seen(1, MarketDataType(request_id=1, data_type=1), 130.0)
    for one in BOTH:
        made.seen(1, one, 130.0)
    assert made.fresh(SPY, since_s=130.0) == Decimal("10.5")


def test_sizes_of_data_that_froze_confirm_nothing() -> None:
    made = board(SPY, *BOTH, MarketDataType(request_id=1, data_type=2))
    for size in (0, 3):
        made.seen(1, TickSize(request_id=1, tick=size, size=Decimal(7)), 130.0)
    assert made.fresh(SPY, since_s=100.0) == Decimal("10.5")
    assert made.fresh(SPY, since_s=100.1) is None


def test_the_kind_of_data_is_that_of_a_request() -> None:
    made = board(SPY, MarketDataType(request_id=2, data_type=3), *BOTH)
    assert made.fresh(SPY, since_s=100.0) == Decimal("10.5")
    made = board(SPY, MarketDataType(request_id=1, data_type=3))
    made.asked(1, ReqMarketData(request_id=1, contract=SPY))
    for one in BOTH:
        made.seen(1, one, 100.0)
    assert made.fresh(SPY, since_s=100.0) == Decimal("10.5")


def test_ticks_of_another_request_or_connection_are_not_this_contracts() -> None:
    made = board()
    made.seen(1, tick(BID, 10.0, request_id=2), 100.0)
    made.seen(2, tick(BID, 10.0), 100.0)
    assert made.highest(SPY) is None


def test_what_is_no_quote_is_passed_over() -> None:
    assert board(SPY, CurrentTime(epoch_s=5)).highest(SPY) is None


def test_quotes_tick_by_tick_count_too() -> None:
    made = QuoteBoard()
    made.asked(1, ReqTickByTick(request_id=8, contract=SPY, kind="BidAsk"))
    trade = TickByTick(request_id=8, kind=1, at_s=1, price=50.0)
    made.seen(1, trade, 100.0)
    assert made.highest(SPY) is None
    made.seen(1, TickByTick(request_id=8, kind=3, at_s=1, bid=10.0, ask=10.5), 100.0)
    assert made.fresh(SPY, since_s=100.0) == Decimal("10.5")
    assert made.fresh(SPY, since_s=100.1) is None


def test_a_connection_that_is_gone_leaves_its_prices_and_takes_its_requests() -> None:
    made = board(SPY, *BOTH)
    made.asked(2, ReqMarketData(request_id=1, contract=CALL))
    made.seen(2, MarketDataType(request_id=1, data_type=3), 100.0)
    made.forget(1)
    made.seen(1, tick(ASK, 99.0), 101.0)
    assert made.highest(SPY) == Decimal("10.5")
    made.seen(2, tick(ASK, 3.0), 101.0)
    made.seen(2, tick(BID, 2.0), 101.0)
    assert made.highest(CALL) == Decimal(3)
    assert made.fresh(CALL, since_s=101.0) is None


def test_the_kind_of_data_of_a_connection_that_is_gone_is_forgotten() -> None:
    made = board(SPY, MarketDataType(request_id=1, data_type=3))
    made.forget(1)
    made.asked(1, ReqMarketData(request_id=1, contract=SPY))
    for one in BOTH:
        made.seen(1, one, 100.0)
    assert made.fresh(SPY, since_s=100.0) == Decimal("10.5")


CHEAP = replace(SPY, con_id=5, symbol="PENNY")


def test_a_request_that_names_two_contracts_teaches_the_price_of_its_id_only() -> None:
    """The id of something cheap beside the symbol of something dear: a gateway goes by the id."""
    made = board(replace(SPY, con_id=5), *BOTH)
    assert made.highest(replace(SPY, con_id=0)) is None
    assert made.highest(CHEAP) == Decimal("10.5")


def test_an_order_by_id_is_not_worth_what_its_description_is() -> None:
    made = board(replace(CHEAP, con_id=0), *BOTH)
    assert made.highest(replace(CHEAP, con_id=SPY.con_id)) is None


def test_what_the_gateway_says_is_the_same_is_the_same() -> None:
    by_id, by_name = board(SPY, *BOTH), board(replace(SPY, con_id=0), *BOTH)
    assert by_id.highest(replace(SPY, con_id=0)) is None
    assert by_name.highest(SPY) is None
    for made in (by_id, by_name):
        made.told(SPY)
        assert made.highest(SPY) == made.highest(replace(SPY, con_id=0)) == Decimal("10.5")


def test_a_description_of_two_contracts_is_worth_neither() -> None:
    made = board(SPY, *BOTH)
    made.told(SPY)
    made.told(replace(SPY, con_id=8))
    assert made.highest(replace(SPY, con_id=0)) is None
    assert made.highest(SPY) == Decimal("10.5")
