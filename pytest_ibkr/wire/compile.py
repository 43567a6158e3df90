"""Turns a declaration into the source of one encoder and one decoder per server version.

Generated source runs several times faster than a loop over the declaration. Used by ``codec``
only; imports nothing outside ``wire``.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from functools import cache
from typing import Any

from pytest_ibkr.errors import WireError
from pytest_ibkr.wire import scalars, versions
from pytest_ibkr.wire.declare import (
    BODY_REQUESTS,
    BODY_RESPONSES,
    FINITE,
    REQUESTS,
    TEXT,
    TEXT7,
    Condition,
    Kind,
    Message,
    Spec,
    specs,
)

Encoder = Callable[[Any], str]
Decoder = Callable[[list[str]], tuple[Any, int]]
_SCALARS: dict[str, Any] = {k: v for k, v in vars(scalars).items() if not k.startswith("__")}
_COUNT = Kind("count", "{v}", "int({t} or 0)")


_encoders: dict[tuple[type[Message], int], Encoder] = {}
_decoders: dict[tuple[type[Message], int], Decoder] = {}


def encoder_for(cls: type[Message], version: int) -> Encoder:
    """Return the function that renders a message's fields, each NUL-terminated."""
    known = _encoders.get((cls, version))
    if known is None:
        known = _encoders[cls, version] = _compile(encoder_source(cls, version), {})
    return known


def decoder_for(cls: type[Message], version: int) -> Decoder:
    """Return the function that reads split fields into (message, number of fields used)."""
    known = _decoders.get((cls, version))
    if known is None:
        known = _decoders[cls, version] = _compile(*decoder_source(cls, version))
    return known


def encoder_source(cls: type[Message], version: int) -> str:
    """Return the source of ``run(o)``.

    Raises:
        WireError: the message has no text form.
    """
    if cls in (BODY_REQUESTS.get(cls.MSG_ID), BODY_RESPONSES.get(cls.MSG_ID)):
        raise WireError(f"{cls.__name__} does not exist at server version {version}")
    writer = _EncoderWriter(version)
    writer.literal(str(cls.MSG_ID))
    writer.fields(cls, "o", "    ")
    writer.flush("    ")
    return "\n".join(["def run(o):", '    s = ""', *writer.lines, "    return s", ""])


def decoder_source(cls: type[Message], version: int) -> tuple[str, dict[str, Any]]:
    """Return the source of ``run(f)`` and the names it uses."""
    # What clients send is read as strictly as the gateway does; answers are read faster.
    writer = _DecoderWriter(version, strict=REQUESTS.get(cls.MSG_ID) is cls)
    built = writer.build(cls, "    ")
    writer.flush("    ")
    lines = ["def run(f):", *writer.lines, f"    return {built}, i", ""]
    return "\n".join(lines), writer.names


def _compile(source: str, names: dict[str, Any]) -> Any:
    scope = {**_SCALARS, **names}
    # The source is made from this package's own declarations, never from input.
    exec(compile(source, "<wire codec>", "exec"), scope)  # noqa: S102
    return scope["run"]


def _kind_at(kind: Kind, version: int) -> Kind:
    return TEXT if kind is TEXT7 and version < versions.ASCII7 else kind


def _parts(spec: Spec) -> dict[str, Kind]:
    """Return the fields an embedding carries, in wire order."""
    if spec.embedded is None:
        return {}
    declared = dict(specs(spec.embedded))
    parts = {}
    for name in spec.names:
        kind = spec.kinds.get(name) or declared[name].kind
        if kind is None:
            raise TypeError(f"{spec.embedded.__name__}.{name}: only scalars can be embedded")
        parts[name] = kind
    return parts


def _test(when: Condition, owner: str) -> str:
    return when.test.format(v=f"{owner}.{when.field}", o=owner)


class _EncoderWriter:
    """Collects runs of plain fields into one f-string each."""

    def __init__(self, version: int) -> None:
        self.version = version
        self.lines: list[str] = []
        self._run = ""

    def literal(self, text: str) -> None:
        self._run += text + "\\0"

    def flush(self, indent: str) -> None:
        if self._run:
            self.lines.append(f'{indent}s += f"{self._run}"')
            self._run = ""

    def fields(self, cls: type, owner: str, indent: str) -> None:
        for name, spec in specs(cls):
            if not spec.carried_at(self.version):
                continue
            if spec.when is None:
                self._field(spec, f"{owner}.{name}", indent)
                continue
            self.flush(indent)
            self.lines.append(f"{indent}if {_test(spec.when, owner)}:")
            self._field(spec, f"{owner}.{name}", indent + "    ")
            self.flush(indent + "    ")

    def _scalar(self, kind: Kind, value: str) -> None:
        self._run += "{" + _kind_at(kind, self.version).encode.format(v=value) + "}\\0"

    def _field(self, spec: Spec, value: str, indent: str) -> None:
        if spec.kind is not None:
            self._scalar(spec.kind, value)
        elif spec.row is None:
            for name, kind in _parts(spec).items():
                self._scalar(kind, f"{value}.{name}")
        else:
            self._scalar(_COUNT, f"len({value})")
            self.flush(indent)
            item = f"r{len(indent)}"
            self.lines.append(f"{indent}for {item} in {value}:")
            self.fields(spec.row, item, indent + "    ")
            self.flush(indent + "    ")


class _DecoderWriter:
    """Reads from the list ``f``: at fixed places first, from index ``i`` after a branch or loop.

    Objects are filled as instances of a mutable twin with the same slots and turned into their
    frozen class at the end: two to three times faster than a keyword constructor that goes
    through ``object.__setattr__`` for every field.
    """

    def __init__(self, version: int, *, strict: bool) -> None:
        self.version = version
        self.lines: list[str] = []
        self.names: dict[str, Any] = {}
        self._strict = strict
        self._offset = 1  # field 0 is the message id
        self._moving = False  # whether the index depends on the data from here on
        self._serial = 0

    def flush(self, indent: str) -> None:
        """Bring ``i`` up to date; due before every branch and loop."""
        if not self._moving:
            self.lines.append(f"{indent}i = {self._offset}")
        elif self._offset:
            self.lines.append(f"{indent}i += {self._offset}")
        self._offset, self._moving = 0, True

    def build(self, cls: type, indent: str) -> str:
        """Emit the reading of ``cls``; return the local name that holds the object."""
        owner = self._blank(cls, indent)
        wired = dict(specs(cls))
        for field in dataclasses.fields(cls):
            spec, target = wired.get(field.name), f"{owner}.{field.name}"
            if spec is None or not spec.carried_at(self.version):
                self._set_default(cls, field, f"{indent}{target}")
            elif spec.when is None:
                self._field(spec, target, indent)
            else:
                self.flush(indent)
                self._set_default(cls, field, f"{indent}{target}")
                self.lines.append(f"{indent}if {_test(spec.when, owner)}:")
                self._field(spec, target, indent + "    ")
                self.flush(indent + "    ")
        self.lines.append(f"{indent}{owner}.__class__ = {cls.__name__}")
        return owner

    def _local(self) -> str:
        self._serial += 1
        return f"v{self._serial}"

    def _blank(self, cls: type, indent: str) -> str:
        owner = self._local()
        self.names |= {cls.__name__: cls, f"blank_{cls.__name__}": mutable_twin(cls)}
        self.lines.append(f"{indent}{owner} = blank_{cls.__name__}()")
        return owner

    def _set_default(self, cls: type, field: dataclasses.Field[Any], target: str) -> None:
        name = f"default_{cls.__name__}_{field.name}"
        if field.default_factory is not dataclasses.MISSING:
            self.names[name] = field.default_factory()
        elif field.default is not dataclasses.MISSING:
            self.names[name] = field.default
        else:
            raise TypeError(f"{cls.__name__}.{field.name} can be absent and has no default")
        self.lines.append(f"{target} = {name}")

    def _scalar(self, kind: Kind) -> str:
        text = f"f[i + {self._offset}]" if self._moving else f"f[{self._offset}]"
        self._offset += 1
        if not self._strict or kind in (TEXT, TEXT7):
            return _kind_at(kind, self.version).decode.format(t=text)
        read = kind.decode.format(t=f"number({text})")
        return f"finite({read}, {text})" if kind in FINITE else read

    def _field(self, spec: Spec, target: str, indent: str) -> None:
        if spec.kind is not None:
            self.lines.append(f"{indent}{target} = {self._scalar(spec.kind)}")
        elif spec.embedded is not None:
            self._embedded(spec.embedded, _parts(spec), target, indent)
        elif spec.row is not None:
            self._rows(spec.row, target, indent)

    def _embedded(self, cls: type, parts: dict[str, Kind], target: str, indent: str) -> None:
        owner = self._blank(cls, indent)
        for name, kind in parts.items():
            self.lines.append(f"{indent}{owner}.{name} = {self._scalar(kind)}")
        for field in dataclasses.fields(cls):
            if field.name not in parts:
                self._set_default(cls, field, f"{indent}{owner}.{field.name}")
        self.lines.append(f"{indent}{owner}.__class__ = {cls.__name__}")
        self.lines.append(f"{indent}{target} = {owner}")

    def _rows(self, cls: type, target: str, indent: str) -> None:
        if not any(s.carried_at(self.version) and s.when is None for _, s in specs(cls)):
            raise TypeError(f"{cls.__name__} can be empty at {self.version}: a count means nothing")
        count, found = self._local(), self._local()
        self.lines.append(f"{indent}{count} = {self._scalar(_COUNT)}")
        self.flush(indent)
        # A record takes at least one field, so a larger count is a lie; refuse before looping.
        self.lines.append(f"{indent}if not 0 <= {count} <= len(f) - i:")
        what = target.rpartition(".")[2]
        self.lines.append(f"{indent}    raise ValueError(f'count {{{count}}} of {what}')")
        self.lines.append(f"{indent}{found} = []")
        self.lines.append(f"{indent}for _ in range({count}):")
        built = self.build(cls, indent + "    ")
        self.lines.append(f"{indent}    {found}.append({built})")
        self.flush(indent + "    ")
        self.lines.append(f"{indent}{target} = tuple({found})")


@cache
def mutable_twin(cls: type) -> type:
    """Make a class of the same memory layout that allows plain assignment."""
    return type(cls.__name__, cls.__bases__, {"__slots__": cls.__dict__["__slots__"]})
