"""Bodies to plain values and back, by the field tables; no knowledge of our messages.

A message is a dict by field name: what is unset is not in it, a repeated field is a list, a map a
dict of strings. Whatever the bytes, reading ends in ``WireError`` only.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from pytest_ibkr.errors import WireError
from pytest_ibkr.wire.protobuf.kinds import (
    BOOL,
    DOUBLE,
    FIXED32,
    FIXED64,
    INT32,
    INT64,
    LENGTH,
    MAP,
    SCALARS,
    TEXT,
    VARINT,
    Field,
    fields_of,
    numbered,
    varint,
)

DEEPEST = 32  # the tables themselves go four deep
_HIGHEST_FIELD = (1 << 29) - 1
_double = struct.Struct("<d")
pack_double = _double.pack
SMALL = tuple(varint(n) for n in range(2048))
_INT32 = range(-(2**31), 2**31)
_INT64 = range(-(2**63), 2**63)


@dataclass(slots=True)
class Reading:
    """How bodies are read, and what was met.

    Attributes:
        strict: refuse field numbers the tables do not have; else they are skipped and counted.
        unknown: how many were skipped.
    """

    strict: bool = False
    unknown: int = 0


def int32(value: int) -> bytes:
    """Return a 32-bit number as it is written; a negative one takes ten bytes.

    Raises:
        WireError: more than 32 bits.
    """
    if 0 <= value < 2048:
        return SMALL[value]
    if value not in _INT32:
        raise WireError(f"{value} does not fit into 32 bits")
    return varint(value & 0xFFFFFFFFFFFFFFFF)


def int64(value: int) -> bytes:
    """Return a 64-bit number as it is written.

    Raises:
        WireError: more than 64 bits.
    """
    if value not in _INT64:
        raise WireError(f"{value} does not fit into 64 bits")
    return varint(value & 0xFFFFFFFFFFFFFFFF)


def text(value: str) -> bytes:
    """Return a text with its length before it."""
    return sized(value.encode("utf-8", "surrogateescape"))


def sized(data: bytes) -> bytes:
    """Return bytes with their length before them."""
    size = len(data)
    return (SMALL[size] if size < 2048 else varint(size)) + data


def map_entry(key: str, value: str) -> bytes:
    """Return one entry of a map, without its tag: both sides are always written."""
    return sized(b"\x0a" + text(key) + b"\x12" + text(value))


_WRITE: dict[str, Callable[[Any], bytes]] = {
    TEXT: text,
    INT32: int32,
    INT64: int64,
    BOOL: lambda v: b"\x01" if v else b"\x00",
    DOUBLE: pack_double,
}


def encode(message: str, values: Mapping[str, Any]) -> bytes:
    """Return the body of a message, fields in order of their numbers; None means unset.

    Raises:
        KeyError: no such message or field.
        WireError: a number too large for its field.
    """
    known = fields_of(message)
    if unknown := values.keys() - known.keys():
        raise KeyError(f"{message} has no field {sorted(unknown)}")
    return b"".join(written(field, values[name]) for name, field in known.items() if name in values)


def written(field: Field, value: Any) -> bytes:
    """Return one field with its tag: nothing for None and for an empty repeated field."""
    if value is None or (field.repeated and not value):
        return b""
    if field.kind == MAP:
        return b"".join(field.tag + map_entry(key, each) for key, each in value.items())
    write = _WRITE.get(field.kind) or (lambda each: sized(encode(field.kind, each)))
    if field.packed:
        return field.tag + sized(b"".join(map(write, value)))
    each_value: Iterable[Any] = value if field.repeated else (value,)
    return b"".join(field.tag + write(each) for each in each_value)


def decode(message: str, data: bytes, reading: Reading | None = None) -> dict[str, Any]:
    """Read a body.

    As every reader of the format does: the last of several values of a field that is not repeated
    counts, several nested messages are merged.

    Raises:
        WireError: whatever is wrong with the bytes.
    """
    values: dict[str, Any] = {}
    _read_into(values, message, _Cursor(data, 0, len(data)), (reading or Reading(), 0))
    return values


class _Cursor:
    """A place in the bytes, and where they end."""

    __slots__ = ("at", "data", "end")

    def __init__(self, data: bytes, at: int, end: int) -> None:
        self.data, self.at, self.end = data, at, end

    def varint(self) -> int:
        """Take a number of at most 64 bits."""
        data, at, end = self.data, self.at, self.end
        value = shift = 0
        while at < end:
            byte = data[at]
            at += 1
            value |= (byte & 127) << shift
            if byte < 128:
                self.at = at
                return value & 0xFFFFFFFFFFFFFFFF
            shift += 7
            if shift > 63:
                raise WireError("a number has more than ten bytes")
        raise WireError("a number is cut off")

    def take(self, count: int) -> int:
        """Step over ``count`` bytes; return where they start."""
        start = self.at
        if count > self.end - start:
            raise WireError(f"{count} bytes are announced, {self.end - start} are there")
        self.at = start + count
        return start

    def part(self) -> _Cursor:
        """Take a length and that many bytes."""
        count = self.varint()
        start = self.take(count)
        return _Cursor(self.data, start, start + count)

    def scalar(self, kind: str) -> Any:
        """Take one value of a kind."""
        if kind == TEXT:
            part = self.part()
            return self.data[part.at : part.end].decode("utf-8", "surrogateescape")
        if kind == DOUBLE:
            return _double.unpack_from(self.data, self.take(8))[0]
        value = self.varint()
        if kind == BOOL:
            return value != 0
        bits = 32 if kind == INT32 else 64
        value &= (1 << bits) - 1
        return value - (1 << bits) if value >> (bits - 1) else value

    def skip(self, wire_type: int) -> None:
        """Step over a value nobody knows."""
        if wire_type == VARINT:
            self.varint()
        elif wire_type == LENGTH:
            self.part()
        elif wire_type in (FIXED64, FIXED32):
            self.take(8 if wire_type == FIXED64 else 4)
        else:  # groups: the tables have none, and no current writer makes them
            raise WireError(f"wire type {wire_type} is not one of 0, 1, 2, 5")


def _read_into(
    values: dict[str, Any], message: str, cursor: _Cursor, state: tuple[Reading, int]
) -> None:
    reading, depth = state
    if depth > DEEPEST:
        raise WireError(f"{message}: nested more than {DEEPEST} deep")
    known = numbered(message)
    while cursor.at < cursor.end:
        tag = cursor.varint()
        number, wire_type = tag >> 3, tag & 7
        if not 0 < number <= _HIGHEST_FIELD:
            raise WireError(f"{message}: {number} is no field number")
        field = known.get(number)
        if field is not None:
            _read_field(values, field, (cursor, wire_type), (reading, depth))
        elif reading.strict:
            raise WireError(f"{message}: field {number} is not known")
        else:
            reading.unknown += 1
            cursor.skip(wire_type)


def _read_field(
    values: dict[str, Any],
    field: Field,
    found: tuple[_Cursor, int],
    state: tuple[Reading, int],
) -> None:
    (cursor, wire_type), name = found, field.name
    packed = field.repeated and wire_type == LENGTH and field.wire_type != LENGTH
    if wire_type != field.wire_type and not packed:
        raise WireError(f"{name}: wire type {wire_type}, {field.wire_type} expected")
    if field.kind == MAP:
        key, value = _entry(cursor.part(), state[0])
        values.setdefault(name, {})[key] = value
    elif packed:
        part, numbers = cursor.part(), values.setdefault(name, [])
        while part.at < part.end:
            numbers.append(part.scalar(field.kind))
    elif field.kind in SCALARS:
        one = cursor.scalar(field.kind)
        if field.repeated:
            values.setdefault(name, []).append(one)
        else:
            values[name] = one
    else:
        nested: dict[str, Any] = {} if field.repeated else values.setdefault(name, {})
        _read_into(nested, field.kind, cursor.part(), (state[0], state[1] + 1))
        if field.repeated:
            values.setdefault(name, []).append(nested)


def _entry(part: _Cursor, reading: Reading) -> tuple[str, str]:
    sides = ["", ""]
    while part.at < part.end:
        tag = part.varint()
        if tag in (0x0A, 0x12):
            sides[tag == 0x12] = part.scalar(TEXT)
        elif reading.strict or tag >> 3 in (0, 1, 2):
            raise WireError(f"a map entry has a field {tag >> 3} of wire type {tag & 7}")
        else:
            reading.unknown += 1
            part.skip(tag & 7)
    return sides[0], sides[1]
