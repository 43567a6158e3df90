"""What is said to people and programs, and that account ids never are."""

from __future__ import annotations

import pickle

from pytest_ibkr.guard import decision
from pytest_ibkr.guard.decision import Allow, EndRun, Hold, Ignore, Refuse, Release, Replace
from pytest_ibkr.wire.messages.order import CancelOrder
from pytest_ibkr.wire.messages.session import ReqCurrentTime
from tests.guard.bench import ACCOUNT, LIVE

SENTENCE = (
    "Error validating request.-'aa' : cause - The API interface is currently in Read-Only mode."
)


def test_a_client_reads_the_sentence_of_a_read_only_gateway_and_the_rule() -> None:
    refusal = Refuse("order.tif", "it may outlive the run", "say DAY")
    assert decision.READ_ONLY == SENTENCE
    assert refusal.text == f"{SENTENCE} pytest-ibkr: it may outlive the run (order.tif)"
    assert (refusal.request_id, refusal.code, refusal.hang_up) == (-1, 321, False)


def test_a_client_id_is_refused_in_the_words_of_the_gateway() -> None:
    refusal = Refuse("session.client-id", "not 7001", "take 7001", code=326)
    assert refusal.text == (
        "Unable to connect as the client id is already in use. Retry with a unique client id."
        " pytest-ibkr: not 7001 (session.client-id)"
    )


def test_account_ids_are_masked() -> None:
    assert "DU*****21 and U*****67" in Refuse("a.b", f"{ACCOUNT} and {LIVE}", "x").text
    assert EndRun("a.b", f"{ACCOUNT} is gone", "x").text == "DU*****21 is gone (a.b)"


def test_a_replacement_is_for_the_connection_that_asked_unless_it_says_otherwise() -> None:
    assert Replace((ReqCurrentTime(),), "why").elsewhere == ()


def test_every_decision_can_be_told_apart_and_pickled() -> None:
    said = [
        Allow(ReqCurrentTime()),
        Refuse("a.b", "c", "d"),
        Replace((), "e", ((7001, CancelOrder(order_id=1)),)),
        EndRun("a.b", "c", "d"),
        Ignore("a.b", "c"),
        Release(),
        Hold(),
    ]
    assert pickle.loads(pickle.dumps(said)) == said
    assert len({type(one) for one in said}) == len(said)
