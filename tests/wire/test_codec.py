"""Every declared message, both ways, at every version where a layout changes."""

from __future__ import annotations

import dataclasses
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from pytest_ibkr.errors import WireError
from pytest_ibkr.wire import codec
from pytest_ibkr.wire.declare import INT, REQUESTS, RESPONSES, TEXT, Message, record, rows, wire
from pytest_ibkr.wire.messages.account import AccountSummary
from pytest_ibkr.wire.messages.contract import Contract, OptionParameter, Strike, Text
from pytest_ibkr.wire.messages.market_data import (
    ReqMarketData,
    TickOptionComputation,
    TickPrice,
)
from pytest_ibkr.wire.messages.order import CancelOrder
from pytest_ibkr.wire.messages.place_order import PlaceOrder
from pytest_ibkr.wire.messages.session import ErrorNotice
from pytest_ibkr.wire.versions import ADVANCED_REJECT, MANUAL_ORDER_TIME, TICK_ATTRIB
from tests.wire.strategies import DECLARED, VERSIONS, as_carried, full

NOTICE = ErrorNotice(request_id=7, code=201, text="rejected", reject_json="{}")
CANCEL = CancelOrder(order_id=7)
COMPUTATION = TickOptionComputation(
    request_id=7,
    tick=13,
    implied_vol=0.25,
    delta=0.5,
    option_price=5.05,
    pv_dividend=0.0,
    gamma=0.01,
    vega=0.2,
    theta=-0.00012,
    under_price=754.95,
)
# Messages of 150 fields take minutes to shrink and read no better for it.
UNSHRUNK = settings(
    max_examples=15,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.large_base_example, HealthCheck.too_slow],
)

LAYOUTS = [  # message, server version, fields on the wire with | for NUL
    pytest.param(NOTICE, ADVANCED_REJECT - 1, "4|2|7|201|rejected|", id="before-reject-json"),
    pytest.param(NOTICE, ADVANCED_REJECT, "4|2|7|201|rejected|{}|", id="reject-json-comes"),
    pytest.param(CANCEL, MANUAL_ORDER_TIME - 1, "4|1|7|", id="before-manual-cancel-time"),
    pytest.param(CANCEL, MANUAL_ORDER_TIME, "4|1|7||", id="manual-cancel-time-comes"),
    pytest.param(
        COMPUTATION,
        TICK_ATTRIB - 1,
        "21|6|7|13|0.25|0.5|5.05|0.0|0.01|0.2|-1.2E-4|754.95|",
        id="before-tick-attribute",
    ),
    pytest.param(
        COMPUTATION,
        TICK_ATTRIB,
        "21|7|13|0|0.25|0.5|5.05|0.0|0.01|0.2|-1.2E-4|754.95|",
        id="layout-goes-tick-attribute-comes",
    ),
]


@pytest.mark.parametrize(("message", "version", "piped"), LAYOUTS)
def test_a_layout_changes_at_its_version(message: Message, version: int, piped: str) -> None:
    assert codec.encode(message, version) == piped.replace("|", "\0").encode()


@pytest.mark.parametrize("cls", DECLARED, ids=lambda cls: cls.__name__)
def test_every_message_survives_the_wire_at_every_version(cls: type[Message]) -> None:
    decode = codec.decode_request if cls in REQUESTS.values() else codec.decode_response

    @UNSHRUNK
    @given(message=full(cls))
    def survives(message: Any) -> None:
        for version in VERSIONS:
            payload = codec.encode(message, version)
            back = decode(payload, version)
            assert back == as_carried(message, version)
            assert type(back) is cls
            assert codec.encode(back, version) == payload

    survives()


@pytest.mark.parametrize("cls", DECLARED, ids=lambda cls: cls.__name__)
def test_a_decoded_message_is_frozen_and_complete(cls: type[Message]) -> None:
    @settings(UNSHRUNK, max_examples=1)
    @given(message=full(cls))
    def frozen(message: Any) -> None:
        back = codec.decode_as(cls, codec.encode(message, 178), 178)
        for field in dataclasses.fields(back):
            getattr(back, field.name)
            with pytest.raises(dataclasses.FrozenInstanceError):
                setattr(back, field.name, None)
        assert hash(back) == hash(dataclasses.replace(back))

    frozen()


@pytest.mark.parametrize("cls", DECLARED, ids=lambda cls: cls.__name__)
def test_one_field_too_few_or_too_many_is_refused_by_name(cls: type[Message]) -> None:
    @settings(UNSHRUNK, max_examples=5)
    @given(message=full(cls), version=st.sampled_from(VERSIONS))
    def refused(message: Any, version: int) -> None:
        payload = codec.encode(message, version)
        with pytest.raises(WireError, match=cls.__name__):
            codec.decode_as(cls, payload + b"\0", version)
        with pytest.raises(WireError, match=cls.__name__):
            codec.decode_as(cls, payload[:-1], version)
        if payload.count(b"\0") > 1:
            shorter = payload[: payload[:-1].rindex(b"\0") + 1]
            with pytest.raises(WireError, match=cls.__name__):
                codec.decode_as(cls, shorter, version)

    refused()


BAD_NUMBERS = ["x", "1.5", "--1", "0x10", "1e3", "9" * 5000]


@pytest.mark.parametrize("text", BAD_NUMBERS, ids=lambda text: text[:6])
def test_a_bad_number_is_a_wire_error_that_names_the_message(text: str) -> None:
    with pytest.raises(WireError, match="TickPrice"):
        codec.decode_response(f"1\0006\0{text}\0001\0001.5\000100\0000\0".encode(), 178)


@pytest.mark.parametrize(
    "text", ["x", "1E-999999999", "NaN", "Infinity", "sNaN", "1E+9" + "9" * 30]
)
def test_a_size_that_is_no_number_or_would_fill_the_memory_is_refused(text: str) -> None:
    with pytest.raises(WireError, match="TickPrice"):
        codec.decode_response(f"1\0006\0007\0001\0001.5\0{text}\0000\0".encode(), 178)


SPY = Contract(symbol="SPY", sec_type="STK", exchange="SMART", currency="USD")
NO_NUMBERS = ["NaN", "nan", "Infinity", "-Infinity", "inf", "1e400", "9" * 400]


def _placed(order_type: str, **values: Any) -> list[bytes]:
    order = PlaceOrder(
        order_id=1, contract=SPY, action="BUY", quantity=Decimal(1), order_type=order_type, **values
    )
    return codec.encode(order, 178).split(b"\0")


@pytest.mark.parametrize("text", NO_NUMBERS, ids=lambda text: text[:9])
def test_a_request_with_a_number_that_is_none_is_refused(text: str) -> None:
    asked = ReqMarketData(request_id=1, contract=dataclasses.replace(SPY, strike=123.25))
    fields = codec.encode(asked, 178).split(b"\0")
    fields[fields.index(b"123.25")] = text.encode()
    with pytest.raises(WireError, match="For input string"):
        codec.decode_request(b"\0".join(fields), 178)
    fields = _placed("TRAIL", trailing_percent=123.25)
    fields[fields.index(b"123.25")] = text.encode()
    with pytest.raises(WireError, match="For input string"):
        codec.decode_request(b"\0".join(fields), 178)


def test_an_offset_up_to_the_midpoint_is_infinite() -> None:
    payload = b"\0".join(_placed("PEG BEST", compete_offset=float("inf")))
    assert b"Infinity" in payload
    read = codec.decode_request(payload, 178)
    assert isinstance(read, PlaceOrder)
    assert read.compete_offset == float("inf")


@pytest.mark.parametrize("count", ["-1", "3", "99999999999", "x"])
def test_a_count_that_lies_is_refused_before_looping(count: str) -> None:
    honest = OptionParameter(
        request_id=1,
        exchange="SMART",
        under_con_id=756733,
        trading_class="SPY",
        multiplier="100",
        expirations=(Text(value="20260717"), Text(value="20260724")),
        strikes=(Strike(value=600.0),),
    )
    fields = codec.encode(honest, 178).split(b"\0")
    assert fields[6] == b"2"
    fields[6] = count.encode()
    with pytest.raises(WireError, match="OptionParameter"):
        codec.decode_response(b"\0".join(fields), 178)


@pytest.mark.parametrize(
    "payload", [b"", b"\0", b"x\0", b"999\x001\0", b"123456789\0", "٣\0".encode()]
)
def test_an_undeclared_message_is_kept_whole(payload: bytes) -> None:
    raw = codec.decode_request(payload, 178)
    assert isinstance(raw, codec.Raw)
    assert raw.payload == payload
    assert raw.msg_id == (999 if payload.startswith(b"999") else None)


def test_text_beyond_utf_8_comes_back_as_the_same_bytes() -> None:
    payload = b"63\x001\x001001\0All\0\xc4\xe3\xff\0x\0USD\0"
    message = codec.decode_as(AccountSummary, payload, 178)
    assert codec.encode(message, 178) == payload


def test_non_ascii_names_are_escaped_from_version_153_on() -> None:
    notice = ErrorNotice(code=1, text="über 😀")
    assert codec.encode(notice, 152) == "4\x002\0-1\x001\0über 😀\0".encode()
    assert codec.encode(notice, 153) == b"4\x002\0-1\x001\0\\u00fcber \\ud83d\\ude00\0"
    assert codec.decode_response(codec.encode(notice, 153), 153) == notice


def test_a_peg_best_order_up_to_the_midpoint_carries_its_offsets() -> None:
    order = PlaceOrder(
        order_id=1,
        contract=Contract(symbol="IBM", sec_type="STK"),
        action="BUY",
        quantity=Decimal(100),
        order_type="PEG BEST",
        compete_offset=float("inf"),
        mid_offset_whole=0.01,
        mid_offset_half=0.005,
    )
    back = codec.decode_request(codec.encode(order, 178), 178)
    assert isinstance(back, PlaceOrder)
    assert (back.mid_offset_whole, back.mid_offset_half) == (0.01, 0.005)
    fixed = dataclasses.replace(order, compete_offset=0.02)
    assert codec.encode(fixed, 178).count(b"\0") == codec.encode(order, 178).count(b"\0") - 2


def test_the_generated_source_can_be_read() -> None:
    source = codec.source_of(TickPrice, 178)
    assert source.count("def run(") == 2
    assert "price" in source


def test_ids_are_declared_once_each() -> None:
    for registry in (REQUESTS, RESPONSES):
        assert all(msg_id == cls.MSG_ID for msg_id, cls in registry.items())


@record
class _MaybeEmpty:
    name: str = wire(TEXT, since=200, default="")


def test_a_row_without_fields_is_refused_when_compiled() -> None:
    @dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
    class Listing(Message):
        MSG_ID = 999
        names: tuple[_MaybeEmpty, ...] = rows(_MaybeEmpty)

    with pytest.raises(TypeError, match="a count means nothing"):
        codec.decode_as(Listing, b"999\x000\0", 178)


def test_a_field_that_can_be_absent_needs_a_default() -> None:
    @dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
    class Late(Message):
        MSG_ID = 999
        number: int = wire(INT, since=200)

    with pytest.raises(TypeError, match="no default"):
        codec.decode_as(Late, b"999\0", 178)
