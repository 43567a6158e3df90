"""Turns a layout into the source of one encoder per server version, as ``wire.compile`` does."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import singledispatchmethod
from typing import Any

from pytest_ibkr.wire.declare import Condition, Kind, Spec, is_request, specs
from pytest_ibkr.wire.protobuf import conversions
from pytest_ibkr.wire.protobuf.kinds import BOOL, Field, fields_of
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

Writer = Callable[[Any], bytes]
Only = Mapping[str, Kind | None]


@dataclass(frozen=True, slots=True)
class _How:
    """How a body is written.

    Attributes:
        version: the server version; attributes it does not carry are left out.
        sparse: flags that are off are left out, as the official client does in its requests.
    """

    version: int
    sparse: bool


_Key = tuple[Record, _How, tuple[tuple[str, Kind | None], ...] | None]
_writers: dict[_Key, Writer] = {}


def writer_for(record: Record, version: int) -> Writer:
    """Return the function that renders a message as a body at a server version."""
    sparse = is_request(record.cls)
    return _writer(record, _How(version, sparse))


def _writer(record: Record, how: _How, only: Only | None = None) -> Writer:
    """``only``: the names an embedding carries, with the kinds it gives them."""
    key = (record, how, None if only is None else tuple(sorted(only.items(), key=_first)))
    known = _writers.get(key)
    if known is None:
        source, scope = _Source(record, how, only).finished()
        # The source is made from this package's own declarations, never from input.
        exec(compile(source, "<wire bodies>", "exec"), scope)  # noqa: S102
        known = _writers[key] = scope["run"]
    return known


def carried_names(spec: Spec) -> dict[str, Kind | None]:
    """Return the names an embedding carries; a kind where it is not the record's own."""
    return {name: spec.kinds.get(name) for name in spec.names}


def default_of(cls: type, name: str) -> Any:
    """Return the default of a dataclass's field.

    Raises:
        TypeError: it has none, though it can be absent.
    """
    field = next(each for each in dataclasses.fields(cls) if each.name == name)
    if field.default_factory is not dataclasses.MISSING:
        return field.default_factory()
    if field.default is dataclasses.MISSING:
        raise TypeError(f"{cls.__name__}.{name} can be absent and has no default")
    return field.default


def test_of(when: Condition) -> str:
    """Return the source of a condition on ``o``."""
    return when.test.format(v=f"o.{when.field}", o="o")


def _first(pair: tuple[str, Any]) -> str:
    return pair[0]


class _Source:
    """Collects the lines of ``run(o)``."""

    def __init__(self, record: Record, how: _How, only: Only | None) -> None:
        self._record, self._how, self._only = record, how, only
        self._lines: list[str] = []
        self._sum: list[str] = []
        self._scope: dict[str, Any] = dict(conversions.SCOPE)

    def finished(self) -> tuple[str, dict[str, Any]]:
        """Return the source and the names it uses."""
        known = fields_of(self._record.proto)
        for name, source in self._record.sources.items():
            self._emit(source, known[name])
        self._flush()
        return "\n".join(
            ["def run(o):", '    s = b""', *self._lines, "    return s", ""]
        ), self._scope

    def _flush(self) -> None:
        if self._sum:
            self._lines.append(f"    s += {' + '.join(self._sum)}")
            self._sum = []

    def _add(self, test: str, *lines: str) -> None:
        self._flush()
        if test:
            self._lines.append(f"    if {test}:")
        indent = "        " if test else "    "
        self._lines += [indent + line for line in lines]

    def _name(self, value: Any) -> str:
        name = f"x{len(self._scope)}"
        self._scope[name] = value
        return name

    def _spec(self, path: str) -> Spec | None:
        """Return a declaration that this version carries."""
        spec = spec_at(self._record.cls, path)
        if self._only is not None:
            if path not in self._only:
                return None
            spec = dataclasses.replace(spec, kind=self._only[path] or spec.kind)
        return spec if spec.carried_at(self._how.version) else None

    @singledispatchmethod
    def _emit(self, source: Source, field: Field) -> None:
        raise TypeError(f"{source!r} is no source of a field")

    @_emit.register
    def _scalar(self, source: Scalar, field: Field) -> None:
        spec = self._spec(source.path)
        if spec is None or spec.kind is None:
            return
        guard, made = conversions.writing(spec.kind, field.kind)
        if self._how.sparse and field.kind == BOOL and not guard:
            guard = "{v}"
        test = test_of(spec.when) if spec.when else ""
        value = f"o.{source.path}"
        if not test and not guard:
            self._sum.append(f"{field.tag!r} + {made.format(v=value)}")
            return
        tests = [each for each in (test, guard.format(v="v")) if each]
        self._add("", f"v = {value}")
        self._add(" and ".join(tests), f"s += {field.tag!r} + {made.format(v='v')}")

    @_emit.register
    def _one(self, source: One, field: Field) -> None:
        spec = self._spec(source.path)
        if spec is None or spec.embedded is None:
            return
        write = self._name(_writer(source.record, self._how, carried_names(spec)))
        test = f"{test_of(spec.when)} and " if spec.when else ""
        self._add(
            f"{test}o.{source.path} is not None",
            f"s += {field.tag!r} + sized({write}(o.{source.path}))",
        )

    @_emit.register
    def _here(self, source: Here, field: Field) -> None:
        write = self._name(_writer(source.record, self._how))
        tests = [f"o.{source.flag}"] if source.flag else []
        if source.when is not None:
            tests.append(f"o.{source.when[0]} in {self._name(source.when[1])}")
        self._add(" and ".join(tests), f"s += {field.tag!r} + sized({write}(o))")

    def _each(self, path: str, line: str) -> None:
        spec = self._spec(path)
        if spec is not None:
            test = f" if {test_of(spec.when)} else ()" if spec.when else ""
            self._add("", f"for r in o.{path}{test}:", f"    s += {line}")

    @_emit.register
    def _many(self, source: Many, field: Field) -> None:
        write = self._name(_writer(source.record, self._how))
        self._each(source.path, f"{field.tag!r} + sized({write}(r))")

    @_emit.register
    def _pairs(self, source: Pairs, field: Field) -> None:
        row = spec_at(self._record.cls, source.path).row
        tag, value = (name for name, _ in specs(row or object))
        self._each(
            source.path,
            f'{field.tag!r} + sized(b"\\x0a" + text(r.{tag}) + b"\\x12" + text(r.{value}))',
        )

    @_emit.register
    def _texts(self, source: Texts, field: Field) -> None:
        row = spec_at(self._record.cls, source.path).row
        ((name, inner),) = specs(row or object)
        made = conversions.writing(inner.kind or _missing(), field.kind)[1].format(v=f"r.{name}")
        if not field.packed:
            self._each(source.path, f"{field.tag!r} + {made}")
            return
        spec = self._spec(source.path)
        if spec is not None:
            test = f"{test_of(spec.when)} and " if spec.when else ""
            joined = f'b"".join([{made} for r in o.{source.path}])'
            self._add(f"{test}o.{source.path}", f"s += {field.tag!r} + sized({joined})")

    @_emit.register
    def _via(self, source: Via, field: Field) -> None:
        given = ", ".join(self._held(path) for path in source.paths)
        call = f"{self._name(source.to_proto)}({given})"
        self._add("", f"s += written({self._name(field)}, {call})")

    def _held(self, path: str) -> str:
        """Return the source of an attribute's value, its default where it is not carried."""
        spec = spec_at(self._record.cls, path)
        if spec.when is None and spec.carried_at(self._how.version):
            return f"o.{path}"
        default = self._name(default_of(self._record.cls, path))
        if spec.when is None or not spec.carried_at(self._how.version):
            return default
        return f"(o.{path} if {test_of(spec.when)} else {default})"


def _missing() -> Kind:
    raise TypeError("a row of repeated values has one scalar")
