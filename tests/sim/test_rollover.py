"""The market's next day: what changes at midnight, what goes on, and what begins anew."""

from __future__ import annotations

from decimal import Decimal

from pytest_ibkr.sim.journal import Note
from pytest_ibkr.sim.nightly import Night
from pytest_ibkr.wire.messages.account import PortfolioValue, ReqAccountUpdates
from pytest_ibkr.wire.messages.completed_order import CompletedOrder
from pytest_ibkr.wire.messages.contract import Contract
from pytest_ibkr.wire.messages.executions import ExecutionData, ReqExecutions
from pytest_ibkr.wire.messages.history import HistoricalData, HistoricalDataUpdate
from pytest_ibkr.wire.messages.market_data import TickPrice
from pytest_ibkr.wire.messages.order import OrderStatus, ReqCompletedOrders
from pytest_ibkr.wire.messages.place_order import PlaceOrder
from pytest_ibkr.wire.messages.pnl import Pnl, ReqPnl
from tests.sim.data_bench import Peer, errors, history, only
from tests.sim.days_bench import (
    FRIDAY,
    MONDAY,
    THURSDAY,
    TUESDAY,
    SmallDays,
    abc,
    listed,
    moment,
    on,
    summer,
    until,
)

ABC = Contract(symbol="ABC", sec_type="STK", exchange="SMART", currency="USD")
CALL = (TUESDAY, 100.0, "C")
_CLOSE_TICK, _LAST_TICK = 9, 4


def days() -> SmallDays:
    """102 on Thursday, 104.5 on Friday, 99 on Monday, 101 on Tuesday."""
    prices = {THURSDAY: 102.0, FRIDAY: 104.5, MONDAY: 99.0, TUESDAY: 101.0}
    return SmallDays(prices, {date: [CALL] for date in prices})


def order(client: Peer, order_id: int, action: str, limit: str, tif: str) -> None:
    client.send(
        PlaceOrder(
            order_id=order_id,
            contract=ABC,
            action=action,
            quantity=Decimal(10),
            order_type="LMT",
            limit_price=Decimal(limit),
            tif=tif,
        )
    )


def statuses(found: list[object]) -> list[tuple[int, str]]:
    told = [(m.order_id, m.status) for m in only(found, OrderStatus)]  # type: ignore[arg-type]
    return list(dict.fromkeys(told))


def ticks(found: list[object], tick: int) -> list[float]:
    return [m.price for m in only(found, TickPrice) if m.tick == tick]  # type: ignore[arg-type]


# The market


def test_an_instrument_is_the_same_object_on_every_day() -> None:
    market = summer()
    first, later = market.world("20260713"), market.world("20260714")
    before = {each.con_id: each for each in first.book.chain("SPY")}
    after = {each.con_id: each for each in later.book.chain("SPY")}
    both = before.keys() & after.keys()
    assert len(both) > 1000
    assert all(before[con_id] is after[con_id] for con_id in both)
    assert first.book.by_symbol("SPY") is later.book.by_symbol("SPY")


def test_weeklies_go_and_new_ones_come() -> None:
    market = summer()
    before, after = (
        {each.expiry for each in market.world(date).book.chain("SPY")}
        for date in ("20260713", "20260727")
    )
    assert "20260713" in before - after
    assert [each for each in after - before if each > "20260727"]


def test_a_day_begins_at_midnight_and_a_weekend_waits_for_monday() -> None:
    client = on(days(), FRIDAY, 15)
    rolled = []
    for date, hour in (("20260207", 12), ("20260208", 23), (MONDAY, 1), (TUESDAY, 1)):
        until(client, date, hour)
        rolled.append(client.engine.rollover.date)
    assert rolled == [FRIDAY, FRIDAY, MONDAY, TUESDAY]
    notes = [e.message.text for e in client.engine.journal.entries() if isinstance(e.message, Note)]
    assert f"new trading day {MONDAY}: synthetic: stands still" in notes


def test_a_day_without_data_is_closed_from_morning_to_night() -> None:
    market = SmallDays({THURSDAY: 102.0, MONDAY: 99.0}, {})
    client = on(market, THURSDAY, 15)
    assert client.engine.market.is_open(client.engine.now_s)
    for hour in range(24):
        until(client, FRIDAY, hour, 45)
        assert not client.engine.market.is_open(client.engine.now_s)
    until(client, MONDAY, 10)
    assert client.engine.market.is_open(client.engine.now_s)


def test_a_holiday_of_the_exchange_is_no_trading_day() -> None:
    market = summer()
    assert "20260703" not in market.dates
    client = on(market, "20260702", 15)
    until(client, "20260703", 12)
    assert not client.engine.market.is_open(client.engine.now_s)
    until(client, "20260706", 9, 31)
    assert client.engine.market.is_open(client.engine.now_s)


def test_after_the_last_day_it_never_opens_again() -> None:
    client = on(days(), TUESDAY, 15)
    over = client.engine.rollover.is_over
    assert [over(moment(TUESDAY, *at)) for at in ((15, 59), (16, 0))] == [False, True]
    for date in ("20260211", "20260212"):
        until(client, date, 11)
        assert not client.engine.market.is_open(client.engine.now_s)
    notes = [e.message.text for e in client.engine.journal.entries() if isinstance(e.message, Note)]
    assert notes[-1] == f"the market's days are over: {TUESDAY} was the last"
    assert client.engine.failures == []


# Live data


def test_a_stream_goes_on_with_the_new_close_and_over_the_gap() -> None:
    client = on(days(), FRIDAY, 15, 58)
    client.send(client.market_data(contract=ABC))
    until(client, FRIDAY, 16, 1)
    closed = until(client, MONDAY, 9, 29)
    assert ticks(closed, _CLOSE_TICK) == [104.5]
    assert ticks(closed, _LAST_TICK) == []
    opened = until(client, MONDAY, 9, 31)
    assert ticks(opened, _LAST_TICK)[0] == 99.0, "an overnight gap of five and a half dollars"


def test_a_stream_of_an_option_goes_on_to_its_last_day_and_is_silent_then() -> None:
    weekly = [(FRIDAY, 100.0, "C")]
    prices = {THURSDAY: 102.0, FRIDAY: 104.5, MONDAY: 99.0}
    market = SmallDays(prices, {THURSDAY: weekly, FRIDAY: weekly})
    client = on(market, FRIDAY, 15, 58)
    contract = listed(market, FRIDAY, (FRIDAY, 100.0, "C")).contract()
    client.send(client.market_data(contract=contract))
    assert until(client, FRIDAY, 15, 59)
    until(client, FRIDAY, 23)
    assert until(client, MONDAY, 15) == []
    assert client.engine.failures == []


def test_an_option_in_use_that_the_next_day_does_not_list_is_quoted_by_the_model() -> None:
    market = SmallDays(
        {THURSDAY: 102.0, FRIDAY: 104.5},
        {THURSDAY: [CALL, (TUESDAY, 101.0, "C")], FRIDAY: [(TUESDAY, 101.0, "C")]},
    )
    client = on(market, THURSDAY, 15)
    engine, option = client.engine, listed(market, THURSDAY, CALL)
    engine.accounts.add_position(option, Decimal(1), average_cost=Decimal(300))
    until(client, FRIDAY, 10)
    quote = engine.market.quote(option, engine.now_s)
    assert quote.bid is not None
    assert quote.ask is not None
    assert 4.50 < quote.bid < quote.ask < 6.00
    assert round(quote.ask - quote.bid, 2) == 0.05, "0.04 on Thursday, and ticks of 0.05"
    assert engine.world.book.by_id(option.con_id) is option
    until(client, FRIDAY, 18)
    assert engine.failures == []


def test_an_option_nobody_uses_is_gone_with_its_day() -> None:
    market = SmallDays({THURSDAY: 102.0, FRIDAY: 104.5}, {THURSDAY: [CALL]})
    client = on(market, THURSDAY, 15)
    until(client, FRIDAY, 10)
    found = client.send(client.market_data(contract=listed(market, THURSDAY, CALL).contract()))
    assert [code for _, code, _ in errors(found)] == [200]


def test_what_was_listed_beside_the_market_is_there_on_the_next_day() -> None:
    from pytest_ibkr.sim.custom_listing import preset

    market = summer()
    client = on(market, "20260713", 15)
    engine = client.engine
    engine.use_world(engine.world.extended(preset("MES", engine.world)))
    before = engine.world.book.by_symbol("MES")
    until(client, "20260714", 10)
    assert before is not None
    assert engine.world.book.by_symbol("MES") is before
    assert engine.market.quote(before, engine.now_s).two_sided


# History


def test_history_reaches_back_over_the_days_and_never_ahead() -> None:
    client = on(days(), THURSDAY, 15)
    until(client, MONDAY, 11)
    [answer] = only(client.send(history(contract=ABC, duration="3 D")), HistoricalData)
    bars = [(bar.date[:8], bar.close) for bar in answer.bars]
    assert dict(bars) == {THURSDAY: 102.0, FRIDAY: 104.5, MONDAY: 99.0}
    assert answer.bars[-1].date.split()[1] <= "11:00:00"


def test_yesterdays_bars_are_those_that_were_seen_yesterday() -> None:
    client = on(summer(), "20260713", 15)
    asked = history(bar_size="1 min", duration="1 D", end="20260713 20:00:00 US/Eastern")
    until(client, "20260713", 20, 30)
    [evening] = only(client.send(asked), HistoricalData)
    until(client, "20260714", 11)
    [morning] = only(client.send(asked), HistoricalData)
    assert len(evening.bars) == 390
    assert morning.bars == evening.bars


def test_bars_kept_up_to_date_go_on_in_the_morning() -> None:
    client = on(days(), FRIDAY, 15)
    client.send(history(contract=ABC, keep_up_to_date=True))
    assert only(until(client, FRIDAY, 15, 30), HistoricalDataUpdate)  # type: ignore[arg-type]
    until(client, FRIDAY, 16, 1)
    night = until(client, MONDAY, 9, 29)
    assert only(night, HistoricalDataUpdate) == []  # type: ignore[arg-type]
    [first, *_] = only(until(client, MONDAY, 9, 31), HistoricalDataUpdate)  # type: ignore[arg-type]
    assert (first.date[:8], first.close) == (MONDAY, 99.0)


# Orders


def test_a_day_order_ends_at_the_close_and_one_until_cancelled_lives_on() -> None:
    client = on(days(), FRIDAY, 15)
    order(client, 1, "BUY", "95.00", "DAY")
    order(client, 2, "BUY", "99.50", "GTC")
    perm_id = client.engine.orders.find(1, 2).perm_id
    friday = until(client, FRIDAY, 23, 59)
    assert statuses(friday) == [(1, "Cancelled")]
    assert [(i, code) for i, code, _ in errors(friday)] == [(1, 202)]  # type: ignore[arg-type]
    monday = until(client, MONDAY, 9, 31)
    assert statuses(monday) == [(2, "Filled")]
    filled = [m for m in only(monday, OrderStatus) if m.status == "Filled"]  # type: ignore[arg-type]
    assert {(m.perm_id, m.average_fill_price) for m in filled} == {(perm_id, Decimal("99.01"))}


def test_an_order_of_the_weekend_works_on_monday_and_ends_at_its_close() -> None:
    client = on(days(), FRIDAY, 15)
    until(client, "20260207", 12)
    order(client, 1, "BUY", "95.00", "DAY")
    assert (1, "Submitted") in statuses(until(client, MONDAY, 9, 31))
    assert client.engine.orders.find(1, 1).expires_s == moment(MONDAY, 16)


def test_executions_and_completed_orders_are_of_the_day() -> None:
    client = on(days(), FRIDAY, 15)
    order(client, 1, "BUY", "104.60", "DAY")
    client.wait(5)

    def asked(**more: object) -> tuple[int, int]:
        found = client.send(ReqExecutions(request_id=7, **more))  # type: ignore[arg-type]
        found += client.send(ReqCompletedOrders(api_only=False))
        return len(only(found, ExecutionData)), len(only(found, CompletedOrder))

    assert asked() == (1, 1)
    until(client, MONDAY, 10)
    assert asked() == (0, 0)
    assert asked(last_days=5) == (1, 0)


# The account


def test_what_was_realized_belongs_to_its_day() -> None:
    market = days()
    client = on(market, FRIDAY, 15)
    accounts = client.engine.accounts
    accounts.add_position(abc(market, FRIDAY), Decimal(30), average_cost=Decimal(100))
    order(client, 1, "SELL", "104.40", "DAY")
    client.wait(5)
    realized = accounts.ledger.realized
    assert realized > 40
    cash = accounts.cash
    until(client, MONDAY, 10)
    assert accounts.ledger.realized == 0
    assert accounts.cash == cash
    assert accounts.ledger.cash + 20 * 100 == accounts.ledger.start


def test_profit_of_the_day_counts_from_the_close_before() -> None:
    market = days()
    client = on(market, FRIDAY, 15)
    stock = abc(market, FRIDAY)
    client.engine.accounts.add_position(stock, Decimal(30), average_cost=Decimal(100))
    client.send(ReqPnl(request_id=3, account="DU0000001"))
    until(client, FRIDAY, 17)
    told = only(client.seen, Pnl)[-1]
    assert (told.daily, told.unrealized) == (30 * Decimal("2.5"), 30 * Decimal("4.5"))
    until(client, MONDAY, 11)
    told = only(client.seen, Pnl)[-1]
    assert (told.daily, told.unrealized) == (30 * Decimal("-5.5"), 30 * Decimal(-1))


def test_a_position_closed_today_leaves_the_portfolio_tomorrow() -> None:
    market = days()
    client = on(market, FRIDAY, 15)
    accounts = client.engine.accounts
    accounts.add_position(abc(market, FRIDAY), Decimal(10), average_cost=Decimal(100))
    client.send(ReqAccountUpdates(subscribe=True, account=""))
    order(client, 1, "SELL", "104.40", "DAY")
    until(client, FRIDAY, 17)
    rows = only(client.seen, PortfolioValue)
    assert rows[-1].position == 0
    assert rows[-1].realized_pnl > 40
    until(client, MONDAY, 10)
    client.send(ReqAccountUpdates(subscribe=False, account=""))
    again = client.send(ReqAccountUpdates(subscribe=True, account=""))
    assert only(again, PortfolioValue) == []


def test_yesterdays_equity_is_what_the_account_was_worth_at_the_close() -> None:
    market = days()
    client = on(market, FRIDAY, 15)
    accounts = client.engine.accounts
    accounts.add_position(abc(market, FRIDAY), Decimal(30), average_cost=Decimal(100))
    until(client, FRIDAY, 23, 59)
    worth = accounts.standing().equity_with_loan
    until(client, MONDAY, 11)
    assert accounts.figures().start_equity == worth
    assert accounts.standing().equity_with_loan == worth - 30 * Decimal("5.5")


# Nights


def test_every_night_calls_those_who_plan_for_it() -> None:
    client = on(days(), FRIDAY, 15)
    nights: list[Night] = []
    stop = client.engine.on_night(nights.append)
    until(client, MONDAY, 1)
    stop()
    until(client, TUESDAY, 1)
    assert [night.date for night in nights] == [FRIDAY, "20260207", "20260208"]
    friday, saturday, sunday = nights
    assert friday.begins_s == moment(FRIDAY, 23)
    assert friday.restart_s == moment(FRIDAY, 23, 45)
    assert (friday.reset_s, friday.reset_ends_s) == (
        moment("20260207", 0, 15),
        moment("20260207", 1, 45),
    )
    assert (friday.logout_s, saturday.logout_s) == (None, moment("20260208", 1))
    assert [night.before_session for night in nights] == [False, False, True]
    assert sunday.logout_s is None


def test_a_session_that_begins_in_the_night_has_its_next_day_too() -> None:
    client = on(days(), FRIDAY, 23, 30)
    until(client, MONDAY, 1)
    assert client.engine.rollover.date == MONDAY


def test_the_clock_change_moves_no_midnight() -> None:
    market = SmallDays({"20260306": 100.0, "20260309": 101.0}, {})
    client = on(market, "20260306", 15)
    until(client, "20260309", 0, 1)
    assert client.engine.rollover.date == "20260309"
