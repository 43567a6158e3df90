"""Length-prefixed frames: bytes to payloads and back, with a limit checked before buffering."""

from __future__ import annotations

from pytest_ibkr.errors import WireError

MAX_FRAME = 0xFFFFFF  # the official client drops the connection above this length
_PREFIX = 4


def frame(payload: bytes) -> bytes:
    """Prefix a payload with its length, 4 bytes big-endian."""
    return len(payload).to_bytes(_PREFIX, "big") + payload


class FrameBuffer:
    """Cuts a byte stream into payloads; holds at most one frame plus what came with it."""

    __slots__ = ("_buffer", "_max_frame")

    def __init__(self, *, max_frame: int = MAX_FRAME) -> None:
        self._buffer = bytearray()
        self._max_frame = max_frame

    def __len__(self) -> int:
        return len(self._buffer)

    def feed(self, data: bytes) -> None:
        """Append what was received."""
        self._buffer += data

    def take_raw(self, count: int) -> bytes | None:
        """Take exactly ``count`` bytes that carry no length prefix, or None until there."""
        if len(self._buffer) < count:
            return None
        raw = bytes(self._buffer[:count])
        del self._buffer[:count]
        return raw

    def clear(self) -> None:
        """Forget what is buffered."""
        self._buffer.clear()

    def peek(self, count: int) -> bytes:
        """Return up to ``count`` buffered bytes without taking them."""
        return bytes(self._buffer[:count])

    def take_frames(self, *, most: int | None = None) -> list[bytes]:
        """Take every complete payload (at most ``most``).

        Raises:
            WireError: the next announced length is zero or above the limit. Complete frames
                before it are handed over first; the call after that raises.
        """
        buffer, position = self._buffer, 0
        payloads: list[bytes] = []
        while len(buffer) - position >= _PREFIX and (most is None or len(payloads) < most):
            length = int.from_bytes(buffer[position : position + _PREFIX], "big")
            if not 0 < length <= self._max_frame:
                if payloads:  # hand over what came before; the next call reports the bad length
                    break
                raise WireError(f"frame length {length} is not in 1..{self._max_frame}")
            if len(buffer) - position - _PREFIX < length:
                break
            position += _PREFIX
            payloads.append(bytes(buffer[position : position + length]))
            position += length
        if position:
            del buffer[:position]
        return payloads
