"""No order works under terms the gateway would not honour: each attribute applied or refused."""

from __future__ import annotations

import dataclasses
import math
import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from pytest_ibkr.sim.conditions import Conditions
from pytest_ibkr.sim.order_attributes import APPLIED, LABELS, REFUSED, is_unset
from pytest_ibkr.sim.order_rules import check_form
from pytest_ibkr.sim.order_types import TIFS, TYPES, taken_by
from pytest_ibkr.sim.refusal import Refusal
from pytest_ibkr.wire.declare import specs
from pytest_ibkr.wire.messages.contract import TagValue
from pytest_ibkr.wire.messages.order_echo import OpenOrder
from pytest_ibkr.wire.messages.place_order import PlaceOrder
from pytest_ibkr.wire.messages.session import ErrorNotice
from pytest_ibkr.wire.scalars import INT_MAX
from pytest_ibkr.wire.versions import NO_FA_PROFILE
from tests.sim.orders_bench import Bench, Desk

pytestmark = pytest.mark.req("XC-001")
NO_PROTOBUF = 200
FIELDS = {field.name: field for field in dataclasses.fields(PlaceOrder)}
URGENT = TagValue(tag="adaptivePriority", value="Urgent")
DATE_RULE = "The date, time, or time-zone entered is invalid."


@pytest.fixture
def bench() -> Bench:
    return Bench()


@pytest.fixture
def client(bench: Bench) -> Desk:
    return bench.start()


def refusal(bench: Bench, client: Desk, **terms: Any) -> ErrorNotice:
    """The one answer to a market buy that must not work, ten seconds on."""
    client.place(1, "BUY", terms.pop("quantity", 10), **terms)
    bench.run(10)
    notices = client.receive()
    assert len(notices) == 1, notices
    (notice,) = notices
    assert isinstance(notice, ErrorNotice)
    assert notice.request_id == 1
    assert bench.engine.orders.book.all() == []
    assert bench.engine.accounts.quantities() == {}
    return notice


def test_every_attribute_is_applied_a_label_or_refused_and_only_one_of_them() -> None:
    parts = [APPLIED, LABELS, frozenset(REFUSED)]
    assert frozenset().union(*parts) == frozenset(FIELDS)
    assert sum(map(len, parts)) == len(FIELDS)


def given(name: str) -> object:
    """A value of an attribute that asks for something."""
    kind = str(FIELDS[name].type)
    return {"bool": True, "int": 3, "float": 3.0, "str": "AD"}[kind.split(" ")[0].split("[")[0]]


WITH_RULES_OF_THEIR_OWN = {"hedge_type"}
LATER = {name for name, spec in specs(PlaceOrder) if spec.since > NO_PROTOBUF}


@pytest.mark.parametrize("name", sorted(set(REFUSED) - WITH_RULES_OF_THEIR_OWN - LATER))
def test_a_refused_attribute_never_trades_and_answers_its_code(bench: Bench, name: str) -> None:
    # One attribute left the protocol; the last version in text has all others.
    client = bench.start(NO_FA_PROFILE - 1 if name == "fa_profile" else NO_PROTOBUF)
    contract = bench.spy_contract
    if name == "min_trade_quantity":  # on the wire with this exchange only
        contract = dataclasses.replace(contract, exchange="IBKRATS")
    notice = refusal(bench, client, contract=contract, **{name: given(name)})
    assert (notice.code, notice.text) == REFUSED[name]


@pytest.mark.parametrize("name", sorted(set(REFUSED) & LATER))
def test_what_only_newer_versions_carry_is_refused_as_well(name: str) -> None:
    plain = PlaceOrder(
        order_id=1,
        contract=Bench().spy_contract,
        action="BUY",
        quantity=Decimal(1),
        order_type="MKT",
    )
    with pytest.raises(Refusal) as caught:
        check_form(dataclasses.replace(plain, **{name: given(name)}), Conditions())
    assert (caught.value.code, caught.value.text) == REFUSED[name]


SPECIAL: list[Any] = [
    pytest.param({"good_after_time": "garbage"}, 337, f"Start Time: {DATE_RULE}", id="gat-garbage"),
    pytest.param(
        {"good_after_time": "20260711 10:00:00 America"}, 337, "Start Time: ", id="gat-no-zone"
    ),
    pytest.param({"good_till_date": "soon"}, 343, f"End Time: {DATE_RULE}", id="gtd-garbage"),
    pytest.param({"algo_strategy": "NoSuchAlgo"}, 439, "Order processing", id="algo-unknown"),
    pytest.param(
        {"algo_strategy": "Adaptive", "algo_params": (URGENT,)},
        442,
        "Specified algorithm",
        id="algo-known",
    ),
    pytest.param({"hedge_type": "X"}, 10007, "Invalid hedge type.", id="hedge-type"),
    pytest.param(
        {"hedge_type": "P", "hedge_param": "ratio=much"}, 320, "Error reading", id="hedge-ratio"
    ),
    pytest.param({"hedge_type": "D"}, 10032, "Specifying size for hedge", id="hedge-size"),
    pytest.param({"hedge_type": "D", "quantity": 0}, 10340, "The following", id="hedge"),
    pytest.param({"oca_type": 4}, 321, "Error validating", id="oca-type"),
    pytest.param({"limit_price": "750.00", "trailing_percent": 1.0}, 10340, "The", id="no-trail"),
    pytest.param({"percent_offset": 1.0}, 10340, "The following", id="offset-of-another-type"),
    pytest.param({"limit_price_offset": 1.0}, 10340, "The following", id="no-trailing-limit"),
    pytest.param({"block_order": True}, 117, "The block order size must", id="small-block"),
    pytest.param({"block_order": True, "quantity": 50}, 10340, "The following", id="block"),
    pytest.param({"tif": "GTD"}, 334, "Invalid Good Till Date", id="gtd-without-date"),
    pytest.param(
        {"good_till_date": "20260713 10:00:00 US/Eastern"}, 334, "Invalid Good", id="date-of-no-gtd"
    ),
    pytest.param(
        {"tif": "GTD", "good_till_date": "20260709 10:00:00 US/Eastern"},
        334,
        "Invalid Good Till Date",
        id="gtd-gone",
    ),
    pytest.param({"hidden": True}, 152, 'The "hidden"', id="hidden-market-order"),
    pytest.param({"display_size": 1}, 10255, "The 'Display Size'", id="display-of-a-market-order"),
    pytest.param(
        {"display_size": 10, "limit_price": "750.00"}, 10020, "Display size", id="display-all"
    ),
    pytest.param(
        {"display_size": 1, "limit_price": "750.00", "discretionary_amount": 0.05},
        157,
        "An order can be EITHER",
        id="iceberg-and-discretionary",
    ),
    pytest.param({"discretionary_amount": 0.05}, 325, "Discretionary", id="discretion-unlimited"),
    pytest.param(
        {"discretionary_amount": 0.005, "limit_price": "750.00"},
        168,
        "Discretionary amount",
        id="discretion-off-tick",
    ),
    pytest.param(
        {"algo_strategy": "Adaptive", "algo_params": (TagValue(tag="speed", value="1"),)},
        443,
        "Order processing failed.",
        id="algo-parameter",
    ),
    pytest.param(
        {
            "algo_strategy": "Adaptive",
            "algo_params": (TagValue(tag="adaptivePriority", value="Never"),),
        },
        441,
        "Algo attributes",
        id="algo-value",
    ),
]


@pytest.mark.parametrize(("terms", "code", "begins"), SPECIAL)
def test_an_attribute_with_rules_of_its_own_is_refused_by_them(
    bench: Bench, client: Desk, *, terms: dict[str, Any], code: int, begins: str
) -> None:
    notice = refusal(bench, client, **terms)
    assert notice.code == code
    assert notice.text.startswith(begins)


@pytest.mark.parametrize("percent", [-5.0, 100.0, 1e300])
def test_a_trailing_percentage_is_one(bench: Bench, client: Desk, percent: float) -> None:
    assert refusal(bench, client, order_type="TRAIL", trailing_percent=percent).code == 159


@pytest.mark.parametrize("percent", [math.nan, math.inf])
def test_a_percentage_that_is_no_number_is_refused_before_it_trails(percent: float) -> None:
    terms = PlaceOrder(
        order_id=1,
        contract=Bench().spy_contract,
        action="SELL",
        quantity=Decimal(1),
        order_type="TRAIL",
        trailing_percent=percent,
    )
    with pytest.raises(Refusal) as caught:
        check_form(terms, Conditions())
    assert caught.value.code == 159


@pytest.mark.parametrize("order_type", ["STP", "TRAIL"])
def test_no_stop_lies_below_zero(bench: Bench, client: Desk, order_type: str) -> None:
    assert refusal(bench, client, order_type=order_type, aux_price="-5.00").code == 403


@pytest.mark.parametrize("method", [0, 1, 2, 3, 4, 7, 8])
def test_a_stop_works_by_every_trigger_method_there_is(
    bench: Bench, client: Desk, method: int
) -> None:
    stop = {"order_type": "STP", "aux_price": "760.00", "trigger_method": method}
    client.place(1, "BUY", 10, **stop)
    bench.run(1)
    assert client.order(1).why_held == "trigger"
    bench.market.set(bench.spy, 760.00, 760.02, last=760.01)
    bench.run(1)
    assert client.order(1).filled == 10


SPELLINGS_OF_NOTHING: list[Any] = [
    {"display_size": INT_MAX},
    {"exempt_code": 0},
    {"clearing_intent": "IB"},
    {"dn_order_type": "None"},
    {"adjusted_order_type": "None"},
    {"volatility_type": 0, "reference_price_type": 0, "cash_quantity": 0.0},
    {"e_trade_only": True, "firm_quote_only": True},
    {"use_price_mgmt_algo": False},
]


@pytest.mark.parametrize("terms", SPELLINGS_OF_NOTHING, ids=str)
def test_every_spelling_of_a_default_is_one(
    bench: Bench, client: Desk, *, terms: dict[str, Any]
) -> None:
    client.place(1, "BUY", 10, **terms)
    bench.run(1)
    assert client.order(1).filled == 10


def test_an_order_made_from_its_echo_modifies_the_original(bench: Bench, client: Desk) -> None:
    client.place(1, "BUY", 100, limit_price="700.00", tif="GTC", order_ref="r")
    bench.run(1)
    shown = next(m for m in client.receive() if isinstance(m, OpenOrder))
    repeated = {
        name: getattr(shown, name)
        for name in FIELDS
        if getattr(shown, name, None) is not None and name not in ("order_id", "contract")
    }
    repeated["continuous_update"] = int(shown.continuous_update)
    client.place(1, **{**repeated, "limit_price": "701.00"})
    bench.run(1)
    assert not [m for m in client.receive() if isinstance(m, ErrorNotice)]
    assert client.order(1).terms.limit_price == 701


@pytest.mark.parametrize("account", ["DU0000002", "DU0000999", "du0000001"])
def test_an_order_of_another_account_goes_inactive(
    bench: Bench, client: Desk, account: str
) -> None:
    client.place(1, "BUY", 10, account=account)
    bench.run(1)
    assert client.script() == ["3:Inactive 0/10", "201", "3:Inactive 0/10"]
    (notice,) = (m for m in client.seen if isinstance(m, ErrorNotice) and m.code == 201)
    assert notice.text == "Order rejected - reason:Invalid account number"


def test_the_account_served_may_be_named_and_not_changed(bench: Bench, client: Desk) -> None:
    client.place(1, "BUY", 10, account="DU0000001", limit_price="700.00")
    bench.run(1)
    client.receive()
    client.place(1, "BUY", 10, account="DU0000002", limit_price="701.00")
    bench.run(1)
    assert client.script() == ["422"]
    assert client.order(1).terms.limit_price == 700


def test_a_what_if_of_another_account_is_only_an_error(bench: Bench, client: Desk) -> None:
    assert refusal(bench, client, account="DU0000002", what_if=True).code == 201


def test_the_reference_names_every_attribute_and_every_code() -> None:
    page = Path(__file__).parents[2].joinpath("docs/reference/orders.md").read_text("utf-8")
    rows = {
        name.strip(" `"): row
        for row in page.splitlines()
        if row.startswith("| `")
        for name in row.split("|")[1].split(",")
    }
    assert set(FIELDS) <= set(rows)
    for name, (code, _text) in REFUSED.items():
        assert str(code) in rows[name].split("|")[2]


def test_the_reference_lists_the_types_and_times_in_force_that_are_worked() -> None:
    page = Path(__file__).parents[2].joinpath("docs/reference/orders.md").read_text("utf-8")

    def listed(section: str) -> set[str]:
        table = page.split(f"## {section}\n")[1].split("\n## ")[0]
        rows = [row.split("|")[1].strip() for row in table.splitlines() if row.startswith("| ")]
        return set(rows[1:])

    assert listed("Types") == set(TYPES)
    assert listed("Times in force") == set(TIFS)
    contracts = {"STK": "stocks", "OPT": "options", "FUT": "futures"}
    row_of = {row.split("|")[1].strip(): row for row in page.splitlines() if row.startswith("| ")}
    for name in TYPES:
        words = row_of[name].split("|")[2]
        for sec_type, word in contracts.items():
            known = dataclasses.replace(Bench().spy, sec_type=sec_type)
            assert taken_by(name, known) is (word in words or "all" in words), (name, sec_type)


def test_the_reference_names_every_condition_about_orders() -> None:
    page = Path(__file__).parents[2].joinpath("docs/reference/orders.md").read_text("utf-8")
    named = set(re.findall(r"`([a-z_]+)`", page.split("## Settings of a gateway")[1]))
    about_orders = {"master_client_id", "cross_client_cancel", "shortable_shares", "modify_filled"}
    about_orders |= {"empty_tif_notice", "refuse_etrade_only", "etrade_only_notice", "exercise"}
    about_orders |= {"direct_routing_precaution", "price_precaution_percent", "price_band"}
    about_orders |= {"cross_side_warning", "no_trading_permission", "not_allowed", "adaptive_algo"}
    assert about_orders <= named
    assert about_orders <= {field.name for field in dataclasses.fields(Conditions)}


@pytest.mark.parametrize("value", [1, 2.5, math.nan, math.inf, "x", Decimal(1), True])
def test_a_value_is_no_default(value: object) -> None:
    assert not is_unset("percent_offset", value)
