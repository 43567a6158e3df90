"""What may be asked of the simulated gateway: one check per kind of value.

Each check returns the value or raises ``UsageError``. Imports the error tree only.
"""

from __future__ import annotations

import math
import re
from datetime import datetime
from decimal import Decimal
from numbers import Real
from typing import Final

from pytest_ibkr.errors import UsageError

LIVE_PORTS: Final = frozenset({4001, 4003, 7496, 7498})
SLOWEST, FASTEST = 0.01, 1000.0  # virtual seconds per second
_SIMULATED_ACCOUNT: Final = re.compile(r"DU0000(?!000)[0-9]{3}", re.ASCII)


def whole(what: str, value: object, least: int, most: int) -> int:
    """A whole number from ``least`` to ``most``."""
    if not isinstance(value, int) or isinstance(value, bool):
        raise UsageError(f"{what} cannot be {value!r}: a whole number is expected")
    if not least <= value <= most:
        raise UsageError(f"{what} cannot be {value}: it is not in {least} to {most}")
    return value


def port(value: object) -> int:
    """A port to listen on; never one where a live gateway is looked for."""
    number = whole("port", value, 0, 65_535)
    if number in LIVE_PORTS:
        raise UsageError(
            f"{number} is a live port: a bot that finds a simulator there learns to dial it\n"
            "  state: nothing listens\n"
            "  fix:   take 0 (any free one), 4002 or 7497"
        )
    return number


def account(value: object) -> str:
    """An account id that no real account can have."""
    if not isinstance(value, str) or not _SIMULATED_ACCOUNT.fullmatch(value):
        raise UsageError(
            f"{value!r} is not one of the simulator's accounts\n"
            "  state: nothing listens\n"
            "  fix:   take DU0000001 to DU0000999, which no real account can have"
        )
    return value


def speed(value: object) -> float:
    """Virtual seconds per real second."""
    number = _number(value)
    if number is None or not SLOWEST <= number <= FASTEST:
        raise UsageError(f"speed cannot be {value!r}: it is not in {SLOWEST:g} to {FASTEST:g}")
    return number


def seconds(what: str, value: object) -> float:
    """A length of time, >= 0 and finite."""
    number = _number(value)
    if number is None:
        raise UsageError(f"{what} cannot be {value!r}: a number of seconds is expected")
    if not (number >= 0 and math.isfinite(number)):
        raise UsageError(f"{what} cannot be {value!r} s: time goes on, and has an end")
    return number


def moment(what: str, value: object) -> datetime:
    """A moment that says which zone it is in."""
    if not isinstance(value, datetime):
        raise UsageError(
            f"{what} cannot be {value!r}: a datetime is expected\n"
            "  fix:   for a time of day mark the test market_hours(at='15:45'), or combine day,"
            " time and zone"
        )
    if value.utcoffset() is None:
        raise UsageError(
            f"{what} cannot be {value.isoformat()}, which says no time zone: this machine's would"
            " be taken\n"
            "  fix:   add tzinfo=ZoneInfo('America/New_York'), or datetime.UTC"
        )
    return value


def amount(what: str, value: object, *, least: Decimal | None = None) -> Decimal:
    """Dollars: a Decimal or a whole number, finite."""
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise UsageError(f"{what} cannot be {value!r}: a Decimal or a whole number is expected")
    exact = Decimal(value)
    if not exact.is_finite() or (least is not None and exact < least):
        bound = "" if least is None else f", at least {least}"
        raise UsageError(f"{what} cannot be {value}: a finite number is expected{bound}")
    return exact


def quantity(value: object) -> Decimal:
    """Signed shares or contracts, whole and not zero."""
    exact = amount("quantity", value) if not isinstance(value, float) else None
    if exact is None or not exact or exact != exact.to_integral_value():
        raise UsageError(
            f"quantity cannot be {value}: whole shares or contracts are expected, not zero;"
            " negative ones are sold"
        )
    return exact


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, Real) and not isinstance(value, bool) else None
