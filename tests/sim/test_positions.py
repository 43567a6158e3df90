"""The books reconcile to the cent, whatever is traded, and cost and P&L are IB's."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_ibkr.sim.commissions import commission_of_fill
from pytest_ibkr.sim.instruments import Instrument
from pytest_ibkr.sim.positions import Ledger, Trade
from tests.sim.added_bench import listed
from tests.sim.orders_bench import Bench

pytestmark = pytest.mark.req("XC-001")
START = Decimal("1000000.00")
BENCH = Bench()
SPY, OPTION, FUTURE = BENCH.spy, BENCH.option, listed("ES")


def test_average_cost_of_an_option_counts_multiplier_and_commission() -> None:
    books = Ledger(START)
    books.book(Trade(OPTION, Decimal(-1), Decimal("21.0140"), Decimal("0.77")))
    held = books.holdings[OPTION.con_id]
    assert held.average_cost == Decimal("2100.63")
    assert books.cash == START + Decimal("2100.63")


def test_an_opening_trade_realises_nothing_and_a_closing_one_all() -> None:
    books = Ledger(START)
    assert books.book(Trade(SPY, Decimal(100), Decimal("10.00"), Decimal("1.00"))) is None
    realized = books.book(Trade(SPY, Decimal(-100), Decimal("11.00"), Decimal("1.00")))
    assert realized == Decimal("98.00")
    assert books.cash == START + 98


def test_a_trade_through_zero_closes_and_opens() -> None:
    books = Ledger(START)
    books.book(Trade(SPY, Decimal(100), Decimal("10.00"), Decimal("1.00")))
    realized = books.book(Trade(SPY, Decimal(-150), Decimal("12.00"), Decimal("3.00")))
    held = books.holdings[SPY.con_id]
    assert realized == Decimal("197.00")  # 200 less 1.00 in and two thirds of 3.00 out
    assert (held.quantity, held.cost) == (Decimal(-50), Decimal("-599.00"))


def test_a_position_from_before_moves_no_cash() -> None:
    books = Ledger(START)
    books.adopt(OPTION, Decimal(2), average_cost=Decimal("150.50"))
    assert books.cash == START
    assert books.holdings[OPTION.con_id].average_cost == Decimal("150.50")


TRADES = st.lists(
    st.tuples(
        st.sampled_from([SPY, OPTION, FUTURE]),
        st.integers(-300, 300).filter(bool),
        st.decimals("0.01", "900", places=2),
    ),
    max_size=30,
)


@given(
    trades=TRADES,
    marks=st.tuples(
        st.decimals(1, 900, places=2), st.decimals(0, 90, places=3), st.decimals(1, 900, places=2)
    ),
)
def test_cash_and_market_value_are_start_and_pnl_less_commissions(
    trades: list[tuple[Instrument, int, Decimal]], marks: tuple[Decimal, Decimal, Decimal]
) -> None:
    books = Ledger(START)
    traded = realized = Decimal(0)
    price_of = dict(zip([SPY.con_id, OPTION.con_id, FUTURE.con_id], marks, strict=True))
    quantity = dict.fromkeys(price_of, Decimal(0))
    for what, shares, price in trades:
        signed = Decimal(shares)
        fee = commission_of_fill(what.sec_type, before=Decimal(0), shares=abs(signed))
        realized += books.book(Trade(what, signed, price, fee)) or 0
        # Gross P&L of the trade against the final mark, before any commission.
        traded += signed * (price_of[what.con_id] - price) * (what.multiplier or 1)
        quantity[what.con_id] += signed
    held = books.open_holdings()
    value = sum(
        (h.market_value(price_of[h.instrument.con_id]) - h.unpaid for h in held), Decimal(0)
    )
    unrealized = sum((h.unrealized(price_of[h.instrument.con_id]) for h in held), Decimal(0))
    assert {h.instrument.con_id: h.quantity for h in held} == {
        k: q for k, q in quantity.items() if q
    }
    assert books.cash + value == START + traded - books.commissions
    assert books.cash + value == START + realized + unrealized
    assert books.realized == realized


@pytest.mark.parametrize(
    ("fills", "commissions"),
    [
        ([100], ["1.0003"]),
        ([40, 40, 20], ["1.00012", "0.00012", "0.00006"]),
        ([150, 150], ["1.00045", "0.50045"]),
    ],
)
def test_a_stock_order_pays_its_minimum_once(fills: list[int], commissions: list[str]) -> None:
    before, charged = Decimal(0), []
    for shares in fills:
        charged.append(commission_of_fill("STK", before=before, shares=Decimal(shares)))
        before += shares
    assert charged == [Decimal(text) for text in commissions]


def test_an_option_pays_per_contract() -> None:
    assert commission_of_fill("OPT", before=Decimal(0), shares=Decimal(3)) == Decimal("2.30475")
