"""What frames of server versions 201 and later say, as the text fields of an older version.

The relay reads such frames with the same codec, so this is no yardstick of it: what decides is
that nothing but the expected bytes arrived at all.
"""

from __future__ import annotations

import contextlib
from typing import Final

from pytest_ibkr.errors import WireError
from pytest_ibkr.wire.codec import Raw, decode_request, decode_response, encode

TEXT_VERSION: Final = 178
FIRST_BINARY: Final = 201
_BODY_IDS_FROM: Final = 200
_ACCOUNTS: Final = 15


def head(frame: bytes, version: int) -> bytes:
    """The classic message id of a frame, in digits, by its first bytes alone."""
    if version < FIRST_BINARY:
        return frame.split(b"\0")[0]
    number = int.from_bytes(frame[:4], "big")
    return b"%d" % (number - _BODY_IDS_FROM if number > _BODY_IDS_FROM else number)


def text_fields(frame: bytes, version: int, *, by_client: bool) -> list[bytes]:
    """The fields of a frame; where it cannot be read its id, and its text as it came."""
    if version < FIRST_BINARY:
        return frame.split(b"\0")[:-1]
    decode = decode_request if by_client else decode_response
    with contextlib.suppress(WireError):
        message = decode(frame, version)
        if not isinstance(message, Raw):
            return encode(message, TEXT_VERSION).split(b"\0")[:-1]
    return [head(frame, version), *frame[4:].split(b"\0")[:-1]]


def spoken(frame: bytes, version: int) -> bytes:
    """A gateway's frame of text fields in the form of another version."""
    if version < FIRST_BINARY:
        return frame
    message = decode_response(frame, TEXT_VERSION)
    if isinstance(message, Raw):
        number, _, rest = frame.partition(b"\0")
        return int(number).to_bytes(4, "big") + rest
    return encode(message, version)


def account_list(text: bytes, version: int, *, behind: bytes = b"", torn: bool = False) -> bytes:
    """A managedAccounts frame of any bytes.

    Args:
        text: the list.
        version: in which form.
        behind: a second list behind it.
        torn: leave out what ends the text: its NUL, its last byte.
    """
    if version < FIRST_BINARY:
        more = behind + b"\0" if behind else b""
        return b"15\x001\x00" + text + (b"" if torn else b"\0") + more
    made = (_ACCOUNTS + _BODY_IDS_FROM).to_bytes(4, "big")
    for each in filter(None, (text, behind)):
        made += b"\x0a" + bytes([len(each)]) + each
    return made[:-1] if torn else made
