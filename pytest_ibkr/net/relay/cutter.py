"""Cuts what a gateway sends into frames and keeps the bytes as they came, ready to be passed on."""

from __future__ import annotations

from pytest_ibkr.errors import WireError
from pytest_ibkr.wire.framing import MAX_FRAME

_PREFIX = 4


class Cutter:
    """Whole frames out, at most one torn one kept; the limit is checked before buffering."""

    __slots__ = ("_max_frame", "_torn")

    def __init__(self, *, max_frame: int = MAX_FRAME) -> None:
        self._torn = b""
        self._max_frame = max_frame

    def __len__(self) -> int:
        return len(self._torn)

    def cut(self, data: bytes) -> tuple[bytes, list[bytes]]:
        """Return the bytes of all whole frames, lengths included, and their payloads.

        Raises:
            WireError: the next announced length is zero or above the limit. Frames before it
                come first; the call after that raises, also one with no data.
        """
        if self._torn:
            data = self._torn + data
        at, end, payloads = 0, len(data), list[bytes]()
        while end - at >= _PREFIX:
            length = int.from_bytes(data[at : at + _PREFIX], "big")
            if not 0 < length <= self._max_frame:
                if not payloads:
                    raise WireError(f"a frame length of {length}, not 1 to {self._max_frame}")
                break
            if end - at - _PREFIX < length:
                break
            at += _PREFIX
            payloads.append(data[at : at + length])
            at += length
        self._torn = data[at:]
        return (data if at == end else data[:at]), payloads
