"""The kind of every field a message has on the wire, in order: which of them are numbers."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from types import CodeType
from typing import Any, Final

from pytest_ibkr.wire.declare import INT, TEXT, Condition, Kind, Message, Spec, specs

_ID: Final = INT  # a frame begins with its message id


def field_kinds(message: Message, version: int) -> list[Kind]:
    """The kinds of the fields of ``message`` at ``version``, its id and its counts included."""
    return [_ID, *_of(message, version)]


def _of(record: Any, version: int) -> Iterator[Kind]:
    for name, spec in specs(type(record)):
        if spec.carried_at(version) and (spec.when is None or _holds(spec.when, record)):
            yield from _field(spec, getattr(record, name), version)


def _field(spec: Spec, value: Any, version: int) -> Iterator[Kind]:
    if spec.kind is not None:
        yield spec.kind
    elif spec.embedded is not None:
        own = dict(specs(spec.embedded))
        yield from (spec.kinds.get(name) or own[name].kind or TEXT for name in spec.names)
    else:
        yield INT  # the count
        for row in value:
            yield from _of(row, version)


def _holds(when: Condition, record: Any) -> bool:
    # The source is a declaration of this package's own, never input.
    return bool(eval(_compiled(when), {"o": record}))  # noqa: S307


@cache
def _compiled(when: Condition) -> CodeType:
    return compile(when.test.format(v=f"o.{when.field}", o="o"), "<condition>", "eval")
