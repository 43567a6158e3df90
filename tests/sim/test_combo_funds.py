"""Combinations and the account: what they require, what is refused, what adds up."""

from __future__ import annotations

from decimal import Decimal
from random import Random

import pytest

from pytest_ibkr.sim.account_values import account_rows, ledger_rows
from pytest_ibkr.sim.combo import Combo
from pytest_ibkr.wire.messages.order_echo import OpenOrder
from pytest_ibkr.wire.messages.place_order import OrderLeg
from pytest_ibkr.wire.messages.session import ErrorNotice
from tests.sim.combo_bench import leg, option, place
from tests.sim.data_bench import only
from tests.sim.orders_bench import Bench, Desk

pytestmark = pytest.mark.req("XC-001")
FEE = Decimal("0.76825")
LAST_DIGITS = Decimal("0.000005")  # every key is cut to seven decimals


def quoted(cash: str) -> Bench:
    bench = Bench(cash=cash)
    bench.market.set(option(bench, "C", 755.0), 4.00, 4.10, bid_size=500, ask_size=500)
    bench.market.set(option(bench, "C", 760.0), 1.50, 1.60, bid_size=500, ask_size=500)
    bench.market.set(option(bench, "P", 745.0), 2.00, 2.10, bid_size=500, ask_size=500)
    bench.market.set(option(bench, "P", 750.0), 3.00, 3.10, bid_size=500, ask_size=500)
    return bench


@pytest.fixture
def bench() -> Bench:
    return quoted("10000.00")


@pytest.fixture
def client(bench: Bench) -> Desk:
    return bench.start()


def credit(bench: Bench) -> tuple[OrderLeg, ...]:
    return leg(option(bench, "C", 755.0), -1), leg(option(bench, "C", 760.0), 1)


def condor(bench: Bench) -> tuple[OrderLeg, ...]:
    puts = leg(option(bench, "P", 750.0), -1), leg(option(bench, "P", 745.0), 1)
    return *credit(bench), *puts


def rejection(client: Desk, bench: Bench) -> str:
    bench.run(1)
    script = client.script()
    assert [each.split(" ")[0] for each in script] == ["3:Inactive", "201", "3:Inactive"]
    return only(client.seen, ErrorNotice)[-1].text


def test_a_what_if_of_a_spread_shows_its_width_and_both_commissions(
    bench: Bench, client: Desk
) -> None:
    place(client, 1, "BUY", 3, *credit(bench), what_if=True)
    bench.run(1)
    [echo] = only(client.receive(), OpenOrder)
    assert (echo.init_margin_before, echo.init_margin_change, echo.init_margin_after) == (
        0,
        1500,
        1500,
    )
    assert echo.maint_margin_after == 1500
    assert echo.equity_change == 3 * 240 - 6 * FEE
    assert echo.equity_after == 10_000 + 3 * 240 - 6 * FEE
    assert (echo.min_commission, echo.max_commission, echo.commission) == (6 * FEE, 6 * FEE, None)


def test_an_iron_condor_needs_one_of_its_sides(bench: Bench, client: Desk) -> None:
    place(client, 1, "BUY", 10, *condor(bench))
    bench.run(2)
    now = bench.engine.accounts.standing()
    assert client.order(1).average_price == Decimal("-3.30")
    assert now.initial_margin == now.maintenance_margin == 5000
    assert now.available_funds == 10_000 + 3300 - 40 * FEE - 5000
    assert now.buying_power == 4 * now.available_funds


def test_a_spread_beyond_the_funds_is_rejected_with_the_numbers(bench: Bench, client: Desk) -> None:
    place(client, 1, "BUY", 40, *credit(bench), limit_price="-2.40")
    equity = 10_000 + 40 * 240 - 80 * FEE
    assert rejection(client, bench) == (
        "Order rejected - reason:YOUR ORDER IS NOT ACCEPTED. IN ORDER TO OBTAIN THE DESIRED"
        f" POSITION YOUR EQUITY WITH LOAN VALUE [{equity:.2f} USD] MUST EXCEED THE INITIAL MARGIN"
        " [20000.00 USD]"
    )


def test_the_same_short_alone_needs_far_more(bench: Bench, client: Desk) -> None:
    short = option(bench, "C", 755.0).contract(exchange="SMART")
    client.place(1, "SELL", 1, contract=short)
    assert "MUST EXCEED THE INITIAL MARGIN [" in rejection(client, bench)


def test_selling_what_covers_a_short_is_rejected(bench: Bench, client: Desk) -> None:
    place(client, 1, "BUY", 10, *credit(bench))
    bench.run(2)
    client.receive()
    long = option(bench, "C", 760.0).contract(exchange="SMART")
    client.place(2, "SELL", 10, contract=long)
    assert "MUST EXCEED THE INITIAL MARGIN" in rejection(client, bench)


def test_closing_the_whole_is_accepted_without_any_funds(bench: Bench, client: Desk) -> None:
    place(client, 1, "BUY", 10, *credit(bench))
    bench.run(2)
    bench.engine.accounts.set_cash(Decimal(-50_000))
    place(client, 2, "SELL", 10, *credit(bench))
    bench.run(2)
    assert client.order(2).status == "Filled"
    now = bench.engine.accounts.standing()
    assert (now.initial_margin, now.maintenance_margin, now.gross_value) == (0, 0, 0)


def test_buying_back_the_short_is_accepted_without_any_funds(bench: Bench, client: Desk) -> None:
    place(client, 1, "BUY", 1, *credit(bench))
    bench.run(2)
    bench.engine.accounts.set_cash(Decimal(-50_000))
    short = option(bench, "C", 755.0).contract(exchange="SMART")
    client.place(2, "BUY", 1, contract=short)
    bench.run(2)
    assert client.order(2).status == "Filled"


def test_a_bought_combination_of_longs_needs_cash(bench: Bench, client: Desk) -> None:
    legs = leg(option(bench, "C", 755.0), 1), leg(option(bench, "P", 750.0), 1)
    place(client, 1, "BUY", 20, *legs, limit_price="7.20")
    needed = 20 * 720 + 40 * FEE
    assert rejection(client, bench).endswith(
        f"CASH AVAILABLE: 10000.00; CASH NEEDED FOR THIS ORDER AND OTHER PENDING ORDERS:"
        f" {needed:.2f}"
    )


def test_working_combinations_count_against_the_next(bench: Bench, client: Desk) -> None:
    place(client, 1, "BUY", 30, *credit(bench), limit_price="-3.00")
    bench.run(1)
    assert client.order(1).status == "Submitted"
    client.receive()
    place(client, 2, "BUY", 20, *credit(bench), limit_price="-3.00")
    assert "MUST EXCEED THE INITIAL MARGIN [" in rejection(client, bench)


def test_what_a_working_order_might_cover_is_no_cover_yet(bench: Bench, client: Desk) -> None:
    high = option(bench, "C", 760.0).contract(exchange="SMART")
    client.place(1, "BUY", 1, contract=high, limit_price="0.05")
    bench.run(1)
    client.receive()
    short = option(bench, "C", 755.0).contract(exchange="SMART")
    client.place(2, "SELL", 1, contract=short)
    assert "MUST EXCEED THE INITIAL MARGIN" in rejection(client, bench)


def test_a_what_if_of_what_cannot_lose_is_only_an_error(bench: Bench, client: Desk) -> None:
    place(client, 1, "BUY", 1, *credit(bench), limit_price="-5.00", what_if=True)
    bench.run(1)
    assert client.script() == ["201"]


@pytest.mark.parametrize("seed", range(6))
def test_the_account_adds_up_to_the_cent_whatever_is_combined(seed: int) -> None:
    bench, rng = quoted("1000000.00"), Random(seed)
    client = bench.start()
    accounts = bench.engine.accounts
    makers = [
        lambda: credit(bench),
        lambda: condor(bench),
        lambda: (leg(bench.spy, 100), leg(option(bench, "C", 755.0), -1)),
        lambda: (leg(option(bench, "C", 755.0), 1), leg(option(bench, "P", 750.0), 1)),
        lambda: (leg(option(bench, "C", 760.0), 2), leg(option(bench, "C", 755.0), -1)),
    ]
    for order_id in range(1, 25):
        for right, strike, low in (("C", 755.0, 400), ("C", 760.0, 150), ("P", 750.0, 300)):
            bid = (low + rng.randrange(-100, 100)) / 100
            sizes = {"bid_size": rng.randrange(1, 30), "ask_size": rng.randrange(1, 30)}
            bench.market.set(option(bench, right, strike), bid, bid + 0.1, **sizes)
        action, legs = rng.choice(["BUY", "SELL"]), rng.choice(makers)()
        terms = rng.choice([{}, {"tif": "IOC"}, {"limit_price": f"{rng.randrange(-300, 300)}e-2"}])
        place(client, order_id, action, rng.randrange(1, 9), *legs, **terms)
        bench.run(rng.choice([0.2, 1, 3]))
        if rng.random() < 0.3:
            client.cancel(rng.randrange(1, order_id + 1))
    bench.run(2)
    bought = commissions = Decimal(0)
    quantities: dict[int, Decimal] = {}
    for execution in bench.engine.orders.book.executions:
        if isinstance(execution.instrument, Combo):
            continue
        con_id, sign = execution.instrument.con_id, 1 if execution.buys else -1
        quantities[con_id] = quantities.get(con_id, Decimal(0)) + sign * execution.shares
        unit = execution.instrument.multiplier or 1
        bought += sign * execution.shares * execution.price * unit
        commissions += execution.commission
    assert accounts.quantities() == {con_id: n for con_id, n in quantities.items() if n}
    assert accounts.cash == 1_000_000 - bought - commissions
    assert accounts.ledger.commissions == commissions
    for order in bench.engine.orders.book.all():
        own = [e for e in bench.engine.orders.book.executions if e.order is order]
        net = sum((e.shares for e in own if isinstance(e.instrument, Combo)), Decimal(0))
        assert order.filled == net
        assert (order.commission or 0) == sum(e.commission for e in own)
    check_keys(bench)
    assert len(bench.engine.orders.book.executions) > 12


def check_keys(bench: Bench) -> None:
    """What the account's keys say must agree with each other, to the cent."""
    figures = bench.engine.accounts.figures()
    rows = {row.key: row.value for row in account_rows(figures)}
    book = {row.key: row.value for row in ledger_rows(figures, "USD")}
    value = {key: Decimal(each) for key, each in {**book, **rows}.items() if is_money(each)}
    cash, stock = value["TotalCashValue"], value["StockMarketValue"]
    equity, funds = value["EquityWithLoanValue"], value["AvailableFunds"]
    assert cash == value["CashBalance"] == value["TotalCashBalance"]
    assert value["NetLiquidation"] == value["NetLiquidationByCurrency"]
    sums = {
        "NetLiquidation": cash + stock + value["OptionMarketValue"],
        "EquityWithLoanValue": cash + stock,
        "AvailableFunds": equity - value["InitMarginReq"],
        "ExcessLiquidity": equity - value["MaintMarginReq"],
        "BuyingPower": max(Decimal(0), 4 * funds),
    }
    sums |= {
        key: sum((value[f"{key}-{segment}"] for segment in "CPS"), Decimal(0))
        for key in value
        if f"{key}-S" in value and f"{key}-C" in value
    }
    profit = value["RealizedPnL"] + value["UnrealizedPnL"]
    assert abs(value["NetLiquidation"] - 1_000_000 - profit) < LAST_DIGITS
    assert {key for key, total in sums.items() if abs(value[key] - total) >= LAST_DIGITS} == set()


def is_money(text: str) -> bool:
    return text.removeprefix("-").replace(".", "", 1).isdigit()
