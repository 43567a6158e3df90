"""Checks conditions by their annotations before the gateway sees them; imports pydantic."""

from __future__ import annotations

import dataclasses
import difflib
from functools import cache
from typing import Any, Final, get_type_hints

from pydantic import TypeAdapter, ValidationError

from pytest_ibkr.errors import UsageError
from pytest_ibkr.sim.conditions import Conditions
from pytest_ibkr.sim.contracts import ContractBook

_BY_SYMBOL = frozenset(
    {"entitlements", "frozen", "shortable_shares", "no_trading_permission", "not_allowed"}
)

_ELSEWHERE: Final = {"halted": "ibkr.market.halt(symbol)"}  # looked for here by many


def checked(conditions: dict[str, Any]) -> dict[str, Any]:
    """Return conditions that are acceptable as they are.

    Raises:
        UsageError: an unknown name, with the one that was probably meant, or an unacceptable
            value, with what is accepted.
    """
    known = [field.name for field in dataclasses.fields(Conditions)]
    for name, value in conditions.items():
        if name in _ELSEWHERE:
            raise UsageError(f"{name} is no condition\n  fix:   {_ELSEWHERE[name]}")
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(known)}"
            raise UsageError(f"unknown condition {name!r}; {hint}")
        try:
            _adapter(name).validate_python(value, strict=True)
        except ValidationError as exc:
            raise UsageError(
                f"condition {name} cannot be {value!r}: {exc.errors()[0]['msg']}"
            ) from None
    return conditions


def check_symbols(conditions: dict[str, Any], book: ContractBook) -> None:
    """See that conditions of single symbols name such as exist.

    Raises:
        UsageError: a symbol nobody knows, with those that exist.
    """
    known = [each.symbol for each in book.underlyings]
    for name in _BY_SYMBOL & conditions.keys():
        for symbol in conditions[name]:
            if symbol not in known:
                raise UsageError(
                    f"condition {name} cannot be about {symbol!r}: no such symbol here;"
                    f" known: {', '.join(dict.fromkeys(known))}"
                )


@cache
def _adapter(name: str) -> TypeAdapter[Any]:
    return TypeAdapter(get_type_hints(Conditions)[name])
