"""The allow-list: a literal copy, so that no entry can change unseen; and what becomes of each."""

from __future__ import annotations

import pytest

from pytest_ibkr.guard.decision import Allow, Ignore, Refuse, Replace
from pytest_ibkr.guard.messages import USES
from pytest_ibkr.wire.declare import BODY_REQUESTS, REQUESTS, Message
from pytest_ibkr.wire.versions import NEWEST
from tests.guard.bench import bench, order
from tests.guard.plain import plain

READ = [
    *(1, 2, 5, 6, 7, 8, 9, 10, 11, 12, 13, 15, 16, 17, 18, 20, 22, 23, 24, 25),
    *(49, 50, 51, 52, 53, 54, 55, 56, 57, 59, 61, 62, 63, 64, 67, 68, 70),
    *(74, 75, 76, 77, 78, 79, 80, 81, 82, 83, 84, 85, 86, 87, 88, 89, 90, 91, 92, 93, 94, 95),
    *(96, 97, 98, 99, 100, 101, 102, 103, 104, 105, 106, 107, 108),
]
NEVER = [
    pytest.param(19, id="replaceFA"),
    pytest.param(21, id="exerciseOptions"),
    pytest.param(65, id="verifyRequest"),
    pytest.param(66, id="verifyMessage"),
    pytest.param(69, id="updateDisplayGroup"),
    pytest.param(72, id="verifyAndAuthRequest"),
    pytest.param(73, id="verifyAndAuthMessage"),
]
UNDECLARED = 109  # updateConfig: never, should somebody declare it
DECLARED = REQUESTS | BODY_REQUESTS
OTHERS = {3: "order", 4: "cancel", 14: "swallow", 58: "cancel", 71: "start"}


def test_the_allow_list_is_this_one() -> None:
    never = [one.values[0] for one in NEVER]
    assert dict(USES) == (
        dict.fromkeys(READ, "read") | dict.fromkeys([*never, UNDECLARED], "never") | OTHERS
    )


def test_every_declared_request_is_decided_about() -> None:
    assert set(USES) == {*DECLARED, UNDECLARED}


def test_the_allow_list_cannot_be_changed_at_run_time() -> None:
    with pytest.raises(TypeError):
        USES[21] = "read"  # type: ignore[index]


@pytest.mark.parametrize("number", NEVER)
def test_what_is_never_asked_is_refused(number: int) -> None:
    decision = bench().send(plain(REQUESTS[number]))
    assert isinstance(decision, Refuse)
    assert decision.rule == "message.never"
    assert decision.reason == f"{REQUESTS[number].NAME} is asked of no real gateway"
    assert decision.request_id == (1 if number in (21, 69) else -1)


@pytest.mark.parametrize("number", READ, ids=lambda number: DECLARED[number].NAME)
def test_a_question_passes_as_it_is(number: int) -> None:
    made, message = bench(), plain(DECLARED[number])
    made.client.version = 200 if number in REQUESTS else NEWEST
    assert made.send(message) == Allow(message)


@pytest.mark.parametrize("number", sorted(set(REQUESTS) - {71}))
def test_nothing_declared_passes_before_the_accounts_are_known(number: int) -> None:
    made = bench()
    made.client.version, made.client.verified = 200, False
    decision = made.send(plain(REQUESTS[number]))
    assert isinstance(decision, Refuse)
    assert decision.rule == "session.unverified"


def test_a_request_that_is_declared_but_not_listed_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Unlisted(Message):
        MSG_ID = 250
        NAME = "unlisted"

    made = bench()
    monkeypatch.setattr("pytest_ibkr.guard.requests.canonical", lambda *_: Unlisted())
    decision = made.send(b"")
    assert isinstance(decision, Refuse)
    assert decision.rule == "message.never"


def test_the_log_level_of_the_gateway_stays_as_it_is() -> None:
    decision = bench().send(plain(REQUESTS[14]))
    assert isinstance(decision, Ignore)
    assert decision.rule == "message.swallowed"
    assert "setServerLogLevel" in decision.reason


def test_orders_and_cancels_have_rules_of_their_own() -> None:
    made = bench()
    assert isinstance(made.send(order()), Allow)
    decision = made.send(plain(REQUESTS[58]))
    assert isinstance(decision, Replace)
