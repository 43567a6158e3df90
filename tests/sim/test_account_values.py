"""The account's keys, order and formats are those of a real paper account."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_ibkr.sim import account_values
from pytest_ibkr.sim.account_values import Figures
from pytest_ibkr.sim.margin import Standing

pytestmark = pytest.mark.req("XC-001")
CAPTURED = json.loads((Path(__file__).parent / "data/account_keys.json").read_text())
ZERO = Decimal(0)


def figures(cash: str = "1010748.46", stock: str = "0", margin: str = "0") -> Figures:
    value = Decimal(stock)
    standing = Standing(
        cash=Decimal(cash),
        stock_value=value,
        option_value=ZERO,
        futures_pnl=ZERO,
        gross_value=abs(value),
        initial_margin=Decimal(margin),
        maintenance_margin=Decimal(margin) / 2,
        unrealized=ZERO,
    )
    return Figures("DU0000001", "USD", "20260710", Decimal("1000000"), ZERO, standing)


def test_account_values_have_the_keys_of_a_paper_account_in_its_order() -> None:
    rows = account_values.update_rows(figures())
    assert [[row.key, row.currency] for row in rows] == CAPTURED["account_values"]


def test_multi_updates_have_account_keys_then_the_two_ledgers() -> None:
    rows = account_values.multi_rows(figures(), ledger_and_nlv=False)
    assert [[row.key, row.currency] for row in rows] == CAPTURED["account_updates_multi"]


def test_the_real_currency_of_base_differs_between_the_two_messages() -> None:
    def base(rows: list[account_values.Row]) -> str:
        return next(r.value for r in rows if (r.key, r.currency) == ("RealCurrency", "BASE"))

    assert base(account_values.update_rows(figures())) == "BASE"
    assert base(account_values.multi_rows(figures(), ledger_and_nlv=False)) == "USD"


def test_buying_power_is_four_times_the_available_funds() -> None:
    rows = {row.key: row.value for row in account_values.account_rows(figures())}
    assert rows["AvailableFunds"] == "1010748.46"
    assert rows["BuyingPower"] == "4042993.84"  # as captured


def test_the_live_texts_of_a_paper_account() -> None:
    rows = {row.key: row.value for row in account_values.account_rows(figures())}
    assert (rows["AccountType"], rows["DayTradesRemaining"], rows["Cushion"]) == (
        *("INDIVIDUAL", "-1"),
        "1",
    )
    assert rows["SettledCashByDate"] == "20260710:1010748.46"
    assert rows["SettledCashByDate-P"] == "20260710:0"
    assert rows["DayTradingStatus-S"] == "::false:1010748.46::false"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("0", "0.00"),
        ("1010748.46", "1010748.46"),
        ("1E+6", "1000000.00"),
        ("999998.99988", "999998.99988"),
        ("0.000000049", "0.00"),
        ("-0.00000001", "0.00"),
        ("-12.5", "-12.50"),
        ("1.23456789", "1.2345679"),
    ],
)
def test_money_has_two_to_seven_decimals(value: str, text: str) -> None:
    assert account_values.money(Decimal(value)) == text


@given(st.decimals(-(10**12), 10**12, places=7))
def test_money_reads_back(value: Decimal) -> None:
    assert Decimal(account_values.money(value)) == value


def test_summary_rows_are_sorted_by_tag_and_unknown_tags_are_ignored() -> None:
    rows = account_values.summary_rows(figures(), ["NetLiquidation", "Nonsense", "AccountType"])
    assert [(r.key, r.value, r.currency) for r in rows] == [
        ("AccountType", "INDIVIDUAL", ""),
        ("NetLiquidation", "1010748.46", "USD"),
    ]


def test_every_summary_tag_has_a_row_and_texts_no_currency() -> None:
    rows = account_values.summary_rows(figures(), account_values.SUMMARY_TAGS)
    assert {row.key for row in rows} == account_values.SUMMARY_TAGS
    assert {row.key for row in rows if not row.currency} == {
        *("AccountType", "Cushion", "DayTradesRemaining", "Leverage", "LookAheadNextChange"),
    }


@pytest.mark.parametrize(
    ("tag", "currencies"),
    [
        ("$LEDGER", {"BASE"}),
        ("$LEDGER:USD", {"USD"}),
        ("$LEDGER:ALL", {"USD", "BASE"}),
        ("$LEDGER:EUR", set()),
    ],
)
def test_ledger_tags_give_25_rows_a_currency(tag: str, currencies: set[str]) -> None:
    rows = account_values.summary_rows(figures(), [tag])
    assert {row.currency for row in rows} == currencies
    assert len(rows) == 25 * len(currencies)


def test_ratios_are_of_the_net_liquidation() -> None:
    rows = {r.key: r.value for r in account_values.account_rows(figures("500", "500", "100"))}
    assert (rows["Cushion"], rows["Leverage-S"]) == ("0.95", "0.50")
