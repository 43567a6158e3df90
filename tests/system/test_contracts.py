"""Contract questions: found, unknown, ambiguous, chains; each asked once, under its whole key."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from bot.broker import AmbiguousContractError, ContractNotFoundError, IBKRGateway
from bot.domain.contracts import option, stock
from pytest_ibkr.wire.messages.contract import ContractData, OptionParameter
from tests.system.bench import AAPL, CALL, NICKEL_CALL, SPY, VIX, error_codes

NOWHERE = stock("INVALID_SYMBOL_XYZ")


@pytest.mark.parametrize(
    ("asked", "sec_type", "exchange"),
    [(SPY, "STK", "SMART"), (AAPL, "STK", "SMART"), (VIX, "IND", "CBOE"), (CALL, "OPT", "SMART")],
    ids=lambda value: getattr(value, "label", None),
)
def test_a_qualified_contract_is_the_one_on_the_wire(ibkr, broker, asked, sec_type, exchange):
    found = broker.qualify_contract(asked)
    [row] = ibkr.journal.answers(ContractData)
    assert (found.con_id, found.sec_type, found.exchange) == (row.con_id, sec_type, exchange)
    assert found.local_symbol == row.local_symbol
    assert (found.strike, found.expiry, found.right) == (asked.strike, asked.expiry, asked.right)


def test_an_answer_is_asked_for_once_and_then_remembered(ibkr, broker):
    first = broker.qualify_contract(SPY)
    assert broker.qualify_contract(SPY) == first
    assert len(ibkr.journal.requests("reqContractDetails")) == 1


def test_contracts_that_differ_in_one_field_are_never_answered_for_each_other(ibkr, broker):
    call_756, put = replace(CALL, strike=Decimal(756)), replace(CALL, right="P")
    asked = [SPY, stock("SPY", primary_exchange="ARCA"), CALL, call_756, put]
    found = [broker.qualify_contract(contract) for contract in asked]
    assert len(ibkr.journal.requests("reqContractDetails")) == len(asked)
    assert len({contract.con_id for contract in found}) == 4
    assert found[0].con_id == found[1].con_id
    assert [contract.strike for contract in found[2:]] == [755, 756, 755]
    assert [contract.right for contract in found[2:]] == ["C", "C", "P"]


@pytest.mark.req("LV-023")
def test_an_unknown_contract_is_asked_for_once_a_day_and_others_go_on(ibkr, broker):
    for _time in range(3):
        with pytest.raises(ContractNotFoundError, match=r"not found or invalid.*No security def"):
            broker.qualify_contract(NOWHERE)
    assert len(ibkr.journal.requests("reqContractDetails")) == 1
    assert error_codes(ibkr).count(200) == 1
    assert broker.qualify_contract(SPY).con_id > 0


def test_an_unknown_contract_is_asked_for_again_the_next_day(ibkr_gateway, ibkr_snapshot):
    night = datetime(2026, 7, 9, 23, 59, 50, tzinfo=ZoneInfo("America/New_York"))
    session = ibkr_gateway.new_session("midnight", snapshot=ibkr_snapshot, start_at=night)
    with IBKRGateway(session.host, session.port, 1, clock=session.clock) as broker:
        for wait_s in (0, 1, 12):  # 23:59:50, :51, and 00:00:03 of the exchange's next day
            session.clock.sleep(wait_s)
            with pytest.raises(ContractNotFoundError):
                broker.qualify_contract(NOWHERE)
    assert len(session.journal.requests("reqContractDetails")) == 2
    session.close()


def test_a_contract_without_its_right_is_ambiguous_and_the_message_names_the_matches(ibkr, broker):
    with pytest.raises(AmbiguousContractError, match=r"2 contracts match") as raised:
        broker.qualify_contract(replace(CALL, right=""))
    rows = ibkr.journal.answers(ContractData)
    assert {row.right for row in rows} == {"C", "P"}
    assert all(str(row.con_id) in str(raised.value) for row in rows)


def test_the_chain_is_the_smart_row_of_the_class_and_asked_without_an_exchange(ibkr, broker):
    chain = broker.option_chain(SPY)
    assert (chain.exchange, chain.trading_class, chain.multiplier) == ("SMART", "SPY", 100)
    assert list(chain.expirations) == sorted(chain.expirations)
    assert list(chain.strikes) == sorted(set(chain.strikes))
    assert CALL.expiry in chain.expirations
    assert CALL.strike in chain.strikes
    [request] = ibkr.journal.requests("reqSecDefOptParams")
    assert request.fut_fop_exchange == ""
    assert request.con_id == chain.under_con_id
    rows = ibkr.journal.answers(OptionParameter)
    assert len(broker.get_option_parameters(SPY)) == len(rows) > 1
    assert len(ibkr.journal.requests("reqSecDefOptParams")) == 1


def test_an_underlying_without_options_has_no_chain(ibkr, broker):
    with pytest.raises(ContractNotFoundError, match="no options found"):
        broker.option_chain(VIX)
    assert ibkr.journal.answers(OptionParameter) == []


def test_a_listed_strike_that_the_expiry_lacks_is_not_found(ibkr, broker):
    chain = broker.option_chain(SPY)
    real = {o.strike for o in ibkr.engine.world.book.chain("SPY") if o.expiry == CALL.expiry}
    phantom = next(strike for strike in chain.strikes if float(strike) not in real)
    with pytest.raises(ContractNotFoundError):
        broker.qualify_contract(option("SPY", CALL.expiry, phantom, right="C"))
    assert error_codes(ibkr)[-1] == 200


@pytest.mark.parametrize(("contract", "steps"), [(CALL, ["0.01"]), (NICKEL_CALL, ["0.01", "0.05"])])
def test_the_price_grid_of_a_contract_is_asked_for_once(ibkr, broker, contract, steps):
    [details] = broker.contract_details(contract)
    rule = details.market_rule_ids[0]
    for _time in range(2):
        grid = broker.market_rule(rule)
        assert [row.increment for row in grid] == [Decimal(step) for step in steps]
    assert [m.rule_id for m in ibkr.journal.requests("reqMarketRule")] == [rule]
