"""What a line of a gateway log says: message id, number of fields, kinds of values, keys.

Lines join fields with ``;``, which contract details also use inside trading hours.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

VALUE, MULTI, DETAILS, BARS, ERROR = "6", "73", "10", "17", "4"
_HOURS = re.compile(r"\d{8}:(?:CLOSED|\d{4}-\d{8}:\d{4})")
_KINDS = (
    ("empty", re.compile(r"")),
    ("int", re.compile(r"-?\d+")),
    ("decimal", re.compile(r"-?\d+\.\d+(?:E-?\d+)?")),
    ("bool", re.compile(r"true|false")),
    ("moment", re.compile(r"\d{8} \d\d:\d\d:\d\d US/Eastern")),
    ("clock", re.compile(r"\d\d:\d\d")),
    ("hours", re.compile(rf"{_HOURS.pattern}(?:;{_HOURS.pattern})*")),
)
_BAR_FIELDS = 8
_BAR_HEAD = 5


@dataclass(frozen=True, slots=True)
class Fact:
    """One message, without its amounts.

    Attributes:
        message: its id.
        fields: how many it has, the id included; of bars the head and one bar.
        key: account key and currency, or an error's code; empty otherwise.
        kinds: what kind of value each field behind the id holds.
    """

    message: str
    fields: int
    key: str
    kinds: tuple[str, ...]

    def __str__(self) -> str:
        key = f" {self.key}" if self.key else ""
        return f"{self.message}{key} [{self.fields}: {' '.join(self.kinds)}]"


def fields_of_line(line: str) -> list[str]:
    """Split a log's line; hours that contain ``;`` stay in one field each."""
    parts = line.split(";")
    if parts[0] != DETAILS:
        return parts
    hours = [i for i, part in enumerate(parts) if _HOURS.fullmatch(part)]
    first, half, last = hours[0], len(hours) // 2, hours[-1] + 1
    trading, liquid = ";".join(parts[first : first + half]), ";".join(parts[first + half : last])
    return [*parts[:first], trading, liquid, *parts[last:]]


def fact_of(fields: list[str]) -> Fact:
    """Take the fact out of a message's fields."""
    message, key = fields[0], ""
    if message == BARS:
        whole = (len(fields) - _BAR_HEAD) % _BAR_FIELDS == 0
        assert whole, f"{len(fields)} fields are not {_BAR_HEAD} and bars of {_BAR_FIELDS}"
        assert int(fields[4]) == (len(fields) - _BAR_HEAD) // _BAR_FIELDS
        fields = fields[: _BAR_HEAD + _BAR_FIELDS]
    elif message == VALUE:
        key = f"{fields[2]} {fields[4]}".strip()
    elif message == MULTI:
        key = f"{fields[5]} {fields[7]}".strip()
    elif message == ERROR:
        key = fields[3]
    return Fact(message, len(fields), key, tuple(kind_of(field) for field in fields[1:]))


def kind_of(value: str) -> str:
    """Name what a value looks like."""
    return next((name for name, pattern in _KINDS if pattern.fullmatch(value)), "text")
