"""Bodies to plain values and back: known bytes, hostile bytes."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_ibkr.errors import WireError
from pytest_ibkr.wire.protobuf import body, kinds
from pytest_ibkr.wire.protobuf.tables import ROWS

# What the format's own description gives for these values.
KNOWN = [
    pytest.param("TickSize", {"reqId": 150, "tickType": 0}, "089601 1000", id="a-set-0-is-written"),
    pytest.param("TickSize", {}, "", id="unset-is-absent"),
    pytest.param("TickSize", {"size": ""}, "1a00", id="an-empty-text"),
    pytest.param("TickSize", {"reqId": -1}, "08 ffffffffffffffffff01", id="negative-has-ten-bytes"),
    pytest.param("TickPrice", {"price": 1.5}, "19 000000000000f83f", id="double"),
    pytest.param(
        "CurrentTimeInMillis", {"currentTimeInMillis": 1 << 40}, "08 808080808020", id="l"
    ),
    pytest.param("AutoOpenOrdersRequest", {"autoBind": False}, "0800", id="false"),
    pytest.param("ExecutionFilter", {"specificDates": [3, 270]}, "4a03 03 8e02", id="packed"),
    pytest.param("UpdateConfigResponse", {"changedFields": ["a", ""]}, "2201 61 2200", id="texts"),
    pytest.param(
        "MarketDataRequest", {"marketDataOptions": {"k": "v"}}, "3206 0a016b 120176", id="map"
    ),
    pytest.param(
        "ScannerData",
        {"scannerDataElement": [{"rank": 1}, {}]},
        "1202 0801 1200",
        id="repeated-messages",
    ),
]
HOSTILE = [
    pytest.param("08", "cut off", id="a-number-that-never-comes"),
    pytest.param("08ff", "cut off", id="a-number-cut-off"),
    pytest.param("08" + "ff" * 10 + "01", "ten bytes", id="eleven-bytes-of-number"),
    pytest.param("8080808080808080808001", "ten bytes", id="an-endless-tag"),
    pytest.param("00", "no field number", id="field-0"),
    pytest.param("f8ffffffffffffff7f 01", "no field number", id="a-field-number-too-high"),
    pytest.param("0a0141", "wire type 2, 0 expected", id="a-text-as-number"),
    pytest.param("1001 1a05 41", "5 bytes are announced, 1 are there", id="a-text-cut-off"),
    pytest.param("1a ffffffff0f", "are announced", id="four-gigabytes-announced"),
    pytest.param("0b", "wire type", id="a-group"),
    pytest.param("fb07", "wire type 3", id="an-unknown-group"),
    pytest.param("fd07 0000", "4 bytes are announced", id="an-unknown-number-cut-off"),
    pytest.param("fa0710", "are announced", id="an-unknown-text-cut-off"),
]


@pytest.mark.parametrize(("message", "values", "written"), KNOWN)
def test_values_are_written_as_the_format_says(message, values, written):
    data = bytes.fromhex(written)

    assert body.encode(message, values) == data
    assert body.decode(message, data) == values


def test_none_and_empty_repetitions_are_absent():
    assert body.encode("TickSize", {"reqId": None}) == b""
    assert body.encode("ScannerData", {"scannerDataElement": []}) == b""
    assert body.encode("MarketDataRequest", {"marketDataOptions": {}}) == b""


def test_repeated_numbers_are_read_packed_and_one_by_one():
    one_by_one = bytes.fromhex("4803 488e02")

    assert body.decode("ExecutionFilter", one_by_one) == {"specificDates": [3, 270]}


def test_the_last_of_several_values_counts_and_nested_messages_are_merged():
    data = bytes.fromhex("0801 0802 1202 0805 1203 120141")

    assert body.decode("ExecutionRequest", data) == {
        "reqId": 2,
        "executionFilter": {"clientId": 5, "acctCode": "A"},
    }


def test_a_number_is_cut_to_its_bits_as_every_reader_does():
    assert body.decode("TickSize", bytes.fromhex("08 ffffffff1f")) == {"reqId": -1}


def test_bytes_that_are_no_utf_8_come_back_as_they_were():
    data = bytes.fromhex("1a02 c3b0 1a02 c9cf")

    values = body.decode("TickSize", data)

    assert body.encode("TickSize", values) == data[4:]


@pytest.mark.parametrize("number", [2**31, -(2**31) - 1])
def test_a_number_that_does_not_fit_is_refused_and_not_cut(number):
    with pytest.raises(WireError, match="32 bits"):
        body.encode("TickSize", {"reqId": number})
    with pytest.raises(WireError, match="64 bits"):
        body.encode("CurrentTime", {"currentTime": number << 32})


def test_a_field_nobody_knows_is_a_mistake_of_ours():
    with pytest.raises(KeyError, match="requestId"):
        body.encode("TickSize", {"requestId": 1})


@pytest.mark.parametrize(("sent", "reason"), HOSTILE)
def test_hostile_bytes_end_in_a_wire_error(sent, reason):
    with pytest.raises(WireError, match=reason):
        body.decode("TickSize", bytes.fromhex(sent))


@pytest.mark.parametrize("sent", ["320a", "3203 0a0541", "3202 0801", "3203 1a0141 00"])
def test_hostile_map_entries_end_in_a_wire_error(sent):
    with pytest.raises(WireError):
        body.decode("MarketDataRequest", bytes.fromhex(sent), body.Reading(strict=True))


UNKNOWN = "fa0701 41 f80701 f907 0000000000000000 fd07 00000000"


def test_unknown_fields_are_skipped_and_counted():
    reading = body.Reading()

    values = body.decode("TickSize", bytes.fromhex(f"0801 {UNKNOWN} 1002"), reading)

    assert values == {"reqId": 1, "tickType": 2}
    assert reading.unknown == 4


def test_unknown_fields_are_refused_when_asked_for():
    with pytest.raises(WireError, match="field 127 is not known"):
        body.decode("TickSize", bytes.fromhex(UNKNOWN), body.Reading(strict=True))


def test_nesting_has_an_end(monkeypatch):
    monkeypatch.setitem(ROWS, "Matryoshka", "inside:Matryoshka")
    data = b""
    for _ in range(body.DEEPEST):
        data = b"\x0a" + body.sized(data)
    assert body.decode("Matryoshka", data)

    with pytest.raises(WireError, match="nested more than"):
        body.decode("Matryoshka", b"\x0a" + body.sized(data))


@settings(max_examples=200)
@given(st.sampled_from(sorted(ROWS)), st.binary(max_size=60), st.booleans())
def test_no_other_error_leaves_the_decoder(message, data, strict):
    try:
        values = body.decode(message, data, body.Reading(strict=strict))
    except WireError:
        return
    written = body.encode(message, values)
    assert body.encode(message, body.decode(message, written)) == written


def test_every_truncation_of_a_body_is_shorter_or_refused():
    whole = body.encode(
        "OpenOrder",
        {
            "orderId": 300,
            "contract": {"symbol": "SPY", "comboLegs": [{"conId": 5}]},
            "order": {"lmtPrice": 1.5, "algoParams": {"a": "b"}},
            "orderState": {"status": "Submitted"},
        },
    )
    for end in range(len(whole)):
        try:
            assert body.decode("OpenOrder", whole[:end]) != body.decode("OpenOrder", whole)
        except WireError:
            continue


def test_every_message_survives_with_every_field_set():
    dice = random.Random(7)
    for message in ROWS:
        values = filled(message, dice)
        assert body.decode(message, body.encode(message, values)) == values


def filled(message, dice):
    """Values of a message with every field set."""
    return {field.name: _value(field, dice) for field in kinds.fields_of(message).values()}


def _value(field, dice):
    if field.kind == kinds.MAP:
        return {str(n): "é" for n in range(2)}
    if field.repeated:
        return [_single(field.kind, dice) for _ in range(2)]
    return _single(field.kind, dice)


def _single(kind, dice):
    if kind == kinds.TEXT:
        return "中" * dice.randint(0, 90)
    if kind == kinds.BOOL:
        return dice.random() < 0.5
    if kind == kinds.DOUBLE:
        return dice.uniform(-1e9, 1e9)
    if kind in (kinds.INT32, kinds.INT64):
        bits = 31 if kind == kinds.INT32 else 63
        return dice.randint(-(1 << bits), (1 << bits) - 1)
    return filled(kind, dice)
