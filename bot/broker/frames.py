"""Cuts the byte stream into frames, without copying the rest per frame. Pure.

The official reader copies the whole rest of its buffer for every frame, which is
quadratic in the size of a burst.
"""

from __future__ import annotations

import struct

MAX_FRAME = 0xFFFFFF  # the official client's limit
_LENGTH = struct.Struct("!I")
RAW_ID_VERSION = 201  # from here a frame starts with a binary message id
_ALWAYS = 10_000
# Text message id -> the server version from which the request id comes first; before it a
# version field does. Of these the official decoders leave no other trace of the request.
_ID_COMES_FIRST_SINCE = {
    1: _ALWAYS, 2: _ALWAYS, 10: 164, 11: 136, 17: 124, 21: 156, 45: _ALWAYS, 46: _ALWAYS,
    52: _ALWAYS, 55: _ALWAYS, 57: _ALWAYS, 58: _ALWAYS, 63: _ALWAYS, 64: _ALWAYS, 75: 0,
    76: 0, 81: 0, 108: 0,
}  # fmt: skip


class FrameError(Exception):
    """The stream cannot be cut any further."""


class FrameCutter:
    """Bytes in, payloads out."""

    def __init__(self, *, max_frame: int = MAX_FRAME) -> None:
        self._buffer = bytearray()
        self._max_frame = max_frame

    def feed(self, data: bytes) -> list[bytes]:
        """The payloads that ``data`` completed, in order.

        Raises:
            FrameError: a frame announces more than ``max_frame`` bytes. Frames before it
                are lost with the connection.
        """
        self._buffer += data
        start, payloads = 0, []
        view = memoryview(self._buffer)
        try:
            while len(view) - start >= _LENGTH.size:
                (size,) = _LENGTH.unpack_from(view, start)
                if size > self._max_frame:
                    raise FrameError(f"a frame announces {size} bytes, the limit is {MAX_FRAME}")
                body = start + _LENGTH.size
                if len(view) - body < size:
                    break
                payloads.append(bytes(view[body : body + size]))
                start = body + size
        finally:
            view.release()
        del self._buffer[:start]
        return payloads


def frame(payload: bytes) -> bytes:
    """``payload`` behind its length."""
    return _LENGTH.pack(len(payload)) + payload


def request_id_of(payload: bytes, server_version: int) -> int | None:
    """The request id a text frame probably carries; None when it cannot be told.

    Used to fail the right request when its answer cannot be decoded.
    """
    if server_version >= RAW_ID_VERSION:
        message_id = int.from_bytes(payload[:4], "big")
        fields = payload[4:].split(b"\0")
    else:
        first, *fields = payload.split(b"\0")
        message_id = int(first) if first.isdigit() else 0
    since = _ID_COMES_FIRST_SINCE.get(message_id)
    if since is None:
        return None
    place = 0 if server_version >= since else 1
    text = fields[place] if place < len(fields) else b""
    return int(text) if text.isdigit() else None
