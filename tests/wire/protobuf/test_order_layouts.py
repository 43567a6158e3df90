"""Orders, accounts and P&L as protobuf bodies."""

from __future__ import annotations

import dataclasses
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from pytest_ibkr.errors import WireError
from pytest_ibkr.wire.declare import REQUESTS, RESPONSES, Kind, Message, specs
from pytest_ibkr.wire.messages.account import PortfolioValue, Position, ReqAccountUpdates
from pytest_ibkr.wire.messages.completed_order import CompletedOrder
from pytest_ibkr.wire.messages.contract import Contract, TagValue
from pytest_ibkr.wire.messages.order import CancelOrder, OrderStatus, ReqGlobalCancel
from pytest_ibkr.wire.messages.order_echo import OpenOrder
from pytest_ibkr.wire.messages.place_order import LegPrice, OrderCondition, OrderLeg, PlaceOrder
from pytest_ibkr.wire.messages.pnl import Pnl, PnlSingle
from pytest_ibkr.wire.protobuf import body
from pytest_ibkr.wire.protobuf.forms import decode_body, encode_body
from pytest_ibkr.wire.protobuf.layout import BODIES
from tests.wire.strategies import any_scalar, as_carried, default_of, full

NEWEST = 225
# Message ids by the version from which they have a body (gateway-behaviour.md 1.9).
SINCE = {
    203: ((3, 4, 58), (3, 5, 53)),
    204: ((5, 15, 16, 99), (100, 101, 102)),
    207: ((6, 61, 62, 63, 64, 74, 75, 76, 77), (6, 7, 8, 54, 61, 62, 63, 64, 71, 72, 73, 74)),
    210: ((92, 93, 94, 95), (94, 95)),
    211: ((18, 19, 21), (16, 103)),
    212: ((79, 80, 104), (77, 78, 107)),
}
MINE = [
    (cls, since)
    for since, (requests, responses) in SINCE.items()
    for cls in [*(REQUESTS[n] for n in requests), *(RESPONSES[n] for n in responses)]
]
LEG = OrderLeg(
    con_id=1001,
    ratio=1,
    action="BUY",
    exchange="SMART",
    open_close=0,
    short_sale_slot=0,
    designated_location="",
    exempt_code=-1,
)
# Values both forms can hold: numbers in what is a number there, tags without the signs between.
HELD: dict[str, st.SearchStrategy[Any]] = {
    "multiplier": st.sampled_from(["", "100", "0.5"]),
    "conjunction": st.sampled_from("ao"),
    "parent_perm_id": st.integers(0, 2**63 - 1).map(str),
    "continuous_update": st.integers(0, 1),
    "misc_options": st.sampled_from(["", "a=1;", "a=1;b=;"]),
}


def held(name: str, kind: Kind) -> st.SearchStrategy[Any]:
    """Values of a field; the type of a condition says what its value is."""
    return HELD[name] if name in HELD else any_scalar(name, kind)


def examples(cls: type[Message]) -> st.SearchStrategy[Any]:
    """Messages whose every value a body can hold."""
    return full(cls, scalars=held).map(holdable)


def holdable(message: Any) -> Any:
    """The message as it comes back from its body at the newest version."""
    changes: dict[str, Any] = {n: default_of(type(message), n) for n in not_carried(type(message))}
    if hasattr(message, "legs"):
        changes["leg_prices"] = tuple(LegPrice(price=Decimal("1.25")) for _ in message.legs)
    if hasattr(message, "adjusted_trail_stop_price"):
        trail = message.trail_stop_price
        changes["adjusted_trail_stop_price"] = None if trail is None else float(trail)
    for name in ("algo_params", "routing"):
        if hasattr(message, name):
            changes[name] = in_order_of_tags(getattr(message, name))
    if hasattr(message, "conditions"):
        changes["conditions"] = tuple(map(numbered, message.conditions))
    return as_carried(dataclasses.replace(message, **changes), NEWEST)


def not_carried(cls: type[Message]) -> set[str]:
    """Attributes without a place in the body, ``layout`` among them."""
    carried = {path.partition(".")[0] for path in BODIES[cls].attributes()}
    return {name for name, spec in specs(cls) if name not in carried and spec.carried_at(NEWEST)}


def in_order_of_tags(rows: tuple[TagValue, ...]) -> tuple[TagValue, ...]:
    by_tag = {row.tag: row for row in rows}
    return tuple(by_tag[tag] for tag in sorted(by_tag))


def numbered(one: OrderCondition) -> OrderCondition:
    """A condition with a value of its type."""
    values = {1: "650.25", 3: "20260710 15:00:00 US/Eastern", 4: "30", 6: "100000", 7: "-1.5"}
    return dataclasses.replace(one, value=values.get(one.type, ""))


@pytest.mark.parametrize(("cls", "since"), MINE, ids=[cls.__name__ for cls, _ in MINE])
def test_a_body_gives_back_the_message(cls: type[Message], since: int) -> None:
    # No shrinking: orders have hundreds of values.
    @settings(max_examples=12, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
    @given(examples(cls))
    def check(message: Any) -> None:
        assert decode_body(cls, encode_body(message, NEWEST), NEWEST) == message
        older = as_carried(message, since)
        assert decode_body(cls, encode_body(older, since), since) == older

    check()


def said(message: Message, version: int = NEWEST) -> dict[str, Any]:
    """The fields of a message's body."""
    return body.decode(BODIES[type(message)].proto, encode_body(message, version))


def placed(**terms: Any) -> PlaceOrder:
    plain: dict[str, Any] = {
        "order_id": 7,
        "contract": Contract(symbol="SPY", sec_type="STK", exchange="SMART", currency="USD"),
        "action": "BUY",
        "quantity": Decimal(10),
        "order_type": "LMT",
        "limit_price": Decimal("750.25"),
    }
    return PlaceOrder(**{**plain, **terms})


def reread(order: PlaceOrder, version: int = NEWEST) -> PlaceOrder:
    return decode_body(PlaceOrder, encode_body(order, version), version)


def test_an_order_is_its_contract_its_terms_and_what_is_attached() -> None:
    found = said(placed())
    assert found["orderId"] == 7
    assert found["contract"]["symbol"] == "SPY"
    assert found["order"]["totalQuantity"] == "10"
    assert found["order"]["lmtPrice"] == 750.25
    assert found["attachedOrders"] == {}


def test_what_is_unset_is_absent_and_a_set_zero_is_written() -> None:
    order = said(placed(min_quantity=0))["order"]
    assert order["minQty"] == 0
    assert "auxPrice" not in order
    assert "ocaGroup" not in order
    assert order["displaySize"] == 0


def test_a_leg_carries_its_price() -> None:
    bag = Contract(symbol="SPY", sec_type="BAG")
    prices = (LegPrice(price=Decimal("1.5")), LegPrice(price=None))
    order = placed(contract=bag, legs=(LEG, LEG), leg_prices=prices)
    legs = said(order)["contract"]["comboLegs"]
    assert [leg.get("perLegPrice") for leg in legs] == [1.5, None]
    assert reread(order) == order


def test_legs_without_prices_have_none() -> None:
    order = placed(contract=Contract(sec_type="BAG"), legs=(LEG,), leg_prices=())
    assert reread(order) == order


def test_legs_of_what_is_no_combo_are_not_read() -> None:
    """The official client sends them in a body, and leaves them out of the text form."""
    data = body.encode("PlaceOrderRequest", {"contract": {"comboLegs": [{"conId": 1}]}})
    assert decode_body(PlaceOrder, data, NEWEST).legs == ()


def test_a_benchmark_is_read_of_an_order_that_follows_one_only() -> None:
    terms = {"orderType": "LMT", "referenceContractId": 5}
    data = body.encode("PlaceOrderRequest", {"order": terms})
    assert decode_body(PlaceOrder, data, NEWEST).reference_con_id == 0
    data = body.encode("PlaceOrderRequest", {"order": {**terms, "orderType": "PEG BENCH"}})
    assert decode_body(PlaceOrder, data, NEWEST).reference_con_id == 5


@pytest.mark.parametrize(
    ("one", "expected"),
    [
        ((1, "650.25"), {"price": 650.25, "conId": 9, "exchange": "SMART", "triggerMethod": 2}),
        ((3, "20260710 15:00:00"), {"time": "20260710 15:00:00"}),
        ((4, "30"), {"percent": 30}),
        ((6, "100000"), {"volume": 100000, "conId": 9, "exchange": "SMART"}),
        ((7, "1.5"), {"changePercent": 1.5, "conId": 9, "exchange": "SMART"}),
    ],
)
def test_a_condition_has_its_value_in_the_field_of_its_type(
    one: tuple[int, str], expected: dict[str, Any]
) -> None:
    kind, value = one
    condition = OrderCondition(
        type=kind,
        conjunction="a",
        is_more=True,
        value=value,
        con_id=9,
        exchange="SMART",
        trigger_method=2,
    )
    [found] = said(placed(conditions=(condition,)))["order"]["conditions"]
    assert found == {"type": kind, "isConjunctionConnection": True, "isMore": True, **expected}


def test_a_condition_on_an_execution_says_of_what() -> None:
    condition = OrderCondition(
        type=5, conjunction="o", sec_type="STK", execution_exchange="SMART", symbol="SPY"
    )
    [found] = said(placed(conditions=(condition,)))["order"]["conditions"]
    assert found == {
        "type": 5,
        "isConjunctionConnection": False,
        "secType": "STK",
        "exchange": "SMART",
        "symbol": "SPY",
    }
    assert reread(placed(conditions=(condition,))).conditions == (condition,)


def test_a_condition_of_a_type_nobody_knows_is_kept_without_a_value() -> None:
    data = body.encode("PlaceOrderRequest", {"order": {"conditions": [{"type": 99, "price": 1.0}]}})
    [found] = decode_body(PlaceOrder, data, NEWEST).conditions
    assert (found.type, found.value) == (99, "")


def test_the_tags_of_a_map_come_in_order_of_their_names() -> None:
    params = (TagValue(tag="startTime", value="10:00"), TagValue(tag="endTime", value="15:00"))
    order = reread(placed(algo_strategy="Twap", algo_params=params))
    assert [row.tag for row in order.algo_params] == ["endTime", "startTime"]


@pytest.mark.parametrize(
    ("name", "since", "value"),
    [
        ("post_only", 216, True),
        ("what_if_type", 217, 1),
        ("sl_order_id", 218, 8),
        ("sl_order_type", 218, "STP"),
        ("hedge_max_size", 223, 100),
    ],
)
def test_a_younger_attribute_is_read_from_its_version_on(name: str, since: int, value: Any) -> None:
    data = encode_body(placed(**{name: value}), NEWEST)
    assert getattr(decode_body(PlaceOrder, data, since), name) == value
    assert getattr(decode_body(PlaceOrder, data, since - 1), name) == default_of(PlaceOrder, name)


NAN = float("nan")
HOSTILE: list[dict[str, Any]] = [
    {"order": {"lmtPrice": NAN}},
    {"order": {"lmtPrice": float("inf")}},
    {"order": {"totalQuantity": "NaN"}},
    {"order": {"totalQuantity": "1_000"}},
    {"order": {"orderRef": "a\0b"}},
    {"order": {"orderMiscOptions": {"a": "\0"}}},
    {"order": {"algoStrategy": "Twap", "algoParams": {"\0": "1"}}},
    {"order": {"conditions": [{"type": 3, "time": "\0"}]}},
    {"contract": {"strike": NAN}},
    {"contract": {"secType": "BAG", "comboLegs": [{"perLegPrice": NAN}]}},
    {"contract": {"secType": "BAG", "comboLegs": [{"action": "\0"}]}},
]


@pytest.mark.parametrize("values", HOSTILE, ids=str)
def test_what_no_order_can_mean_is_refused(values: dict[str, Any]) -> None:
    with pytest.raises(WireError, match="PlaceOrder"):
        decode_body(PlaceOrder, body.encode("PlaceOrderRequest", values), NEWEST)


def test_a_cancel_says_when_and_who_in_a_message_of_its_own() -> None:
    cancel = CancelOrder(order_id=7, manual_cancel_time="20260710-15:00:00", ext_operator="me")
    assert said(cancel) == {
        "orderId": 7,
        "orderCancel": {"manualOrderCancelTime": "20260710-15:00:00", "extOperator": "me"},
    }


def test_a_global_cancel_without_particulars_is_read() -> None:
    assert decode_body(ReqGlobalCancel, b"", NEWEST) == ReqGlobalCancel()


def test_a_status_before_any_fill_has_no_price() -> None:
    status = OrderStatus(
        order_id=7,
        status="ApiCancelled",
        filled=Decimal(0),
        remaining=Decimal(10),
        average_fill_price=Decimal("1.7976931348623157E308"),
        perm_id=2**40,
        client_id=1,
    )
    found = said(status)
    assert "avgFillPrice" not in found
    assert (found["filled"], found["remaining"], found["permId"]) == ("0", "10", 2**40)
    assert found["lastFillPrice"] == 0.0


def test_the_trailing_stop_has_one_place() -> None:
    echo = full_echo(trail_stop_price=Decimal("747.5"))
    assert said(echo)["order"]["trailStopPrice"] == 747.5
    again = decode_body(OpenOrder, encode_body(echo, NEWEST), NEWEST)
    assert (again.trail_stop_price, again.adjusted_trail_stop_price) == (Decimal("747.5"), 747.5)


def full_echo(**terms: Any) -> OpenOrder:
    plain: dict[str, Any] = {
        "order_id": 7,
        "contract": Contract(symbol="SPY", sec_type="STK"),
        "action": "SELL",
        "quantity": Decimal(10),
        "order_type": "TRAIL",
        "tif": "DAY",
        "account": "DU0000001",
        "client_id": 1,
        "perm_id": 2**40,
        "status": "Submitted",
    }
    return OpenOrder(**{**plain, **terms})


def test_an_unset_commission_is_absent() -> None:
    state = said(full_echo(commission=None, min_commission=Decimal("0.35")))["orderState"]
    assert "commissionAndFees" not in state
    assert state["minCommissionAndFees"] == 0.35


def test_a_finished_order_without_a_parent_has_none() -> None:
    done = CompletedOrder(
        contract=Contract(symbol="SPY", sec_type="STK"),
        action="SELL",
        quantity=Decimal(10),
        order_type="MKT",
        tif="DAY",
        account="DU0000001",
        perm_id=2**40,
        status="Filled",
        filled_quantity=Decimal(10),
        completed_time="20260710 15:00:00 US/Eastern",
        completed_status="Filled Size: 10",
    )
    found = said(done)
    assert "parentPermId" not in found["order"]
    assert found["orderState"]["completedStatus"] == "Filled Size: 10"
    again = decode_body(CompletedOrder, encode_body(done, NEWEST), NEWEST)
    assert again.parent_perm_id == default_of(CompletedOrder, "parent_perm_id")


def test_a_position_names_the_exchange_and_a_portfolio_row_the_primary_one() -> None:
    where = Contract(symbol="SPY", exchange="SMART", primary_exchange="ARCA")
    held_there = Position(
        account="DU0000001", contract=where, position=Decimal(10), average_cost=Decimal("750.1")
    )
    contract = said(held_there)["contract"]
    assert (contract.get("exchange"), contract.get("primaryExch")) == ("SMART", None)
    row = PortfolioValue(
        contract=where,
        position=Decimal(10),
        market_price=Decimal(750),
        market_value=None,
        average_cost=None,
        unrealized_pnl=None,
        realized_pnl=None,
        account="DU0000001",
    )
    contract = said(row)["contract"]
    assert (contract.get("exchange"), contract.get("primaryExch")) == (None, "ARCA")


def test_an_unknown_profit_is_absent() -> None:
    pnl = Pnl(request_id=1, daily=None, unrealized=Decimal("-1.25"), realized=None)
    assert said(pnl) == {"reqId": 1, "unrealizedPnL": -1.25}
    single = PnlSingle(
        request_id=1,
        position=Decimal("0.5"),
        daily=None,
        unrealized=None,
        realized=None,
        value=None,
    )
    assert said(single) == {"reqId": 1, "position": "0.5"}


def test_without_a_word_an_account_is_unsubscribed() -> None:
    """The official client writes the flag when it is set only."""
    assert decode_body(ReqAccountUpdates, b"", NEWEST) == ReqAccountUpdates(subscribe=False)
