"""Checks conditions by their annotations before the gateway sees them; imports pydantic."""

from __future__ import annotations

import dataclasses
import difflib
from functools import cache
from typing import Any, Final, get_type_hints

from pydantic import TypeAdapter, ValidationError

from pytest_ibkr.errors import UsageError
from pytest_ibkr.sim.conditions import Conditions

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


@cache
def _adapter(name: str) -> TypeAdapter[Any]:
    return TypeAdapter(get_type_hints(Conditions)[name])
