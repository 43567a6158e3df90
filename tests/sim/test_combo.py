"""Combinations: which legs are accepted, what they are quoted at, what their legs cost."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_ibkr.sim import combo_quotes
from pytest_ibkr.sim.combo import PRINTED_CON_ID, Combos, checked_legs
from pytest_ibkr.sim.combo_risk import worst_value
from pytest_ibkr.sim.quotes import Quote
from pytest_ibkr.sim.refusal import Refusal
from tests.sim.combo_bench import BAG, combo, leg, option
from tests.sim.orders_bench import Bench

pytestmark = pytest.mark.req("XC-001")
BENCH = Bench()
LOW, HIGH = option(BENCH, "C", 755.0), option(BENCH, "C", 760.0)
PUT, LOW_PUT = option(BENCH, "P", 755.0), option(BENCH, "P", 750.0)
LATER = option(BENCH, "C", 755.0, place=2)
QUOTES = {
    LOW.con_id: Quote(bid=4.00, ask=4.10, bid_size=10, ask_size=20, close=3.90),
    HIGH.con_id: Quote(bid=1.50, ask=1.55, bid_size=30, ask_size=7, close=1.40),
    PUT.con_id: Quote(bid=5.00, ask=5.20, bid_size=5, ask_size=5),
    BENCH.spy.con_id: Quote(bid=754.90, ask=754.95, bid_size=1000, ask_size=350),
}
INVALID = "Error validating request.-'bZ' : cause - "


def quoted(*legs: Any) -> Quote:
    return combo_quotes.quote(combo(BENCH, *legs), lambda i: QUOTES.get(i.con_id, Quote()))


def test_a_vertical_is_bought_at_the_ask_of_one_and_the_bid_of_the_other() -> None:
    found = quoted((LOW, 1), (HIGH, -1))
    assert (found.bid, found.ask) == (2.45, 2.60)
    assert (found.bid_size, found.ask_size) == (7, 20)
    assert found.close == 2.50


def test_a_credit_is_a_price_below_zero() -> None:
    found = quoted((LOW, -1), (HIGH, 1))
    assert (found.bid, found.ask) == (-2.60, -2.45)


def test_a_straddle_adds_its_legs() -> None:
    found = quoted((LOW, 1), (PUT, 1))
    assert (found.bid, found.ask, found.ask_size) == (9.00, 9.30, 5)


def test_stock_against_calls_is_priced_per_share() -> None:
    covered = quoted((BENCH.spy, 100), (LOW, -1))
    assert (covered.bid, covered.ask) == (750.80, 750.95)
    assert (covered.bid_size, covered.ask_size) == (10, 3)


def test_a_ratio_takes_whole_combinations_of_the_size_shown() -> None:
    found = quoted((LOW, 1), (HIGH, -2))
    assert (found.ask, found.ask_size) == (1.10, 15)
    assert found.bid_size == 3  # seven contracts offered are three times two


def test_without_a_price_of_one_leg_there_is_no_quote() -> None:
    found = quoted((LOW, 1), (LATER, -1))
    assert (found.bid, found.ask, found.bid_size, found.ask_size) == (None, None, None, None)
    assert combo_quotes.mid(combo(BENCH, (LOW, 1), (LATER, -1)), lambda _i: Quote()) is None


def test_what_nobody_bids_for_cannot_be_sold_in_a_combination() -> None:
    quotes = {**QUOTES, HIGH.con_id: Quote(bid=0.0, ask=0.05, bid_size=0, ask_size=9)}
    spread = combo(BENCH, (LOW, 1), (HIGH, -1))
    found = combo_quotes.quote(spread, lambda i: quotes[i.con_id])
    assert (found.ask, found.ask_size, found.bid_size) == (4.10, 0, 9)


def test_the_mid_is_the_mids_of_the_legs() -> None:
    found = combo_quotes.mid(combo(BENCH, (LOW, 1), (HIGH, -1)), lambda i: QUOTES[i.con_id])
    assert found == Decimal("2.525")


PRICES = st.decimals("0.01", "40", places=2)
RATIOS = st.lists(st.sampled_from([-3, -2, -1, 1, 2, 3]), min_size=3, max_size=3)


@given(RATIOS, st.tuples(PRICES, PRICES, PRICES), st.decimals("-30", "30", places=2))
def test_prices_of_the_legs_add_up_to_the_net_price(
    ratios: list[int], known: tuple[Decimal, ...], price: Decimal
) -> None:
    instruments = (LOW, HIGH, PUT)
    ratios[0] = 1 if ratios[0] > 0 else -1  # no common factor
    spread = combo(BENCH, *zip(instruments, ratios, strict=True))
    prices = combo_quotes.leg_prices(spread, price, known)
    assert abs(combo_quotes.net(spread, prices) - price) < Decimal("1E-20")
    if len({ratio > 0 for ratio in ratios}) > 1:
        assert all(each >= 0 for each in prices)


def test_what_a_straddle_costs_is_shared_in_whole_cents() -> None:
    straddle = combo(BENCH, (LOW, 1), (PUT, 1))
    known = Decimal("4.10"), Decimal("5.20")
    prices = combo_quotes.leg_prices(straddle, Decimal("9.00"), known)
    assert sum(prices) == 9
    assert prices == (Decimal("3.97"), Decimal("5.03"))


def refusal(*legs: Any) -> tuple[int, str]:
    with pytest.raises(Refusal) as caught:
        Combos().resolve(BAG, legs, BENCH.world.book)
    return caught.value.code, caught.value.text


def test_a_combination_needs_legs() -> None:
    wanted = (321, INVALID + "Security type 'BAG' requires combo leg details.")
    assert refusal() == refusal(leg(LOW, 1)) == wanted


@pytest.mark.parametrize("ratios", [(0, 0), (2, -2), (1, 0)])
def test_ratios_are_above_zero_and_reduced(ratios: tuple[int, int]) -> None:
    legs = [leg(i, r, action="BUY") for i, r in zip((LOW, HIGH), ratios, strict=True)]
    assert refusal(*legs) == (321, INVALID + "Invalid leg ratio.")


def test_a_leg_without_id_side_or_of_its_own_is_named() -> None:
    text = "The combo details for leg '2' are invalid. -  conid, ratio, side: "
    assert refusal(leg(LOW, 1), leg(HIGH, 1, con_id=0)) == (321, f"{INVALID}{text}0, 1, 1")
    assert refusal(leg(LOW, 1), leg(HIGH, 1, action="HOLD"))[1].endswith(f"{HIGH.con_id}, 1, 0")
    assert refusal(leg(LOW, 1), leg(LOW, -1))[1].endswith(f"{LOW.con_id}, 1, -1")


def test_an_unknown_leg_is_an_unknown_contract() -> None:
    assert refusal(leg(LOW, 1), leg(HIGH, 1, con_id=5))[0] == 200


def test_legs_on_several_underlyings_are_not_traded_here() -> None:
    assert refusal(leg(LOW, 1), leg(BENCH.instrument("QQQ"), -1))[0] == 387


def test_the_same_legs_are_the_same_combination() -> None:
    known = Combos()
    legs = [leg(LOW, 1), leg(HIGH, -1)]
    first = known.resolve(BAG, legs, BENCH.world.book)
    assert known.resolve(BAG, legs, BENCH.world.book) is first
    assert known.resolve(BAG, [leg(LOW, -1), leg(HIGH, 1)], BENCH.world.book) is not first


def test_the_name_is_the_clients_and_the_market_its_underlyings() -> None:
    called = replace(BAG, symbol="MYCOMBO")
    found = Combos().resolve(called, [leg(LOW, 1), leg(HIGH, -1)], BENCH.world.book)
    assert (found.contract().symbol, found.symbol) == ("MYCOMBO", "SPY")


def test_without_an_exchange_nothing_is_looked_for() -> None:
    with pytest.raises(Refusal, match="Please enter exchange"):
        Combos().resolve(replace(BAG, exchange=""), [leg(LOW, 1)], BENCH.world.book)


def test_every_combination_is_printed_under_one_id_with_its_legs_as_text() -> None:
    spread = combo(BENCH, (LOW, 1), (HIGH, -2))
    shown = spread.contract()
    assert (shown.con_id, shown.local_symbol) == (PRINTED_CON_ID, str(PRINTED_CON_ID))
    assert (shown.sec_type, shown.trading_class, shown.multiplier) == ("BAG", "COMB", "")
    assert spread.legs_text == f"{LOW.con_id}|1,{HIGH.con_id}|-2"
    assert checked_legs([leg(LOW, 1), leg(HIGH, -2)], BENCH.world.book) == spread.legs


@pytest.mark.parametrize(
    ("legs", "buys", "worst"),
    [
        pytest.param(((LOW, 1), (HIGH, -1)), True, "0", id="debit"),
        pytest.param(((LOW, 1), (HIGH, -1)), False, "-5", id="credit-is-its-width"),
        pytest.param(((PUT, -1), (LOW_PUT, 1)), True, "-5", id="put-credit"),
        pytest.param(((LOW, -1), (PUT, -1)), True, None, id="no-bound"),
        pytest.param(((LOW, 1), (LATER, -1)), True, None, id="calendar"),
        pytest.param(((BENCH.spy, 100), (LOW, -1)), True, None, id="with-stock"),
    ],
)
def test_what_a_combination_is_worth_at_least(*, legs: Any, buys: bool, worst: str | None) -> None:
    found = worst_value(combo(BENCH, *legs), buys=buys)
    assert found == (None if worst is None else Decimal(worst))
