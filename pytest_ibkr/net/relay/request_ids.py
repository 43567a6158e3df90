"""Where a frame carries its request or order id, read from the declarations, without decoding.

Of a body (server versions 201 and later) its first field is read, where that is the id.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Final, cast

from pytest_ibkr.errors import WireError
from pytest_ibkr.wire.declare import (
    BODY_REQUESTS,
    BODY_RESPONSES,
    REQUESTS,
    RESPONSES,
    Message,
    specs,
)
from pytest_ibkr.wire.names import official_name
from pytest_ibkr.wire.versions import PROTOBUF

_NAMES: Final = ("request_id", "order_id")
_ID: Final = 4  # bytes of a binary id
_BODY_IDS_FROM: Final = 200  # what a binary id has more when a body follows
_Known = Mapping[int, type[Message]]
# Requests without an id, and what answers them first.
_ANSWERED_BY: Final[dict[int, tuple[int, ...]]] = {
    5: (5, 3, 53),
    6: (6, 7, 8, 54),
    8: (9,),
    16: (5, 3, 53),
    17: (15,),
    18: (16,),
    24: (19,),
    49: (49,),
    61: (61, 62),
    71: (15,),
    80: (78,),
    82: (80,),
    85: (85,),
    91: (93,),
    99: (101, 102),
    105: (109,),
}
_BY_ANSWER: Final = {
    answer: tuple(asked for asked, answers in _ANSWERED_BY.items() if answer in answers)
    for answers in _ANSWERED_BY.values()
    for answer in answers
}


def message_id(payload: bytes, version: int) -> int:
    """The classic id of a frame; -1: none."""
    if version >= PROTOBUF:
        return _binary(payload)[0]
    head = payload[: payload.find(b"\0", 0, 6)]
    return int(head) if head.isdigit() else -1


def _binary(payload: bytes) -> tuple[int, bool]:
    """The classic id of a frame of version 201 or later, and whether it has a body."""
    if len(payload) < _ID:
        return -1, False
    sent = int.from_bytes(payload[:_ID], "big")
    has_body = sent > _BODY_IDS_FROM
    return sent - _BODY_IDS_FROM * has_body, has_body


def request_name(number: int) -> str:
    """What people call a request."""
    cls = REQUESTS.get(number) or BODY_REQUESTS.get(number)
    return official_name(number if number >= 0 else None) if cls is None else cls.NAME


def of_request(payload: bytes, version: int) -> int | None:
    """The id in a client's frame; None without one."""
    return _id_in(payload, {**BODY_REQUESTS, **REQUESTS}, version)


def of_answer(payload: bytes, version: int) -> int | None:
    """The id in a gateway's frame; None without one."""
    return _id_in(payload, {**BODY_RESPONSES, **RESPONSES}, version)


def asked_by(payload: bytes, version: int) -> tuple[int, ...]:
    """The requests without an id that a gateway's frame answers."""
    return _BY_ANSWER.get(message_id(payload, version), ())


_positions: dict[tuple[type[Message], int], int | None] = {}


def position(cls: type[Message], version: int) -> int | None:
    """At which field of the frame the id stands, counted from the message id, which is 0."""
    key = (cls, version)
    if key not in _positions:
        _positions[key] = _counted(cls, version)
    return _positions[key]


def _counted(cls: type[Message], version: int) -> int | None:
    at = 1
    for name, spec in specs(cls):
        if not spec.carried_at(version):
            continue
        if name in _NAMES:
            return at
        if spec.kind is None or spec.when is not None:
            return None  # what comes before has no fixed length
        at += 1
    return None


def _id_in(payload: bytes, known: _Known, version: int) -> int | None:
    if version < PROTOBUF:
        fields = payload
        cls = known.get(message_id(payload, version))
    else:
        number, has_body = _binary(payload)
        cls = known.get(number)
        if has_body:
            return None if cls is None else _first_of_body(payload, cls)
        fields = b"\0" + payload[_ID:]  # the empty text stands for the id
    return _read(fields, cls, version)


def _read(payload: bytes, cls: type[Message] | None, version: int) -> int | None:
    at = None if cls is None else position(cls, version)
    if at is None:
        return None
    fields = payload.split(b"\0", at + 1)
    if len(fields) <= at or not fields[at].removeprefix(b"-").isdigit():
        return None
    return int(fields[at][:12])


def _first_of_body(payload: bytes, cls: type[Message]) -> int | None:
    tag = _id_tag(cls)
    if tag is None or not payload.startswith(tag, _ID):
        return None
    value = shift = 0
    for byte in payload[_ID + len(tag) : _ID + len(tag) + 10]:
        value |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            return (value & 0xFFFFFFFF ^ 0x80000000) - 0x80000000
    return None


_tags: dict[type[Message], bytes | None] = {}


def _id_tag(cls: type[Message]) -> bytes | None:
    """What announces the id in a body; None: it has none."""
    if cls not in _tags:
        _tags[cls] = _looked_up(cls)
    return _tags[cls]


def _looked_up(cls: type[Message]) -> bytes | None:
    forms = import_module("pytest_ibkr.wire.protobuf.forms")
    kinds = import_module("pytest_ibkr.wire.protobuf.kinds")
    try:
        record = forms.record_of(cls)
    except WireError:
        return None
    for name, source in record.sources.items():
        if getattr(source, "path", None) in _NAMES:
            return cast("bytes", kinds.fields_of(record.proto)[name].tag)
    return None
