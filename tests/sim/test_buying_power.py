"""What an order is counted at: never a gain that nobody has yet."""

from __future__ import annotations

from decimal import Decimal

import pytest

from pytest_ibkr.wire.messages.order_echo import OpenOrder
from pytest_ibkr.wire.messages.session import ErrorNotice
from tests.sim.combo_bench import leg, option, place
from tests.sim.data_bench import only
from tests.sim.orders_bench import Bench

FEE = Decimal("0.76825")  # of one option


@pytest.mark.parametrize(("action", "limit"), [("BUY", "400.00"), ("SELL", "900.00")])
def test_a_limit_far_from_the_market_shows_no_gain_of_equity(action: str, limit: str) -> None:
    bench = Bench(cash="50000.00")
    client = bench.start()
    client.place(1, action, 10, limit_price=limit, what_if=True)
    bench.run(2)
    [echo] = only(client.receive(), OpenOrder)
    assert echo.equity_change is not None
    assert Decimal(-2) < echo.equity_change < 0, "its commission and nothing else"


def test_a_far_limit_buys_no_more_than_the_account_can_carry() -> None:
    bench = Bench(cash="5000.00")
    client = bench.start()
    client.place(1, "BUY", 14, limit_price="100.00")
    bench.run(2)
    found = client.receive()
    [notice] = only(found, ErrorNotice)
    needed = 7 * Decimal("754.925")
    assert notice.code == 201
    assert "EQUITY WITH LOAN VALUE [4999.00 USD]" in notice.text
    assert f"INITIAL MARGIN [{needed:.2f} USD]" in notice.text
    assert str(client.order(1).status) == "Inactive"


def test_premium_nobody_pays_now_carries_no_short_option() -> None:
    bench = Bench(cash="5000.00")
    client = bench.start()
    client.place(1, "SELL", 1, contract=bench.option_contract, limit_price="90.00", what_if=True)
    bench.run(2)
    [echo] = only(client.receive(), OpenOrder)
    assert echo.equity_change == Decimal("252.50") - FEE


def test_a_covered_call_at_a_far_net_price_shows_no_gain_of_equity() -> None:
    bench = Bench(cash="100000.00")
    call = option(bench, "C", 760.0)
    bench.market.set(call, 1.50, 1.60, bid_size=50, ask_size=50)
    client = bench.start()
    legs = (leg(bench.spy, 100), leg(call, -1))
    place(client, 1, "BUY", 1, *legs, limit_price="500.00", what_if=True)
    bench.run(2)
    [echo] = only(client.receive(), OpenOrder)
    assert echo.equity_change is not None
    assert 140 < echo.equity_change < 160, "the premium of now"


def test_a_bought_option_is_counted_at_what_its_order_would_pay() -> None:
    bench = Bench(cash="5000.00")
    client = bench.start()
    client.place(1, "BUY", 1, contract=bench.option_contract, limit_price="1.00", what_if=True)
    bench.run(2)
    [echo] = only(client.receive(), OpenOrder)
    assert echo.equity_change == -100 - FEE
