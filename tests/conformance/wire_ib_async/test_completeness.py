"""Every declared message is read and asked by ib_async, or a reason says why not."""

from __future__ import annotations

import pytest

from pytest_ibkr.wire.declare import REQUESTS, RESPONSES
from tests.conformance.wire_ib_async import third_party
from tests.conformance.wire_official import families
from tests.conformance.wire_official.asking import Asked


def test_every_response_is_heard_or_has_a_reason() -> None:
    decoder = third_party.decoder(third_party.VERSIONS[-1])
    heard = {number for number in RESPONSES if number in decoder.handlers}
    assert set(RESPONSES) - heard <= set(third_party.UNHEARD)


@pytest.mark.parametrize("number", sorted(REQUESTS))
def test_every_request_is_a_method_of_ib_async_or_has_a_reason(number: int) -> None:
    method = families.REQUESTS.get(number, Asked()).method or REQUESTS[number].NAME
    assert third_party.parameters(method) is not None or number in third_party.UNASKED


def test_exceptions_speak_of_declared_messages_and_give_reasons() -> None:
    for exceptions, declared in ((third_party.UNHEARD, RESPONSES), (third_party.UNASKED, REQUESTS)):
        assert set(exceptions) <= set(declared)
        assert all(exceptions.values())
