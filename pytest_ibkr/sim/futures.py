"""Which futures are listed on a day: quarterly months, their codes and expiries; pure dates."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Final, NamedTuple

MONTH_CODES: Final = {3: "H", 6: "M", 9: "U", 12: "Z"}
_FRIDAY: Final = 4


class QuarterlyMonth(NamedTuple):
    """One contract month: ``code`` is ``U6`` for September 2026, ``expiry`` ``YYYYMMDD``."""

    code: str
    month: str
    expiry: str


def third_friday(year: int, month: int) -> date:
    """The third Friday of a month."""
    first = date(year, month, 1)
    return first + timedelta(days=(_FRIDAY - first.weekday()) % 7 + 14)


def quarterly_months(today: str, *, count: int) -> list[QuarterlyMonth]:
    """The last month that is over on a day ``YYYYMMDD``, and the next ``count`` from it on."""
    found = list(_months(int(today[:4]) - 1, years=count // 4 + 3))
    first = next(i for i, month in enumerate(found) if month.expiry >= today)
    return found[first - 1 : first + count]


def _months(year: int, *, years: int) -> Iterator[QuarterlyMonth]:
    for each in range(year, year + years):
        for month, code in MONTH_CODES.items():
            expiry = third_friday(each, month)
            yield QuarterlyMonth(f"{code}{each % 10}", f"{each}{month:02}", f"{expiry:%Y%m%d}")
