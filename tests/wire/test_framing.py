"""Length-prefixed frames: however TCP cuts the stream, and with lengths nobody should trust."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_ibkr.errors import WireError
from pytest_ibkr.wire.framing import MAX_FRAME, FrameBuffer, frame

PAYLOADS = st.lists(st.binary(min_size=1, max_size=40), max_size=8)


def taken(chunks: list[bytes]) -> list[bytes]:
    buffer, found = FrameBuffer(), []
    for chunk in chunks:
        buffer.feed(chunk)
        found += buffer.take_frames()
    assert len(buffer) == 0
    return found


def pieces(stream: bytes, cuts: set[int]) -> list[bytes]:
    edges = sorted({0, len(stream), *(cut for cut in cuts if cut < len(stream))})
    return [stream[a:b] for a, b in pairwise(edges)]


@given(payloads=PAYLOADS, cuts=st.sets(st.integers(1, 400)))
def test_payloads_do_not_depend_on_how_tcp_splits_the_stream(
    payloads: list[bytes], cuts: set[int]
) -> None:
    stream = b"".join(map(frame, payloads))
    assert taken([stream]) == payloads
    assert taken(pieces(stream, cuts)) == payloads


def test_payloads_arrive_byte_by_byte() -> None:
    stream = frame(b"15\x001\0DU0000001\0") + frame(b"9\x001\x001\0")
    assert taken([bytes([byte]) for byte in stream]) == [b"15\x001\0DU0000001\0", b"9\x001\x001\0"]


def test_what_follows_a_frame_stays_in_the_buffer() -> None:
    buffer = FrameBuffer()
    buffer.feed(frame(b"one") + frame(b"two") + b"\0\0")
    assert buffer.take_frames(most=1) == [b"one"]
    assert buffer.take_frames() == [b"two"]
    assert buffer.peek(9) == b"\0\0"
    buffer.clear()
    assert len(buffer) == 0


def test_raw_bytes_are_taken_when_all_are_there() -> None:
    buffer = FrameBuffer()
    buffer.feed(b"AP")
    assert buffer.take_raw(4) is None
    buffer.feed(b"I\0rest")
    assert (buffer.take_raw(4), buffer.peek(4)) == (b"API\0", b"rest")


@pytest.mark.parametrize("length", [0, MAX_FRAME + 1, 0x7FFFFFFF, 0xFFFFFFFF])
def test_an_impossible_length_is_refused_from_its_four_bytes_alone(length: int) -> None:
    buffer = FrameBuffer()
    buffer.feed(length.to_bytes(4, "big"))
    with pytest.raises(WireError, match=f"frame length {length} "):
        buffer.take_frames()


def test_complete_frames_before_an_impossible_length_are_handed_over_first() -> None:
    buffer = FrameBuffer()
    buffer.feed(frame(b"good") + b"\0\0\0\0")
    assert buffer.take_frames() == [b"good"]
    with pytest.raises(WireError):
        buffer.take_frames()


def test_the_limit_itself_is_allowed() -> None:
    buffer = FrameBuffer(max_frame=10)
    buffer.feed(frame(b"x" * 10))
    assert buffer.take_frames() == [b"x" * 10]
    buffer.feed(frame(b"x" * 11))
    with pytest.raises(WireError):
        buffer.take_frames()
