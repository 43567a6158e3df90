"""Examples of margin for the reference page, computed by what serves the account."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Final

from pytest_ibkr.sim.option_margin import OptionLine, required

_SPOT: Final = Decimal(100)
_SOON, _LATER = "20260717", "20260821"
# Contracts, right, strike, price and expiry of each line, and shares held beside them.
_EXAMPLES: Final[dict[str, tuple[tuple[tuple[int, str, int, str, str], ...], int]]] = {
    "naked call": (((-1, "C", 105, "2.00", _SOON),), 0),
    "naked put": (((-1, "P", 95, "2.00", _SOON),), 0),
    "long straddle": (((1, "C", 100, "3.00", _SOON), (1, "P", 100, "3.00", _SOON)), 0),
    "short strangle": (((-1, "C", 105, "2.00", _SOON), (-1, "P", 95, "1.50", _SOON)), 0),
    "credit spread": (((-1, "P", 95, "2.00", _SOON), (1, "P", 90, "0.80", _SOON)), 0),
    "debit spread": (((1, "C", 100, "3.00", _SOON), (-1, "C", 105, "1.20", _SOON)), 0),
    "calendar": (((-1, "C", 100, "3.00", _SOON), (1, "C", 100, "5.00", _LATER)), 0),
    "reversed calendar": (((1, "C", 100, "3.00", _SOON), (-1, "C", 100, "5.00", _LATER)), 0),
    "iron condor": (
        (
            *((1, "P", 90, "0.80", _SOON), (-1, "P", 95, "2.00", _SOON)),
            *((-1, "C", 105, "2.00", _SOON), (1, "C", 112, "0.60", _SOON)),
        ),
        0,
    ),
    "long butterfly": (
        ((1, "C", 95, "6.00", _SOON), (-2, "C", 100, "3.00", _SOON), (1, "C", 105, "1.20", _SOON)),
        0,
    ),
    "ratio spread": (((1, "C", 100, "3.00", _SOON), (-2, "C", 105, "1.20", _SOON)), 0),
    "covered call": (((-1, "C", 105, "2.00", _SOON),), 100),
    "covered call, 5 in the money": (((-1, "C", 95, "6.50", _SOON),), 100),
}


def option_requirements() -> Iterator[str]:
    """What each strategy requires with the underlying at 100, beside the stock's own margin."""
    yield from ("| Strategy | Holdings | Requirement, USD |", "|---|---|--:|")
    for name, (lines, shares) in _EXAMPLES.items():
        held = [
            OptionLine(right, Decimal(strike), expiry, Decimal(count), Decimal(price), 100)
            for count, right, strike, price, expiry in lines
        ]
        needed = required(held, underlying=_SPOT, shares=Decimal(shares))
        parts = [f"{shares:+d} shares"] if shares else []
        parts += [_named(line) for line in lines]
        yield f"| {name} | {', '.join(parts)} | {needed:.2f} |"


def _named(line: tuple[int, str, int, str, str]) -> str:
    count, right, strike, price, expiry = line
    later = " later" if expiry == _LATER else ""
    return f"{count:+d} {right}{strike}{later} at {price}"
