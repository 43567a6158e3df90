"""The canonical rule for bodies: read strictly, and nothing in them that our encoder does not say.

Imported only when a server version with bodies is judged.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any, Final

from pytest_ibkr.guard.canonical import same_number
from pytest_ibkr.wire.declare import Message
from pytest_ibkr.wire.protobuf.body import Reading, decode, encode
from pytest_ibkr.wire.protobuf.forms import record_of

# What ibapi 10.46 writes for "nothing" where our encoder writes nothing at all. Any other value of
# these fields is refused: the first two are not read here, the others belong to order types that
# are not placed live.
NOTHING: Final[Mapping[tuple[str, ...], float]] = MappingProxyType(
    {
        ("order", "clientId"): 0,
        ("order", "permId"): 0,
        ("order", "deltaNeutralConId"): 0,
        ("order", "deltaNeutralShortSaleSlot"): 0,
        ("order", "referenceContractId"): 0,
        ("order", "peggedChangeAmount"): 0.0,
        ("order", "referenceChangeAmount"): 0.0,
    }
)
# A number with a fraction that a body has as text, spelled as the program's own number type does.
NUMBER: Final = ("order", "totalQuantity")
_ORDER: Final = "PlaceOrderRequest"
Path = tuple[str, ...]


def difference(message: Message, theirs: bytes, ours: bytes) -> str | None:
    """What a client's body says otherwise than our encoder; None: it says the same.

    Args:
        message: what was read of it.
        theirs: the body as it came, without its id.
        ours: the body our encoder writes of ``message``, without its id.

    Raises:
        WireError: it has fields nobody knows.
    """
    if theirs == ours:
        return None
    proto = record_of(type(message)).proto
    said = decode(proto, theirs, Reading(strict=True))
    if encode(proto, said) != theirs:
        return "its bytes"  # twice, out of order, or numbers longer than they need be
    for path, one, other in _unlike(said, decode(proto, ours), ()):
        if proto != _ORDER or not _alike(path, one, other):
            return ".".join(path)
    return None


def _alike(path: Path, theirs: Any, ours: Any) -> bool:
    """Whether two values of one field of an order mean the same."""
    if path == NUMBER and theirs and ours:
        return same_number(theirs.encode(), ours.encode())
    return path in NOTHING and ours is None and bool(theirs == NOTHING[path])


def _unlike(
    said: Mapping[str, Any], meant: Mapping[str, Any], above: Path
) -> Iterator[tuple[Path, Any, Any]]:
    """Every field that only one of two bodies has, or that has another value in them; both."""
    for name in {**said, **meant}:
        one, other = said.get(name), meant.get(name)
        if isinstance(one, Mapping) and isinstance(other, Mapping):
            yield from _unlike(one, other, (*above, name))
        elif one != other or (name in said) is not (name in meant):
            yield (*above, name), one, other
