"""Contracts, market data, history, news and all the rest mean the same in protobuf as in text."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import strategies as st
from ibapi.tag_value import TagValue

from pytest_ibkr.wire import codec
from pytest_ibkr.wire.declare import BODY_REQUESTS, REQUESTS, RESPONSES, specs
from pytest_ibkr.wire.versions import CANCEL_CONTRACT_DATA, NEWEST
from tests.conformance.wire_official import families, official
from tests.conformance.wire_official.asking import Asked, Asker
from tests.conformance.wire_official.reading import Call
from tests.conformance.wire_official.values import UNSET_FLOAT, Draws, samples
from tests.meta import proof

pytestmark = pytest.mark.skipif(not official.NEW, reason="ibapi 9.81 knows no protobuf")
if official.NEW:
    from tests.conformance.wire_official import either_form

FEW, MANY = 30, 2_000
# Message ids by the version from which they are protobuf (gateway-behaviour.md 1.9).
ANSWERS = {
    205: (10, 18, 52),
    206: (1, 2, 12, 13, 21, 45, 46, 57, 58, 81),
    208: (17, 50, 88, 89, 90, 96, 97, 98, 99, 108),
    209: (14, 83, 84, 85, 86, 87, 104, 105),
    210: (19, 20, 51),
    211: (91, 92, 106),
    212: (75, 76, 79, 82, 93),
    213: (65, 66, 67, 68, 80, 109),
}
QUESTIONS = {
    205: (9,),
    206: (1, 2, 10, 11, 59),
    208: (20, 25, 50, 51, 87, 88, 89, 90, 96, 97, 98),
    209: (12, 13, 84, 85, 86, 100, 101, 102, 103),
    210: (22, 23, 24, 52, 53),
    211: (54, 55, 56, 57),
    212: (78, 81, 83, 91),
    213: (14, 65, 66, 67, 68, 69, 70, 82, 105),
}
SIZES = st.decimals(0, 10**9, places=4)
# A number in a protobuf contract, whatever text form calls it; sizes with fractions.
NUMBERS: Draws = {
    "multiplier": st.sampled_from(["", "100", "0.5"]),
    **dict.fromkeys(("size", "bid_size", "ask_size"), SIZES),
    **dict.fromkeys(("min_size", "size_increment", "suggested_size_increment"), SIZES),
}
TRUTHS: Draws = {"successful": st.sampled_from(["true", "false"])}
# What the client is told otherwise in the two forms, with the reason.
TOLD_OTHERWISE: dict[int, dict[str, str]] = {
    18: {
        "contractDetails.contract.lastTradeDateOrContractMonth": (
            "a body has no other place for the maturity; the text's contract has none"
        ),
        "contractDetails.longName": "of the text's name of a bond nobody undoes the escapes",
    },
}


def components(call: Call) -> dict[str, Any]:
    """The exchanges of message 82: a list of objects in text form, a dict by bit in protobuf."""
    known = call.args["smartComponentMap"]
    if not isinstance(known, dict):
        known = {one.bitNumber: (one.exchange, one.exchangeLetter or " ") for one in known}
    return {"reqId": call.args["reqId"], "exchanges": sorted(known.items())}


def success(call: Call) -> dict[str, Any]:
    """Whether a verification succeeded: a text in text form, a bool in protobuf."""
    return {**call.args, "isSuccessful": call.args["isSuccessful"] in ("true", True)}


# What a call says, where the client makes different objects of the two forms.
SAID: dict[int, Callable[[Call], Any]] = {66: success, 82: components}
HEARD = [(number, since) for since, numbers in ANSWERS.items() for number in numbers]
ASKED = [(number, since) for since, numbers in QUESTIONS.items() for number in numbers]


def tagged_once(message: Any) -> Any:
    """The message without repetitions of a tag: a map has none."""
    if not hasattr(message, "sec_ids"):
        return message
    by_tag = {one.tag: one for one in message.sec_ids}
    return replace(message, sec_ids=tuple(by_tag.values()))


def check_answers(number: int, since: int, count: int) -> int:
    """Drawn answers of one kind are heard the same at both ends of the versions."""
    cls = RESPONSES[number]
    draw = {**families.RESPONSES[number].draw, **NUMBERS, **TRUTHS}
    lost, said = TOLD_OTHERWISE.get(number, ()), SAID.get(number, lambda call: call.args)
    for message in map(tagged_once, samples(cls, draw, examples=count)):
        for version in (since, NEWEST):
            either_form.check_answer(message, version, lost=lost, said=said)
    return 2 * count


def check_questions(number: int, since: int, count: int) -> int:
    """Drawn calls of one kind are read the same at both ends of the versions."""
    cls, how = REQUESTS[number], families.REQUESTS.get(number, Asked())
    for message in samples(cls, {**how.draws(), **NUMBERS}, examples=count):
        for version in (since, NEWEST):
            either_form.check_request(cls, message, version)
    return 2 * count


@pytest.mark.parametrize(("number", "since"), HEARD)
def test_an_answer_is_heard_the_same(number: int, since: int) -> None:
    assert check_answers(number, since, FEW)


@pytest.mark.parametrize(("number", "since"), ASKED)
def test_a_question_is_read_the_same(number: int, since: int) -> None:
    assert check_questions(number, since, FEW)


# Requests whose contract text form sends in part only, and the version of their bodies.
WITH_CONTRACT = [
    (number, since) for number, since in ASKED if "contract" in dict(specs(REQUESTS[number]))
]


@pytest.mark.parametrize(("number", "since"), WITH_CONTRACT)
@pytest.mark.parametrize("sec_type", ["STK", "BAG"])
def test_of_a_whole_contract_is_read_what_text_form_sends(
    number: int, since: int, sec_type: str
) -> None:
    cls, how = REQUESTS[number], families.REQUESTS.get(number, Asked())
    asker = Asker(cls, how, official)
    for message in samples(cls, {**how.draws(), **NUMBERS}, examples=FEW):
        args = asker._arguments(message, either_form.TEXT_VERSION)
        fill(args["contract"], sec_type)
        read = [
            either_form.asked(asker.method, args, version)
            for version in (either_form.TEXT_VERSION, since, NEWEST)
        ]
        assert read[1] == read[0]
        assert read[2] == read[0]


def fill(contract: Any, sec_type: str) -> None:
    """Say all that a client's contract can say, but for a strike."""
    contract.secType, contract.strike = sec_type, UNSET_FLOAT
    contract.includeExpired, contract.issuerId = True, "e1"
    contract.secIdType, contract.secId = "ISIN", "US78462F1030"
    contract.description, contract.comboLegsDescrip = "x", "y"
    contract.primaryExchange, contract.tradingClass = "ARCA", "SPY"
    contract.deltaNeutralContract = official.MAKERS["deltaNeutralContract"]()
    contract.comboLegs = [official.MAKERS["comboLegs"]() for _ in range(2)]
    for place, leg in enumerate(contract.comboLegs):
        leg.conId, leg.ratio, leg.action, leg.exchange = place + 1, 2, "BUY", "SMART"
        leg.openClose, leg.shortSaleSlot, leg.designatedLocation = 1, 2, "z"


# Methods whose text form sends options, with their parameters.
TELLS_OPTIONS = [
    (20, 208, ("chartOptions",)),
    (22, 210, ("scannerSubscriptionOptions", "scannerSubscriptionFilterOptions")),
    (50, 208, ("realTimeBarsOptions",)),
    (52, 210, ("fundamentalDataOptions",)),
    (84, 209, ("newsArticleOptions",)),
    (86, 209, ("historicalNewsOptions",)),
    (96, 208, ("miscOptions",)),
]


@pytest.mark.parametrize(("number", "since", "names"), TELLS_OPTIONS)
def test_options_are_read_the_same(number: int, since: int, names: tuple[str, ...]) -> None:
    cls, how = REQUESTS[number], families.REQUESTS.get(number, Asked())
    asker = Asker(cls, how, official)
    [message] = samples(cls, {**how.draws(), **NUMBERS}, examples=1)
    args = asker._arguments(message, either_form.TEXT_VERSION)
    for name in names:
        assert args[name] == []
        args[name] = [TagValue("a", "1"), TagValue("b", name)]
    in_text, in_protobuf = (
        either_form.asked(asker.method, args, version)
        for version in (either_form.TEXT_VERSION, since)
    )
    assert in_protobuf == in_text
    assert f"a=1;b={names[-1]};" in repr(in_text)


@pytest.mark.parametrize("number", [106, 107])
def test_a_request_without_text_form_is_read_as_it_was_asked(number: int) -> None:
    cls = BODY_REQUESTS[number]
    for version in (CANCEL_CONTRACT_DATA, NEWEST):
        payload = official.asked(version, cls.NAME, {"reqId": 7})
        read = codec.decode_request(payload, version)
        assert read == cls(request_id=7)  # type: ignore[call-arg]
        assert codec.encode(read, version) == payload


@pytest.mark.proof
def test_two_thousand_of_each() -> None:
    answers = sum(check_answers(*row, MANY) for row in HEARD)
    questions = sum(check_questions(*row, MANY) for row in ASKED)
    command = "python -m pytest -m proof tests/conformance/wire_official/{}".format(
        "test_either_form_data.py"
    )
    proof.record(
        "protobuf-data",
        command=command,
        seed=None,
        numbers={"answers": answers, "questions": questions},
        code_paths=["pytest_ibkr/wire"],
    )
