"""How one of our dataclasses is one of the protobuf messages: declared as data, checked on import.

A layout names a source for each field of the body; what is not named is matched by its name in
snake case. Every field and every attribute must be accounted for.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pytest_ibkr.wire.declare import Kind, Message, Spec, specs
from pytest_ibkr.wire.protobuf.kinds import Field, fields_of
from pytest_ibkr.wire.versions import PROTOBUF

_WORD = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_ALIASES = {"req_id": "request_id"}
_FORM_ONLY = "layout"  # the version field of a text form, which bodies do not have


@dataclass(frozen=True, slots=True)
class Scalar:
    """One value from an attribute or from a dotted path."""

    path: str

    def attributes(self) -> tuple[str, ...]:
        """Return the paths it reads and fills."""
        return (self.path,)


@dataclass(frozen=True, slots=True)
class One:
    """A nested message from an attribute that holds a record."""

    record: Record
    path: str

    def attributes(self) -> tuple[str, ...]:
        """Return the paths it reads and fills."""
        return (self.path,)


@dataclass(frozen=True, slots=True)
class Here:
    """A nested message from the owner's own attributes.

    Attributes:
        flag: it is there exactly when this attribute is true.
        when: (attribute, values): it is there exactly when the attribute has one of the values.
    """

    record: Record
    flag: str = ""
    when: tuple[str, tuple[object, ...]] | None = None

    def attributes(self) -> tuple[str, ...]:
        """Return the paths it reads and fills."""
        own = self.record.attributes()
        return (*own, self.flag) if self.flag else own


@dataclass(frozen=True, slots=True)
class Many:
    """A repeated nested message from rows."""

    record: Record
    path: str

    def attributes(self) -> tuple[str, ...]:
        """Return the paths it reads and fills."""
        return (self.path,)


@dataclass(frozen=True, slots=True)
class Pairs:
    """A map from rows of tags and values; it is read in the order of the tags."""

    path: str

    def attributes(self) -> tuple[str, ...]:
        """Return the paths it reads and fills."""
        return (self.path,)


@dataclass(frozen=True, slots=True)
class Texts:
    """A repeated scalar from rows of one field."""

    path: str

    def attributes(self) -> tuple[str, ...]:
        """Return the paths it reads and fills."""
        return (self.path,)


@dataclass(frozen=True, slots=True)
class Via:
    """A conversion of its own between attributes and one value as ``body`` has it."""

    paths: tuple[str, ...]
    to_proto: Callable[..., Any]
    from_proto: Callable[[Any], Any]

    def attributes(self) -> tuple[str, ...]:
        """Return the paths it reads and fills."""
        return self.paths


Source = Scalar | One | Here | Many | Pairs | Texts | Via


@dataclass(frozen=True, slots=True, eq=False)
class Record:
    """A dataclass, or some of its attributes, as one kind of message.

    Attributes:
        sources: what each field of the body is made of; fields without one are never written.
        absent: what attributes are read as when nothing in the body gives them.
    """

    cls: type
    proto: str
    sources: Mapping[str, Source]
    absent: Mapping[str, Any]

    def attributes(self) -> tuple[str, ...]:
        """Return the paths that the sources read and fill."""
        return tuple(path for each in self.sources.values() for path in each.attributes())


BODIES: dict[type[Message], Record] = {}


def one(record: Record, attribute: str) -> One:
    """Make a nested message of the record an attribute holds; None: absent.

    Of an embedded record only the embedded names are written and read.
    """
    return One(record, attribute)


def here(
    record: Record, *, flag: str = "", when: tuple[str, tuple[object, ...]] | None = None
) -> Here:
    """Make a nested message of the owner's own attributes; ``record`` comes from :func:`part`.

    Args:
        record: which attributes, of the same class as the owner.
        flag: a bool attribute that says whether the message is there; reading sets it.
        when: an attribute and the values with which the message is there.
    """
    return Here(record, flag, when)


def many(record: Record, attribute: str) -> Many:
    """Make one nested message of each record in a tuple."""
    return Many(record, attribute)


def pairs(attribute: str) -> Pairs:
    """Make a map of a tuple of two-field records such as ``TagValue``."""
    return Pairs(attribute)


def texts(attribute: str) -> Texts:
    """Make a repeated text or number of a tuple of one-field records."""
    return Texts(attribute)


def via(
    attributes: str | tuple[str, ...],
    *,
    to_proto: Callable[..., Any],
    from_proto: Callable[[Any], Any],
) -> Via:
    """Make a field by functions of its own.

    Args:
        attributes: one path, or several.
        to_proto: of the attributes' values, in order; returns the field's value as ``body`` has
            it (a nested message is a dict by field names, a repeated one a list of them, a map a
            dict of strings), None when it is absent.
        from_proto: of that value, None when absent; returns the attribute's value, for several
            attributes a tuple.
    """
    paths = (attributes,) if isinstance(attributes, str) else attributes
    return Via(paths, to_proto, from_proto)


def body(
    cls: type[Message],
    proto: str,
    shared: Mapping[str, str | Source] | None = None,
    /,
    *,
    skipped: tuple[str, ...] = (),
    unfilled: tuple[str, ...] = (),
    absent: Mapping[str, Any] | None = None,
    **sources: str | Source,
) -> None:
    """Say which body a message has; see :func:`record_body` for the arguments.

    Raises:
        TypeError: a field or an attribute is not accounted for, or does not exist.
    """
    BODIES[cls] = record_body(
        cls, proto, shared, skipped=skipped, unfilled=unfilled, absent=absent, **sources
    )


def record_body(
    cls: type,
    proto: str,
    shared: Mapping[str, str | Source] | None = None,
    /,
    *,
    skipped: tuple[str, ...] = (),
    unfilled: tuple[str, ...] = (),
    absent: Mapping[str, Any] | None = None,
    **sources: str | Source,
) -> Record:
    """Say how a whole dataclass is a message.

    Args:
        cls: the dataclass.
        proto: the message's name in the tables.
        shared: sources that several layouts have in common.
        skipped: attributes that bodies do not carry; they take the dataclass's default. Version
            fields of text forms and attributes gone before 201 need not be named.
        unfilled: fields of the message we have nothing for; never written, ignored when read.
        absent: what an attribute is read as when its field is absent, where that is not what
            empty text of its kind reads as.
        sources: by field name; a plain text is the attribute's path.

    Raises:
        TypeError: a field or an attribute is not accounted for, or does not exist.
    """
    made = part(cls, proto, shared, skipped=skipped, unfilled=unfilled, absent=absent, **sources)
    covered = {each.partition(".")[0] for each in (*made.attributes(), *skipped)}
    left = [n for n in _carried(cls) if n not in covered and n != _FORM_ONLY]
    for name, spec in _carried(cls).items():
        inner = {p.partition(".")[2] for p in made.attributes() if p.startswith(f"{name}.")}
        if inner and spec.embedded is not None:
            dropped = {p.partition(".")[2] for p in skipped}
            left += [f"{name}.{n}" for n in spec.names if n not in inner | dropped]
    if left:
        raise TypeError(f"{cls.__name__} as {proto}: nothing is made of {', '.join(left)}")
    return made


def part(
    cls: type,
    proto: str,
    shared: Mapping[str, str | Source] | None = None,
    /,
    *,
    skipped: tuple[str, ...] = (),
    unfilled: tuple[str, ...] = (),
    absent: Mapping[str, Any] | None = None,
    **sources: str | Source,
) -> Record:
    """Say how some attributes of a dataclass are a message, for :func:`here`.

    The fields of the message must be accounted for, the attributes only by the whole.

    Raises:
        TypeError: a field is not accounted for, or a field or an attribute does not exist.
    """
    known, given_by_name = fields_of(proto), {**(shared or {}), **sources}
    what = f"{cls.__name__} as {proto}"
    if wrong := [name for name in (*given_by_name, *unfilled) if name not in known]:
        raise TypeError(f"{what}: {proto} has no field {', '.join(wrong)}")
    chosen: dict[str, Source] = {}
    for name, each in known.items():
        given = given_by_name.get(name)
        if isinstance(given, str):
            given = Scalar(given)
        if given is None and name not in unfilled and not _is_nested(each):
            given = _matched(cls, name)
        if given is not None:
            _check_paths(cls, given, what)
            chosen[name] = given
        elif name not in unfilled:
            raise TypeError(f"{what}: the field {name} has no attribute and is not unfilled")
    return Record(cls, proto, chosen, {**_defaults(cls, skipped), **(absent or {})})


def _defaults(cls: type, skipped: tuple[str, ...]) -> dict[str, Any]:
    """Return what attributes that bodies do not carry are read as: their defaults, if any."""
    fields = {each.name: each for each in dataclasses.fields(cls)}
    named = [fields[name] for name in (*skipped, _FORM_ONLY) if name in fields]
    plain = {each.name: each.default for each in named}
    return {name: value for name, value in plain.items() if value is not dataclasses.MISSING}


def snake(name: str) -> str:
    """Return ``tickType`` as ``tick_type``."""
    return _WORD.sub("_", name).lower()


def spec_at(cls: type, path: str) -> Spec:
    """Return the declaration of an attribute or of a dotted path.

    Raises:
        KeyError: there is none.
    """
    name, _, inner = path.partition(".")
    spec = dict(specs(cls))[name]
    if not inner:
        return spec
    if spec.embedded is None or inner not in spec.names:
        raise KeyError(path)
    kind = spec.kinds.get(inner) or spec_at(spec.embedded, inner).kind
    return Spec(kind=kind, since=spec.since, until=spec.until, when=spec.when)


def kind_at(cls: type, path: str) -> Kind:
    """Return the kind of a scalar attribute.

    Raises:
        TypeError: it is none.
    """
    kind = spec_at(cls, path).kind
    if kind is None:
        raise TypeError(f"{cls.__name__}.{path} is not a scalar: name how it is one field")
    return kind


def _matched(cls: type, name: str) -> Source | None:
    attribute = _ALIASES.get(snake(name), snake(name))
    spec = dict(specs(cls)).get(attribute)
    return Scalar(attribute) if spec is not None and spec.kind is not None else None


def _is_nested(each: Field) -> bool:
    return each.repeated or len(each.kind) > 1


def _carried(cls: type) -> dict[str, Spec]:
    """Return the declarations that can be carried from the first version with bodies on."""
    return {name: spec for name, spec in specs(cls) if spec.until > PROTOBUF}


def _check_paths(cls: type, source: Source, what: str) -> None:
    if isinstance(source, Here) and source.record.cls is not cls:
        raise TypeError(f"{what}: a message made here is made of {source.record.cls.__name__}")
    for path in source.attributes():
        try:
            spec_at(cls, path)
        except KeyError:
            raise TypeError(f"{what}: {cls.__name__} has no {path}") from None
    if isinstance(source, Scalar):
        kind_at(cls, source.path)
