"""Turns vendor numbers into Decimal or None: sentinels, NaN and unset values never get in.

Pure: imports nothing of the bot.
"""

from __future__ import annotations

from decimal import Decimal, InvalidOperation

Number = Decimal | int | float | str

_UNSET_INTS = frozenset({2**31 - 1, 2**63 - 1, -(2**63), 2**127 - 1})
_UNSET_ABOVE = Decimal("1e300")  # UNSET_DOUBLE is 1.797e308; nothing real comes near


def to_decimal(value: Number | None) -> Decimal | None:
    """A finite Decimal, or None for None, NaN, infinity, "" and the vendor's unset values.

    Floats go through their shortest text, so 0.1 becomes ``Decimal("0.1")``.
    Text that is no number is unknown, too.
    """
    if value is None or isinstance(value, bool):
        return None
    try:
        number = value if isinstance(value, Decimal) else Decimal(str(value).strip())
    except InvalidOperation:
        return None
    if not number.is_finite() or abs(number) >= _UNSET_ABOVE:
        return None
    return None if number in _UNSET_INTS else number


def to_price(value: Number | None) -> Decimal | None:
    """As ``to_decimal``; the sentinels -1 ("no price") and -2 are None. Zero stays zero."""
    number = to_decimal(value)
    return None if number in (-1, -2) else number


def to_size(value: Number | None) -> Decimal | None:
    """As ``to_decimal``; a negative size means "unknown"."""
    number = to_decimal(value)
    return None if number is not None and number < 0 else number


def to_greek(value: Number | None) -> Decimal | None:
    """As ``to_decimal``; -2 is "not computed". -1 is a real delta of a deep put."""
    number = to_decimal(value)
    return None if number == -2 else number


def to_volatility(value: Number | None) -> Decimal | None:
    """As ``to_decimal``; any negative volatility is "not computed". Decimal fraction."""
    number = to_decimal(value)
    return None if number is not None and number < 0 else number
