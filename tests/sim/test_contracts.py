"""How a client's contract finds its instrument."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pytest_ibkr.sim.refusal import Refusal
from pytest_ibkr.wire.messages.contract import Contract
from tests.sim.data_bench import SPY, VIX, normal_world, option

BOOK = normal_world().book
CALL = Contract(
    symbol="SPY", sec_type="OPT", exchange="SMART", expiry="20260713", strike=753.0, right="C"
)


def test_a_stock_is_found_by_symbol_type_and_exchange():
    assert BOOK.resolve(SPY).con_id == 756733


def test_a_contract_id_with_an_exchange_is_enough():
    found = BOOK.resolve(Contract(con_id=265598, exchange="SMART"))
    assert found.symbol == "AAPL"


def test_an_option_is_found_by_each_of_its_names():
    wanted = option()
    local = Contract(local_symbol="SPY   260713C00753000", sec_type="OPT", exchange="SMART")
    by_id = Contract(con_id=wanted.con_id, exchange="SMART")
    long_right = replace(CALL, right="CALL", multiplier="100", trading_class="SPY")
    assert {BOOK.resolve(c) for c in (CALL, local, by_id, long_right)} == {wanted}


def test_a_contract_survives_the_way_to_the_client_and_back():
    wanted = option()
    assert BOOK.resolve(wanted.contract()) is wanted
    assert BOOK.by_id(wanted.con_id) is wanted
    assert BOOK.underlying(wanted) is BOOK.resolve(SPY)


def test_positions_print_options_without_an_exchange():
    assert option().contract(exchange="").exchange == ""


@pytest.mark.parametrize(
    ("contract", "code", "text"),
    [
        pytest.param(replace(SPY, exchange=""), 321, "Please enter exchange", id="no-exchange"),
        pytest.param(replace(SPY, sec_type=""), 321, "valid security type", id="no-type"),
        pytest.param(replace(SPY, sec_type="SHARE"), 321, "valid security type", id="odd-type"),
        pytest.param(replace(SPY, symbol="NOPE"), 200, "No security definition", id="unknown"),
        pytest.param(replace(SPY, exchange="LSE"), 200, "No security definition", id="elsewhere"),
        pytest.param(replace(SPY, currency="EUR"), 200, "No security definition", id="currency"),
        pytest.param(replace(CALL, strike=753.1), 200, "No security definition", id="strike"),
        pytest.param(replace(CALL, strike=0.0), 200, "SPY is ambiguous", id="ambiguous"),
        pytest.param(Contract(con_id=1, exchange="SMART"), 200, "No security", id="bad-id"),
    ],
)
def test_a_contract_that_does_not_say_enough_is_refused(contract, code, text):
    with pytest.raises(Refusal) as refused:
        BOOK.resolve(contract)
    assert refused.value.code == code
    assert text in refused.value.text


def test_an_underspecified_option_finds_all_that_match():
    month = Contract(symbol="SPY", sec_type="OPT", expiry="202607", right="P")
    found = BOOK.find(month)
    assert len(found) > 100
    assert {o.right for o in found} == {"P"}
    assert all(o.expiry.startswith("202607") for o in found)


def test_listings_are_named_as_errors_print_them():
    assert BOOK.resolve(SPY).listing == "ARCA"
    assert BOOK.resolve(replace(SPY, symbol="AAPL")).listing == "NASDAQ.NMS"
    assert BOOK.resolve(VIX).listing == "CBOE"


@pytest.mark.parametrize("multiplier", ["0", "0.0"])
def test_a_multiplier_of_zero_is_none(multiplier: str) -> None:
    # What clients make of the empty multiplier in a stock's contract details.
    [found] = normal_world().book.find(replace(SPY, con_id=756733, multiplier=multiplier))
    assert found.symbol == "SPY"
