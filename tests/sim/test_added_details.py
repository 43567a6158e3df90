"""Contract details and option parameters of made-up instruments."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pytest_ibkr.wire.messages.bonds import BondData
from pytest_ibkr.wire.messages.contract import (
    Contract,
    ContractData,
    ContractDataEnd,
    MarketRule,
    OptionParameter,
    OptionParameterEnd,
    ReqContractDetails,
    ReqMarketRule,
    ReqOptionParameters,
)
from tests.sim.added_bench import ES, EURO, SPX, added_peer, listed
from tests.sim.data_bench import errors, only, option

CHAIN = Contract(symbol="ES", sec_type="FUT", exchange="CME")
BOND = Contract(symbol="US-T", sec_type="BOND", exchange="SMART", currency="USD")


def _details(client, contract, **rest):
    return client.send(ReqContractDetails(request_id=5, contract=contract, **rest), wait_s=10)


def _rows(client, contract, **rest):
    return only(_details(client, contract, **rest), ContractData)


def test_a_future_tells_its_last_day_with_hour_and_zone():
    [row] = _rows(added_peer("ES"), ES)
    assert (row.expiry, row.last_trade_date) == ("20260918 08:30 US/Central", "20260918")
    assert (row.local_symbol, row.contract_month, row.multiplier) == ("ESU6", "202609", "50")
    assert (row.min_tick, row.exchange, row.time_zone) == (0.25, "CME", "US/Central")
    assert (row.under_symbol, row.under_sec_type) == ("ES", "IND")
    assert row.real_expiration == "20260918"


def test_a_micro_future_is_a_tenth():
    [row] = _rows(added_peer("MES"), replace(ES, symbol="MES"))
    assert (row.local_symbol, row.multiplier) == ("MESU6", "5")


def test_hours_are_the_regular_ones_told_by_the_instruments_clock():
    [row] = _rows(added_peer("ES"), ES)
    assert row.trading_hours.split(";")[0] == "20260710:0830-20260710:1500"
    assert row.liquid_hours == row.trading_hours


def test_a_future_without_expiry_is_the_chain_of_them():
    rows = _rows(added_peer("ES"), CHAIN)
    assert [row.local_symbol for row in rows] == ["ESU6", "ESZ6", "ESH7", "ESM7", "ESU7"]


def test_a_future_that_is_over_must_be_asked_for():
    client = added_peer("ES")
    over = Contract(con_id=listed("ES", "ESM6").con_id)
    assert [(code, text[:11]) for _, code, text in errors(_details(client, over))] == [
        (200, "No security")
    ]
    assert [row.local_symbol for row in _rows(client, over, include_expired=True)] == ["ESM6"]
    rows = _rows(client, CHAIN, include_expired=True)
    assert rows[0].local_symbol == "ESM6"
    assert len(rows) == 6


@pytest.mark.parametrize("expiry", ["202609", "20260918"])
def test_a_month_or_a_day_picks_one(expiry):
    [row] = _rows(added_peer("ES"), replace(ES, expiry=expiry))
    assert row.local_symbol == "ESU6"


def test_a_local_symbol_is_enough():
    asked = Contract(local_symbol="ESZ6", sec_type="FUT", exchange="CME")
    [row] = _rows(added_peer("ES"), asked)
    assert row.contract_month == "202612"


def test_a_continuous_future_is_the_next_one():
    asked = Contract(symbol="ES", sec_type="CONTFUT", exchange="CME")
    [row] = _rows(added_peer("ES"), asked)
    front = listed("ES")
    assert (row.sec_type, row.con_id, row.local_symbol) == ("CONTFUT", front.con_id, "ESU6")
    [by_id] = _rows(added_peer("ES"), replace(asked, symbol="", con_id=front.con_id))
    assert by_id == row


def test_what_has_no_futures_has_no_continuous_one():
    found = _details(added_peer("SPX"), Contract(symbol="SPX", sec_type="CONTFUT", exchange="CME"))
    assert [code for _, code, _ in errors(found)] == [200]


def test_a_future_without_expiry_is_ambiguous_where_one_is_needed():
    client = added_peer("ES")
    found = client.send(client.market_data(contract=CHAIN))
    [(request_id, code, text)] = errors(found)
    assert (request_id, code) == (7, 200)
    assert text.startswith("The contract description specified for ES is ambiguous")


def test_a_currency_pair():
    [row] = _rows(added_peer("EUR.USD"), EURO)
    assert (row.symbol, row.currency, row.local_symbol) == ("EUR", "USD", "EUR.USD")
    assert (row.min_tick, row.exchange, row.multiplier) == (0.00005, "IDEALPRO", "")


def test_option_parameters_of_an_index_come_per_class():
    client = added_peer("SPX")
    asked = ReqOptionParameters(
        request_id=6, symbol="SPX", sec_type="IND", con_id=listed("SPX").con_id
    )
    found = client.send(asked)
    assert isinstance(found[-1], OptionParameterEnd)
    rows = only(found, OptionParameter)
    assert [(row.exchange, row.trading_class) for row in rows] == [
        (exchange, name) for name in ("SPX", "SPXW") for exchange in ("CBOE", "SMART")
    ]
    assert {row.multiplier for row in rows} == {"100"}
    assert [each.value for each in rows[0].expirations] == ["20260716", "20260820"]
    assert len(rows[2].expirations) == len({o.expiry for o in _chain()})


def _chain():
    from tests.sim.data_bench import normal_world

    return normal_world().book.chain("SPY")


def test_the_class_tells_two_index_options_of_one_day_apart():
    client = added_peer("SPX")
    both = Contract(
        symbol="SPX", sec_type="OPT", exchange="SMART", expiry="20260716", strike=7550.0, right="C"
    )
    rows = _rows(client, both)
    assert {row.trading_class for row in rows} == {"SPX", "SPXW"}
    assert {row.real_expiration for row in rows} == {"20260717", "20260716"}
    assert errors(client.send(client.market_data(contract=both)))[0][1] == 200
    [row] = _rows(client, replace(both, trading_class="SPXW"))
    assert (row.min_tick, row.multiplier, row.under_symbol) == (0.05, "100", "SPX")
    assert errors(client.send(client.market_data(8, replace(both, trading_class="SPXW")))) == []


def test_a_bond_comes_as_a_message_of_its_own():
    found = _details(added_peer("US-T"), BOND)
    assert [type(each) for each in found] == [BondData, ContractDataEnd]
    [row] = only(found, BondData)
    assert (row.cusip, row.coupon, row.maturity) == ("912SYN100", 4.25, "20350515")
    assert row.liquid_hours.startswith("20260710:0930-")


@pytest.mark.parametrize(
    "asked", [{"sec_id_type": "CUSIP", "sec_id": "912SYN100"}, {"issuer_id": "e0000001"}]
)
def test_a_bond_is_found_by_its_cusip_or_its_issuer(asked):
    [row] = only(_details(added_peer("US-T"), Contract(), **asked), BondData)
    assert row.symbol == "US-T"


def test_a_bond_nobody_knows_gets_200():
    found = _details(added_peer("US-T"), Contract(), sec_id_type="CUSIP", sec_id="000000000")
    assert [code for _, code, _ in errors(found)] == [200]


@pytest.mark.parametrize(
    ("name", "asked"), [("ES", ES), ("EUR.USD", EURO), ("SPX", SPX), ("US-T", BOND)]
)
def test_the_rule_that_details_name_is_its_grid(name, asked):
    client = added_peer(name)
    [row, _] = _details(client, asked)
    rules = {int(each) for each in row.market_rule_ids.split(",")}
    [rule_id] = rules
    [rule] = only(client.send(ReqMarketRule(rule_id=rule_id)), MarketRule)
    assert [(step.low_edge, step.increment) for step in rule.steps] == [(0.0, row.min_tick)]


def test_a_rule_of_what_was_not_added_is_missing():
    client = added_peer("SPX")
    assert [code for _, code, _ in errors(client.send(ReqMarketRule(rule_id=1_250_000)))] == [322]


def test_snapshot_instruments_answer_as_ever():
    client = added_peer("ES", "SPX", "EUR.USD")
    [row] = _rows(client, option().contract())
    assert row.con_id == option().con_id
