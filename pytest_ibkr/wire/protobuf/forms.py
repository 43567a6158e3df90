"""Messages to payloads of server versions 201 and later, and back.

A payload begins with an id of four bytes: the classic id before text fields, the classic id plus
200 before a body (gateway-behaviour.md 1.1). ``gates`` says which form a message has.
"""

from __future__ import annotations

from typing import Any, TypeVar

from pytest_ibkr.errors import WireError
from pytest_ibkr.wire.declare import Message
from pytest_ibkr.wire.protobuf import body, layouts
from pytest_ibkr.wire.protobuf.body import Reading
from pytest_ibkr.wire.protobuf.gates import BODY_IDS_FROM, protobuf_since
from pytest_ibkr.wire.protobuf.layout import BODIES, Record
from pytest_ibkr.wire.protobuf.reading import read_message
from pytest_ibkr.wire.protobuf.writing import Writer, writer_for

M = TypeVar("M", bound=Message)
_ID = 4
_REGISTERED = layouts  # importing it fills BODIES


class Forms:
    """What ``codec`` asks of bodies; it loads this module by name when it first needs it."""

    def __init__(self) -> None:
        self._writers: dict[tuple[type[Message], int], tuple[bytes, Writer] | None] = {}

    def encode(self, message: Message, version: int) -> bytes | None:
        """Return id and body of a message; None: it is text at this version."""
        key = (type(message), version)
        try:
            found = self._writers[key]
        except KeyError:
            found = self._writers[key] = self._writer(*key)
        if found is None:
            return None
        head, write = found
        try:
            return head + write(message)
        except (ValueError, OverflowError) as exc:
            raise WireError(f"{type(message).__name__}: {exc}") from None

    def _writer(self, cls: type[Message], version: int) -> tuple[bytes, Writer] | None:
        if not self.has_body_at(cls, version):
            return None
        head = (cls.MSG_ID + BODY_IDS_FROM).to_bytes(_ID, "big")
        return head, writer_for(record_of(cls), version)

    def decode(self, cls: type[M], data: bytes, version: int) -> M:
        """Read a body; see :func:`decode_body`."""
        return decode_body(cls, data, version)

    @staticmethod
    def classic(sent_id: int) -> int | None:
        """Return the classic id of a message that came with a body; None: it is text."""
        return sent_id - BODY_IDS_FROM if sent_id > BODY_IDS_FROM else None

    @staticmethod
    def has_body_at(message: type[Message], version: int) -> bool:
        """Whether a message has a body at a version."""
        since = protobuf_since(message)
        return since is not None and version >= since


def record_of(cls: type[Message]) -> Record:
    """Return the layout of a message's body.

    Raises:
        WireError: it has none at any version.
    """
    record = BODIES.get(cls)
    if record is None:
        raise WireError(f"{cls.__name__} has no body")
    return record


def encode_body(message: Message, version: int) -> bytes:
    """Return the body of a message, without its id, whatever the version says of its form.

    Raises:
        WireError: a value does not fit into its field.
    """
    record = record_of(type(message))
    try:
        return writer_for(record, version)(message)
    except (ValueError, OverflowError) as exc:
        raise WireError(f"{type(message).__name__}: {exc}") from None


def decode_body(cls: type[M], data: bytes, version: int, reading: Reading | None = None) -> M:
    """Read a body.

    Args:
        cls: which message it is.
        data: the body, without its id.
        version: the server version in force.
        reading: how strictly; counts unknown fields.

    Raises:
        WireError: whatever is wrong with the bytes.
    """
    record = record_of(cls)
    message: Any
    try:
        message = read_message(record, body.decode(record.proto, data, reading), version)
    except (ValueError, OverflowError, WireError) as exc:
        raise WireError(f"{cls.__name__}: {exc}") from None
    return message  # type: ignore[no-any-return]
