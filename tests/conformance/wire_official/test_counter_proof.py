"""The comparison notices a gate that is off by one, at every gate the client knows."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from pytest_ibkr.wire.declare import RESPONSES
from tests.conformance.wire_official import differential, families, official
from tests.conformance.wire_official.reading import Call, gates

UNSEEN = {(18, 153): "no client undoes the escapes in the name of a bond"}
GATES = [
    (number, gate)
    for number, cls in sorted(RESPONSES.items())
    for gate in sorted(gates(cls))
    if official.VERSIONS[0] < gate <= official.VERSIONS[-1]
    and number not in official.UNHEARD
    and (number, gate) not in UNSEEN
]
# What the client's decoder raises on a frame of another layout, and what the comparison does.
NOTICED = (AssertionError, ValueError, ArithmeticError, LookupError, TypeError, StopIteration)


@pytest.mark.parametrize(("number", "gate"), GATES)
def test_a_client_that_expects_a_change_one_version_later_is_noticed(
    number: int, gate: int
) -> None:
    def late(payload: bytes, version: int) -> list[Call]:
        return official.callbacks(payload, version - 1)

    client = SimpleNamespace(**{n: v for n, v in vars(official).items() if n.isupper()})
    client.VERSIONS, client.callbacks = (gate,), late
    with pytest.raises(NOTICED):
        differential.check_response(
            client, RESPONSES[number], families.RESPONSES[number], examples=differential.EXAMPLES
        )
