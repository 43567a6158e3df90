"""The connection as a state machine: any bytes, any split, one closing event, no exception."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_ibkr.wire.connection import (
    ClientConnection,
    Ended,
    Event,
    FrameReceived,
    GatewayConnection,
    Phase,
    VersionChosen,
    VersionsOffered,
)
from pytest_ibkr.wire.framing import frame

START = b"71\x002\x001\0\0"
ROLES = [GatewayConnection, ClientConnection]


def gateway(*chunks: bytes) -> list[Event]:
    connection = GatewayConnection(max_frame=1 << 16)
    return [event for chunk in chunks for event in connection.receive(chunk)]


def client(*chunks: bytes) -> list[Event]:
    connection = ClientConnection(max_frame=1 << 16)
    return [event for chunk in chunks for event in connection.receive(chunk)]


def split(stream: bytes, cuts: set[int]) -> list[bytes]:
    edges = sorted({0, len(stream), *(cut for cut in cuts if cut < len(stream))})
    return [stream[a:b] for a, b in pairwise(edges)]


def test_a_client_greets_starts_and_asks() -> None:
    greeting = ClientConnection.greeting(157, 178, options="+PACEAPI")
    assert gateway(greeting + frame(START) + frame(b"61\x001\0"), b"") == [
        VersionsOffered(157, 178, "+PACEAPI"),
        FrameReceived(Phase.START, START),
        FrameReceived(Phase.READY, b"61\x001\0"),
        Ended(""),
    ]


def test_a_range_of_one_version_needs_no_dots() -> None:
    assert gateway(b"API\0" + frame(b"v178")) == [VersionsOffered(178, 178, "")]


def test_a_gateway_answers_with_version_and_time_in_any_encoding() -> None:
    answer = frame("178\x0020260710 10:00:00 中国标准时间\0".encode("gb2312"))
    version, ready = client(answer + frame(b"9\x001\x001\0"))
    assert version == VersionChosen(178, "20260710 10:00:00 中国标准时间".encode("gb2312"))
    assert ready == FrameReceived(Phase.READY, b"9\x001\x001\0")


@given(payloads=st.lists(st.binary(max_size=40)), cuts=st.sets(st.integers(1, 400)))
def test_events_do_not_depend_on_how_tcp_splits_the_stream(
    payloads: list[bytes], cuts: set[int]
) -> None:
    frames = b"".join(map(frame, payloads))
    upward = b"API\0" + frame(b"v157..178") + frames
    assert gateway(*split(upward, cuts)) == gateway(upward)
    downward = frame(b"178\0now\0") + frames
    assert client(*split(downward, cuts)) == client(downward)


@given(payload=st.binary() | st.text("v.0123456789 ").map(str.encode))
def test_any_version_payload_ends_in_an_event_never_an_exception(payload: bytes) -> None:
    [event] = gateway(b"API\0" + frame(payload))
    assert isinstance(event, VersionsOffered) or (isinstance(event, Ended) and event.error)
    [answer] = client(frame(payload))
    assert isinstance(answer, VersionChosen) or (isinstance(answer, Ended) and answer.error)


@pytest.mark.parametrize("role", ROLES)
@given(chunks=st.lists(st.binary(max_size=60)))
def test_noise_ends_once_and_nothing_follows(
    role: type[GatewayConnection | ClientConnection], chunks: list[bytes]
) -> None:
    connection = role(max_frame=1 << 10)
    events = [event for chunk in [*chunks, b""] for event in connection.receive(chunk)]
    assert [type(event) for event in events].count(Ended) == 1
    assert isinstance(events[-1], Ended)
    assert connection.closed
    assert connection.receive(b"API\0" + frame(b"v157..178")) == []


@pytest.mark.parametrize("probe", [b"GET / HTTP/1.1\r\n", b"\x16\x03\x01", b"APX", b"\0"])
def test_a_foreign_greeting_is_refused_at_its_first_wrong_byte(probe: bytes) -> None:
    [event] = gateway(probe)
    assert isinstance(event, Ended)
    assert "greeting" in event.error


@pytest.mark.parametrize(
    "answer", [b"178\0", b"178\0now\0x", b"178\0now", b"x\0now\0", b"99999\0n\0"]
)
def test_a_version_answer_has_exactly_two_fields(answer: bytes) -> None:
    [event] = client(frame(answer))
    assert isinstance(event, Ended)
    assert "version answer" in event.error


def test_an_announced_16_mib_frame_ends_the_connection_and_buffers_nothing() -> None:
    connection = GatewayConnection()
    connection.receive(ClientConnection.greeting(157, 178))
    [event] = connection.receive((1 << 24).to_bytes(4, "big") + b"x" * 1000)
    assert event == Ended("frame length 16777216 is not in 1..16777215")
    assert len(connection._frames) == 0
    assert connection.receive(b"x" * 1000) == []
    assert len(connection._frames) == 0


def test_frames_before_a_bad_length_still_arrive() -> None:
    greeting = ClientConnection.greeting(157, 178)
    events = gateway(greeting + frame(START) + frame(b"61\x001\0") + b"\0\0\0\0")
    assert [type(event) for event in events] == [
        *(VersionsOffered, FrameReceived, FrameReceived, Ended)
    ]


@pytest.mark.parametrize(
    ("sent", "pending"),
    [(b"AP", 2), (b"API\0\0\0", 2), (b"API\0" + frame(b"v157..178")[:-1], 12)],
)
def test_a_close_inside_a_frame_says_so(sent: bytes, pending: int) -> None:
    assert gateway(sent, b"") == [Ended(f"closed inside a frame, {pending} bytes pending")]


def test_a_close_before_the_greeting_is_no_error() -> None:
    assert gateway(b"") == client(b"") == [Ended("")]
