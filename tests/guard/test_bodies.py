"""Bodies of server versions 201 and later: what passes is what our encoder says of them."""

from __future__ import annotations

import dataclasses
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_ibkr.guard import bodies
from pytest_ibkr.guard.canonical import canonical
from pytest_ibkr.guard.decision import Allow, Refuse
from pytest_ibkr.guard.order_fields import NOT_IN_PREVIEWS, SETTABLE
from pytest_ibkr.wire.codec import decode_request, encode
from pytest_ibkr.wire.declare import BODY_REQUESTS, REQUESTS, Message, specs
from pytest_ibkr.wire.messages.contract import ReqContractDetails
from pytest_ibkr.wire.messages.order import CancelOrder, ReqGlobalCancel
from pytest_ibkr.wire.messages.place_order import PlaceOrder
from pytest_ibkr.wire.protobuf import body
from pytest_ibkr.wire.protobuf.forms import record_of
from pytest_ibkr.wire.versions import NEWEST
from tests.guard.bench import CALL, FIRST_ID, SPY, Bench, bench, order
from tests.guard.plain import plain

PLACED, CANCELLED, ASKED = 203, 204, 209  # classic ids and 200
NUMBERS = st.sampled_from(sorted(REQUESTS | BODY_REQUESTS))
VERSIONS = st.sampled_from([201, 203, 213, NEWEST])
DETAILS = ReqContractDetails(request_id=3, contract=CALL)
ORDER = encode(order(), NEWEST)[4:]
SAID = body.decode("PlaceOrderRequest", ORDER)


def framed(number: int, data: bytes) -> bytes:
    return number.to_bytes(4, "big") + data


def at(version: int = NEWEST) -> Bench:
    made = bench()
    made.client.version = version
    return made


def with_order(**fields: Any) -> bytes:
    """The plain order with fields of its Order message said otherwise."""
    values = {**SAID, "order": {**SAID["order"], **fields}}
    return framed(PLACED, body.encode("PlaceOrderRequest", values))


def refused(payload: bytes, version: int = NEWEST) -> str | None:
    found = canonical(payload, version)
    return found.rule if isinstance(found, Refuse) else None


def test_our_own_body_is_canonical() -> None:
    assert canonical(encode(DETAILS, NEWEST), NEWEST) == DETAILS
    assert canonical(framed(PLACED, ORDER), NEWEST) == order()


UNUSUAL = [
    pytest.param(ORDER + b"\x08\x0b", id="the order id twice"),
    pytest.param(ORDER[2:] + ORDER[:2], id="the order id last"),
    pytest.param(b"\x08\x8b\x00" + ORDER[2:], id="an order id in more bytes than it needs"),
    pytest.param(b"\x88\x00\x0b" + ORDER[2:], id="a tag in more bytes than it needs"),
    pytest.param(ORDER[2:], id="no order id"),
    pytest.param(b"", id="nothing"),
    pytest.param(ORDER + b"\x22\x00", id="attached orders that say nothing"),
    pytest.param(ORDER + b"\x1a\x02\x20\x01", id="a second part of the order"),
]
UNREADABLE = [
    pytest.param(ORDER + b"\x28\x01", id="a field nobody knows"),
    pytest.param(ORDER + b"\x0a\x01\x0b", id="the order id as text"),
    pytest.param(ORDER + b"\x00", id="field 0"),
    pytest.param(ORDER[:-1], id="cut off"),
    pytest.param(ORDER + b"\x08", id="a tag alone"),
    pytest.param(ORDER + b"\x0b\x0c", id="a group"),
    pytest.param(b"\x08" + b"\xff" * 10 + b"\x01", id="a number of eleven bytes"),
]


@pytest.mark.parametrize("data", UNUSUAL)
def test_another_way_to_write_it_is_refused(data: bytes) -> None:
    assert refused(framed(PLACED, data)) == "frame.not-canonical"


@pytest.mark.parametrize("data", UNREADABLE)
def test_what_cannot_be_read_or_is_not_known_is_refused(data: bytes) -> None:
    assert refused(framed(PLACED, data)) == "frame.unreadable"


@pytest.mark.parametrize(
    ("payload", "version"),
    [
        pytest.param(framed(PLACED, ORDER), 202, id="a body before its version"),
        pytest.param(framed(3, b"11\0"), NEWEST, id="text where it has a body"),
        pytest.param(framed(9, encode(DETAILS, 200)[2:]), NEWEST, id="a question as text"),
    ],
)
def test_a_message_in_its_other_form_is_refused(payload: bytes, version: int) -> None:
    assert refused(payload, version) == "frame.unreadable"


@pytest.mark.parametrize(
    "payload", [b"", b"\0\0\0", framed(309, b""), framed(450, b""), b"3\0" + b"1\0" * 9]
)
def test_an_id_nobody_knows_is_refused(payload: bytes) -> None:
    assert refused(payload) == "frame.unknown"


def test_text_behind_a_binary_id_is_judged_as_text_is() -> None:
    ours = encode(DETAILS, 204)
    assert ours[:4] == b"\0\0\0\x09"
    assert canonical(ours, 204) == DETAILS
    assert canonical(ours.replace(b"\x00600.0\0", b"\x00600\0"), 204) == DETAILS
    assert refused(ours.replace(b"\x00600.0\0", b"\x00+600\0"), 204) == "frame.not-canonical"
    assert refused(ours + b"\0", 204) == "frame.unreadable"


def test_text_behind_a_binary_id_has_no_text_id_before_its_fields_at_201_either() -> None:
    ours = encode(DETAILS, 201)
    assert canonical(ours.replace(b"\x00600.0\0", b"\x00600\0"), 201) == DETAILS


WHY = "is written in an unusual way"


@pytest.mark.parametrize(
    ("payload", "version", "why"),
    [
        pytest.param(encode(DETAILS, 200).replace(b"600.0", b"+600"), 200, WHY, id="text"),
        pytest.param(encode(DETAILS, 204).replace(b"600.0", b"+600"), 204, WHY, id="binary id"),
        pytest.param(
            framed(PLACED, b"\x88\x00\x0b" + ORDER[2:]), NEWEST, f"{WHY}: its bytes", id="body"
        ),
    ],
)
def test_the_reason_says_where_the_difference_is(payload: bytes, version: int, why: str) -> None:
    found = canonical(payload, version)
    assert isinstance(found, Refuse)
    assert found.reason.endswith(why)


@pytest.mark.parametrize(
    ("fields", "where"),
    [
        ({"usePriceMgmtAlgo": 5}, "order.usePriceMgmtAlgo"),
    ],
)
def test_a_value_that_means_something_else_to_us_is_named(
    fields: dict[str, Any], where: str
) -> None:
    found = canonical(with_order(**fields), NEWEST)
    assert isinstance(found, Refuse)
    assert found.rule == "frame.not-canonical"
    assert found.reason.endswith(where)


def test_an_empty_part_that_only_our_encoder_writes_is_named() -> None:
    values = {name: value for name, value in SAID.items() if name != "attachedOrders"}
    found = canonical(framed(PLACED, body.encode("PlaceOrderRequest", values)), NEWEST)
    assert isinstance(found, Refuse)
    assert found.reason.endswith(": attachedOrders")


NOTHING = {
    "clientId": 0,
    "permId": 0,
    "deltaNeutralConId": 0,
    "deltaNeutralShortSaleSlot": 0,
    "referenceContractId": 0,
    "peggedChangeAmount": 0.0,
    "referenceChangeAmount": 0.0,
}


def test_what_the_official_client_writes_for_nothing_passes_and_is_not_sent_on() -> None:
    made = at()
    assert made.send(with_order(**NOTHING)) == Allow(order())
    assert {path[1]: value for path, value in bodies.NOTHING.items()} == NOTHING
    assert {path[0] for path in bodies.NOTHING} == {"order"}


@pytest.mark.parametrize("name", sorted(NOTHING))
def test_it_is_refused_as_soon_as_it_says_something(name: str) -> None:
    found = canonical(with_order(**{name: type(NOTHING[name])(1)}), NEWEST)
    assert isinstance(found, Refuse)
    assert found.rule == "frame.not-canonical"
    assert found.reason == f"placeOrder is written in an unusual way: order.{name}"
    assert found.request_id == FIRST_ID


@pytest.mark.parametrize("text", ["1.0", "1.00", "1e0"])
def test_a_quantity_may_be_spelled_otherwise(text: str) -> None:
    assert canonical(with_order(totalQuantity=text), NEWEST) == order(quantity=Decimal(text))


@pytest.mark.parametrize("text", ["+1", " 1", "01", "1 ", "１", "\udcff"])
def test_a_quantity_that_is_no_plain_number_is_refused(text: str) -> None:
    assert refused(with_order(totalQuantity=text)) is not None


def unread(record: Any, above: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    """Every field below the order or its contract that our layouts do not read."""
    known = bodies.record_of  # the guard and this test ask the same registry
    assert known is record_of
    found: list[tuple[str, ...]] = []
    from pytest_ibkr.wire.protobuf.kinds import fields_of
    from pytest_ibkr.wire.protobuf.layout import Here, Many, One

    for name in fields_of(record.proto):
        source = record.sources.get(name)
        if source is None:
            found.append((*above, name))
        elif isinstance(source, Here | Many | One):
            found += unread(source.record, (*above, name))
    return found


EXAMPLES = {"i": 5, "l": 5, "s": "x", "b": True, "d": 1.5}
UNREAD = unread(record_of(PlaceOrder))


def test_these_fields_of_an_order_are_not_read() -> None:
    assert {path for path in UNREAD if path[0] == "order"} == {
        ("order", "softDollarTier", "displayName"),
        *(("order", name) for name in ("clientId", "orderId", "permId", "autoCancelDate")),
        *(("order", name) for name in ("filledQuantity", "refFuturesConId", "shareholder")),
        ("order", "parentPermId"),
    }


@pytest.mark.parametrize("path", UNREAD, ids=".".join)
def test_a_field_that_is_not_read_does_not_pass_unseen(path: tuple[str, ...]) -> None:
    from pytest_ibkr.wire.protobuf.kinds import fields_of

    proto, values = "PlaceOrderRequest", body.decode("PlaceOrderRequest", ORDER)
    inner = values
    for name in path[:-1]:
        proto = fields_of(proto)[name].kind
        inner = inner.setdefault(name, {})
    inner[path[-1]] = EXAMPLES[fields_of(proto)[path[-1]].kind]
    assert refused(framed(PLACED, body.encode("PlaceOrderRequest", values))) == (
        "frame.not-canonical"
    )


YOUNGER = [name for name, spec in specs(PlaceOrder) if spec.since > 200]


def test_every_attribute_of_later_versions_is_named() -> None:
    assert set(NOT_IN_PREVIEWS) == set(YOUNGER)
    assert not SETTABLE & set(YOUNGER)


@pytest.mark.parametrize("what_if", [False, True])
@pytest.mark.parametrize("name", YOUNGER)
def test_an_attribute_of_later_versions_passes_in_no_order(name: str, what_if: bool) -> None:
    kind = dict(specs(PlaceOrder))[name].kind
    assert kind is not None
    value = {"int?": 7, "bool": True, "bool?": True, "text": "x"}[kind.name]
    found = at().send(order(what_if=what_if, **{name: value}))
    assert isinstance(found, Refuse)
    assert (found.rule, found.reason) == (
        "order.field",
        f"it sets {name}, which no order of a live test may",
    )


def test_a_preview_passes_at_the_newest_version() -> None:
    assert at().rule(order(what_if=True)) is None


def test_orders_and_cancels_are_decided_about_as_ever() -> None:
    made = at()
    assert made.rule(order(quantity=Decimal(101))) == "order.size"
    assert made.rule(order()) is None
    assert made.rule(CancelOrder(order_id=FIRST_ID)) is None
    assert made.rule(CancelOrder(order_id=FIRST_ID, manual_cancel_time="x")) == "cancel.field"
    assert made.rule(CancelOrder(order_id=99)) == "cancel.foreign"
    replaced: Any = made.send(ReqGlobalCancel())
    assert replaced.messages == (CancelOrder(order_id=FIRST_ID),)


def test_updating_the_configuration_is_refused() -> None:
    assert at().rule(framed(309, b"\x08\x01")) == "frame.unknown"


@pytest.mark.parametrize("version", [201, 203, 213, NEWEST])
def test_whatever_our_encoder_writes_is_canonical(version: int) -> None:
    younger = BODY_REQUESTS.values() if version == NEWEST else ()
    for cls in [*REQUESTS.values(), *younger]:
        payload = encode(plain(cls), version)
        found = canonical(payload, version)
        assert isinstance(found, cls), found
        assert encode(found, version) == payload


@given(st.binary(max_size=120), NUMBERS, VERSIONS, st.booleans())
def test_any_bytes_are_refused_or_read_and_sent_on_as_they_came(
    data: bytes,
    number: int,
    version: int,
    has_body: bool,
) -> None:
    payload = framed(number + 200 * has_body, data)
    found = canonical(payload, version)
    if isinstance(found, Message):
        again = encode(found, version)
        assert decode_request(again, version) == found
        assert has_body is False or number == PLACED - 200 or again == payload


@given(st.data())
def test_an_order_with_any_byte_changed_is_refused_or_says_what_was_read(
    data: st.DataObject,
) -> None:
    changed = bytearray(ORDER)
    changed[data.draw(st.integers(0, len(ORDER) - 1))] = data.draw(st.integers(0, 255))
    found = canonical(framed(PLACED, bytes(changed)), NEWEST)
    if isinstance(found, Message):
        assert canonical(encode(found, NEWEST), NEWEST) == found
        assert dataclasses.asdict(found) == dataclasses.asdict(
            decode_request(framed(PLACED, bytes(changed)), NEWEST)  # type: ignore[call-overload]
        )


def test_the_bench_orders_what_it_says() -> None:
    assert SAID["contract"]["conId"] == SPY.con_id
