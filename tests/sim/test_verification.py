"""Programs that ask to be verified, where none is registered."""

from __future__ import annotations

import pytest

from pytest_ibkr.wire.declare import Message
from pytest_ibkr.wire.messages.verification import (
    AuthenticationDone,
    AuthenticationMessage,
    ReqAuthentication,
    ReqVerification,
    VerificationDone,
    VerificationMessage,
)
from pytest_ibkr.wire.versions import NEWEST, OLDEST
from tests.sim.data_bench import errors, peer

VERIFYING: list[Message] = [
    ReqVerification(api_name="Scanner", api_version="1.2"),
    VerificationMessage(api_data="answer"),
]
AUTHENTICATING: list[Message] = [
    ReqAuthentication(api_name="Scanner", api_version="1.2", vendor_key="key"),
    AuthenticationMessage(api_data="answer", challenge_response="response"),
]


@pytest.mark.parametrize("version", [OLDEST, NEWEST])
@pytest.mark.parametrize("asked", [*VERIFYING, *AUTHENTICATING], ids=lambda m: type(m).__name__)
def test_an_error_under_no_id_replaces_the_end(asked: Message, version: int) -> None:
    found = peer(version=version).send(asked)
    text = "Error validating request.-'bZ' : cause - The program is not registered for verification"
    assert errors(found) == [(-1, 321, text)]
    assert len(found) == 1


@pytest.mark.parametrize("version", [OLDEST, NEWEST])
@pytest.mark.parametrize(
    ("asked", "kind"),
    [(m, VerificationDone) for m in VERIFYING] + [(m, AuthenticationDone) for m in AUTHENTICATING],
)
def test_or_the_exchange_ends_without_success(
    asked: Message, kind: type[VerificationDone | AuthenticationDone], version: int
) -> None:
    asker = peer(version=version)
    asker.engine.conditions.verification = "completed"
    error = "The program is not registered for verification"
    assert asker.send(asked) == [kind(successful="false", error=error)]
