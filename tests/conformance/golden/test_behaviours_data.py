"""Behaviours of gateway-behaviour.md 8, by number: market data, contracts, the account."""

from __future__ import annotations

from decimal import Decimal

import pytest

from pytest_ibkr.sim.conditions import Latency
from tests.conformance.golden.actors import Ticket
from tests.conformance.golden.conftest import SPY, Stage

DELAYED_PRICES = {66.0, 67.0, 68.0, 72.0, 73.0, 75.0, 76.0}
LIVE_PRICES = {1.0, 2.0, 4.0, 6.0, 7.0, 9.0, 14.0}


def ticks(stage: Stage, request_id: int) -> set[float]:
    """Kinds of prices a request brought."""
    return {tick for request, tick, _price in stage.actor.told("price") if request == request_id}


def test_b09_a_data_type_is_silent_and_not_retroactive(stage: Stage) -> None:
    stage.connect()
    stage.actor.quote(10, SPY)
    stage.heard()
    stage.session.configure(entitlement="delayed")
    stage.actor.quote(11, SPY)
    refused = stage.heard(only="4 58")
    stage.actor.data_type(3)
    chosen = stage.heard(30.0, only="4 58")
    stage.actor.quote(12, SPY)
    delayed = stage.heard(only="4 58")
    stage.session.configure(entitlement="not_enabled")
    stage.actor.quote(13, SPY)
    disabled = stage.heard(only="4 58")

    assert (refused, chosen, disabled) == (["4:10089"], [], ["4:10168"])
    assert sorted(delayed) == ["4:10167", "58"]
    assert ticks(stage, 10) <= LIVE_PRICES  # goes on as it began
    assert ticks(stage, 11) == ticks(stage, 13) == set()
    assert set() < ticks(stage, 12) <= DELAYED_PRICES


def test_b10_a_snapshot_ends_at_once_or_after_eleven_seconds(stage: Stage) -> None:
    stage.connect()
    stage.session.clock.hold(answers=False)
    stage.actor.quote(11, SPY, snapshot=True)
    liquid = stage.heard(0.9, only="57")
    stage.session.market.withdraw("SPY", "bid")
    stage.actor.quote(12, SPY, snapshot=True)
    waiting = stage.heard(10.9, only="57")
    ended = stage.heard(0.2, only="57")
    missing = [
        price for request, tick, price in stage.actor.told("price") if (request, tick) == (12, 1)
    ]

    assert (liquid, waiting, ended) == (["57"], [], ["57"])
    assert missing == [-1.0]


@pytest.mark.parametrize("hour", [(16, 30)])
def test_b10_out_of_hours_a_snapshot_lacks_what_nobody_quotes(stage: Stage) -> None:
    stage.connect()
    stage.session.clock.hold(answers=False)
    stage.session.market.withdraw("SPY")
    stage.actor.quote(11, SPY, snapshot=True)

    assert "57" not in stage.heard(10.9, only="57")
    assert stage.heard(0.2, only="57") == ["57"]


def test_b14_option_parameters_of_smart_are_the_end_marker_only(stage: Stage) -> None:
    stage.connect()
    stage.actor.parameters(5, SPY, exchange="SMART")
    nothing = stage.heard()
    stage.actor.parameters(6, SPY, exchange="")
    told = stage.heard()

    assert nothing == ["76"]
    assert set(told[:-1]) == {"75"}
    assert len(told) > 10
    assert told[-1] == "76"
    chains = stage.actor.told("chain")
    assert len(set(chains)) == len(chains)  # one per exchange and class
    assert "SMART" in {exchange for exchange, _class in chains}


def test_b15_positions_of_options_have_no_exchange_and_a_cost_per_contract(
    stage: Stage, call_id: int
) -> None:
    account = stage.session.account
    account.add_position("SPY", 10, average_cost=Decimal(750))
    stage.connect()
    stage.actor.positions()
    first = stage.heard()
    stage.actor.place(1, Ticket(type="MKT", quantity=2, con_id=call_id))
    later = stage.heard()
    stock, option = stage.actor.told("position")[0], stage.actor.told("position")[-1]
    paid = account_price(stage)

    assert first == ["61", "62"]
    assert "61" in later
    assert "62" not in later  # a subscription, whose end came once
    assert stock[:2] == ("SPY", "STK")
    assert stock[4:] == (10.0, 750.0)
    assert option[:5] == ("SPY", "OPT", "", 100.0, 2.0)
    assert option[5] == pytest.approx(100 * paid, rel=0.02)  # and the commission


def account_price(stage: Stage) -> float:
    """What the option was bought at, dollars per share."""
    [bought] = [order for order in stage.session.orders.all() if order.order_id == 1]
    assert bought.average_price is not None
    return float(bought.average_price)


def test_b16_a_paper_account_calls_itself_individual(stage: Stage) -> None:
    stage.connect()
    stage.actor.account_updates()
    stage.heard()
    values = {(key, currency): value for key, value, currency in stage.actor.told("value")}

    assert str(stage.actor.told("accounts")[0][0]).startswith("DU")
    assert values["AccountType", ""] == "INDIVIDUAL"
    assert values["DayTradesRemaining", ""] == -1.0
    assert "NetLiquidation-P" in {key for key, _currency in values}
    assert "BASE" in {currency for _key, currency in values}


def test_b17_an_account_refreshes_every_three_minutes_and_frees_no_summary(stage: Stage) -> None:
    stage.session.configure(latency=Latency(account_s=0.01))
    stage.session.account.add_position("SPY", 10, average_cost=Decimal(750))
    stage.connect()
    stage.actor.summary(31, "TotalCashValue,AccountType,NetLiquidation")
    stage.actor.summary(32)
    first = stage.heard()
    tags = [tag for request, tag, _value in stage.actor.told("summary") if request == 31]
    stage.actor.account_updates()
    stage.heard()
    clock = stage.actor.told("clock")[-1][0]
    refresh = stage.heard(181, only="8 63 64 54")
    stage.actor.cancel_summary(31)
    stage.actor.summary(33)

    assert first.count("64") == 2
    assert tags == ["AccountType", "NetLiquidation", "TotalCashValue"]
    assert refresh.count("8") == 3
    assert not {"64", "54"} & set(refresh)
    assert stage.actor.told("clock")[-1][0] >= clock
    assert stage.heard(1.0, only="4 63 64") == ["4:322"]


def test_b19_a_live_bar_has_its_close_before_high_and_low(stage: Stage) -> None:
    stage.connect()
    stage.actor.bars(20, SPY, size="5 mins", duration="1 D", live=True)
    stage.heard()
    told = stage.heard(60.0, only="90")

    assert told
    for date, first, high, low, close in stage.actor.told("update"):
        assert str(date).startswith("20260710")
        assert low <= min(first, close) <= max(first, close) <= high
    assert any(low < close < high for _date, _open, high, low, close in stage.actor.told("update"))
