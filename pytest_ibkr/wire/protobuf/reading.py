"""Turns a body, read by ``body``, into one of our dataclasses by its layout.

Absent fields read as empty text of their kind does, so that a message means the same in both of
its forms.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from pytest_ibkr.wire.compile import mutable_twin
from pytest_ibkr.wire.declare import Kind, Spec, is_request, specs
from pytest_ibkr.wire.protobuf import conversions
from pytest_ibkr.wire.protobuf.kinds import fields_of
from pytest_ibkr.wire.protobuf.layout import (
    Here,
    Many,
    One,
    Pairs,
    Record,
    Scalar,
    Source,
    Texts,
    Via,
    spec_at,
)
from pytest_ibkr.wire.protobuf.writing import carried_names, default_of, test_of

Body = Mapping[str, Any]
Found = dict[str, Any]
Only = tuple[tuple[str, Kind | None], ...]  # names of an embedding, and kinds of its own
_Scalars = tuple[tuple[str, str, Callable[[Any], Any]], ...]  # field, attribute, conversion
_Others = tuple[tuple[str, Source], ...]


@dataclass(frozen=True, slots=True)
class _How:
    """How a message is read: at which version, and as strictly as a gateway reads or not."""

    version: int
    strict: bool


@dataclass(frozen=True, slots=True)
class _Attribute:
    """What is read of one attribute.

    Attributes:
        carried: whether the version and the embedding have it.
        test: of the object so far, when it depends on an earlier attribute.
        default: where it is not carried, or not by the test.
        empty: where no field gave it.
        inner: the embedded class whose parts were given one by one, and their names.
    """

    name: str
    carried: bool
    test: Callable[[Any], bool] | None
    default: Any
    empty: Any
    inner: tuple[type, Only] | None


def read_message(record: Record, values: Body, version: int) -> Any:
    """Return the message that a body is.

    Raises:
        ValueError, WireError: a value is none of its kind.
    """
    strict = is_request(record.cls)
    return _read(record, values, _How(version, strict))


def _read(record: Record, values: Body, how: _How, only: Only | None = None) -> Any:
    found: Found = {}
    absent: Found = {}
    for each, inner in _levels(record, values, found):
        if each.absent:
            absent = {**each.absent, **absent}
        scalars, others = _steps(each, only, strict=how.strict)
        for name, path, convert in scalars:
            value = inner.get(name)
            if value is not None and path not in found:
                found[path] = convert(value)
        for name, source in others:
            _collect(source, (each, name, inner.get(name)), found, how)
    return _built(record.cls, found, absent, (how, only))


def _levels(record: Record, values: Body, found: Found) -> Iterator[tuple[Record, Body]]:
    """Yield a record and the ones made of its own attributes, outermost first."""
    yield record, values
    for name, source in _nested(record):
        if source.flag:
            found[source.flag] = name in values
        yield from _levels(source.record, values.get(name) or {}, found)


@cache
def _nested(record: Record) -> tuple[tuple[str, Here], ...]:
    named = record.sources.items()
    return tuple((name, source) for name, source in named if isinstance(source, Here))


@cache
def _steps(record: Record, only: Only | None, *, strict: bool) -> tuple[_Scalars, _Others]:
    """Return the scalars of a message with their conversions, and all that is not nested here."""
    scalars, others = [], []
    for name, source in record.sources.items():
        if isinstance(source, Scalar):
            convert = _scalar(record, name, only, strict=strict)
            scalars.append((name, source.path, convert))
        elif not isinstance(source, Here):
            others.append((name, source))
    return tuple(scalars), tuple(others)


def _collect(source: Source, place: tuple[Record, str, Any], found: Found, how: _How) -> None:
    record, name, value = place
    if isinstance(source, Via):
        if value is None and all(path in found for path in source.paths):
            return  # another message of a one-of gave it
        made = source.from_proto(value)
        found |= zip(source.paths, made if len(source.paths) > 1 else (made,), strict=True)
    elif isinstance(source, One):
        carried = _carried(record.cls, source.path)
        found[source.path] = _read(source.record, value or {}, how, carried)
    elif isinstance(source, Many):
        found[source.path] = tuple(_read(source.record, each, how) for each in value or ())
    elif isinstance(source, Pairs | Texts):
        found[source.path] = _rows(source, record, (name, value), how)


def _scalar(record: Record, name: str, only: Only | None, *, strict: bool) -> Callable[[Any], Any]:
    source = record.sources[name]
    assert isinstance(source, Scalar)  # noqa: S101 - narrows for the type checker
    own = dict(only or ()).get(source.path)
    declared = own or spec_at(record.cls, source.path).kind
    proto = fields_of(record.proto)[name].kind
    return conversions.reading(declared or _no_kind(), proto, strict=strict)


def _rows(
    source: Pairs | Texts, record: Record, place: tuple[str, Any], how: _How
) -> tuple[Any, ...]:
    name, value = place
    row = spec_at(record.cls, source.path).row or object
    names = [each for each, _ in specs(row)]
    if isinstance(source, Pairs):
        entries = sorted((value or {}).items())
        return tuple(
            row(**dict(zip(names, map(conversions.clean, entry), strict=True))) for entry in entries
        )
    kind = specs(row)[0][1].kind or _no_kind()
    proto = fields_of(record.proto)[name].kind
    convert = conversions.reading(kind, proto, strict=how.strict)
    return tuple(row(**{names[0]: convert(each)}) for each in value or ())


def _built(cls: type, found: Found, absent: Found, how: tuple[_How, Only | None]) -> Any:
    """Make the object, attribute by attribute, so that conditions see the earlier ones."""
    reading, only = how
    made = mutable_twin(cls)()
    for each in _attributes(cls, reading.version, only):
        name = each.name
        if not each.carried or (each.test is not None and not each.test(made)):
            value = each.default
        elif name in found:
            value = found[name]
        elif name in absent:
            value = absent[name]
        elif each.inner is not None:
            value = _embedded(name, each.inner, found, reading)
        else:
            value = each.empty
        setattr(made, name, value)
    made.__class__ = cls
    return made


def _embedded(name: str, inner: tuple[type, Only], found: Found, how: _How) -> Any:
    """Make an embedded record of what fields gave of its parts."""
    cls, only = inner
    start = len(name) + 1
    parts = {path[start:]: value for path, value in found.items() if path.startswith(f"{name}.")}
    return _built(cls, parts, {}, (how, only))


@cache
def _attributes(cls: type, version: int, only: Only | None) -> tuple[_Attribute, ...]:
    """Say once what is read of each attribute."""
    wired, names = dict(specs(cls)), None if only is None else dict(only)
    found = []
    for field in dataclasses.fields(cls):
        name, spec = field.name, wired.get(field.name)
        if spec is None or (names is not None and name not in names):
            spec = None
        carried = spec is not None and spec.carried_at(version)
        test = _holds(test_of(spec.when)) if spec is not None and spec.when is not None else None
        default = default_of(cls, name) if not carried or test is not None else None
        empty, inner = _nothing(cls, name, spec) if spec is not None else (None, None)
        found.append(_Attribute(name, carried, test, default, empty, inner))
    return tuple(found)


def _nothing(cls: type, name: str, spec: Spec) -> tuple[Any, tuple[type, Only] | None]:
    """Return what an attribute is that no field of the body gave."""
    if spec.row is not None:
        return (), None
    if spec.embedded is not None:
        return None, (spec.embedded, _carried(cls, name))
    return conversions.read_empty(spec.kind or _no_kind()), None


@cache
def _carried(cls: type, path: str) -> Only:
    return tuple(carried_names(spec_at(cls, path)).items())


@cache
def _holds(test: str) -> Callable[[Any], bool]:
    # The source is made from this package's own declarations, never from input.
    made: Callable[[Any], bool] = eval(f"lambda o: {test}")  # noqa: S307
    return made


def _no_kind() -> Kind:
    raise TypeError("only scalars are read one by one")
