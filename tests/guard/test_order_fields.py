"""Every field of an order that is not needed must say nothing; new ones are refused unread."""

from __future__ import annotations

import dataclasses
from decimal import Decimal
from typing import Any

import pytest

from pytest_ibkr.guard import order_fields
from pytest_ibkr.guard.order_fields import set_field
from pytest_ibkr.wire.declare import specs
from pytest_ibkr.wire.messages.contract import TagValue
from pytest_ibkr.wire.messages.place_order import LegPrice, OrderCondition, OrderLeg, PlaceOrder
from tests.guard.bench import bench, order

MAY_BE_SET = {
    "order_id", "contract", "action", "quantity", "order_type", "limit_price", "aux_price", "tif",
    "oca_group", "oca_type", "account", "order_ref", "transmit", "parent_id", "trail_stop_price",
    "trailing_percent", "trigger_method", "outside_rth", "what_if", "display_size", "hidden",
    "all_or_none", "min_quantity", "sweep_to_fill",
}  # fmt: skip
CLIENTS_SAY = {
    "e_trade_only": (True,),
    "firm_quote_only": (True,),
    "open_close": ("O",),
    "use_price_mgmt_algo": (False,),
}
# Named in design.md: each must be empty.
ADVISOR = ["fa_group", "fa_method", "fa_percentage", "fa_profile", "shares_allocation"]
MODEL = ["model_code"]
CLEARING = ["clearing_account", "clearing_intent", "settling_firm"]
CUSTOMER = ["customer_account", "professional_customer", "ext_operator", "mifid_decision_maker"]
HEDGE = ["hedge_type", "hedge_param"]
SCALE = ["scale_init_size", "scale_subs_size", "scale_increment", "scale_table"]
ALGO = ["algo_strategy", "algo_params", "algo_id"]
CONDITIONS = ["conditions", "conditions_ignore_rth", "conditions_cancel_order"]
DELTA_NEUTRAL = ["dn_order_type", "dn_aux_price", "delta_neutral", "dn_clearing_account"]
ATTACHED = ["adjusted_order_type", "trigger_price", "limit_price_offset", "adjusted_stop_price"]
NAMED = [*ADVISOR, *MODEL, *CLEARING, *CUSTOMER, *HEDGE, *SCALE, *ALGO, *CONDITIONS,
         *DELTA_NEUTRAL, *ATTACHED]  # fmt: skip
OTHERS = sorted({name for name, _ in specs(PlaceOrder)} - MAY_BE_SET)

ROWS: dict[str, Any] = {
    "legs": OrderLeg(con_id=1, ratio=1, action="BUY", exchange="SMART", open_close=0,
                     short_sale_slot=0, designated_location="", exempt_code=-1),
    "leg_prices": LegPrice(price=Decimal(1)),
    "routing": TagValue(tag="NonGuaranteed", value="1"),
    "algo_params": TagValue(tag="adaptivePriority", value="Normal"),
    "conditions": OrderCondition(type=3, conjunction="a", value="20260710 15:00:00"),
}  # fmt: skip


def something(name: str) -> Any:
    """A value of a field that says something."""
    if name in ROWS:
        return (ROWS[name],)
    spec = dict(specs(PlaceOrder))[name]
    assert spec.kind is not None
    kind = spec.kind.name.partition("?")[0]
    return {"int": 1, "bool": True, "text": "x", "double": 0.5}.get(kind, Decimal(1))


def test_the_fields_that_may_be_set_are_these() -> None:
    assert set(order_fields.SETTABLE) == MAY_BE_SET
    assert dict(order_fields.HARMLESS) == CLIENTS_SAY


def test_the_specification_names_no_field_that_may_be_set() -> None:
    assert set(NAMED) <= set(OTHERS)


def test_a_plain_order_sets_nothing() -> None:
    assert set_field(order()) is None


@pytest.mark.parametrize("name", OTHERS)
def test_any_other_field_is_named_when_it_says_something(name: str) -> None:
    said = "x" if name == "open_close" else something(name)
    wanted = None if said in CLIENTS_SAY.get(name, ()) else name
    assert set_field(order(**{name: said})) == wanted


@pytest.mark.parametrize("name", sorted(CLIENTS_SAY))
def test_what_official_clients_say_for_nothing_passes(name: str) -> None:
    for said in CLIENTS_SAY[name]:
        assert bench().rule(order(**{name: said})) is None


@pytest.mark.parametrize(("name", "said"), [("use_price_mgmt_algo", True), ("open_close", "C")])
def test_the_same_field_with_another_value_is_named(name: str, said: Any) -> None:
    assert set_field(order(**{name: said})) == name


@pytest.mark.parametrize("name", sorted(MAY_BE_SET - {"contract"}))
def test_a_field_that_may_be_set_is_not_named(name: str) -> None:
    assert set_field(dataclasses.replace(order(), **{name: something(name)})) is None


def test_the_refusal_names_the_field() -> None:
    decision: Any = bench().send(order(hedge_type="D", hedge_param="1"))
    assert decision.reason == "it sets hedge_type, which no order of a live test may"


def test_a_field_declared_some_day_is_refused_when_it_is_set() -> None:
    @dataclasses.dataclass(frozen=True, kw_only=True)
    class Tomorrow:
        order_id: int = 1
        surprise: int = 0

    assert set_field(Tomorrow()) is None  # type: ignore[arg-type]
    assert set_field(Tomorrow(surprise=1)) == "surprise"  # type: ignore[arg-type]
