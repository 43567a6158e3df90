"""The page of messages is current, whole, and says what the engine does."""

from __future__ import annotations

import pytest

from pytest_ibkr.sim.engine import Engine
from pytest_ibkr.sim.journal import Note
from pytest_ibkr.wire.declare import BODY_REQUESTS, BODY_RESPONSES, REQUESTS, RESPONSES
from pytest_ibkr.wire.messages.session import ErrorNotice
from pytest_ibkr.wire.names import NOT_SIMULATED, REQUEST_NAMES
from pytest_ibkr.wire.protobuf.gates import BODY_IDS_FROM
from tests.meta import house, matrix, message_matrix
from tests.sim.data_bench import TEN, errors, normal_world, peer

REWRITE = "run: python -m tests.meta.message_matrix --write"


def test_the_page_is_current() -> None:
    assert message_matrix.PAGE.read_text("utf-8") == message_matrix.render(), REWRITE


def test_every_declared_request_has_a_handler_a_name_a_row_and_an_example() -> None:
    engine = Engine(normal_world(), start_s=TEN)
    handled = engine._handlers.keys()
    declared = {*REQUESTS.values(), *BODY_REQUESTS.values()}
    assert declared == set(handled) == set(REQUEST_NAMES.values())
    assert set(REQUEST_NAMES) == set(matrix.ROWS) == set(message_matrix.observed())


def test_every_declared_response_is_seen_to_be_sent() -> None:
    sent = {ErrorNotice.MSG_ID}.union(*message_matrix.observed().values())
    absent = set(matrix.NOT_SEEN)
    assert not sent & absent
    assert {*RESPONSES, *BODY_RESPONSES} == sent | absent


@pytest.mark.parametrize("name", sorted(matrix.ROWS))
def test_each_line_of_the_page_is_what_the_engine_does(name: str) -> None:
    row, seen = matrix.ROWS[name], message_matrix.observed()[name]
    refused = message_matrix.order_codes() if name == "placeOrder" else row.refused
    codes = message_matrix.codes(name)
    assert codes <= {*refused, *row.notices}
    if row.source.startswith("nothing"):
        assert not seen
    else:
        assert seen or codes, "neither answered nor refused"
    assert row.evidence


def test_every_code_on_the_page_is_in_the_engine_and_the_other_way_round() -> None:
    modules = [path.stem for path in message_matrix.SIM.glob("*.py")]
    named = {*message_matrix.ANY_REQUEST, *message_matrix.order_codes()}
    for row in matrix.ROWS.values():
        named |= {*row.refused, *row.notices}
    assert message_matrix.codes_in(*modules) <= named
    source = "\n".join((message_matrix.SIM / f"{name}.py").read_text("utf-8") for name in modules)
    assert [code for code in named if str(code) not in source] == []


def test_what_is_not_simulated_is_every_other_request_of_the_official_client() -> None:
    out = pytest.importorskip("ibapi.message").OUT
    official = {value for name, value in vars(out).items() if name.isupper()}
    absent = set(NOT_SIMULATED)
    declared = {*REQUESTS, *BODY_REQUESTS}
    assert not absent & declared
    assert official - declared <= absent


def test_official_names_are_those_of_the_official_client() -> None:
    client = pytest.importorskip("ibapi.client").EClient
    named = {**NOT_SIMULATED, **{c.MSG_ID: n for n, c in REQUEST_NAMES.items()}}
    newer = range(100, 200)  # after 9.81
    assert [
        n for msg_id, n in named.items() if msg_id not in newer and not hasattr(client, n)
    ] == []


@pytest.mark.parametrize("msg_id", sorted(NOT_SIMULATED))
def test_what_is_not_simulated_gets_320_under_no_id_and_a_note(msg_id: int) -> None:
    asker = peer()
    asker.engine.receive(asker.client, (msg_id + BODY_IDS_FROM).to_bytes(4, "big") + b"\x08\7")
    [(request_id, code, _text)] = errors(asker.wait(1.0))
    assert (request_id, code) == (-1, 320)
    notes = [e.message.text for e in asker.engine.journal.entries() if isinstance(e.message, Note)]
    assert f"{NOT_SIMULATED[msg_id]} (message {msg_id}) is not simulated" in notes[-1]


def test_the_readme_leads_to_what_is_not_simulated() -> None:
    readme = (house.ROOT / "README.md").read_text("utf-8")
    assert "docs/reference/messages.md#not-simulated" in readme
