"""The gateway's settings as clients may ask for them."""

from __future__ import annotations

import pytest

from pytest_ibkr.wire.codec import decode_response, encode
from pytest_ibkr.wire.messages.config import ConfigResponse, ReqConfig
from pytest_ibkr.wire.versions import CONFIG, NEWEST
from tests.sim.data_bench import errors, peer


@pytest.mark.parametrize("version", [CONFIG, NEWEST])
def test_the_settings_are_those_of_the_conditions(version):
    asker = peer(version=version)
    asker.engine.conditions.master_client_id = 7

    [told] = asker.send(ReqConfig(request_id=3))

    assert told == ConfigResponse(
        request_id=3, read_only=False, master_client_id=7, rejects_above_max_rate=True
    )
    assert decode_response(encode(told, version), version) == told


def test_a_setting_nobody_made_is_not_told():
    [told] = peer().send(ReqConfig(request_id=3))

    assert told.master_client_id is None


def test_before_its_version_it_cannot_be_read():
    asker = peer(version=CONFIG - 1)

    asker.engine.receive(asker.client, encode(ReqConfig(request_id=3), CONFIG))

    [(request_id, code, text)] = errors(asker.wait(1.0))
    assert (request_id, code) == (-1, 320)
    assert "ReqConfig: a body at server version 218" in text
