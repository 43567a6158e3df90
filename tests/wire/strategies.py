"""Values for any declared message, drawn from its declaration."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from decimal import Decimal
from functools import cache
from types import CodeType, SimpleNamespace
from typing import Any

from hypothesis import strategies as st

from pytest_ibkr.wire import messages, versions  # noqa: F401  (importing registers them)
from pytest_ibkr.wire.declare import INT, REQUESTS, RESPONSES, Kind, Spec, specs

_GATES = {g for n, g in vars(versions).items() if n.isupper() and isinstance(g, int)}
# The version of every change and the one before it.
VERSIONS = tuple(v for v in range(versions.OLDEST, versions.NEWEST_TEXT + 1) if {v, v + 1} & _GATES)
DECLARED = [*REQUESTS.values(), *RESPONSES.values()]

# Texts a later field depends on: drawn so that every branch of a layout is met.
CHOICES = {
    "sec_type": ["STK", "OPT", "BAG", "FUND"],
    "exchange": ["SMART", "IBKRATS"],
    "order_type": ["MKT", "LMT", "PEG BENCH", "PEG BEST", "PEG MID", "PEGMID"],
    "type": [1, 3, 4, 5, 6, 7],
    "compete_offset": [None, 0.02, float("inf")],
}
# As above, of numbers: of a tick-by-tick message.
INT_CHOICES = {"kind": [1, 2, 3, 4]}
TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=8)
# The escapes have no escape of their own: a literal backslash-u cannot survive.
TEXTS7 = st.text(st.characters(codec="utf-8", exclude_characters="\0\\"), max_size=8)
INTS = st.integers(-(2**31), 2**31 - 2)
FLOATS = st.floats(-1e300, 1e300)
MONEY = FLOATS.map(lambda number: Decimal(repr(number)))
SIZES = st.decimals(Decimal(0), 10**9, places=4) | st.integers(0, 10**9).map(Decimal)

PLAIN = {
    "int": INTS,
    "bool": st.booleans(),
    "text": TEXTS,
    "text7": TEXTS7,
    "size": SIZES,
    "money": MONEY,
    "money0": MONEY,
}


def scalar(kind: Kind) -> st.SearchStrategy[Any]:
    """Values a field of this kind can hold; optional kinds include None."""
    name, optional, _ = kind.name.partition("?")
    values = PLAIN.get(name, FLOATS)
    return st.none() | values if optional else values


def any_scalar(name: str, kind: Kind) -> st.SearchStrategy[Any]:
    """Values of a plain field of any message."""
    choices = CHOICES.get(name) or (INT_CHOICES.get(name) if kind is INT else None)
    return st.sampled_from(choices) if choices else scalar(kind)


Scalars = Callable[[str, Kind], st.SearchStrategy[Any]]


def field_values(name: str, spec: Spec, scalars: Scalars) -> st.SearchStrategy[Any]:
    """Values of one declared field."""
    if spec.row is not None:
        return st.lists(full(spec.row, scalars=scalars), max_size=2).map(tuple)
    if spec.embedded is not None:
        return full(spec.embedded, names=spec.names, scalars=scalars)
    assert spec.kind is not None
    return scalars(name, spec.kind)


def full(
    cls: type, *, names: tuple[str, ...] | None = None, scalars: Scalars = any_scalar
) -> st.SearchStrategy[Any]:
    """Instances of ``cls`` with every field drawn (or only ``names``)."""
    wanted = [(n, s) for n, s in specs(cls) if names is None or n in names]
    drawn = {n: field_values(n, s, scalars) for n, s in wanted}
    return st.builds(cls, **drawn)


@cache
def _plan(cls: type, version: int) -> list[tuple[str, bool, CodeType | None, Any]]:
    """Per field: name, whether the version lacks it, its condition over ``seen``, its default."""
    plan = []
    for name, spec in specs(cls):
        gone, test = not spec.carried_at(version), None
        if spec.when is not None and not gone:
            source = spec.when.test.format(v=f"seen.{spec.when.field}", o="seen")
            test = compile(source, f"<{cls.__name__}.{name}>", "eval")
        optional = gone or test is not None
        plan.append((name, gone, test, default_of(cls, name) if optional else None))
    return plan


def absent_fields(message: Any, version: int) -> set[str]:
    """Fields that frames of ``version`` do not carry for this message."""
    seen, absent = SimpleNamespace(), set()
    for name, gone, test, default in _plan(type(message), version):
        missing = gone or (test is not None and not eval(test, {"seen": seen}))
        if missing:
            absent.add(name)
        setattr(seen, name, default if missing else getattr(message, name))
    return absent


def as_carried(message: Any, version: int) -> Any:
    """The message with what frames of ``version`` do not carry set to its default."""
    cls, absent, values = type(message), absent_fields(message, version), {}
    for name, spec in specs(cls):
        value = default_of(cls, name) if name in absent else getattr(message, name)
        if spec.row is not None:
            value = tuple(as_carried(row, version) for row in value)
        values[name] = value
    return cls(**values)


def default_of(cls: type, name: str) -> Any:
    """The default of one field."""
    field = cls.__dataclass_fields__[name]
    if field.default_factory is not dataclasses.MISSING:
        return field.default_factory()
    assert field.default is not dataclasses.MISSING, f"{cls.__name__}.{name} needs a default"
    return field.default
