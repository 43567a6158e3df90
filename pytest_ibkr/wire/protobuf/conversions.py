"""How a declared scalar becomes a scalar of a body and back: by its kind here and its kind there.

Unset is absent in a body, and so is empty text. A number that a body has as text keeps the text
form of its kind.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from decimal import Decimal
from typing import Any, Final

from pytest_ibkr.errors import WireError
from pytest_ibkr.wire import scalars
from pytest_ibkr.wire.declare import FINITE, INF_DOUBLE, Kind
from pytest_ibkr.wire.protobuf import body
from pytest_ibkr.wire.protobuf.kinds import BOOL, DOUBLE, INT32, INT64, TEXT

SCOPE: Final[dict[str, Any]] = {
    **{name: value for name, value in vars(scalars).items() if not name.startswith("__")},
    "int32": body.int32,
    "int64": body.int64,
    "pack_double": body.pack_double,
    "sized": body.sized,
    "text": body.text,
    "written": body.written,
    "SMALL": body.SMALL,
    "UNSET": Decimal("1.797E308"),  # prices from here on are spellings of "unset"
}
_UNSET = float(SCOPE["UNSET"])
_ANSWERS = {  # by how a kind reads text: which python type it is of
    "int": int,
    "read_opt_int": int,
    "read_bool": bool,
    "read_opt_bool": bool,
    "float": float,
    "read_opt_float": float,
    "read_decimal": Decimal,
    "read_opt_decimal": Decimal,
}


def type_of(kind: Kind) -> type:
    """Return the python type of a kind's values: int, bool, float, Decimal or str."""
    return _ANSWERS.get(kind.decode.partition("(")[0], str)


def optional(kind: Kind) -> bool:
    """Whether values of a kind can be None."""
    return kind.decode.startswith("read_opt")


def writing(kind: Kind, proto: str) -> tuple[str, str]:
    """Return source over ``{v}``: when the value is written (empty: always), and its bytes."""
    held = type_of(kind)
    return _guard(kind, held, proto), _TEMPLATES[proto](kind, held)


def _guard(kind: Kind, held: type, proto: str) -> str:
    if held is str:
        return "{v}"
    tests = ["{v} is not None"] if optional(kind) else []
    if proto == DOUBLE and (held is Decimal or optional(kind)) and kind is not INF_DOUBLE:
        tests.append("{v} < UNSET")
    return " and ".join(tests)


def _as_text(kind: Kind, held: type) -> str:
    return "text({v})" if held is str else f"text(str({kind.encode}))"


def _as_double(kind: Kind, held: type) -> str:
    return "pack_double(float({v}))" if held in (str, Decimal) else "pack_double({v})"


def _as_int32(kind: Kind, held: type) -> str:
    if held is int:
        return "(SMALL[{v}] if 0 <= {v} < 2048 else int32({v}))"
    return "int32(int({v}))"


def _as_int64(kind: Kind, held: type) -> str:
    return "int64(int({v}))"


def _as_bool(kind: Kind, held: type) -> str:
    value = "read_bool({v})" if held is str else "{v}"
    return f'(b"\\x01" if {value} else b"\\x00")'


_TEMPLATES: dict[str, Callable[[Kind, type], str]] = {
    TEXT: _as_text,
    DOUBLE: _as_double,
    INT32: _as_int32,
    INT64: _as_int64,
    BOOL: _as_bool,
}


def read_empty(kind: Kind) -> Any:
    """Return what empty text of a kind reads as: what an absent field means."""
    return _compiled(kind.decode.format(t='""'))(None)


def reading(kind: Kind, proto: str, *, strict: bool) -> Callable[[Any], Any]:
    """Return the function from a body's value to the attribute's.

    It raises ValueError or WireError for what is no such value; ``strict`` refuses numbers as the
    gateway does, see ``scalars.number`` and ``scalars.finite``.
    """
    held = type_of(kind)
    if proto == TEXT:
        return clean if held is str else _from_text(kind, strict=strict)
    convert = _FROM_NUMBER[held](kind)
    if proto != DOUBLE or not strict or (kind not in FINITE and held is not Decimal):
        return convert

    def finite(value: float) -> Any:
        scalars.finite(value, repr(value))
        return convert(value)

    return finite


def clean(value: str) -> str:
    """Return a text of a body.

    Raises:
        WireError: a NUL in it, which would end the field in every text form.
    """
    if "\0" in value:
        raise WireError("a text has a NUL in it")
    return value


def _from_text(kind: Kind, *, strict: bool) -> Callable[[Any], Any]:
    number = "number(v)" if strict else "v"
    source = kind.decode.format(t=number)
    return _compiled(f"finite({source}, v)" if strict and kind in FINITE else source)


def _compiled(source: str) -> Callable[[Any], Any]:
    # The source is made from this package's own declarations, never from input.
    made: Callable[[Any], Any] = eval(f"lambda v: {source}", dict(SCOPE))  # noqa: S307
    return made


def _to_int(kind: Kind) -> Callable[[Any], Any]:
    if optional(kind):
        return lambda v: None if v == scalars.INT_MAX else int(v)
    return int


def _to_bool(kind: Kind) -> Callable[[Any], Any]:
    if optional(kind):
        return lambda v: None if v == scalars.INT_MAX else bool(v)
    return bool


def _to_float(kind: Kind) -> Callable[[Any], Any]:
    if optional(kind):
        return lambda v: None if _UNSET <= v < math.inf else float(v)
    return float


def _to_decimal(kind: Kind) -> Callable[[Any], Any]:
    unset = read_empty(kind)

    def convert(value: float) -> Any:
        if not math.isfinite(value):
            raise ValueError(f"{value} is no amount")
        return unset if abs(value) >= _UNSET else Decimal(str(value))

    return convert


def _to_text(kind: Kind) -> Callable[[Any], Any]:
    return lambda v: scalars.short_number(v) if isinstance(v, float) else str(int(v))


_FROM_NUMBER: dict[type, Callable[[Kind], Callable[[Any], Any]]] = {
    int: _to_int,
    bool: _to_bool,
    float: _to_float,
    Decimal: _to_decimal,
    str: _to_text,
}
