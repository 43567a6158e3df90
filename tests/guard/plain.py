"""The plainest message of a declared request: defaults where there are any, else 1 and ""."""

from __future__ import annotations

import dataclasses
from decimal import Decimal
from typing import Any

from pytest_ibkr.wire.declare import Message, specs

_VALUES: dict[str, Any] = {"int": 1, "bool": False, "double": 1.0, "size": Decimal(1)}


def plain(cls: type[Message]) -> Message:
    """One message of the class."""
    wired, values = dict(specs(cls)), {}
    for field in dataclasses.fields(cls):
        spec = wired[field.name]
        missing = field.default is field.default_factory is dataclasses.MISSING
        if missing and spec.embedded is not None:
            values[field.name] = spec.embedded()
        elif missing and spec.kind is not None:
            values[field.name] = None if "?" in spec.kind.name else _VALUES.get(spec.kind.name, "")
    return cls(**values)
