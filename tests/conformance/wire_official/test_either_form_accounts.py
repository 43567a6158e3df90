"""Orders' queries and everything of accounts mean the same in protobuf as in text."""

from __future__ import annotations

import pytest
from hypothesis import strategies as st

from pytest_ibkr.wire.declare import REQUESTS, RESPONSES
from tests.conformance.wire_official import families, official
from tests.conformance.wire_official.asking import Asked
from tests.conformance.wire_official.values import samples
from tests.meta import proof

pytestmark = pytest.mark.skipif(not official.NEW, reason="ibapi 9.81 knows no protobuf")
if official.NEW:
    from tests.conformance.wire_official import either_form

FOLDER = "tests/conformance/wire_official"
FEW, MANY = 30, 1_000
NEWEST = 225
# Message ids by the version from which they are protobuf (gateway-behaviour.md 1.9).
ANSWERS = {
    203: (3, 53),
    204: (100, 102),
    207: (6, 7, 8, 54, 61, 62, 63, 64, 71, 72, 73, 74),
    210: (94, 95),
    211: (16, 103),
    212: (77, 78, 107),
}
QUESTIONS = {
    203: (4, 58),
    204: (5, 15, 16, 99),
    207: (6, 61, 62, 63, 64, 74, 75, 76, 77),
    210: (92, 93, 94, 95),
    211: (18, 19, 21),
    212: (79, 80, 104),
}
MULTIPLIERS = {"multiplier": st.sampled_from(["", "100", "0.5"])}
FA_TYPES = {"data_type": st.sampled_from([1, 3])}  # the client refuses to ask for profiles
HEARD = [(number, since) for since, numbers in ANSWERS.items() for number in numbers]
ASKED = [(number, since) for since, numbers in QUESTIONS.items() for number in numbers]


def check_answers(number: int, since: int, count: int) -> int:
    """Drawn answers of one kind are heard the same at both ends of the versions."""
    cls = RESPONSES[number]
    draw = {**families.RESPONSES[number].draw, **MULTIPLIERS}
    for message in samples(cls, draw, examples=count):
        for version in (since, NEWEST):
            either_form.check_answer(message, version)
    return 2 * count


def check_questions(number: int, since: int, count: int) -> int:
    """Drawn calls of one kind are read the same at both ends of the versions."""
    cls, how = REQUESTS[number], families.REQUESTS.get(number, Asked())
    for message in samples(cls, {**how.draws(), **MULTIPLIERS, **FA_TYPES}, examples=count):
        for version in (since, NEWEST):
            either_form.check_request(cls, message, version)
    return 2 * count


@pytest.mark.parametrize(("number", "since"), HEARD)
def test_an_answer_is_heard_the_same(number: int, since: int) -> None:
    assert check_answers(number, since, FEW)


@pytest.mark.parametrize(("number", "since"), ASKED)
def test_a_question_is_read_the_same(number: int, since: int) -> None:
    assert check_questions(number, since, FEW)


@pytest.mark.proof
def test_a_thousand_of_each() -> None:
    answers = sum(check_answers(*row, MANY) for row in HEARD)
    questions = sum(check_questions(*row, MANY) for row in ASKED)
    proof.record(
        "protobuf-accounts",
        command=f"python -m pytest -m proof {FOLDER}/test_either_form_accounts.py",
        seed=None,
        numbers={"answers": answers, "questions": questions},
        code_paths=["pytest_ibkr/wire"],
    )
