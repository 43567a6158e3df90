"""From which version on a message is a body; literally, since the official client takes either."""

from __future__ import annotations

import pytest

from pytest_ibkr.wire import messages  # noqa: F401  (importing registers them)
from pytest_ibkr.wire.declare import BODY_REQUESTS, BODY_RESPONSES, REQUESTS, RESPONSES
from pytest_ibkr.wire.protobuf import gates, layouts  # noqa: F401  (importing registers them)
from pytest_ibkr.wire.protobuf.layout import BODIES
from pytest_ibkr.wire.versions import NEWEST

# gateway-behaviour.md 1.9, by classic id.
REQUEST_TABLE = {
    7: 201,
    3: 203, 4: 203, 58: 203,
    5: 204, 15: 204, 16: 204, 99: 204,
    9: 205,
    1: 206, 2: 206, 10: 206, 11: 206, 59: 206,
    6: 207, 17: 207, 61: 207, 62: 207, 63: 207, 64: 207, 74: 207, 75: 207, 76: 207, 77: 207,
    20: 208, 25: 208, 50: 208, 51: 208, 87: 208, 90: 208, 88: 208, 89: 208, 96: 208, 97: 208,
    98: 208,
    12: 209, 13: 209, 84: 209, 85: 209, 86: 209, 100: 209, 101: 209, 102: 209, 103: 209,
    22: 210, 23: 210, 24: 210, 52: 210, 53: 210, 92: 210, 93: 210, 94: 210, 95: 210,
    18: 211, 19: 211, 21: 211, 54: 211, 55: 211, 56: 211, 57: 211,
    78: 212, 79: 212, 80: 212, 81: 212, 83: 212, 91: 212, 104: 212,
    8: 213, 14: 213, 49: 213, 65: 213, 66: 213, 67: 213, 68: 213, 69: 213, 70: 213, 71: 213,
    82: 213, 105: 213,
    106: 215, 107: 215,
    108: 219,
    109: 221,
}  # fmt: skip
RESPONSE_TABLE = {
    11: 201, 55: 201, 4: 201,
    5: 203, 3: 203, 53: 203,
    101: 204, 102: 204, 100: 204,
    10: 205, 18: 205, 52: 205,
    1: 206, 2: 206, 12: 206, 13: 206, 21: 206, 45: 206, 46: 206, 57: 206, 58: 206, 81: 206,
    6: 207, 7: 207, 8: 207, 54: 207, 15: 207, 61: 207, 62: 207, 63: 207, 64: 207, 71: 207,
    72: 207, 73: 207, 74: 207,
    17: 208, 90: 208, 108: 208, 50: 208, 88: 208, 89: 208, 96: 208, 97: 208, 98: 208, 99: 208,
    14: 209, 83: 209, 84: 209, 85: 209, 86: 209, 87: 209, 104: 209, 105: 209,
    19: 210, 20: 210, 51: 210, 94: 210, 95: 210,
    16: 211, 103: 211, 59: 211, 106: 211, 91: 211, 92: 211,
    75: 212, 76: 212, 77: 212, 78: 212, 79: 212, 82: 212, 93: 212, 107: 212,
    9: 213, 49: 213, 109: 213, 65: 213, 66: 213, 67: 213, 68: 213, 80: 213,
    110: 219,
    111: 221,
}  # fmt: skip


@pytest.mark.parametrize(
    ("table", "request_side"), [(REQUEST_TABLE, True), (RESPONSE_TABLE, False)]
)
def test_the_gates_are_those_of_the_table(table, request_side):
    assert {i: gates.gate_of(i, request=request_side) for i in range(120)} == {
        i: table.get(i) for i in range(120)
    }
    assert gates.gated_ids(request=request_side) == sorted(table)


@pytest.mark.parametrize(
    ("declared", "table"),
    [
        ({**REQUESTS, **BODY_REQUESTS}, REQUEST_TABLE),
        ({**RESPONSES, **BODY_RESPONSES}, RESPONSE_TABLE),
    ],
)
def test_every_declared_message_of_the_table_has_a_body_and_no_other(declared, table):
    """Up to the newest version: what is undeclared comes back as ``Raw``."""
    named = {i: cls for i, cls in declared.items() if table.get(i, NEWEST + 1) <= NEWEST}

    assert {i for i, cls in declared.items() if cls in BODIES} == set(named)
    assert all(gates.protobuf_since(cls) == table[i] for i, cls in named.items())


@pytest.mark.parametrize("msg_id", [72, 73])
def test_what_the_table_does_not_name_stays_text(msg_id):
    assert gates.protobuf_since(REQUESTS[msg_id]) is None
