"""What becomes of options at their end: positions, cash and what clients are told, to the cent."""

from __future__ import annotations

from decimal import Decimal

import pytest

from pytest_ibkr.sim.custom_listing import preset
from pytest_ibkr.sim.journal import Note
from pytest_ibkr.wire.messages.account import (
    PortfolioValue,
    Position,
    PositionEnd,
    ReqAccountUpdates,
    ReqPositions,
)
from pytest_ibkr.wire.messages.executions import ExecutionData, ExecutionDataEnd, ReqExecutions
from pytest_ibkr.wire.messages.order import OrderStatus
from pytest_ibkr.wire.messages.place_order import PlaceOrder
from tests.sim.data_bench import Peer, errors, only
from tests.sim.days_bench import (
    FRIDAY,
    MONDAY,
    THURSDAY,
    Listed,
    SmallDays,
    abc,
    listed,
    on,
    summer,
    until,
)

CALL, PUT = (FRIDAY, 100.0, "C"), (FRIDAY, 110.0, "P")
AT_THE_MONEY, LATER = (FRIDAY, 104.0, "C"), (MONDAY, 100.0, "C")
OPTIONS = (CALL, PUT, AT_THE_MONEY, LATER)


def days(friday: float = 104.5, *, sec_type: str = "STK") -> SmallDays:
    """Thursday at 102, Friday at 104.5, Monday at 99; Friday's options end on Friday."""
    prices = {THURSDAY: 102.0, FRIDAY: friday, MONDAY: 99.0}
    return SmallDays(
        prices,
        {THURSDAY: OPTIONS, FRIDAY: OPTIONS, MONDAY: [LATER]},
        sec_type=sec_type,
    )


def holding(
    option: Listed, quantity: int, cost: str, *, market: SmallDays | None = None
) -> tuple[Peer, SmallDays]:
    """A client on Friday afternoon, whose account holds an option since before."""
    market = market or days()
    client = on(market, FRIDAY, 15)
    instrument = listed(market, FRIDAY, option)
    account = client.engine.accounts
    account.add_position(instrument, Decimal(quantity), average_cost=Decimal(cost))
    client.wait(1.0)
    return client, market


def held(client: Peer) -> dict[str, tuple[Decimal, Decimal]]:
    """Quantity and average cost of every open position, by security type."""
    return {
        each.instrument.sec_type: (each.quantity, each.average_cost)
        for each in client.engine.accounts.ledger.open_holdings()
    }


@pytest.mark.parametrize(
    ("option", "quantity", "shares", "cost"),
    [
        pytest.param(CALL, 2, 200, "101.5", id="a-long-call-buys"),
        pytest.param(CALL, -2, -200, "101.5", id="a-short-call-sells"),
        pytest.param(PUT, 1, -100, "108.5", id="a-long-put-sells"),
        pytest.param(PUT, -3, 300, "108.5", id="a-short-put-buys"),
    ],
)
def test_in_the_money_the_shares_change_hands_at_the_strike(
    option: Listed, quantity: int, shares: int, cost: str
) -> None:
    client, _ = holding(option, quantity, "150.00")
    accounts = client.engine.accounts
    before = accounts.cash
    until(client, FRIDAY, 23, 1)
    assert held(client) == {"STK": (Decimal(shares), Decimal(cost))}
    assert accounts.cash == before - shares * Decimal(str(option[1]))
    assert accounts.ledger.commissions == 0, "nobody charges for it"


def test_books_balance_to_the_cent_over_the_settlement() -> None:
    client, _ = holding(CALL, -2, "333.33")
    ledger = client.engine.accounts.ledger
    until(client, MONDAY, 10)
    costs = sum((each.cost for each in ledger.open_holdings()), Decimal(0))
    assert ledger.cash + costs == ledger.start + ledger.realized
    standing = client.engine.accounts.standing()
    assert standing.net_liquidation == ledger.cash - 200 * Decimal("99.0")


def test_shares_held_against_a_short_call_are_called_away() -> None:
    client, market = holding(CALL, -1, "200.00")
    accounts = client.engine.accounts
    accounts.add_position(abc(market, FRIDAY), Decimal(100), average_cost=Decimal(90))
    before = accounts.cash
    until(client, FRIDAY, 23, 30)
    assert held(client) == {}
    assert accounts.cash == before + 10_000
    assert accounts.ledger.realized == 10_000 + 200 - 9_000, "the premium counts as price"


@pytest.mark.parametrize("quantity", [4, -4])
def test_out_of_the_money_it_vanishes(quantity: int) -> None:
    client, _ = holding((FRIDAY, 110.0, "P"), quantity, "25.00", market=days(111.0))
    before = client.engine.accounts.cash
    until(client, FRIDAY, 23, 1)
    assert held(client) == {}
    assert client.engine.accounts.cash == before
    assert client.engine.accounts.ledger.realized == -quantity * 25


@pytest.mark.parametrize(
    ("close", "how"),
    [(104.0, "worthless"), (104.009, "worthless"), (104.01, "exercised"), (103.0, "worthless")],
)
def test_a_cent_in_the_money_is_enough(close: float, how: str) -> None:
    client, _ = holding(AT_THE_MONEY, 1, "10.00", market=days(close))
    until(client, FRIDAY, 23, 1)
    assert [each.how for each in client.engine.expiry.settled] == [how]


def test_who_gave_the_right_up_exercises_nothing() -> None:
    client, market = holding(CALL, 1, "10.00")
    client.engine.expiry.lapsed.add(listed(market, FRIDAY, CALL).con_id)
    until(client, FRIDAY, 23, 1)
    assert held(client) == {}


@pytest.mark.parametrize("quantity", [2, -2])
def test_options_on_an_index_end_in_cash(quantity: int) -> None:
    client, _ = holding(CALL, quantity, "150.00", market=days(sec_type="IND"))
    before = client.engine.accounts.cash
    until(client, FRIDAY, 23, 1)
    assert held(client) == {}
    assert client.engine.accounts.cash == before + quantity * Decimal("450.00")
    assert client.engine.accounts.ledger.realized == quantity * Decimal("300.00")


def test_what_has_days_left_stays() -> None:
    client, market = holding(LATER, 1, "500.00")
    until(client, FRIDAY, 23, 59)
    assert held(client) == {"OPT": (1, 500)}
    until(client, MONDAY, 23, 30)
    assert held(client) == {}, "99 on Monday: worthless"
    assert [each.option for each in client.engine.expiry.settled] == [listed(market, MONDAY, LATER)]


def test_nothing_happens_before_eleven_in_the_evening() -> None:
    client, _ = holding(CALL, 1, "500.00")
    until(client, FRIDAY, 22, 59)
    assert held(client) == {"OPT": (1, 500)}


def test_watchers_of_positions_are_told_of_both_sides() -> None:
    client, _ = holding(CALL, 1, "500.00")
    assert only(client.send(ReqPositions()), PositionEnd)
    rows = only(until(client, FRIDAY, 23, 1), Position)  # type: ignore[arg-type]
    told = {(row.contract.sec_type, row.position, row.average_cost) for row in rows}
    assert told == {("OPT", 0, 0), ("STK", 100, Decimal("105.0"))}


def test_the_portfolio_shows_the_option_flat_until_the_day_is_over() -> None:
    client, _ = holding(CALL, 1, "500.00")
    client.send(ReqAccountUpdates(subscribe=True, account=""))
    rows = only(until(client, FRIDAY, 23, 59), PortfolioValue)  # type: ignore[arg-type]
    last = {row.contract.sec_type: row.position for row in rows}
    assert last == {"OPT": 0, "STK": 100}
    client.send(ReqAccountUpdates(subscribe=False, account=""))
    until(client, MONDAY, 10)
    found = client.send(ReqAccountUpdates(subscribe=True, account=""))
    rows = only(found, PortfolioValue)
    assert {row.contract.sec_type for row in rows} == {"STK"}


def test_a_settlement_is_no_execution() -> None:
    client, _ = holding(CALL, 1, "500.00")
    until(client, FRIDAY, 23, 30)
    found = client.send(ReqExecutions(request_id=9))
    assert only(found, ExecutionData) == []
    assert only(found, ExecutionDataEnd)


def test_orders_on_what_expired_are_cancelled_in_the_night() -> None:
    client, market = holding(CALL, 1, "500.00")
    contract = listed(market, FRIDAY, CALL).contract()
    order = PlaceOrder(
        order_id=5,
        contract=contract,
        action="SELL",
        quantity=Decimal(1),
        order_type="LMT",
        limit_price=Decimal("50.00"),
        tif="GTC",
    )
    client.send(order)
    found = until(client, FRIDAY, 23, 1)
    assert [m.status for m in only(found, OrderStatus)] == ["Cancelled"]  # type: ignore[arg-type]
    assert [(i, code) for i, code, _ in errors(found)] == [(5, 202)]  # type: ignore[arg-type]


def test_what_expired_is_unknown_the_next_day() -> None:
    client, market = holding(CALL, 1, "500.00")
    gone, stays = (listed(market, FRIDAY, each).contract() for each in (CALL, LATER))
    until(client, MONDAY, 10)
    for contract, codes in ((gone, [200]), (stays, [])):
        found = client.send(client.market_data(contract=contract))
        assert [code for _, code, _ in errors(found)] == codes
        client.engine.streams.drop_all()


def test_without_another_day_it_is_unknown_all_the_same() -> None:
    market = days()
    client = on(market, FRIDAY, 15)
    client.engine.rollover.days = None
    gone = listed(market, FRIDAY, CALL).contract()
    until(client, "20260207", 12)
    assert [code for _, code, _ in errors(client.send(client.market_data(contract=gone)))] == [200]


def test_the_journal_says_what_was_settled() -> None:
    client, _ = holding(PUT, -1, "100.00")
    until(client, FRIDAY, 23, 1)
    found = [each.message for each in client.engine.journal.entries()]
    notes = [each.text for each in found if isinstance(each, Note)]
    assert notes[-1] == "ABC 260206P00110000 assigned: -1, ABC at 104.5, +100 shares"


def test_the_days_profit_is_what_the_options_lost_or_made_to_the_close() -> None:
    client, market = holding(CALL, 2, "150.00")
    accounts = client.engine.accounts
    option = listed(market, FRIDAY, CALL)
    before = client.engine.market.quote(option, client.engine.now_s).close
    assert before is not None
    until(client, FRIDAY, 23, 30)
    books = accounts.ledger.holdings.values()
    daily = [accounts.day.daily(each, accounts.mark(each.instrument)) for each in books]
    assert None not in daily
    worth = 200 * (Decimal("104.5") - 100)
    assert sum(each or 0 for each in daily) == worth - 200 * Decimal(str(before))


def test_exercising_early_delivers_at_once() -> None:
    client, market = holding(LATER, 2, "150.00")
    found = client.engine.expiry.exercise(listed(market, FRIDAY, LATER), Decimal(1))
    assert (found.how, found.shares, found.price) == ("exercised", 100, Decimal("104.5"))
    assert held(client) == {"OPT": (1, 150), "STK": (100, Decimal("101.5"))}


def test_a_morning_settled_option_ends_with_the_next_opening() -> None:
    market = summer()
    client = on(market, "20260716", 15)
    engine = client.engine
    engine.use_world(engine.world.extended(preset("SPX", engine.world)))
    index = engine.world.book.by_symbol("SPX")
    assert index is not None
    chain = engine.world.book.chain("SPX")
    ends = [each for each in chain if each.am_settled and each.expiry == "20260716"]
    option = min((each for each in ends if each.right == "C"), key=lambda each: each.strike)
    engine.accounts.add_position(option, Decimal(1), average_cost=Decimal(100))
    until(client, "20260716", 23, 30)
    assert held(client) == {"OPT": (1, 100)}, "not before the opening"
    cash = engine.accounts.cash
    until(client, "20260717", 9, 45)
    opening = engine.market.quote(index, engine.now_s).open
    assert opening is not None
    until(client, "20260717", 23, 30)
    assert held(client) == {}
    worth = Decimal(str(opening)) - Decimal(str(option.strike))
    assert worth > 100
    assert engine.accounts.cash == cash + 100 * worth
    assert engine.failures == []
