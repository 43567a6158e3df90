"""When there can be orders at all: account, test, connection, hour."""

from __future__ import annotations

from decimal import Decimal

import pytest

from pytest_ibkr.guard.circumstances import of_a_real_order, of_any_order
from pytest_ibkr.guard.decision import Refuse
from pytest_ibkr.guard.state import MarketFacts, TestContext
from pytest_ibkr.wire.messages.market_data import TickPrice
from tests.guard.bench import (
    ACCOUNT,
    CLOSE_S,
    FIRST_ID,
    LIVE,
    NOON_S,
    OTHER,
    SPY,
    bench,
    limits,
    order,
)

# ------------------------------------------------------------------ whose account


def said(decision: object) -> Refuse:
    assert isinstance(decision, Refuse)
    assert decision.request_id == FIRST_ID
    return decision


@pytest.mark.parametrize("named", [None, ""])
def test_without_a_named_account_there_are_no_orders(named: str | None) -> None:
    decision = said(bench(expected_account=named).send(order()))
    assert decision.rule == "account.unnamed"
    assert decision.reason == "nobody said that DU*****21 is to trade"
    assert "paper_trading.account" in decision.fix
    assert "IBKR_PAPER_ACCOUNT" in decision.fix


@pytest.mark.parametrize("named", [OTHER, LIVE, ACCOUNT + " ", ACCOUNT.lower(), ACCOUNT[:-1]])
def test_another_named_account_has_no_orders(named: str) -> None:
    decision = said(bench(expected_account=named).send(order()))
    assert decision.rule == "account.other"
    assert decision.reason.endswith("was named, and the gateway serves DU*****21")
    assert named not in decision.text


@pytest.mark.parametrize(
    "accounts", [(ACCOUNT, OTHER), (ACCOUNT, ACCOUNT), ("DF" + "7654321",), ("DI" + "7654321",)]
)
def test_several_accounts_and_advisors_only_read(accounts: tuple[str, ...]) -> None:
    made = bench(accounts=accounts, expected_account=accounts[0])
    assert said(made.send(order())).rule == "account.reading-only"
    assert said(made.send(order(what_if=True))).rule == "account.reading-only"


def test_while_nobody_knows_the_accounts_none_is_the_right_one() -> None:
    made = bench(accounts=None)
    assert of_any_order(order(), made.run) is None
    decision = said(of_a_real_order(order(), client=made.client, run=made.run, now_s=made.now_s))
    assert decision.rule == "account.other"
    assert decision.reason == "DU*****21 was named, and the gateway serves "


# ------------------------------------------------------------------ which run and test


def test_a_run_that_reads_has_no_orders_and_no_previews() -> None:
    made = bench(mode="read")
    assert made.rule(order()) == made.rule(order(what_if=True)) == "order.read-run"


def test_an_order_between_tests_is_refused() -> None:
    made = bench()
    made.run.end_test()
    decision = said(made.send(order()))
    assert decision.rule == "order.outside-test"
    assert decision.reason == "an order came between tests, which places none"


def test_an_order_in_a_test_that_places_none_is_refused() -> None:
    made = bench()
    made.run.begin_test(TestContext("test_reads", market_closed=True))
    decision = said(made.send(order()))
    assert decision.rule == "order.outside-test"
    assert decision.reason == "an order came in test_reads, which places none"
    assert "places_orders" in decision.fix


def test_an_open_ledger_blocks_orders() -> None:
    decision = said(bench(open_ledger=True).send(order()))
    assert decision.rule == "order.open-ledger"
    assert "close-positions --session" in decision.fix


# ------------------------------------------------------------------ which connection


def test_who_lost_the_connection_in_this_test_orders_again_in_it() -> None:
    made = bench()
    made.run.connection_ended(made.client)
    assert made.rule(order(), client=made.connect(connection=2)) is None


def test_who_lost_the_connection_in_an_earlier_test_orders_no_more() -> None:
    made = bench()
    made.run.connection_ended(made.client)
    again = made.connect(connection=2)
    made.run.begin_test(TestContext("test_next", places_orders=True))
    assert made.rule(order(), client=again) == "order.reconnected"
    assert made.rule(order(), client=made.connect(connection=3)) == "order.reconnected"


def test_who_lost_the_connection_between_tests_orders_no_more() -> None:
    made = bench()
    made.run.end_test()
    made.run.connection_ended(made.client)
    made.run.begin_test(TestContext("test_next", places_orders=True))
    assert made.rule(order(), client=made.connect(connection=2)) == "order.reconnected"


def test_who_lost_the_connection_in_a_test_orders_no_more_in_any_after_it() -> None:
    made = bench()
    made.run.connection_ended(made.client)
    for name in ("test_second", "test_third", "test_fourth"):
        made.run.end_test()
        made.run.begin_test(TestContext(name, places_orders=True))
        assert made.rule(order(), client=made.connect(connection=2)) == "order.reconnected"


def test_the_prices_of_a_connection_that_ended_are_nobodys() -> None:
    made = bench()
    made.quote(SPY, 10.0, 10.5)
    made.run.connection_ended(made.client)
    made.hear(TickPrice(request_id=1, tick=2, price=99.0))
    assert made.run.quotes.highest(SPY) == Decimal("10.5")


def test_losing_it_once_more_in_the_next_test_brings_nothing_back() -> None:
    made = bench()
    made.run.connection_ended(made.client)
    made.run.begin_test(TestContext("test_next", places_orders=True))
    made.run.connection_ended(made.connect(connection=2))
    assert made.rule(order(), client=made.connect(connection=3)) == "order.reconnected"


def test_a_connection_that_stays_orders_in_every_test() -> None:
    made = bench()
    made.run.begin_test(TestContext("test_next", places_orders=True))
    assert made.rule(order()) is None


def test_other_client_ids_are_not_concerned() -> None:
    made = bench()
    made.run.connection_ended(made.client)
    made.run.begin_test(TestContext("test_next", places_orders=True))
    assert made.rule(order(), client=made.connect(7002, connection=2)) is None


def test_the_relay_may_revoke_the_orders_of_a_connection() -> None:
    made = bench()
    made.client.orders_revoked = True
    assert made.rule(order()) == "order.reconnected"


def test_a_connection_that_never_started_concerns_nobody() -> None:
    made = bench()
    stranger = type(made.client)(connection=9, version=178, client_id=7001)
    made.run.connection_ended(stranger)
    made.run.begin_test(TestContext("test_next", places_orders=True))
    assert made.rule(order()) is None
    assert not made.run.may_order_again(type(made.client)(connection=9, version=178))


# ------------------------------------------------------------------ which hour

OPEN = MarketFacts(open=True, closes_s=CLOSE_S)
HOURS = [
    pytest.param(OPEN, CLOSE_S - 600, None, id="ten-minutes-to-the-close"),
    pytest.param(OPEN, CLOSE_S - 599.9, "order.market-closing", id="less-than-ten-minutes"),
    pytest.param(OPEN, CLOSE_S - 0.1, "order.market-closing", id="just-before-the-close"),
    pytest.param(OPEN, CLOSE_S, "order.market-closed", id="at-the-close"),
    pytest.param(OPEN, CLOSE_S + 1, "order.market-closed", id="after-the-close"),
    pytest.param(MarketFacts(False, CLOSE_S), NOON_S, "order.market-closed", id="closed"),
    pytest.param(MarketFacts(False, None), NOON_S, "order.market-closed", id="closed-for-long"),
    pytest.param(MarketFacts(True, None), NOON_S, "order.market-closed", id="unknown-close"),
    pytest.param(MarketFacts(), NOON_S, "order.market-closed", id="nothing-known"),
]


@pytest.mark.parametrize(("market", "now_s", "rule"), HOURS)
def test_orders_end_ten_minutes_before_the_close(
    market: MarketFacts, now_s: float, rule: str | None
) -> None:
    made = bench(market=market)
    made.now_s = now_s
    assert made.rule(order()) == rule
    made.run.begin_test(TestContext("test_shut", places_orders=True, market_closed=True))
    assert made.rule(order()) is None


def test_a_run_may_end_its_orders_earlier() -> None:
    made = limits(bench(), minutes_to_close=30)
    made.now_s = CLOSE_S - 1800
    assert made.rule(order()) is None
    made.now_s += 0.1
    decision = said(made.send(order()))
    assert decision.rule == "order.market-closing"
    assert decision.reason == "the market closes in under 30 minutes"


def test_a_closed_market_is_said_to_be_closed() -> None:
    decision = said(bench(market=MarketFacts()).send(order()))
    assert decision.reason == "the market is closed, or nobody knows its hours"
    assert "market_closed" in decision.fix
