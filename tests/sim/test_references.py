"""Contract details and option parameters, against lines of a real gateway's log."""

from __future__ import annotations

import pytest

from pytest_ibkr.wire.codec import encode
from pytest_ibkr.wire.messages.contract import (
    CancelContractData,
    Contract,
    ContractData,
    ContractDataEnd,
    OptionParameter,
    OptionParameterEnd,
    ReqContractDetails,
    ReqOptionParameters,
)
from pytest_ibkr.wire.versions import LAST_TRADE_DATE
from tests.sim.data_bench import SPY, VIX, errors, normal_world, only, option, peer

# Captured 2026-01-02 at server version 176, order types and exchanges cut out; the hours are
# those of another week.
LOGGED_SPY = (
    "10;5;SPY;STK;;0;;SMART;USD;SPY;SPY;SPY;756733;0.01;;<types>;<exchanges>;1;0;"
    "SPDR S&P 500 ETF TRUST;ARCA;;;;;US/Eastern;<hours>;<liquid>;;;1;ISIN;US78462F1030;1;;;"
    "<rules>;;ETF;0.0001;0.0001;40;"
)
REPORTED_AAPL = (  # of a gateway at server version 200; gateway-behaviour.md, appendix A
    "10;5;AAPL;STK;;;0;;SMART;USD;AAPL;NMS;NMS;265598;0.01;;<types>;<exchanges>;1;0;APPLE INC;"
    "NASDAQ;;Technology;Computers;Computers;US/Eastern;<hours>;<liquid>;;;1;ISIN;US0378331005;1;;;"
    "<rules>;;COMMON;0.0001;0.0001;100;0;"
)
VARIABLE = {"<types>", "<exchanges>", "<hours>", "<liquid>", "<rules>"}


def _details(client, contract, **rest):
    return client.send(ReqContractDetails(request_id=5, contract=contract, **rest))


def _parameters(client, **rest):
    values = {"request_id": 6, "symbol": "SPY", "sec_type": "STK", "con_id": 756733, **rest}
    return client.send(ReqOptionParameters(**values))


def test_details_of_spy_have_the_shape_of_the_captured_line():
    row, end = _details(peer(version=176), SPY)
    assert isinstance(end, ContractDataEnd)
    ours = encode(row, 176).decode().split("\0")
    logged = LOGGED_SPY.split(";")
    assert len(ours) == len(logged)
    for mine, theirs in zip(ours, logged, strict=True):
        assert theirs in VARIABLE or mine == theirs


def test_every_exchange_has_a_market_rule():
    for contract in (SPY, VIX, option().contract()):
        [row] = only(_details(peer(), contract), ContractData)
        assert len(row.market_rule_ids.split(",")) == len(row.valid_exchanges.split(","))


def test_hours_name_six_days_and_the_closed_ones_among_them():
    [row] = only(_details(peer(), SPY), ContractData)
    days = row.trading_hours.split(";")
    assert days[0] == "20260710:0400-20260710:2000"
    assert days[1:3] == ["20260711:CLOSED", "20260712:CLOSED"]
    assert row.liquid_hours.split(";")[3] == "20260713:0930-20260713:1600"
    assert len(days) == 6


def test_details_of_an_option_tell_its_underlying():
    [row] = only(_details(peer(), option().contract()), ContractData)
    assert (row.last_trade_date, row.strike, row.right) == ("20260713", 753.0, "C")
    assert (row.multiplier, row.contract_month) == ("100", "202607")
    assert (row.under_con_id, row.under_symbol, row.under_sec_type) == (756733, "SPY", "STK")
    assert row.local_symbol == "SPY   260713C00753000"
    assert row.con_id == option().con_id


@pytest.mark.parametrize(
    ("version", "expiry"),
    [(LAST_TRADE_DATE - 1, "20260713"), (LAST_TRADE_DATE, "20260713 16:00:00 US/Eastern")],
)
def test_an_options_last_day_has_its_hour_where_the_bare_date_has_a_field(version, expiry):
    [row] = only(_details(peer(version=version), option().contract()), ContractData)
    assert row.expiry == expiry


def test_details_of_a_stock_have_the_shape_of_the_frame_reported_at_200():
    aapl = Contract(symbol="AAPL", sec_type="STK", exchange="SMART", currency="USD")
    [row] = only(_details(peer(version=200), aapl), ContractData)
    ours = encode(row, 200).decode().split("\0")
    for mine, theirs in zip(ours, REPORTED_AAPL.split(";"), strict=True):
        assert theirs in VARIABLE or mine == theirs


def test_an_option_tells_the_hour_it_ends_from_version_182_on():
    [row] = only(_details(peer(version=182), option().contract()), ContractData)
    assert (row.expiry, row.last_trade_date) == ("20260713 16:00:00 US/Eastern", "20260713")


def test_an_unknown_contract_gets_200_and_no_end():
    unknown = Contract(symbol="NOPE", sec_type="STK", exchange="SMART")
    found = _details(peer(), unknown)
    assert errors(found) == [(5, 200, "No security definition has been found for the request")]
    assert len(found) == 1


def test_nothing_given_is_invalid():
    [(_, code, text)] = errors(_details(peer(), Contract()))
    assert code == 321
    assert text.endswith("The symbol or the local-symbol or the security id must be entered")


def test_a_stock_without_an_exchange_comes_once_for_every_exchange():
    rows = only(_details(peer(), Contract(symbol="SPY", sec_type="STK")), ContractData)
    assert len(rows) == 26
    assert [row.exchange for row in rows] == rows[0].valid_exchanges.split(",")
    assert {(row.con_id, row.currency) for row in rows} == {(756733, "USD")}


def test_a_contract_id_needs_no_exchange():
    [row] = only(_details(peer(), Contract(con_id=756733)), ContractData)
    assert (row.exchange, row.currency) == ("SMART", "USD")


def test_a_security_id_finds_its_stock():
    found = _details(peer(), Contract(), sec_id_type="ISIN", sec_id="US78462F1030")
    assert [row.symbol for row in only(found, ContractData)] == ["SPY"]


def test_an_underspecified_option_is_no_ambiguity_but_many_rows():
    client = peer()
    wild = Contract(symbol="SPY", sec_type="OPT", exchange="SMART", currency="USD")
    found = client.send(ReqContractDetails(request_id=5, contract=wild), wait_s=10)
    rows = only(found, ContractData)
    assert {row.con_id for row in rows} == {o.con_id for o in normal_world().book.chain("SPY")}
    assert isinstance(found[-1], ContractDataEnd)


def test_one_expiry_comes_whole():
    one = Contract(symbol="SPY", sec_type="OPT", exchange="SMART", expiry="20260717", right="C")
    rows = only(_details(peer(), one), ContractData)
    known = [o for o in normal_world().book.chain("SPY") if o.expiry == "20260717"]
    assert len(rows) == sum(o.right == "C" for o in known)


def test_option_parameters_come_per_exchange_with_smart_among_them():
    found = _parameters(peer())
    rows = only(found, OptionParameter)
    assert isinstance(found[-1], OptionParameterEnd)
    assert 10 <= len(rows) == len({row.exchange for row in rows})
    smart = next(row for row in rows if row.exchange == "SMART")
    assert (smart.trading_class, smart.multiplier, smart.under_con_id) == ("SPY", "100", 756733)
    chain = normal_world().book.chain("SPY")
    assert [e.value for e in smart.expirations] == sorted({o.expiry for o in chain})
    assert [s.value for s in smart.strikes] == sorted({o.strike for o in chain})


def test_a_futures_exchange_leaves_only_the_end_marker():
    found = _parameters(peer(), fut_fop_exchange="SMART")
    assert [type(m) for m in found] == [OptionParameterEnd]


def test_an_underlying_without_options_gives_only_the_end_marker():
    found = _parameters(peer(), symbol="VIX", sec_type="IND", con_id=13455763)
    assert [type(m) for m in found] == [OptionParameterEnd]


@pytest.mark.parametrize(("change", "code"), [({"con_id": 1}, 200), ({"con_id": 0}, 321)])
def test_an_underlying_nobody_knows_is_refused(change, code):
    [(_, found, _)] = errors(_parameters(peer(), **change))
    assert found == code


def test_answers_take_their_time():
    client = peer()
    client.engine.conditions.latency.details_s = 3.0
    assert client.send(ReqContractDetails(request_id=5, contract=SPY), wait_s=2.9) == []
    assert only(client.wait(0.2), ContractDataEnd)


def test_details_that_are_cancelled_stop_where_they_are():
    client = peer()
    chain = Contract(symbol="SPY", sec_type="OPT")
    first = client.send(ReqContractDetails(request_id=5, contract=chain), wait_s=0.3)
    assert len(only(first, ContractData)) >= 200
    assert client.send(CancelContractData(request_id=5), wait_s=60) == []


def test_a_cancel_of_details_ends_its_own_request_only_and_is_silent():
    client = peer()
    for request_id in (5, 6):
        client.send(ReqContractDetails(request_id=request_id, contract=SPY), wait_s=0)
    found = client.send(CancelContractData(request_id=5))
    assert {each.request_id for each in found} == {6}
    assert client.send(CancelContractData(request_id=5)) == []
    assert client.send(CancelContractData(request_id=99)) == []


def test_a_refusal_that_is_owed_is_cancelled_too():
    client = peer()
    unknown = ReqContractDetails(request_id=5, contract=Contract(symbol="NOPE", sec_type="STK"))
    client.send(unknown, wait_s=0)
    assert client.send(CancelContractData(request_id=5)) == []
    assert [code for _, code, _ in errors(client.send(unknown))] == [200]
