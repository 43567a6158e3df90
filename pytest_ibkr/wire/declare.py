"""How a message is declared: fields in wire order, each with the versions that carry it.

A message is a frozen dataclass made by :func:`request`, :func:`response` or :func:`record`; its
fields come from :func:`wire`, :func:`rows` and :func:`embed`. ``codec`` compiles declarations.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, TypeVar, dataclass_transform

NEVER = 1 << 30
_KEY = "wire"
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Kind:
    """One scalar form: source templates over ``{v}`` (value) and ``{t}`` (text)."""

    name: str
    encode: str
    decode: str


INT = Kind("int", "{v}", "int({t} or 0)")  # inlined: half of all fields
OPT_INT = Kind("int?", "('' if {v} is None else {v})", "read_opt_int({t})")
MAX_INT = Kind("int?max", "(INT_MAX_TEXT if {v} is None else {v})", "read_opt_int({t})")
BOOL = Kind("bool", "({v} and 1 or 0)", "read_bool({t})")
OPT_BOOL = Kind("bool?", "('' if {v} is None else {v} and 1 or 0)", "read_opt_bool({t})")
TEXT = Kind("text", "{v}", "{t}")
TEXT7 = Kind("text7", "escape_ascii7({v})", "unescape_ascii7({t})")
DOUBLE = Kind("double", "java_double({v})", "float({t} or 0)")
OPT_DOUBLE = Kind("double?", "('' if {v} is None else java_double({v}))", "read_opt_float({t})")
MAX_DOUBLE = Kind(
    "double?max", "(DBL_MAX_TEXT if {v} is None else java_double({v}))", "read_opt_float({t})"
)
PRICE = Kind("price", "plain_number({v})", "float({t} or 0)")
# Infinity is a value of its own here: an offset "up to the midpoint" (PEG BEST).
INF_DOUBLE = Kind("double?inf", OPT_DOUBLE.encode, OPT_DOUBLE.decode)
# A request whose field of these kinds is NaN or infinite is refused.
FINITE = frozenset({DOUBLE, OPT_DOUBLE, MAX_DOUBLE, PRICE})
SIZE = Kind("size", "plain_decimal({v})", "read_decimal({t})")
OPT_SIZE = Kind("size?", "('' if {v} is None else plain_decimal({v}))", "read_opt_decimal({t})")
LONG_SIZE = Kind(
    "size?long", "(LONG_MIN_TEXT if {v} is None else plain_decimal({v}))", "read_opt_decimal({t})"
)
OPT_MONEY = Kind("money?", "('' if {v} is None else money_text({v}))", "read_opt_decimal({t})")
MAX_MONEY = Kind(
    "money?max", "(DBL_MAX_TEXT if {v} is None else money_text({v}))", "read_opt_decimal({t})"
)
ZERO_MONEY = Kind("money0", "money_text({v})", "read_decimal({t})")


@dataclass(frozen=True, slots=True)
class Condition:
    """When a field is on the wire: source over ``{v}`` (an earlier field), ``{o}`` (its record)."""

    field: str
    test: str


def filled(field: str) -> Condition:
    """On the wire when the earlier text field is not empty (or the flag is set)."""
    return Condition(field, "{v}")


def positive(field: str) -> Condition:
    """On the wire when the earlier number is set and above zero."""
    return Condition(field, "({v} is not None and {v} > 0)")


def one_of(field: str, *values: object) -> Condition:
    """On the wire when the earlier field has one of the values."""
    return Condition(field, f"({{v}} in {values!r})")


@dataclass(frozen=True, slots=True)
class Spec:
    """What the codec knows of one field: exactly one of kind, row and embedded is set."""

    kind: Kind | None = None
    row: type | None = None
    embedded: type | None = None
    names: tuple[str, ...] = ()
    kinds: Mapping[str, Kind] = dataclasses.field(default_factory=dict)
    since: int = 0
    until: int = NEVER
    when: Condition | None = None

    def carried_at(self, version: int) -> bool:
        """Whether frames of this server version have the field."""
        return self.since <= version < self.until


def wire(
    kind: Kind,
    *,
    since: int = 0,
    until: int = NEVER,
    when: Condition | None = None,
    default: Any = dataclasses.MISSING,
) -> Any:
    """Declare a scalar carried by server versions ``[since, until)``."""
    spec = Spec(kind=kind, since=since, until=until, when=when)
    return dataclasses.field(default=default, metadata={_KEY: spec})


def rows(row: type, *, since: int = 0, until: int = NEVER, when: Condition | None = None) -> Any:
    """Declare a count followed by that many records."""
    spec = Spec(row=row, since=since, until=until, when=when)
    return dataclasses.field(default=(), metadata={_KEY: spec})


def embed(
    record_type: type,
    names: tuple[str, ...],
    *,
    kinds: Mapping[str, Kind] | None = None,
    since: int = 0,
    when: Condition | None = None,
    default_factory: Callable[[], Any] | None = None,
) -> Any:
    """Declare a record inlined without a count; ``names`` picks and orders its fields."""
    spec = Spec(embedded=record_type, names=names, kinds=kinds or {}, since=since, when=when)
    factory: Any = default_factory or dataclasses.MISSING
    return dataclasses.field(default_factory=factory, metadata={_KEY: spec})


class Message:
    """Base of all declared messages; ``MSG_ID`` is the first field of the frame."""

    __slots__ = ()
    MSG_ID: ClassVar[int] = -1
    NAME: ClassVar[str] = ""  # of a request: what the official client calls it


REQUESTS: dict[int, type[Message]] = {}
BODY_REQUESTS: dict[int, type[Message]] = {}  # they came after the last text form
BODY_RESPONSES: dict[int, type[Message]] = {}
RESPONSES: dict[int, type[Message]] = {}


@dataclass_transform(
    kw_only_default=True, frozen_default=True, field_specifiers=(wire, rows, embed)
)
def record(cls: type[T]) -> type[T]:
    """Make a frozen, slotted, keyword-only dataclass that messages embed or repeat."""
    return dataclass(frozen=True, kw_only=True, slots=True)(cls)


def _registering(
    registry: dict[int, type[Message]], msg_id: int, name: str = ""
) -> Callable[[type[T]], type[T]]:
    def decorate(cls: type[T]) -> type[T]:
        made: Any = dataclass(frozen=True, kw_only=True, slots=True)(cls)
        made.MSG_ID, made.NAME = msg_id, name
        registry[msg_id] = made
        return made  # type: ignore[no-any-return]

    return decorate


@dataclass_transform(
    kw_only_default=True, frozen_default=True, field_specifiers=(wire, rows, embed)
)
def request(msg_id: int, name: str) -> Callable[[type[T]], type[T]]:
    """Declare a message from client to gateway; ``name`` as in the official client."""
    return _registering(REQUESTS, msg_id, name)


@dataclass_transform(
    kw_only_default=True, frozen_default=True, field_specifiers=(wire, rows, embed)
)
def body_request(msg_id: int, name: str) -> Callable[[type[T]], type[T]]:
    """Declare a message from client to gateway that has no text form at any version."""
    return _registering(BODY_REQUESTS, msg_id, name)


def is_request(cls: type) -> bool:
    """Whether a class is a message from client to gateway."""
    number = getattr(cls, "MSG_ID", -1)
    return cls in (REQUESTS.get(number), BODY_REQUESTS.get(number))


@dataclass_transform(
    kw_only_default=True, frozen_default=True, field_specifiers=(wire, rows, embed)
)
def response(msg_id: int) -> Callable[[type[T]], type[T]]:
    """Declare a message from gateway to client."""
    return _registering(RESPONSES, msg_id)


@dataclass_transform(
    kw_only_default=True, frozen_default=True, field_specifiers=(wire, rows, embed)
)
def body_response(msg_id: int) -> Callable[[type[T]], type[T]]:
    """Declare a message from gateway to client that has no text form at any version."""
    return _registering(BODY_RESPONSES, msg_id)


def specs(cls: type) -> list[tuple[str, Spec]]:
    """Return (attribute, spec) of every wire field, in wire order."""
    fields = dataclasses.fields(cls)
    return [(f.name, f.metadata[_KEY]) for f in fields if _KEY in f.metadata]
