"""Conditions and the account as a test sets them."""

from __future__ import annotations

from decimal import Decimal

import pytest

from pytest_ibkr.errors import UsageError


@pytest.mark.parametrize(
    ("conditions", "message"),
    [
        ({"entitlment": "none"}, "unknown condition 'entitlment'; did you mean 'entitlement'"),
        ({"entitlement": "delyed"}, "entitlement cannot be 'delyed': Input should be 'live'"),
        ({"greeks": "nver"}, "greeks cannot be 'nver'"),
        ({"max_messages_per_s": "50"}, "max_messages_per_s cannot be '50'"),
        ({"latency": 5}, "latency cannot be 5"),
        ({"read_only": 1}, "read_only cannot be 1"),
        ({"entitlements": {"SYP": "none"}}, "entitlements cannot be about 'SYP': no such symbol"),
        ({"shortable_shares": {"SYP": 4}}, "shortable_shares cannot be about 'SYP'"),
        ({"halted": {"SPY"}}, "halted is no condition\n  fix:   ibkr.market.halt(symbol)"),
    ],
)
def test_what_the_gateway_cannot_be_is_refused(ibkr, conditions, message):
    with pytest.raises(UsageError) as caught:
        ibkr.configure(**conditions)
    assert message in str(caught.value)


def test_one_bad_condition_changes_none(ibkr):
    with pytest.raises(UsageError):
        ibkr.configure(read_only=True, greeks="nver")
    assert ibkr.engine.conditions.read_only is False


def test_conditions_are_in_force_at_once(ibkr):
    ibkr.configure(entitlement="delayed", entitlements={"QQQ": "none"})
    assert ibkr.engine.conditions.entitlement_of("SPY") == "delayed"
    assert ibkr.engine.conditions.entitlement_of("QQQ") == "none"


def test_cash_and_positions_can_be_given(ibkr):
    ibkr.account.set_cash(Decimal("5000.00"))
    ibkr.account.add_position("SPY", 10, average_cost=Decimal("700.00"))
    assert ibkr.account.cash() == Decimal("5000.00")
    assert ibkr.account.positions() == {756733: 10}


def test_a_position_in_what_is_not_there_is_refused(ibkr):
    with pytest.raises(UsageError, match="'XYZ' is not in the snapshot: SPY"):
        ibkr.account.add_position("XYZ", 1, average_cost=Decimal(1))
