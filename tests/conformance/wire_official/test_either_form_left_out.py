"""The comparison of the two forms notices each field of a body that is left out."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from pytest_ibkr.wire import codec
from pytest_ibkr.wire.declare import RESPONSES
from pytest_ibkr.wire.protobuf import body, forms
from pytest_ibkr.wire.versions import NEWEST
from tests.conformance.wire_official import families, official
from tests.conformance.wire_official.reading import Call
from tests.conformance.wire_official.test_either_form_data import (
    HEARD,
    NUMBERS,
    SAID,
    TRUTHS,
)
from tests.conformance.wire_official.values import samples

pytestmark = pytest.mark.skipif(not official.NEW, reason="ibapi 9.81 knows no protobuf")
if official.NEW:
    from tests.conformance.wire_official import either_form

ID_BYTES = 4
MAPS = ("secIdList",)
Path = tuple[str | int, ...]


def paths(values: dict[str, Any], prefix: Path = ()) -> Iterator[Path]:
    """Where the fields of a body are; of rows, those of the first."""
    for name, value in values.items():
        here = (*prefix, name)
        yield here
        if isinstance(value, dict) and name not in MAPS:
            yield from paths(value, here)
        if isinstance(value, list) and value and isinstance(value[0], dict):
            yield from paths(value[0], (*here, 0))


def without(values: dict[str, Any], path: Path) -> dict[str, Any]:
    """A copy of a body with one field left out."""
    made = copy.deepcopy(values)
    holder: Any = made
    for step in path[:-1]:
        holder = holder[step]
    del holder[path[-1]]
    return made


def heard(number: int, data: bytes) -> Any:
    """What the client hears of a body, or what it raises."""
    wrapper, decoder = official._decoder(NEWEST)
    wrapper.calls = []
    said: Callable[[Call], Any] = SAID.get(number, lambda call: call.args)
    try:
        decoder.processProtoBuf(data, number)
    except (ValueError, ArithmeticError, TypeError) as exc:
        return repr(exc)
    return [(call.name, either_form.flat(said(call))) for call in wrapper.calls]


@pytest.mark.parametrize("number", [number for number, _ in HEARD])
def test_a_field_that_is_left_out_is_noticed(number: int) -> None:
    cls = RESPONSES[number]
    proto = forms.record_of(cls).proto
    draw = {**families.RESPONSES[number].draw, **NUMBERS, **TRUTHS}
    missed: set[Path] = set()
    noticed: set[Path] = set()
    for message in samples(cls, draw, examples=100):
        data = codec.encode(message, NEWEST)[ID_BYTES:]
        values, whole = body.decode(proto, data), heard(number, data)
        for path in set(paths(values)) - noticed:
            told = heard(number, body.encode(proto, without(values, path)))
            (missed if told == whole else noticed).add(path)
    assert noticed
    assert not missed - noticed
