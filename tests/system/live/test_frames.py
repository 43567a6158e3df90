"""Frames that no client of the protocol writes: whatever they mean, they do not pass.

One relay and one gateway for the table; every row brings a connection of its own and looks at
the bytes that reached the gateway since the row began.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from decimal import Decimal
from types import SimpleNamespace

import pytest

from pytest_ibkr.wire.codec import encode
from pytest_ibkr.wire.messages.session import ReqCurrentTime, StartApi
from tests.system.live.careless import (
    NOT_IN_BODIES,
    VERSION,
    Careless,
    Closed,
    binary,
    cancel,
    careless,
    fields_of,
    order,
    payload,
)
from tests.system.live.evil_gateway import EvilGateway, Script, framed
from tests.system.live.under_relay import CLIENT_ID, ordering, relay, settle, started

ORDER_FIELDS = fields_of(order(1))


def changed(index: int, value: bytes, base: list[bytes] | None = None) -> bytes:
    """The plain order with one field written otherwise."""
    fields = list(ORDER_FIELDS if base is None else base)
    fields[index] = value
    return framed(payload(fields))


CANCEL = fields_of(cancel(1))
PLAIN = payload(ORDER_FIELDS)
ID, ORDER_ID = 0, 1  # places in a placeOrder frame
QUANTITY = next(
    i
    for i, pair in enumerate(
        zip(ORDER_FIELDS, fields_of(order(1, quantity=Decimal(77))), strict=True)
    )
    if pair[0] != pair[1]
)

NOT_CANONICAL = [
    pytest.param(changed(ID, b"03"), id="message id 03"),
    pytest.param(changed(ID, b"+3"), id="message id +3"),
    pytest.param(changed(ID, b" 3"), id="message id with a blank before"),
    pytest.param(changed(ID, b"3 "), id="message id with a blank behind"),
    pytest.param(changed(ID, b"3\n"), id="message id with a newline"),
    pytest.param(changed(ID, b"3.0"), id="message id 3.0"),
    pytest.param(changed(ID, b"0x3"), id="message id 0x3"),
    pytest.param(changed(ID, b"-3"), id="message id -3"),
    pytest.param(changed(ID, b"3_"), id="message id 3_"),
    pytest.param(changed(ID, "\N{ARABIC-INDIC DIGIT THREE}".encode()), id="message id in Arabic"),
    pytest.param(changed(ID, "\N{FULLWIDTH DIGIT THREE}".encode()), id="a full-width message id"),
    pytest.param(changed(ID, b"4294967299"), id="message id 3 + 2^32"),
    pytest.param(changed(ID, b""), id="no message id"),
    pytest.param(changed(ORDER_ID, b"01"), id="order id 01"),
    pytest.param(changed(ORDER_ID, b"+1"), id="order id +1"),
    pytest.param(changed(ORDER_ID, b" 1"), id="order id with a blank"),
    pytest.param(changed(ORDER_ID, b"1.0"), id="order id 1.0"),
    pytest.param(changed(ORDER_ID, b"1_0"), id="order id 1_0"),
    pytest.param(changed(ORDER_ID, "\N{ARABIC-INDIC DIGIT ONE}".encode()), id="Arabic order id"),
    pytest.param(changed(ORDER_ID, b"4294967297"), id="order id 1 + 2^32"),
    pytest.param(changed(ORDER_ID, b""), id="no order id"),
    pytest.param(changed(QUANTITY, b"+1"), id="quantity +1"),
    pytest.param(changed(QUANTITY, b"01"), id="quantity 01"),
    pytest.param(changed(QUANTITY, b"1e0x"), id="quantity that is no number"),
    pytest.param(changed(QUANTITY, b"NaN"), id="quantity NaN"),
    pytest.param(changed(QUANTITY, b"Infinity"), id="quantity Infinity"),
    pytest.param(changed(QUANTITY, b"-1"), id="a negative quantity"),
    pytest.param(changed(QUANTITY, b"0"), id="quantity 0"),
    pytest.param(changed(QUANTITY, b""), id="no quantity"),
    pytest.param(framed(PLAIN + b"0\0"), id="a surplus field"),
    pytest.param(framed(PLAIN + PLAIN), id="a second order behind the first in one frame"),
    pytest.param(framed(PLAIN + b"\0"), id="a surplus NUL"),
    pytest.param(framed(PLAIN[:-1]), id="the last NUL missing"),
    pytest.param(framed(payload(ORDER_FIELDS[:-1])), id="a field missing"),
    pytest.param(framed(PLAIN[: len(PLAIN) // 2]), id="half an order with a length that fits"),
    pytest.param(framed(encode(order(1), 157)), id="an order of another version"),
    pytest.param(framed(encode(order(1), 200)), id="an order of a newer version"),
    pytest.param(framed(binary(order(1))), id="the message id in four bytes"),
    pytest.param(framed(binary(order(1), protobuf=True)), id="a protobuf order"),
    pytest.param(framed(binary(cancel(1), protobuf=True)), id="a protobuf cancel"),
    pytest.param(framed(payload([b"203", *ORDER_FIELDS[1:]])), id="message id 203 as text"),
    pytest.param(framed(payload([b"999", b"1"])), id="an unknown message id"),
    pytest.param(framed(payload([b"70000", b"1"])), id="a message id above every range"),
    pytest.param(framed(b"\xff\xfe\xfd\0"), id="bytes that are no text"),
    pytest.param(framed(b"\0" + PLAIN), id="a NUL in front"),
    pytest.param(framed(b"3"), id="a message id alone"),
    pytest.param(framed(payload([b"04", *CANCEL[1:]])), id="a cancel under 04"),
    pytest.param(framed(payload([*CANCEL[:2], b"+1", *CANCEL[3:]])), id="a cancel of +1"),
    pytest.param(framed(payload([*CANCEL, b""])), id="a cancel with a surplus field"),
    pytest.param(framed(payload([b"58", b"1", b"1"])), id="a global cancel with a field more"),
    pytest.param(framed(payload([b"058", b"1"])), id="a global cancel under 058"),
    pytest.param(framed(payload([b"71", b"2", b"7001", b""])), id="a second startApi"),
    pytest.param(framed(b""), id="an empty frame"),
    pytest.param(b"\xff\xff\xff\xff" + PLAIN, id="a frame of four gigabytes"),
    pytest.param(b"\x01\0\0\0" + PLAIN, id="a frame over the limit"),
    pytest.param(b"API\0" + framed(b"v157..178") + framed(PLAIN), id="a second greeting"),
]


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    return tmp_path_factory.mktemp("relay")


@pytest.fixture(scope="module")
def between(place) -> Iterator[SimpleNamespace]:
    """A gateway, the relay in front of it, and a test that may place orders."""
    with EvilGateway() as gateway, relay(gateway, place) as handle:
        yield SimpleNamespace(gateway=gateway, handle=handle)


@pytest.fixture
def gateway(between) -> Iterator[EvilGateway]:
    """The gateway of this row: what it heard before is put aside."""
    with ordering(between.handle):
        for each in between.gateway.heard:
            each.frames[1:] = []
        yield between.gateway


def put(client: Careless, data: bytes) -> None:
    """Send, and return once the relay has answered or hung up."""
    client.send(data)
    with contextlib.suppress(Closed, TimeoutError):
        client.error()


@pytest.mark.parametrize("data", NOT_CANONICAL)
def test_a_frame_that_is_not_canonical_stays_here(data, between, gateway):
    with started(between.handle) as client:
        put(client, data)
        settle(client, gateway)
        assert not gateway.suspicious()
    assert between.handle.ended is None, "a careless client must not end the run"


@pytest.mark.parametrize("data", NOT_CANONICAL[:8])
def test_what_stays_here_does_not_take_the_next_order_along(data, between, gateway):
    """The decoder stays in step: the plain order behind a refused frame arrives as it is."""
    number = 500 + NOT_CANONICAL.index(next(p for p in NOT_CANONICAL if p.values[0] is data))
    with started(between.handle) as client:
        client.send(data)
        assert client.refused()
        client.ask(order(number))
        gateway.wait(lambda g: g.frames(b"3"), "of the good order")
        assert gateway.frames(b"3") == [encode(order(number), VERSION)]
        assert gateway.suspicious() == gateway.frames(b"3")


@pytest.mark.parametrize(
    "first",
    [
        pytest.param(framed(PLAIN), id="an order"),
        pytest.param(framed(payload(CANCEL)), id="a cancel"),
        pytest.param(framed(payload([b"58", b"1"])), id="a global cancel"),
        pytest.param(framed(payload([b"71", b"2", b"7001", b"", b""])), id="startApi and a field"),
        pytest.param(framed(payload([b"071", b"2", b"7001", b""])), id="startApi under 071"),
        pytest.param(framed(payload([b"71", b"2", b"+7001", b""])), id="client id +7001"),
        pytest.param(framed(payload([b"71", b"2", b"0", b""])), id="client id 0"),
        pytest.param(framed(payload([b"71", b"2", b"1", b""])), id="client id 1"),
        pytest.param(framed(payload([b"71", b"2", b"6999", b""])), id="client id 6999"),
        pytest.param(framed(payload([b"71", b"2", b"8000", b""])), id="client id 8000"),
        pytest.param(framed(payload([b"71", b"2", b"-7001", b""])), id="client id -7001"),
    ],
)
def test_a_first_frame_that_is_not_a_canonical_start_opens_nothing(first, between, gateway):
    with careless(between.handle.host, between.handle.port) as client:
        client.greet()
        client.send(first + framed(PLAIN))
        put(client, b"")
        client.drain()
        assert not gateway.suspicious()
        assert not gateway.frames(b"71"), "a session was opened for it"


def test_an_order_behind_start_api_in_one_segment_waits_for_the_account(place, tmp_path):
    """It is held or refused; with a gateway that never tells its accounts it never leaves."""
    with EvilGateway() as gateway, relay(gateway, tmp_path) as handle, ordering(handle):
        gateway.script = Script(accounts=lambda _number: None)
        with careless(handle.host, handle.port) as client:
            client.greet()
            client.send(framed(encode(StartApi(client_id=CLIENT_ID), VERSION)) + framed(PLAIN))
            client.drain(1.0)
        assert not gateway.suspicious()


def test_a_torn_order_never_leaves(between, gateway):
    """Cut at every kind of place: in the length, in the id, in the fields, before the last NUL."""
    whole = framed(PLAIN)
    for cut in (1, 3, 4, 5, 6, len(whole) // 2, len(whole) - 1):
        with started(between.handle) as client:
            client.send(whole[:cut])
            client.drain(0.05)
        with started(between.handle) as client:
            settle(client, gateway)
        assert not gateway.suspicious(), f"cut behind {cut} bytes"


def test_a_torn_order_that_is_completed_arrives_once_and_whole(between, gateway):
    whole = framed(encode(order(701), VERSION))
    with started(between.handle) as client:
        for at in range(0, len(whole), 7):
            client.send(whole[at : at + 7])
        gateway.wait(lambda g: g.frames(b"3"), "of the order")
        settle(client, gateway)
        assert gateway.suspicious() == [encode(order(701), VERSION)]


def test_of_two_orders_in_one_segment_only_the_good_one_arrives(between, gateway):
    good, bad = order(711), order(712, quantity=Decimal(101))
    for first, second in ((good, bad), (bad, order(713))):
        with started(between.handle) as client:
            client.ask(first, second, ReqCurrentTime())
            assert client.refused(712)
            client.until("49")
    assert gateway.suspicious() == [encode(good, VERSION), encode(order(713), VERSION)]


@NOT_IN_BODIES
def test_a_client_that_offers_nothing_below_protobuf_is_turned_away(between, gateway):
    before = len(gateway.heard)
    with careless(between.handle.host, between.handle.port) as client:
        client.send(b"API\0" + framed(b"v213..225"))
        client.send(framed(binary(order(1), protobuf=True)))
        client.drain()
    assert not gateway.suspicious()
    assert all(b"225" not in heard.offer for heard in gateway.heard[before:])


@NOT_IN_BODIES
def test_a_gateway_is_never_offered_more_than_version_200(between, gateway):
    with careless(between.handle.host, between.handle.port) as client:
        assert client.greet(high=225) <= 200
    for heard in gateway.heard:
        highest = heard.offer.rpartition(b"..")[2].split()[0].lstrip(b"v")
        assert int(highest) <= 200, heard.offer
