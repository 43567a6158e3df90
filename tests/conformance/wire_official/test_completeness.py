"""Every declared message is read and asked by the official client, or a reason says why not."""

from __future__ import annotations

import pytest

from pytest_ibkr.wire.declare import REQUESTS, RESPONSES
from tests.conformance.wire_official import families, official
from tests.conformance.wire_official.asking import Asked


def test_every_response_has_a_callback_or_a_reason() -> None:
    missing = {n: RESPONSES[n].__name__ for n in sorted(set(RESPONSES) - set(families.RESPONSES))}
    assert not missing, f"add to tests/conformance/wire_official/families: {missing}"


def test_every_callback_of_a_table_is_one_of_the_clients() -> None:
    known = {*official.CALLBACKS, "priceSizeTick", "commissionReport", "commissionAndFeesReport"}
    younger = {"wshMetaData", "wshEventData", "historicalSchedule", "userInfo"}
    younger |= {"currentTimeInMillis"}
    named = {call for how in families.RESPONSES.values() for call in how.calls}
    assert named <= known | younger


@pytest.mark.parametrize("number", sorted(REQUESTS))
def test_every_request_is_a_method_of_the_client_or_has_a_reason(number: int) -> None:
    how = families.REQUESTS.get(number, Asked())
    method = how.method or REQUESTS[number].NAME
    known = official.parameters(method) is not None
    assert known or number in official.UNASKED, f"{method} is no method of the official client"


def test_exceptions_speak_of_declared_messages_and_give_reasons() -> None:
    for exceptions, declared in ((official.UNHEARD, RESPONSES), (official.UNASKED, REQUESTS)):
        assert set(exceptions) <= set(declared)
        assert all(exceptions.values())


def test_no_table_speaks_of_a_message_nobody_declares() -> None:
    assert set(families.RESPONSES) <= set(RESPONSES)
    assert set(families.REQUESTS) <= set(REQUESTS)
