"""A request in the form that its server version does not have: refused, or read when told to."""

from __future__ import annotations

import pytest

from pytest_ibkr.wire.messages.session import CurrentTime
from tests.sim.data_bench import errors, only, peer

FORMS = [
    pytest.param(b"\0\0\0\x31" + b"1\0", 213, id="text-at-its-gate"),
    pytest.param(b"\0\0\0\xf9", 212, id="a-body-before-it"),
]


@pytest.mark.parametrize(("payload", "version"), FORMS)
def test_the_other_form_is_unreadable_by_default(payload, version):
    asker = peer(version=version)

    asker.engine.receive(asker.client, payload)

    [(request_id, code, text)] = errors(asker.wait(1.0))
    assert (request_id, code) == (-1, 320)
    assert f"at server version {version}" in text


@pytest.mark.parametrize(("payload", "version"), FORMS)
def test_a_gateway_may_read_either_form(payload, version):
    asker = peer(version=version)
    asker.engine.conditions.either_form = True

    asker.engine.receive(asker.client, payload)

    assert only(asker.wait(1.0), CurrentTime)
