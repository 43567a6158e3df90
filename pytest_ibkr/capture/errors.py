"""What a gateway's message 4 means for a capture, and the error a capture ends with.

Source: requirements.md A.8 and E.4, gateway-behaviour.md 2.3, 2.5 and 5. Imports the error tree.

GatewayError (pytest_ibkr.errors)
└── CaptureFailed   nothing can be captured, or nothing was
"""

from __future__ import annotations

from enum import Enum
from typing import Final

from pytest_ibkr.errors import GatewayError


class CaptureFailed(GatewayError):
    """The capture ended before there was anything to keep."""


class Meaning(Enum):
    """What to do about a code."""

    INFORMATION = "information"  # say nothing
    WARNING = "warning"  # the request goes on; noted in the file
    UNKNOWN_CONTRACT = "unknown contract"  # leave it out
    NOT_ENTITLED = "not entitled"  # ask for delayed data instead
    TOO_FAST = "too fast"  # send less
    TOO_MANY_LINES = "too many lines"  # keep fewer open, ask again
    PACING = "pacing"  # of historical data: wait, ask again
    HARMLESS = "harmless"  # a cancel that came too late
    CONNECTIVITY = "connectivity"  # between the gateway and the broker; data may not come
    ERROR = "error"  # the request is over


_CODES: Final = {
    # 0 is the gateway's warning near its message rate, which a capture stays just below.
    **dict.fromkeys((0, 2104, 2106, 2107, 2108, 2119, 2158), Meaning.INFORMATION),
    **dict.fromkeys((300, 366), Meaning.HARMLESS),
    **dict.fromkeys((1100, 1101, 1102, 2103, 2105, 2110, 2157), Meaning.CONNECTIVITY),
    **dict.fromkeys((354, 10089, 10186), Meaning.NOT_ENTITLED),
    **dict.fromkeys((399, 10090, 10167, 10349), Meaning.WARNING),
    100: Meaning.TOO_FAST,
    101: Meaning.TOO_MANY_LINES,
    200: Meaning.UNKNOWN_CONTRACT,
}
_LAST_WARNING: Final = 2200
GOES_ON: Final = frozenset(
    {Meaning.INFORMATION, Meaning.WARNING, Meaning.HARMLESS, Meaning.CONNECTIVITY}
)


def meaning(code: int, text: str = "") -> Meaning:
    """What a code means; ``text`` tells pacing from the other causes of 162."""
    if code == 162 and "pacing violation" in text.lower():
        return Meaning.PACING
    if (found := _CODES.get(code)) is not None:
        return found
    return Meaning.WARNING if 2100 <= code < _LAST_WARNING else Meaning.ERROR


def ends_request(code: int, text: str = "") -> bool:
    """Whether a request that is told this gets no further answer."""
    return meaning(code, text) not in GOES_ON


def worth_keeping(code: int, text: str = "") -> bool:
    """Whether the file should say that it came."""
    return meaning(code, text) not in (Meaning.INFORMATION, Meaning.HARMLESS)
