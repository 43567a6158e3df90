"""Requirements of Regulation T, and which orders an account can carry."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from pytest_ibkr.sim.margin import Valuation, standing
from pytest_ibkr.sim.positions import Ledger, Trade
from tests.sim.orders_bench import Bench

pytestmark = pytest.mark.req("XC-001")
BENCH = Bench()
CALL = next(o for o in BENCH.world.book.chain("SPY") if o.right == "C" and o.strike == 755.0)
PUT = next(o for o in BENCH.world.book.chain("SPY") if o.right == "P" and o.strike == 755.0)
PRICES = {BENCH.spy.con_id: Decimal(750), CALL.con_id: Decimal(4), PUT.con_id: Decimal(8)}
VALUATION = Valuation(lambda i: PRICES.get(i.con_id), lambda _i: Decimal(750))

CASES: list[Any] = [
    pytest.param(BENCH.spy, 100, "37500.00", "18750.00", id="long-stock"),
    pytest.param(BENCH.spy, -100, "37500.00", "22500.00", id="short-stock"),
    pytest.param(CALL, 1, "0", "0", id="long-option"),
    # 100 x (4 + max(20 % of 750 less 5 out of the money, 10 % of 750))
    pytest.param(CALL, -1, "14900.00", "14900.00", id="short-call-out-of-the-money"),
    # 100 x (8 + max(20 % of 750, 10 % of 755))
    pytest.param(PUT, -1, "15800.00", "15800.00", id="short-put-in-the-money"),
]


@pytest.mark.parametrize(("instrument", "quantity", "initial", "maintenance"), CASES)
def test_requirement_of_one_holding(
    *, instrument: Any, quantity: int, initial: str, maintenance: str
) -> None:
    books = Ledger(Decimal(1_000_000))
    price = PRICES[instrument.con_id]
    now = standing(books, VALUATION, [Trade(instrument, Decimal(quantity), price)])
    assert (now.initial_margin, now.maintenance_margin) == (Decimal(initial), Decimal(maintenance))
    assert now.net_liquidation == 1_000_000  # nothing was paid but the price


def test_a_long_option_costs_its_premium_of_available_funds() -> None:
    books = Ledger(Decimal(10_000))
    now = standing(books, VALUATION, [Trade(CALL, Decimal(2), Decimal(4))])
    assert now.available_funds == 10_000 - 800
    assert now.buying_power == 4 * now.available_funds


def test_proceeds_of_a_short_sale_do_not_pay_for_its_margin() -> None:
    books = Ledger(Decimal(30_000))
    now = standing(books, VALUATION, [Trade(BENCH.spy, Decimal(-100), Decimal(750))])
    assert now.available_funds == 30_000 - 37_500
    assert now.buying_power == 0


def test_a_holding_without_a_price_counts_at_its_cost() -> None:
    books = Ledger(Decimal(100_000))
    books.book(Trade(BENCH.instrument("QQQ"), Decimal(10), Decimal(700), Decimal(1)))
    nothing = Valuation(lambda _i: None, lambda _i: None)
    assert standing(books, nothing).net_liquidation == 100_000
