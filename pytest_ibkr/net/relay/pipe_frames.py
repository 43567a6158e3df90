"""How relay and harness frame what goes through the relay's standard output."""

from __future__ import annotations

import json
import struct
from collections.abc import Callable
from typing import Any, Final

JSON, TAPE = b"j", b"t"
_HEAD: Final = struct.Struct(">Ic")


def json_frame(content: dict[str, Any]) -> bytes:
    """A reply or an event."""
    return framed(JSON, json.dumps(content, default=str).encode())


def framed(kind: bytes, body: bytes) -> bytes:
    """Length of the body (4 bytes, big-endian), kind (1 byte), body."""
    return _HEAD.pack(len(body), kind) + body


def read_frame(read: Callable[[int], bytes]) -> tuple[bytes, bytes] | None:
    """Return (kind, body), or None at the end; ``read`` returns fewer bytes only there."""
    head = read(_HEAD.size)
    if len(head) < _HEAD.size:
        return None
    length, kind = _HEAD.unpack(head)
    body = read(length)
    return None if len(body) < length else (kind, body)
