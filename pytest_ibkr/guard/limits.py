"""How much a run may do with a real gateway; a config file can make these stricter only."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from numbers import Real
from typing import Any, Final

from pytest_ibkr.errors import SettingsError

_NO_NUMBER: Final = Decimal("NaN")
# Everything else is not a matter of taste.
_LOWERED: Final = (
    *("option_contracts", "shares", "notional_usd", "working", "per_session"),
    *("messages_per_s", "quote_fresh_s"),
)
_RAISED: Final = ("minutes_to_close",)  # more minutes are stricter


@dataclass(frozen=True, slots=True)
class Limits:
    """What one run is held to.

    Attributes:
        option_contracts: most option contracts per order.
        shares: most shares per order.
        notional_usd: most dollars per order, multiplier included.
        working: most working orders at a time.
        per_session: most new orders in a run.
        minutes_to_close: orders end so long before the market closes.
        messages_per_s: a client's pace, most messages per second.
        quote_fresh_s: a quote older than this is no quote.
        held_frames: most frames held before a connection is verified.
        held_bytes: most bytes held before a connection is verified.
    """

    option_contracts: int = 10
    shares: int = 100
    notional_usd: Decimal = Decimal(25_000)
    working: int = 20
    per_session: int = 200
    minutes_to_close: int = 10
    messages_per_s: int = 45
    quote_fresh_s: float = 15.0
    held_frames: int = 10_000
    held_bytes: int = 8 * 1024 * 1024

    def lowered(self, wanted: Mapping[str, Any]) -> Limits:
        """These limits with some of them made stricter.

        Raises:
            SettingsError: an unknown name, no finite number >= 0, or one that is less strict.
        """
        return dataclasses.replace(self, **{name: self._one(name, wanted[name]) for name in wanted})

    def _one(self, name: str, value: object) -> Any:
        if name not in _LOWERED + _RAISED:
            known = ", ".join(_LOWERED + _RAISED)
            raise SettingsError(f"{name!r} is no limit of live runs; known: {known}")
        present = getattr(self, name)
        number = _number(name, value, whole=isinstance(present, int))
        if number < present if name in _RAISED else number > present:
            raise SettingsError(
                f"{name} cannot be {value}: {present} is the limit and can only be made stricter\n"
                "  state: nothing was connected\n"
                f"  fix:   take {present} or leave it out"
            )
        return type(present)(number)


def _number(name: str, value: object, *, whole: bool) -> Decimal:
    fits = isinstance(value, Real | Decimal) and not isinstance(value, bool)
    number = Decimal(str(value)) if fits else _NO_NUMBER
    if not number.is_finite() or number < 0 or (whole and number != int(number)):
        kind = "a whole number" if whole else "a finite number"
        raise SettingsError(f"{name} cannot be {value!r}: {kind}, 0 or more, is expected")
    return number
