"""No order works under terms the gateway would not honour: each attribute applied or refused."""

from __future__ import annotations

import dataclasses
import math
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from pytest_ibkr.sim.conditions import Conditions
from pytest_ibkr.sim.order_attributes import APPLIED, LABELS, REFUSED, is_unset
from pytest_ibkr.sim.order_rules import check_form
from pytest_ibkr.sim.refusal import Refusal
from pytest_ibkr.wire.messages.contract import TagValue
from pytest_ibkr.wire.messages.order_echo import OpenOrder
from pytest_ibkr.wire.messages.place_order import OrderCondition, PlaceOrder
from pytest_ibkr.wire.messages.session import ErrorNotice
from pytest_ibkr.wire.scalars import INT_MAX
from pytest_ibkr.wire.versions import NEWEST, NO_FA_PROFILE
from tests.sim.orders_bench import Bench, Desk

pytestmark = pytest.mark.req("XC-001")
FIELDS = {field.name: field for field in dataclasses.fields(PlaceOrder)}
NEVER_MET = OrderCondition(
    type=1, conjunction="a", is_more=True, value="9999", con_id=756733, exchange="SMART"
)
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
    if name == "conditions":
        return (NEVER_MET,)
    if name in ("good_after_time", "good_till_date"):
        return "20260713 10:00:00 US/Eastern"
    kind = str(FIELDS[name].type)
    return {"bool": True, "int": 3, "float": 3.0, "str": "AD"}[kind.split(" ")[0].split("[")[0]]


WITH_RULES_OF_THEIR_OWN = {"hedge_type", "algo_strategy"}


@pytest.mark.parametrize("name", sorted(set(REFUSED) - WITH_RULES_OF_THEIR_OWN))
def test_a_refused_attribute_never_trades_and_answers_its_code(bench: Bench, name: str) -> None:
    # One attribute left the protocol; the newest version has all others.
    client = bench.start(NO_FA_PROFILE - 1 if name == "fa_profile" else NEWEST)
    contract = bench.spy_contract
    if name == "min_trade_quantity":  # on the wire with this exchange only
        contract = dataclasses.replace(contract, exchange="IBKRATS")
    notice = refusal(bench, client, contract=contract, **{name: given(name)})
    assert (notice.code, notice.text) == REFUSED[name]


SPECIAL: list[Any] = [
    pytest.param({"good_after_time": "garbage"}, 337, f"Start Time: {DATE_RULE}", id="gat-garbage"),
    pytest.param(
        {"good_after_time": "20260711 10:00:00 America"}, 337, "Start Time: ", id="gat-no-zone"
    ),
    pytest.param({"good_after_time": "10:00:00"}, 338, "Good After Time", id="gat-time-only"),
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


@pytest.mark.parametrize(("method", "code"), [(0, None), (2, None), (1, 10340), (8, 10340)])
def test_a_stop_is_refused_when_its_trigger_method_is_not_worked(
    bench: Bench, client: Desk, *, method: int, code: int | None
) -> None:
    terms = {"order_type": "STP", "aux_price": "760.00", "trigger_method": method}
    if code is not None:
        assert refusal(bench, client, **terms).code == code
        return
    client.place(1, "BUY", 10, **terms)
    bench.run(1)
    assert client.order(1).is_open


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
    assert set(rows) == set(FIELDS)
    for name, (code, _text) in REFUSED.items():
        assert str(code) in rows[name].split("|")[2]


@pytest.mark.parametrize("value", [1, 2.5, math.nan, math.inf, "x", Decimal(1), True])
def test_a_value_is_no_default(value: object) -> None:
    assert not is_unset("percent_offset", value)
