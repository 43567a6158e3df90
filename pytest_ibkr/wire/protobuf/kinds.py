"""What a row of a field table says.

A row lists the fields of one message by number, from 1 without a gap: ``name:kind``. Kinds are
``s`` string, ``i`` int32, ``l`` int64, ``b`` bool, ``d`` double, ``{}`` a map from string to
string, or the name of a message; ``*`` before a kind repeats it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from pytest_ibkr.wire.protobuf.tables import ROWS

TEXT, INT32, INT64, BOOL, DOUBLE, MAP = "s", "i", "l", "b", "d", "{}"
SCALARS = frozenset({TEXT, INT32, INT64, BOOL, DOUBLE})
VARINT, FIXED64, LENGTH, FIXED32 = 0, 1, 2, 5  # wire types


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a body.

    Attributes:
        kind: one of the scalars, ``{}``, or the name of a message.
        wire_type: of one value; repeated numbers may also come packed.
        tag: the bytes that announce the field as it is written (repeated numbers packed).
    """

    number: int
    name: str
    kind: str
    repeated: bool
    wire_type: int
    tag: bytes

    @property
    def packed(self) -> bool:
        """Whether the field is written as one run of numbers."""
        return self.repeated and self.wire_type != LENGTH


@cache
def fields_of(message: str) -> dict[str, Field]:
    """Return the fields of a message by name, in order of their numbers.

    Raises:
        KeyError: there is no such message.
    """
    made = (_field(n, entry) for n, entry in enumerate(ROWS[message].split(), 1))
    return {field.name: field for field in made}


@cache
def numbered(message: str) -> dict[int, Field]:
    """Return the fields of a message by number."""
    return {field.number: field for field in fields_of(message).values()}


def _field(number: int, entry: str) -> Field:
    name, _, kind = entry.partition(":")
    repeated = kind.startswith("*") or kind == MAP
    kind = kind.removeprefix("*")
    wire_type = {INT32: VARINT, INT64: VARINT, BOOL: VARINT, DOUBLE: FIXED64}.get(kind, LENGTH)
    announced = LENGTH if repeated else wire_type
    return Field(number, name, kind, repeated, wire_type, varint(number << 3 | announced))


def varint(value: int) -> bytes:
    """Return an unsigned number in groups of seven bits, the lowest first."""
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    out.append(value)
    return bytes(out)
