"""Durations and bar sizes as the gateway wants them. Pure.

``60 M`` is sixty *months*: the mistake that cost the first bot its history.
"""

from __future__ import annotations

import math
import re
from datetime import timedelta

_SHAPE = re.compile(r"(\d+) ([SDWMY])", re.ASCII)
_RANGES = {"S": (30, 86400), "D": (1, 365), "W": (1, 52), "M": (1, 12), "Y": (1, 100)}
BAR_SIZES = frozenset(
    {"1 secs", "5 secs", "10 secs", "15 secs", "30 secs", "1 min", "2 mins", "3 mins"}
    | {"5 mins", "10 mins", "15 mins", "20 mins", "30 mins", "1 hour", "2 hours", "3 hours"}
    | {"4 hours", "8 hours", "1 day", "1 week", "1W", "1 month", "1M"}
)


def duration_text(span: timedelta) -> str:
    """The shortest legal duration that covers ``span``: S up to a day, then D, then Y.

    Raises:
        ValueError: zero or negative, or above 100 years.
    """
    seconds = math.ceil(span.total_seconds())
    if seconds <= 0:
        raise ValueError(f"a duration must be above zero, got {span}")
    if seconds <= 86400:
        return f"{max(seconds, 30)} S"
    days = math.ceil(seconds / 86400)
    return check_duration(f"{days} D" if days <= 365 else f"{math.ceil(days / 365)} Y")


def check_duration(text: str) -> str:
    """``text`` when the gateway would take it.

    Raises:
        ValueError: a wrong shape, or a number outside the unit's range.
    """
    match = _SHAPE.fullmatch(text)
    if match is None:
        raise ValueError(f"duration {text!r} is not 'integer unit' with unit S, D, W, M or Y")
    low, high = _RANGES[match[2]]
    if not low <= int(match[1]) <= high:
        hint = " (M is months; minutes are seconds: '3600 S')" if match[2] == "M" else ""
        raise ValueError(f"duration {text!r} is outside {low} to {high} {match[2]}{hint}")
    return text


def check_bar_size(text: str) -> str:
    """``text`` when it is one of the gateway's bar sizes.

    Raises:
        ValueError: any other text.
    """
    if text not in BAR_SIZES:
        raise ValueError(f"bar size {text!r} is none of {', '.join(sorted(BAR_SIZES))}")
    return text
