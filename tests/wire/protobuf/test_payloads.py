"""Payloads of server versions 201 and later: the id, the form at each gate, hostile bytes."""

from __future__ import annotations

import itertools
import random

import pytest

from pytest_ibkr.errors import WireError
from pytest_ibkr.wire import codec
from pytest_ibkr.wire.connection import (
    ClientConnection,
    FrameReceived,
    GatewayConnection,
    Phase,
    VersionChosen,
    VersionsOffered,
)
from pytest_ibkr.wire.declare import REQUESTS, RESPONSES
from pytest_ibkr.wire.framing import frame
from pytest_ibkr.wire.messages.executions import Day, ReqExecutions
from pytest_ibkr.wire.messages.market_data import ReqMarketData, TickPrice
from pytest_ibkr.wire.messages.session import (
    CurrentTime,
    ErrorNotice,
    ReqCurrentTime,
    StartApi,
)
from pytest_ibkr.wire.messages.special_ticks import TickEfp
from pytest_ibkr.wire.protobuf import gates
from pytest_ibkr.wire.protobuf.forms import decode_body
from pytest_ibkr.wire.versions import NEWEST, NEWEST_TEXT, PROTOBUF

TICK = TickPrice(request_id=7, tick=1, price=754.95, size=12)
NOTICE = ErrorNotice(code=200, text="é\n", at_ms=1783692000000)
PAYLOADS = [
    pytest.param(TICK, NEWEST_TEXT, b"1\x006\x007\x001\x00754.95\x0012\x000\x00", id="text"),
    pytest.param(
        TICK,
        PROTOBUF,
        b"\0\0\0\x01" + b"6\x007\x001\x00754.95\x0012\x000\x00",
        id="a-binary-id-before-text",
    ),
    pytest.param(
        TICK,
        206,
        b"\0\0\0\xc9" + bytes.fromhex("0807 1001 199a99999999978740 22023132 2800"),
        id="a-body-behind-the-id-and-200",
    ),
    pytest.param(ReqCurrentTime(), 212, b"\0\0\0\x31" + b"1\0", id="text-before-its-gate"),
    pytest.param(ReqCurrentTime(), 213, b"\0\0\0\xf9", id="an-empty-body"),
    pytest.param(
        ReqExecutions(request_id=1, dates=(Day(date=20260710),)),
        NEWEST,
        b"\0\0\0\xcf" + bytes.fromhex("0801 1208 0800 4a04 e6ced409"),
        id="nested-and-repeated",
    ),
    pytest.param(
        NOTICE,
        PROTOBUF,
        b"\0\0\0\xcc" + bytes.fromhex("08ffffffffffffffffff01 1080f6cfe2f433 18c801 2203 c3a90a"),
        id="texts-are-not-escaped",
    ),
]


@pytest.mark.parametrize(("message", "version", "payload"), PAYLOADS)
def test_a_payload_has_the_form_of_its_version(message, version, payload):
    decode = codec.decode_request if message.NAME else codec.decode_response

    assert codec.encode(message, version) == payload
    assert decode(payload, version) == message
    assert codec.decode_as(type(message), payload, version) == message


@pytest.mark.parametrize("version", range(PROTOBUF, NEWEST + 1))
def test_every_request_is_written_in_the_form_of_its_gate(version):
    for cls, message in ((ReqCurrentTime, ReqCurrentTime()), (StartApi, StartApi(client_id=1))):
        since = gates.protobuf_since(cls)
        sent = int.from_bytes(codec.encode(message, version)[:4], "big")
        assert sent == cls.MSG_ID + (200 if version >= since else 0)


OTHER_FORMS = [
    pytest.param(b"\0\0\0\x31" + b"1\0", 213, "text fields", id="text-from-the-gate-on"),
    pytest.param(b"\0\0\0\xf9", 212, "a body", id="a-body-before-the-gate"),
    pytest.param(b"\0\0\1\x10", NEWEST, "a body", id="a-body-of-what-has-none"),
]


@pytest.mark.parametrize(("payload", "version", "form"), OTHER_FORMS)
def test_a_request_in_the_other_form_is_refused(payload, version, form):
    with pytest.raises(codec.OtherForm, match=f"{form} at server version {version}"):
        codec.decode_request(payload, version)


@pytest.mark.parametrize(
    ("payload", "version"), [(p.values[0], p.values[1]) for p in OTHER_FORMS[:2]]
)
def test_a_request_in_either_form_is_read_when_asked_for(payload, version):
    assert codec.decode_request(payload, version, either_form=True) == ReqCurrentTime()


def test_an_answer_is_read_in_either_form_as_the_official_client_does():
    text = b"\0\0\0\x31" + b"1\x005\0"

    assert codec.decode_response(text, NEWEST) == CurrentTime(epoch_s=5)
    assert codec.decode_response(codec.encode(CurrentTime(epoch_s=5), NEWEST), PROTOBUF)


@pytest.mark.parametrize(
    ("payload", "msg_id"),
    [
        (b"\0\0\0\xc8", 200),
        (b"\0\0\1\xf4abc", 300),
        (b"\xff\xff\xff\xff", 0xFFFFFFFF - 200),
        (b"\0\0", None),
    ],
)
def test_what_nobody_declared_is_kept_whole(payload, msg_id):
    for decode in (codec.decode_request, codec.decode_response):
        assert decode(payload, NEWEST) == codec.Raw(msg_id, payload)


def test_a_message_without_a_body_stays_text():
    assert gates.protobuf_since(TickEfp) is None
    with pytest.raises(WireError, match="TickEfp has no body"):
        decode_body(TickEfp, b"", NEWEST)


@pytest.mark.parametrize(
    ("cls", "data"),
    [
        pytest.param(StartApi, "1203 410042", id="a-nul-in-a-text"),
        pytest.param(ReqMarketData, "1209 29 000000000000f07f", id="an-infinite-strike"),
        pytest.param(ReqMarketData, "1209 29 000000000000f87f", id="a-strike-that-is-no-number"),
        pytest.param(TickPrice, "2203 312e78", id="a-size-that-is-no-number"),
        pytest.param(TickPrice, "2204 314520 39", id="a-size-with-a-blank"),
    ],
)
def test_values_that_are_none_are_refused_by_the_messages_name(cls, data):
    with pytest.raises(WireError, match=cls.__name__):
        decode_body(cls, bytes.fromhex(data), NEWEST)


def test_a_number_too_large_for_its_field_is_a_wire_error():
    with pytest.raises(WireError, match="32 bits"):
        codec.encode(StartApi(client_id=1 << 31), NEWEST)


def test_bytes_nobody_meant_end_in_a_wire_error_or_a_message():
    dice = random.Random(11)
    for _ in range(2000):
        registry, decode = dice.choice(
            ((REQUESTS, codec.decode_request), (RESPONSES, codec.decode_response))
        )
        msg_id = dice.choice(sorted(registry)) + dice.choice((0, 200))
        noise = dice.randbytes(dice.randint(0, 24))
        version = dice.randint(PROTOBUF, NEWEST)
        try:
            decode(msg_id.to_bytes(4, "big") + noise, version)
        except WireError:
            continue


def test_the_handshake_stays_text_and_frames_come_byte_by_byte():
    gateway, client = GatewayConnection(), ClientConnection()
    start = codec.encode(StartApi(client_id=7), NEWEST)
    asked = codec.encode(ReqCurrentTime(), NEWEST)
    sent = ClientConnection.greeting(100, NEWEST) + frame(start) + frame(asked)

    met = list(itertools.chain.from_iterable(gateway.receive(bytes((b,))) for b in sent))
    told = client.receive(frame(b"%d\x0020260710 10:00:00 EST\0" % NEWEST) + frame(b"\0\0\0\xd1"))

    assert met == [
        VersionsOffered(100, NEWEST, ""),
        FrameReceived(Phase.START, start),
        FrameReceived(Phase.READY, asked),
    ]
    assert told[0] == VersionChosen(NEWEST, b"20260710 10:00:00 EST")
    assert told[1] == FrameReceived(Phase.READY, b"\0\0\0\xd1")
