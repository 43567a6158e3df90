"""Orders mean the same in protobuf as in text, to the official client and from it."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from ibapi.contract import Contract
from ibapi.order import Order

from pytest_ibkr.wire.declare import Message, specs
from pytest_ibkr.wire.messages.completed_order import CompletedOrder
from pytest_ibkr.wire.messages.contract import Contract as Traded
from pytest_ibkr.wire.messages.order_echo import OpenOrder
from pytest_ibkr.wire.messages.place_order import LegPrice, OrderLeg, PlaceOrder
from tests.conformance.wire_official import families, official
from tests.conformance.wire_official.values import UNSET_FLOAT, UNSET_INT, samples
from tests.meta import proof
from tests.wire.strategies import default_of

pytestmark = pytest.mark.skipif(not official.NEW, reason="ibapi 9.81 knows no protobuf")
if official.NEW:
    from tests.conformance.wire_official import either_form, whole_orders

FOLDER = "tests/conformance/wire_official"
FEW, MANY = 30, 500
ORDERS_FROM, NEWEST = 203, 225
# Attributes of placeOrder only the text form has a place for.
TEXT_ONLY = ("auction_strategy",)
# What openOrder and completedOrder say in text only.
LOST = ("order.auctionStrategy", "order.basisPoints", "order.basisPointsType")


def meaning(message: Message) -> dict[str, Any]:
    """A placed order as both forms can say it: no order in maps, numbers of conditions as such."""
    assert isinstance(message, PlaceOrder)
    said = either_form.fields_of(message, but={*TEXT_ONLY, *younger(PlaceOrder)})
    for name in ("algo_params", "routing"):
        said[name] = sorted((one.tag, one.value) for one in said[name])
    said["misc_options"] = sorted(said["misc_options"].split(";"))
    said["conditions"] = [_condition(one) for one in said["conditions"]]
    return said


def _condition(one: Any) -> Any:
    number = one.type != 3 and one.type != 5
    return dataclasses.replace(one, value=str(float(one.value)) if number else one.value)


def placed(contract: Contract, order: Order, version: int) -> PlaceOrder:
    read = either_form.asked(
        "placeOrder", {"orderId": 7, "contract": contract, "order": order}, version
    )
    assert isinstance(read, PlaceOrder)
    return read


def check_order(contract: Contract, order: Order, version: int) -> None:
    """The same meaning as in text at 200, and whatever has come since."""
    found = placed(contract, order, version)
    for name in vars(order):  # the text form of 200 refuses none of these, but says none
        if name in whole_orders.SINCE:
            mine = "".join("_" + c.lower() if c.isupper() else c for c in name)
            theirs = getattr(order, name)
            unset = theirs == UNSET_INT
            assert getattr(found, mine) == (None if unset else theirs), name
    assert meaning(found) == meaning(placed(contract, order, either_form.TEXT_VERSION))


@pytest.mark.parametrize("version", [ORDERS_FROM, 204, 216, 218, NEWEST])
def test_a_default_order_is_read_the_same(version: int) -> None:
    contract, order = Contract(), Order()
    order.totalQuantity = Decimal(1)
    check_order(contract, order, version)


@pytest.mark.parametrize("version", [ORDERS_FROM, 207, 216, 217, 218, 223, NEWEST])
def test_an_order_with_every_attribute_set_is_read_the_same(version: int) -> None:
    contract = whole_orders.combo()
    check_order(contract, whole_orders.full_order(contract, version=version), version)


def _drawn(version: int) -> st.SearchStrategy[tuple[Contract, Order]]:
    return whole_orders.contracts().flatmap(
        lambda contract: st.tuples(
            st.just(contract), whole_orders.orders(contract, version=version)
        )
    )


def _check_drawn_orders(version: int, count: int) -> None:
    @settings(
        max_examples=count,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(_drawn(version))
    def check(drawn: tuple[Contract, Order]) -> None:
        check_order(*drawn, version)

    check()


@pytest.mark.parametrize("version", [ORDERS_FROM, NEWEST])
def test_drawn_orders_are_read_the_same(version: int) -> None:
    _check_drawn_orders(version, FEW)


ECHO_DRAWS = {"multiplier": st.sampled_from(["", "100", "0.5"])}


def echoes(cls: type[Any], count: int) -> Iterator[Any]:
    """Drawn echoes that both forms can say."""
    draw = {**families.RESPONSES[cls.MSG_ID].draw, **ECHO_DRAWS}
    for one in samples(cls, draw, examples=count):
        yield sayable(one)


def sayable(echo: Any) -> Any:
    """An echo without what protobuf has no place for, or no sentinel for."""
    trail = echo.trail_stop_price
    changes: dict[str, Any] = {
        **{name: default_of(type(echo), name) for name in younger(type(echo))},
        "adjusted_trail_stop_price": None if trail is None else float(trail),
        "display_size": echo.display_size or 0,
        "leg_prices": _as_many(echo.leg_prices, len(echo.legs)),
    }
    for name in ("algo_params", "routing"):
        by_tag = {row.tag: row for row in getattr(echo, name)}
        changes[name] = tuple(by_tag.values())
    return dataclasses.replace(echo, **changes)


def _as_many(prices: tuple[Any, ...], legs: int) -> tuple[Any, ...]:
    """A price for each leg: protobuf keeps it in the leg."""
    set_ones = tuple(row for row in prices if row.price is not None)
    return ((set_ones or (LegPrice(price=Decimal(1)),)) * legs)[:legs]


def younger(cls: type) -> list[str]:
    """Attributes that no version has in text form."""
    return [name for name, spec in specs(cls) if spec.since > either_form.TEXT_VERSION]


@pytest.mark.parametrize(
    ("cls", "since"), [(OpenOrder, ORDERS_FROM), (CompletedOrder, 204)], ids=["open", "completed"]
)
@pytest.mark.parametrize("version", [None, NEWEST])
def test_an_echo_is_heard_the_same(cls: type[Message], since: int, version: int | None) -> None:
    for echo in echoes(cls, FEW):
        either_form.check_answer(echo, version or since, lost=LOST)


def _echo() -> OpenOrder:
    return OpenOrder(
        order_id=7,
        contract=Traded(symbol="SPY", sec_type="STK"),
        action="BUY",
        quantity=Decimal(1),
        order_type="MKT",
        tif="DAY",
        account="DU0000001",
        client_id=1,
        perm_id=2**40,
        status="Submitted",
    )


def test_an_unset_display_size_is_the_clients_default() -> None:
    """Text says INT_MAX; protobuf leaves it out, and the client's own default is 0."""
    [call] = either_form.heard(_echo(), NEWEST)
    assert call.args["order"].displaySize == 0


def test_legs_without_prices_come_with_unset_prices() -> None:
    """Text says how many prices follow; the client makes one of each leg of a body."""
    leg = OrderLeg(
        con_id=1,
        ratio=1,
        action="BUY",
        exchange="SMART",
        open_close=0,
        short_sale_slot=0,
        designated_location="",
        exempt_code=-1,
    )
    [call] = either_form.heard(dataclasses.replace(_echo(), legs=(leg, leg)), NEWEST)
    prices = [one.price for one in call.args["order"].orderComboLegs]
    assert prices == [UNSET_FLOAT] * 2


ONLY_WITH = {"hedge_max_size": {"hedge_type": "D"}}  # the client reads it of hedges only


@pytest.mark.parametrize("cls", [OpenOrder, CompletedOrder])
def test_what_has_come_since_is_heard_as_it_was_meant(cls: type[Message]) -> None:
    for echo in echoes(cls, FEW):
        for name in younger(cls):
            value = {"str": "20260710 10:00:00", "int": 2}.get(_type(cls, name), True)
            said = dataclasses.replace(echo, **{name: value}, **ONLY_WITH.get(name, {}))
            [call] = either_form.heard(said, NEWEST)
            assert getattr(call.args["order"], _camel(name)) == value


def _type(cls: type, name: str) -> str:
    return str(cls.__dataclass_fields__[name].type).partition(" ")[0]  # type: ignore[attr-defined]


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


@pytest.mark.parametrize(("version", "known"), [(215, False), (216, True)])
def test_what_has_come_since_is_not_said_before(version: int, known: bool) -> None:
    [call] = either_form.heard(dataclasses.replace(_echo(), post_only=True), version)
    assert call.args["order"].postOnly is known


def test_without_a_parent_the_client_hears_its_default() -> None:
    done = next(echoes(CompletedOrder, FEW))
    done = dataclasses.replace(done, parent_perm_id=str(2**63 - 1))
    [call] = either_form.heard(done, NEWEST)
    assert call.args["order"].parentPermId == 0


@pytest.mark.proof
def test_five_hundred_orders_and_echoes_of_each_kind() -> None:
    for version in (ORDERS_FROM, NEWEST):
        _check_drawn_orders(version, MANY)
    for cls in (OpenOrder, CompletedOrder):
        for echo in echoes(cls, MANY):
            for version in (204, NEWEST):
                either_form.check_answer(echo, version, lost=LOST)
    proof.record(
        "protobuf-orders",
        command=f"python -m pytest -m proof {FOLDER}/test_either_form_orders.py",
        seed=None,
        numbers={"placed": 2 * MANY, "open_orders": 2 * MANY, "completed_orders": 2 * MANY},
        code_paths=["pytest_ibkr/wire"],
    )
