"""Values that mean the same to both codecs, samples of messages made of them, and equality."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from pytest_ibkr.wire.declare import Kind, Message, specs
from tests.wire.strategies import CHOICES, Scalars, default_of, full

UNSET_INT, UNSET_FLOAT = 2**31 - 1, float("1.7976931348623157E308")
UNSET_DECIMAL = Decimal(2**127 - 1)  # as const.py of 10.46 has it
TEXT = st.text(
    st.characters(min_codepoint=32, max_codepoint=126, exclude_characters="\\"), max_size=8
)
# 16 bits at most: the clients leave the two halves of a larger character unjoined.
TEXT7 = st.text(st.sampled_from("abc ü中'%"), max_size=6)
FLOATS = st.floats(-1e9, 1e9).map(lambda number: round(number, 6) + 0.0)
WHOLE = st.integers(0, 10**9).map(Decimal)  # sizes are whole numbers below 163
MONEY = FLOATS.map(lambda number: Decimal(repr(number)))
DIGITS = st.integers(0, 10**6).map(str)
EPOCH = st.integers(0, 4 * 10**9)
Draws = Mapping[str, st.SearchStrategy[Any]]


def scalars(special: Draws) -> Scalars:
    """Strategies by field: the special ones first, then by kind."""

    def values(name: str, kind: Kind) -> st.SearchStrategy[Any]:
        if name in special:
            return special[name]
        if name in CHOICES:
            return st.sampled_from(CHOICES[name])
        base, optional, _ = kind.name.partition("?")
        known: dict[str, st.SearchStrategy[Any]] = {
            "int": st.integers(-(2**31), 2**31 - 2),
            "long": st.integers(-(2**53), 2**53),
            "bool": st.booleans(),
            "text": TEXT,
            "text7": TEXT7,
            "size": WHOLE,
            "money": MONEY,
            "money0": MONEY,
        }
        found = known.get(base, FLOATS)
        return st.none() | found if optional else found

    return values


_samples: dict[tuple[type[Message], int], list[Any]] = {}


def samples(cls: type[Message], special: Draws, *, examples: int) -> list[Any]:
    """That many drawn messages of a class, the same for every client of a run."""
    key = (cls, examples)
    if key in _samples:
        return _samples[key]
    drawn: list[Any] = []

    # No shrinking: the message in a failure says field, version and both values.
    @settings(
        max_examples=examples,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(full(cls, scalars=scalars({**special, **_layout(cls)})))
    def draw(message: Any) -> None:
        drawn.append(message)

    draw()
    # A message with few possible values runs out of new ones: the rest are repetitions.
    drawn = [drawn[n % len(drawn)] for n in range(examples)]
    if examples <= 200:
        _samples[key] = drawn
    return drawn


def _layout(cls: type) -> Draws:
    """The layout number is part of the format: never drawn."""
    declared = "layout" in dict(specs(cls))
    return {"layout": st.just(default_of(cls, "layout"))} if declared else {}


def same(ours: Any, theirs: Any) -> bool:
    """Whether a value of ours and one of a client's mean the same."""
    if ours is None:  # where the client does not know "unset", an empty field is 0
        unset = theirs in (UNSET_INT, UNSET_FLOAT, UNSET_DECIMAL, 0, "", None)
        return bool(unset) or (isinstance(theirs, str) and _number(theirs) == UNSET_FLOAT)
    if isinstance(theirs, datetime):
        return _instant(ours) == theirs
    if isinstance(ours, bool):
        return (theirs in ("1", "true") if isinstance(theirs, str) else bool(theirs)) is ours
    if isinstance(ours, int | float | Decimal):
        return _number(theirs) == float(ours)
    if theirs is None:
        return bool(ours == "")
    return bool(theirs == ours) or (
        isinstance(theirs, int | float | Decimal) and _number(ours) == float(theirs)
    )


def _number(value: Any) -> float | None:
    try:
        return float(value or 0)
    except (TypeError, ValueError):
        return None


def _instant(ours: Any) -> datetime:
    """An instant of a client that makes datetimes of epoch seconds and of UTC texts."""
    if isinstance(ours, int):
        return datetime.fromtimestamp(ours, UTC)
    return datetime.strptime(ours, "%Y%m%d-%H:%M:%S").replace(tzinfo=UTC)


def canonical(payload: bytes) -> list[Any]:
    """Fields of a payload in one spelling: numbers as numbers, every "unset" as empty."""
    return [_spelling(text) for text in payload.decode("utf-8", "surrogateescape").split("\0")]


def _spelling(text: str) -> Any:
    if text.lower() in ("2147483647", "1.7976931348623157e308", "1.7976931348623157e+308"):
        return ""
    try:
        number = float(text)
    except ValueError:
        return text
    return number if number == number else text  # "nan" of a text is a text
