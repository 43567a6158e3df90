"""What options require: the exchanges' strategy rules, and what must hold of any holdings."""

from __future__ import annotations

import random
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_ibkr.sim.margin import Standing, Valuation, standing
from pytest_ibkr.sim.option_margin import OptionLine, naked, required
from pytest_ibkr.sim.positions import Ledger, Trade
from tests.sim.combo_bench import option
from tests.sim.orders_bench import Bench

pytestmark = pytest.mark.req("XC-001")
UNDERLYING = Decimal(100)
NEAR, FAR = "20260717", "20260821"


def line(
    right: str, strike: int, quantity: int, price: str = "2.00", *, expiry: str = NEAR
) -> OptionLine:
    return OptionLine(right, Decimal(strike), expiry, Decimal(quantity), Decimal(price), 100)


@pytest.mark.parametrize(
    ("short", "needed"),
    [
        pytest.param(line("C", 105, -1), "1700", id="call: 2 + 20 - 5"),
        pytest.param(line("C", 130, -1, "0.10"), "1010", id="far call: 0.10 + 10 % of 100"),
        pytest.param(line("P", 95, -1), "1700", id="put: 2 + 20 - 5"),
        pytest.param(line("P", 60, -1, "0.05"), "605", id="far put: 0.05 + 10 % of 60"),
        pytest.param(line("P", 110, -2, "12"), "6400", id="two puts in the money: 12 + 20"),
    ],
)
def test_a_naked_short_needs_its_price_and_a_fifth(short: OptionLine, needed: str) -> None:
    assert required([short], underlying=UNDERLYING) == Decimal(needed)


CASES = [
    pytest.param([line("C", 100, 3)], "0", id="long options are paid"),
    pytest.param([line("C", 105, -1), line("C", 110, 1)], "500", id="call credit: its width"),
    pytest.param([line("C", 105, 1), line("C", 110, -1)], "0", id="call debit"),
    pytest.param([line("P", 95, -2), line("P", 92, 2)], "600", id="two put credits"),
    pytest.param([line("P", 95, 1), line("P", 92, -1)], "0", id="put debit"),
    pytest.param([line("C", 100, -1), line("C", 100, 1, expiry=FAR)], "0", id="calendar"),
    pytest.param([line("C", 100, 1), line("C", 100, -1, expiry=FAR)], "2200", id="reversed"),
    pytest.param([line("C", 105, -1), line("C", 110, 1, expiry=FAR)], "500", id="diagonal"),
    pytest.param([line("C", 105, -1), line("P", 95, -1)], "1900", id="strangle: 1700 + 200"),
    pytest.param([line("C", 100, -1, "3"), line("P", 100, -1)], "2500", id="straddle: 2300 + 200"),
    pytest.param(
        [line("P", 90, 1), line("P", 95, -1), line("C", 105, -1), line("C", 113, 1)],
        "800",
        id="iron condor: one side",
    ),
    pytest.param(
        [line("P", 95, 1), line("P", 100, -1), line("C", 100, -1), line("C", 105, 1)],
        "500",
        id="iron butterfly: one side",
    ),
    pytest.param(
        [line("C", 95, 1), line("C", 100, -2), line("C", 105, 1)], "0", id="long butterfly"
    ),
    pytest.param(
        [line("C", 95, -1), line("C", 100, 2), line("C", 105, -1)], "500", id="short butterfly"
    ),
    pytest.param(
        [line("C", 95, -1), line("C", 105, 1), line("P", 105, -1), line("P", 95, 1)],
        "1000",
        id="short box: its width once",
    ),
    pytest.param([line("C", 105, 1), line("C", 110, -2)], "1200", id="ratio: one short naked"),
]


@pytest.mark.parametrize(("lines", "needed"), CASES)
def test_a_strategy_needs_what_it_can_lose(*, lines: list[OptionLine], needed: str) -> None:
    assert required(lines, underlying=UNDERLYING) == Decimal(needed)


@pytest.mark.parametrize(
    ("short", "shares", "needed"),
    [
        pytest.param(line("C", 105, -1), 100, "0", id="covered call"),
        pytest.param(line("C", 90, -1, "11"), 100, "1000", id="in the money: what it is inside"),
        pytest.param(line("P", 95, -1), -100, "0", id="covered put"),
        pytest.param(line("C", 105, -2), 150, "1700", id="half covered"),
        pytest.param(line("P", 95, -1), 100, "1700", id="stock does not cover a put"),
    ],
)
def test_stock_covers_what_it_would_deliver(*, short: OptionLine, shares: int, needed: str) -> None:
    found = required([short], underlying=UNDERLYING, shares=Decimal(shares))
    assert found == Decimal(needed)


LINES = st.lists(
    st.builds(
        lambda right, strike, quantity, price, expiry: line(
            right, strike, quantity, f"{price:f}", expiry=expiry
        ),
        st.sampled_from("CP"),
        st.integers(60, 140),
        st.integers(-5, 5).filter(bool),
        st.decimals("0", "30", places=2),
        st.sampled_from([NEAR, FAR]),
    ),
    max_size=6,
    unique_by=lambda one: (one.right, one.strike, one.expiry),
)
SPOTS = st.decimals("50", "150", places=2)


@given(LINES, SPOTS, st.integers(-500, 500).map(Decimal))
def test_no_grouping_needs_more_than_its_shorts_naked(
    lines: list[OptionLine], spot: Decimal, shares: Decimal
) -> None:
    alone = sum((naked(one, spot) * -one.quantity for one in lines if one.quantity < 0), Decimal(0))
    assert 0 <= required(lines, underlying=spot, shares=shares) <= alone


@given(LINES, SPOTS, st.randoms(use_true_random=False))
def test_the_order_of_the_holdings_does_not_matter(
    lines: list[OptionLine], spot: Decimal, rng: random.Random
) -> None:
    shuffled = rng.sample(lines, len(lines))
    assert required(shuffled, underlying=spot) == required(lines, underlying=spot)


@given(LINES, SPOTS)
def test_a_bought_option_never_makes_the_rest_dearer(
    lines: list[OptionLine], spot: Decimal
) -> None:
    longs = [one for one in lines if one.quantity > 0]
    shorts = [one for one in lines if one.quantity < 0]
    assert required([*shorts, *longs], underlying=spot) <= required(shorts, underlying=spot)


# The account's books under it

BENCH = Bench()
CALL, HIGH = option(BENCH, "C", 755.0), option(BENCH, "C", 760.0)
PUT, LOW = option(BENCH, "P", 750.0), option(BENCH, "P", 745.0)
PRICES = {
    BENCH.spy.con_id: Decimal("754.92"),
    CALL.con_id: Decimal("4.05"),
    HIGH.con_id: Decimal("1.52"),
    PUT.con_id: Decimal("3.10"),
    LOW.con_id: Decimal("2.20"),
}
VALUATION = Valuation(lambda i: PRICES.get(i.con_id), lambda _i: PRICES[BENCH.spy.con_id])


def account(*trades: tuple[object, int]) -> Standing:
    made = [Trade(i, Decimal(n), PRICES[i.con_id]) for i, n in trades]  # type: ignore[attr-defined, arg-type]
    return standing(Ledger(Decimal(100_000)), VALUATION, made)


def test_a_credit_spread_takes_its_width_less_the_credit_of_the_funds() -> None:
    now = account((CALL, -1), (HIGH, 1))
    assert now.initial_margin == now.maintenance_margin == 500
    assert now.available_funds == 100_000 - 500 + 253


def test_a_covered_call_needs_what_the_stock_needs() -> None:
    now = account((BENCH.spy, 100), (CALL, -1))
    assert now.initial_margin == Decimal("37746.00")  # out of the money: 50 % of 75492
    assert now.maintenance_margin == Decimal("18873.00")


def test_a_put_lowers_the_maintenance_of_the_stock_it_protects() -> None:
    now = account((BENCH.spy, 100), (PUT, 1))
    assert now.initial_margin == Decimal("37746.00")
    assert now.maintenance_margin == Decimal("7992.00")  # 10 % of 750 and 4.92 out of the money
    assert account((BENCH.spy, 100), (PUT, 1), (LOW, -1)).maintenance_margin > 7992


def test_a_call_lowers_the_maintenance_of_stock_sold_short() -> None:
    now = account((BENCH.spy, -100), (HIGH, 1))
    assert now.maintenance_margin == Decimal("8108.00")  # 10 % of 760 and 5.08 out of the money


QUANTITIES = st.tuples(*[st.integers(-4, 4)] * 4, st.integers(-300, 300))
INSTRUMENTS = (CALL, HIGH, PUT, LOW, BENCH.spy)


@given(QUANTITIES)
def test_margin_is_never_negative_and_gone_when_all_is_closed(quantities: tuple[int, ...]) -> None:
    books = Ledger(Decimal(100_000))
    held = [(i, n) for i, n in zip(INSTRUMENTS, quantities, strict=True) if n]
    for instrument, quantity in held:
        books.book(Trade(instrument, Decimal(quantity), PRICES[instrument.con_id], Decimal(1)))
    now = standing(books, VALUATION)
    assert 0 <= now.maintenance_margin <= now.initial_margin
    assert now.net_liquidation == 100_000 - len(held)
    for instrument, quantity in held:
        books.book(Trade(instrument, Decimal(-quantity), PRICES[instrument.con_id], Decimal(1)))
    after = standing(books, VALUATION)
    assert (after.initial_margin, after.maintenance_margin, after.gross_value) == (0, 0, 0)
    assert after.cash == after.net_liquidation == 100_000 - 2 * len(held)
    assert after.buying_power == 4 * after.available_funds
