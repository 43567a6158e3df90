"""Where a frame carries its request or order id, read from the declarations, without decoding."""

from __future__ import annotations

from typing import Final

from pytest_ibkr.wire.declare import REQUESTS, RESPONSES, Message, specs
from pytest_ibkr.wire.names import official_name

_NAMES: Final = ("request_id", "order_id")
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


def message_id(payload: bytes) -> int:
    """The id a text frame begins with; -1: none."""
    head = payload[: payload.find(b"\0", 0, 6)]
    return int(head) if head.isdigit() else -1


def request_name(number: int) -> str:
    """What people call a request."""
    cls = REQUESTS.get(number)
    return official_name(number if number >= 0 else None) if cls is None else cls.NAME


def of_request(payload: bytes, version: int) -> int | None:
    """The id in a client's frame; None without one."""
    return _read(payload, REQUESTS.get(message_id(payload)), version)


def of_answer(payload: bytes, version: int) -> int | None:
    """The id in a gateway's frame; None without one."""
    return _read(payload, RESPONSES.get(message_id(payload)), version)


def asked_by(payload: bytes) -> tuple[int, ...]:
    """The requests without an id that a gateway's frame answers."""
    return _BY_ANSWER.get(message_id(payload), ())


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


def _read(payload: bytes, cls: type[Message] | None, version: int) -> int | None:
    at = None if cls is None else position(cls, version)
    if at is None:
        return None
    fields = payload.split(b"\0", at + 1)
    if len(fields) <= at or not fields[at].removeprefix(b"-").isdigit():
        return None
    return int(fields[at][:12])
