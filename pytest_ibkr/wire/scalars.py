"""Text forms of single wire values, both ways; standard library only.

Java prints the gateway's doubles (``0.0``, ``1.2E-4``, ``1.7976931348623157E308``), market prices
come as plain decimals, and "unset" has several spellings (gateway-behaviour.md 1.1).
"""

from __future__ import annotations

import math
import re
from decimal import Decimal, InvalidOperation

INT_MAX = 2147483647
INT_MAX_TEXT = "2147483647"
LONG_MAX_TEXT = "9223372036854775807"
LONG_MIN_TEXT = "-9223372036854775808"
DBL_MAX_TEXT = "1.7976931348623157E308"

_UNSET_DECIMALS = frozenset({"", INT_MAX_TEXT, LONG_MAX_TEXT, LONG_MIN_TEXT, DBL_MAX_TEXT})
_DBL_MAX = float(DBL_MAX_TEXT)
_ZERO = Decimal(0)
_TINIEST = -400  # exponent; smaller ones, written out, would fill the memory
_ESCAPED = re.compile(r"\\u([0-9a-fA-F]{4})")


def java_double(value: float) -> str:
    """Render like ``Double.toString``: ``100.0``, ``2.5E-4``, ``1.0E7``."""
    text = repr(float(value))
    size = abs(value)
    if 1e-3 <= size < 1e7 or value == 0:
        return text
    if text in ("inf", "-inf", "nan"):
        return {"inf": "Infinity", "-inf": "-Infinity", "nan": "NaN"}[text]
    sign, digits, exponent = Decimal(text).as_tuple()
    body = "".join(map(str, digits)).rstrip("0") or "0"
    power = int(exponent) + len(digits) - 1
    return f"{'-' if sign else ''}{body[0]}.{body[1:] or '0'}E{power}"


def plain_number(value: float) -> str:
    """Render a market price without exponent: ``754.95``, ``0.00001``."""
    text = repr(value)
    if "e" in text:
        return format(Decimal(text), "f")
    return java_double(value) if "n" in text else text  # inf, nan


def bar_price(value: float) -> str:
    """Render a price of a historical bar, at least two decimals: ``681.80``, ``681.793``."""
    text = plain_number(value)
    return text + "0" if text[-2:-1] == "." else text


def short_number(value: float) -> str:
    """Render like Java without a trailing ``.0``: ``0``, ``600``, ``2.5``, ``1.2E-4``."""
    return java_double(value).removesuffix(".0")


def plain_decimal(value: Decimal | int) -> str:
    """Render a quantity without exponent or trailing ``.0``: ``100``, ``0.5``."""
    text = str(value)
    if "E" in text:  # a Decimal's own exponent; NaN and Infinity have none
        text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def money_text(value: Decimal) -> str:
    """Render an order price or commission as Java prints the double it is."""
    return java_double(float(value))


def escape_ascii7(text: str) -> str:
    """Non-ASCII characters as ``\\uXXXX`` (server version 153 and later)."""
    if text.isascii():
        return text
    units = text.encode("utf-16-be", "surrogatepass")
    codes = (int.from_bytes(units[i : i + 2]) for i in range(0, len(units), 2))
    return "".join(chr(c) if c < 128 else f"\\u{c:04x}" for c in codes)


def unescape_ascii7(text: str) -> str:
    """Undo :func:`escape_ascii7`."""
    if "\\u" not in text:
        return text
    raw = _ESCAPED.sub(lambda m: chr(int(m[1], 16)), text)
    return raw.encode("utf-16-be", "surrogatepass").decode("utf-16-be", "replace")


def number(text: str) -> str:
    """Return a client's text for a number, unless only Python would read it as one.

    Raises:
        ValueError: ``1_000``, blanks around digits, digits of other scripts: the gateway, a Java
            program, answers 320 to them.
    """
    if "_" in text or not text.isascii() or text != text.strip():
        raise ValueError(f'For input string: "{text}"')
    return text


def finite(value: float | None, text: str) -> float | None:
    """Return a number read from a request.

    Raises:
        ValueError: NaN or an infinity, by name or by size: no price, rate or strike is one.
    """
    if value is not None and not math.isfinite(value):
        raise ValueError(f'For input string: "{text[:40]}"')
    return value


def read_opt_int(text: str) -> int | None:
    """Read an int; empty and INT_MAX mean unset."""
    return None if text in ("", INT_MAX_TEXT) else int(text)


def read_bool(text: str) -> bool:
    """Read ``0``/``1``; empty means false."""
    if text in ("", "0", "false"):
        return False
    if text in ("1", "true"):
        return True
    raise ValueError(f'For input string: "{text}"')


def read_opt_bool(text: str) -> bool | None:
    """Read ``0``/``1``; empty and INT_MAX mean unset."""
    return None if text in ("", INT_MAX_TEXT) else read_bool(text)


def read_opt_float(text: str) -> float | None:
    """Read a double; empty and DBL_MAX mean unset."""
    if not text:
        return None
    value = float(text)
    return None if value == _DBL_MAX else value


def read_decimal(text: str) -> Decimal:
    """Read a quantity; every spelling of unset means 0."""
    if len(text) < 10 and text.isdigit():  # nearly all of them; no spelling of unset is so short
        return Decimal(text)
    value = read_opt_decimal(text)
    return _ZERO if value is None else value


def read_opt_decimal(text: str) -> Decimal | None:
    """Read a price or quantity; empty, INT_MAX, LONG_MAX, LONG_MIN, DBL_MAX mean unset."""
    if text in _UNSET_DECIMALS:
        return None
    try:
        value = Decimal(text)
    except InvalidOperation:
        raise ValueError(f'For input string: "{text}"') from None
    if len(text) > 40 or "E" in text or "e" in text or not value.is_finite():
        return _unusual_decimal(value, text)
    return value


def _unusual_decimal(value: Decimal, text: str) -> Decimal | None:
    if not value.is_finite() or int(value.as_tuple().exponent) < _TINIEST:
        raise ValueError(f'For input string: "{text[:40]}"')
    if not value:
        return _ZERO
    return None if abs(value) >= Decimal("1.797E308") else value
