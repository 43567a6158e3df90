"""Messages to payloads and back, at a server version, through compiled declarations.

From 201 on an id of four bytes comes first, and behind it a body from the version on that
``protobuf.gates`` names; the modules for bodies are loaded when such a version is met.

Decoders refuse frames with too few or too many fields, as the gateway does (error 320). No other
exception than ``WireError`` leaves a decoder, whatever the bytes.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, TypeVar, cast

from pytest_ibkr.errors import WireError
from pytest_ibkr.wire.compile import decoder_for, decoder_source, encoder_for, encoder_source
from pytest_ibkr.wire.declare import BODY_REQUESTS, BODY_RESPONSES, REQUESTS, RESPONSES, Message
from pytest_ibkr.wire.framing import frame
from pytest_ibkr.wire.versions import PROTOBUF

if TYPE_CHECKING:
    from pytest_ibkr.wire.protobuf.forms import Forms

M = TypeVar("M", bound=Message)
_ID = 4  # bytes of a binary id


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


class OtherForm(WireError):
    """A request came as text where its version has a body, or the other way round."""


def encode(message: Message, version: int) -> bytes:
    """Return the payload of ``message`` at ``version``, id included, without length prefix.

    Raises:
        WireError: a number does not fit into its field of a body.
    """
    if version >= PROTOBUF and (body := _forms().encode(message, version)) is not None:
        return body
    text = encoder_for(type(message), version)(message).encode("utf-8", "surrogateescape")
    if version < PROTOBUF:
        return text
    return message.MSG_ID.to_bytes(_ID, "big") + text[text.index(b"\0") + 1 :]


def encode_frame(message: Message, version: int) -> bytes:
    """Return the whole frame of ``message`` at ``version``."""
    return frame(encode(message, version))


def decode_request(payload: bytes, version: int, *, either_form: bool = False) -> Message | Raw:
    """Read what a client sent. Undeclared ids come back as :class:`Raw`.

    Args:
        payload: without length prefix.
        version: the server version in force.
        either_form: read text fields and bodies whatever the version says.

    Raises:
        WireError: a declared message with wrong fields; ``.args[0]`` says which and why.
        OtherForm: text fields where the version has a body, or a body before it has one.
    """
    if version >= PROTOBUF:
        return _decode_binary(REQUESTS, payload, version, either_form=either_form)
    return _decode(REQUESTS, payload, version)


def decode_response(payload: bytes, version: int) -> Message | Raw:
    """Read what a gateway sent, in either form as the official client does."""
    if version >= PROTOBUF:
        return _decode_binary(RESPONSES, payload, version, either_form=True)
    return _decode(RESPONSES, payload, version)


def decode_as(cls: type[M], payload: bytes, version: int) -> M:
    """Read a payload whose message class is known; its id is not looked at."""
    if version >= PROTOBUF:
        return _read_binary(cls, payload, version)
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


def _decode_binary(
    registry: dict[int, type[Message]], payload: bytes, version: int, *, either_form: bool
) -> Message | Raw:
    if len(payload) < _ID:
        return Raw(None, payload)
    sent = int.from_bytes(payload[:_ID], "big")
    gated = _forms().classic(sent)
    msg_id = sent if gated is None else gated
    cls = registry.get(msg_id)
    if cls is None and gated is not None:
        cls = (BODY_REQUESTS if registry is REQUESTS else BODY_RESPONSES).get(gated)
    if cls is None:
        return Raw(msg_id, payload)
    if not either_form and (gated is not None) is not _forms().has_body_at(cls, version):
        form = "text fields" if gated is None else "a body"
        raise OtherForm(f"{cls.__name__}: {form} at server version {version}")
    return _read_binary(cls, payload, version)


def _read_binary(cls: type[M], payload: bytes, version: int) -> M:
    if len(payload) < _ID:
        raise WireError(f"{cls.__name__}: {len(payload)} bytes are no id")
    if _forms().classic(int.from_bytes(payload[:_ID], "big")) is not None:
        return _forms().decode(cls, payload[_ID:], version)
    fields = payload[_ID:].decode("utf-8", "surrogateescape").split("\0")
    return _read(cls, ["", *fields], version)


@cache
def _forms() -> Forms:
    return cast("Forms", import_module("pytest_ibkr.wire.protobuf.forms").Forms())


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
