"""What a capture asks for, as messages, and which plans are refused."""

from __future__ import annotations

import dataclasses

import pytest

from pytest_ibkr.capture import plan
from pytest_ibkr.errors import UsageError
from pytest_ibkr.snapshot.errors import BadScenarioName
from pytest_ibkr.wire.messages.contract import Contract

SPY = Contract(con_id=756733, symbol="SPY", sec_type="STK", exchange="SMART", currency="USD")


@pytest.mark.req("SC-012")
def test_the_usual_symbols_come_in_the_usual_order_with_their_exchanges():
    found = plan.plan_of().underlyings
    assert [(each.symbol, each.sec_type, each.primary_exchange) for each in found] == [
        ("SPY", "STK", "ARCA"),
        ("QQQ", "STK", "NASDAQ"),
        ("IWM", "STK", "ARCA"),
        ("VIX", "IND", "CBOE"),
    ]
    assert [each.contract().exchange for each in found] == ["SMART", "SMART", "SMART", "CBOE"]
    assert {each.contract().currency for each in found} == {"USD"}


@pytest.mark.req("SC-015")
def test_the_hourly_bars_are_five_days_of_trades_in_regular_hours_with_text_dates():
    request = plan.history(7, SPY, plan.HOURLY)
    assert plan.HOURLY in plan.underlying("SPY").bars
    assert (request.request_id, request.contract) == (7, SPY)
    assert (request.duration, request.bar_size, request.what_to_show) == ("5 D", "1 hour", "TRADES")
    assert (request.use_rth, request.date_format) == (True, 1)
    assert (request.end, request.keep_up_to_date) == ("", False)


def test_a_quote_is_a_snapshot_that_costs_nothing():
    request = plan.quote(7, SPY)
    assert request.snapshot
    assert not request.regulatory_snapshot
    assert request.generic_ticks == ""


def test_option_parameters_name_no_futures_exchange():
    assert plan.parameters(7, "SPY", sec_type="STK", con_id=1).fut_fop_exchange == ""


@pytest.mark.req("SC-020")
def test_option_contracts_are_routed_smart_in_dollars_for_a_hundred_shares_of_the_class():
    found = plan.option_contracts("SPY", expiries=["20260713"], strikes=[750.0])
    for contract, right in zip(found, "CP", strict=True):
        assert contract == Contract(
            symbol="SPY",
            sec_type="OPT",
            expiry="20260713",
            strike=750.0,
            right=right,
            multiplier="100",
            exchange="SMART",
            currency="USD",
            trading_class="SPY",
        )


@pytest.mark.req("SC-019")
def test_two_expiries_and_five_strikes_are_twenty_contracts():
    found = plan.option_contracts("SPY", expiries=["20260713", "20260717"], strikes=range(748, 753))
    keys = {(each.expiry, each.strike, each.right) for each in found}
    assert len(found) == len(keys) == 20
    assert {each.right for each in found} == {"C", "P"}


def test_an_index_has_bars_and_no_chain():
    assert not plan.underlying("VIX").has_chain
    assert plan.HOURLY in plan.underlying("VIX").bars


def test_symbols_can_be_chosen():
    own = plan.Underlying(symbol="RUT", sec_type="IND", exchange="RUSSELL")
    assert plan.plan_of(symbols=["BRK B", own]).symbols == ("BRK B", "RUT")


@pytest.mark.parametrize("symbols", [[], ["SPY", "SPY"], ["../SPY"], [""], ["SP\0Y"]])
def test_what_is_no_set_of_symbols_is_refused(symbols):
    with pytest.raises(UsageError, match="symbol"):
        plan.plan_of(symbols=symbols)


@pytest.mark.parametrize("scenario", ["../x", "", "Normal", "a/b", "x" * 42, "..", "a\nb"])
def test_a_scenario_that_would_leave_the_directory_is_refused(scenario):
    with pytest.raises(BadScenarioName):
        plan.plan_of(scenario=scenario)


def test_a_plan_cannot_be_changed():
    with pytest.raises(dataclasses.FrozenInstanceError):
        plan.plan_of().scenario = "other"
