"""Messages to payloads and back, at a server version, through compiled declarations.

Decoders refuse frames with too few or too many fields, as the gateway does (error 320). No other
exception than ``WireError`` leaves a decoder, whatever the bytes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

from pytest_ibkr.errors import WireError
from pytest_ibkr.wire.compile import decoder_for, decoder_source, encoder_for, encoder_source
from pytest_ibkr.wire.declare import REQUESTS, RESPONSES, Message
from pytest_ibkr.wire.framing import frame

M = TypeVar("M", bound=Message)


class TooFewFields(WireError):
    """A frame ended before its declaration did.

    Attributes:
        message: the class that was read.
        version: the server version in force.
    """

    def __init__(self, message: type[Message], found: int, version: int) -> None:
        super().__init__(f"{message.__name__}: {found} fields are too few at {version}")
        self.message, self.found, self.version = message, found, version

    def __reduce__(self) -> tuple[type[TooFewFields], tuple[type[Message], int, int]]:
        return type(self), (self.message, self.found, self.version)


@dataclass(frozen=True, slots=True)
class Raw:
    """A frame nobody declared: kept whole, reported, never dropped."""

    msg_id: int | None
    payload: bytes


def encode(message: Message, version: int) -> bytes:
    """Return the payload of ``message`` at ``version``, id included, without length prefix."""
    return encoder_for(type(message), version)(message).encode("utf-8", "surrogateescape")


def encode_frame(message: Message, version: int) -> bytes:
    """Return the whole frame of ``message`` at ``version``."""
    return frame(encode(message, version))


def decode_request(payload: bytes, version: int) -> Message | Raw:
    """Read what a client sent. Undeclared ids come back as :class:`Raw`.

    Raises:
        WireError: a declared message with wrong fields; ``.args[0]`` says which and why.
    """
    return _decode(REQUESTS, payload, version)


def decode_response(payload: bytes, version: int) -> Message | Raw:
    """Read what a gateway sent; see :func:`decode_request`."""
    return _decode(RESPONSES, payload, version)


def decode_as(cls: type[M], payload: bytes, version: int) -> M:
    """Read a payload whose message class is known; its id is not looked at."""
    return _read(cls, payload.decode("utf-8", "surrogateescape").split("\0"), version)


def source_of(cls: type[Message], version: int) -> str:
    """Return the generated encoder and decoder of a message, for people."""
    return encoder_source(cls, version) + "\n" + decoder_source(cls, version)[0]


def _decode(registry: dict[int, type[Message]], payload: bytes, version: int) -> Message | Raw:
    fields = payload.decode("utf-8", "surrogateescape").split("\0")
    head = fields[0]
    if not (head.isascii() and head.isdigit() and len(head) < 6):
        return Raw(None, payload)
    cls = registry.get(int(head))
    return Raw(int(head), payload) if cls is None else _read(cls, fields, version)


def _read(cls: type[M], fields: list[str], version: int) -> M:
    if fields.pop():
        raise WireError(f"{cls.__name__}: the last field is not terminated")
    message: M
    try:
        message, used = decoder_for(cls, version)(fields)
    except IndexError:
        raise TooFewFields(cls, len(fields), version) from None
    except (ValueError, OverflowError) as exc:
        raise WireError(f"{cls.__name__}: {exc}") from None
    if used != len(fields):
        raise WireError(f"{cls.__name__}: {len(fields)} fields, {used} expected at {version}")
    return message
