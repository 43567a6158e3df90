"""The canonical rule: a frame passes only when our encoder says the same, number by number."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_ibkr.guard import canonical as module
from pytest_ibkr.guard.canonical import canonical
from pytest_ibkr.guard.decision import Refuse
from pytest_ibkr.wire.codec import decode_request, encode
from pytest_ibkr.wire.declare import BOOL, OPT_INT, REQUESTS, Message
from pytest_ibkr.wire.messages.contract import Contract, ReqContractDetails
from pytest_ibkr.wire.versions import NEWEST, NEWEST_TEXT, OLDEST
from tests.guard.bench import CALL, order
from tests.wire.strategies import as_carried, full

VERSION = 178


def rule(payload: bytes, version: int = VERSION) -> str | None:
    found = canonical(payload, version)
    if isinstance(found, Refuse):
        assert found.fix
        return found.rule
    return None


def written(message: Message, index: int, text: bytes, version: int = VERSION) -> bytes:
    """The frame of a message with one field spelled otherwise."""
    fields = encode(message, version).split(b"\0")
    fields[index] = text
    return b"\0".join(fields)


DETAILS = ReqContractDetails(request_id=3, contract=CALL)
MSG_ID, LAYOUT, REQUEST_ID, CON_ID, STRIKE, EXPIRED = 0, 1, 2, 3, 7, 15

NOT_OURS = [
    pytest.param(REQUEST_ID, b"03", id="leading-zero"),
    pytest.param(REQUEST_ID, b"+3", id="plus"),
    pytest.param(REQUEST_ID, b"-0", id="minus-zero"),
    pytest.param(CON_ID, b"0700001", id="contract-id-with-leading-zero"),
    pytest.param(CON_ID, b"", id="contract-id-left-out"),
    pytest.param(MSG_ID, b"09", id="message-id-with-leading-zero"),
    pytest.param(EXPIRED, b"false", id="flag-as-a-word"),
    pytest.param(LAYOUT, b"08", id="layout-with-leading-zero"),
    pytest.param(STRIKE, b"0600.0", id="number-with-leading-zero"),
    pytest.param(STRIKE, b"+600.0", id="number-with-plus"),
    pytest.param(STRIKE, b"600.", id="number-that-ends-in-a-point"),
    pytest.param(STRIKE, b".6e3", id="number-that-begins-with-a-point"),
    pytest.param(STRIKE, b"600." + b"0" * 37, id="longer-than-any-number"),
    pytest.param(STRIKE, b"600.00000000000000001", id="a-number-that-is-rounded"),
]
UNREADABLE = [
    pytest.param(REQUEST_ID, b" 3", id="leading-blank"),
    pytest.param(REQUEST_ID, b"3 ", id="trailing-blank"),
    pytest.param(REQUEST_ID, b"3\n", id="newline-behind"),
    pytest.param(REQUEST_ID, b"3_0", id="underscore"),
    pytest.param(REQUEST_ID, "٣".encode(), id="arabic-digit"),
    pytest.param(REQUEST_ID, "３".encode(), id="full-width-digit"),
    pytest.param(REQUEST_ID, b"3.0", id="fraction"),
    pytest.param(REQUEST_ID, b"\xff", id="not-text"),
    pytest.param(REQUEST_ID, b"3\0", id="surplus-field"),
    pytest.param(STRIKE, b"nan", id="not-a-number"),
    pytest.param(STRIKE, b"Infinity", id="infinity"),
    pytest.param(STRIKE, b"1e999", id="infinity-by-size"),
    pytest.param(STRIKE, b"600e", id="exponent-without-digits"),
    pytest.param(STRIKE, b" 600.0", id="number-with-blank"),
    pytest.param(STRIKE, b"600.0\n", id="number-with-newline"),
    pytest.param(EXPIRED, b"yes", id="no-flag"),
]
ALSO_RIGHT = [
    pytest.param(STRIKE, b"600", id="without-fraction"),
    pytest.param(STRIKE, b"600.00", id="two-decimals"),
    pytest.param(STRIKE, b"6e2", id="exponent"),
    pytest.param(STRIKE, b"6.0E+02", id="exponent-with-sign-and-zero"),
    pytest.param(STRIKE, b"600." + b"0" * 36, id="forty-characters"),
    pytest.param(EXPIRED, b"", id="blank-flag"),
]


def test_our_own_spelling_is_canonical() -> None:
    assert canonical(encode(DETAILS, VERSION), VERSION) == DETAILS


@pytest.mark.parametrize(("index", "text"), NOT_OURS)
def test_another_spelling_is_refused(index: int, text: bytes) -> None:
    found = canonical(written(DETAILS, index, text), VERSION)
    assert isinstance(found, Refuse)
    assert found.rule == "frame.not-canonical"
    assert found.reason == "reqContractDetails is written in an unusual way"
    assert found.request_id in (3, 0)


@pytest.mark.parametrize(("index", "text"), UNREADABLE)
def test_what_no_gateway_reads_is_refused(index: int, text: bytes) -> None:
    found = canonical(written(DETAILS, index, text), VERSION)
    assert isinstance(found, Refuse)
    assert found.rule == "frame.unreadable"
    assert found.reason.startswith("a frame cannot be read: ReqContractDetails: ")


def test_a_refusal_quotes_no_more_than_the_beginning_of_a_long_field() -> None:
    found = canonical(b"49\0" + b"x" * 400 + b"\0", VERSION)
    assert isinstance(found, Refuse)
    assert len(found.reason) == len("a frame cannot be read: ") + 200


@pytest.mark.parametrize(("index", "text"), ALSO_RIGHT)
def test_the_same_number_may_be_written_otherwise(index: int, text: bytes) -> None:
    assert canonical(written(DETAILS, index, text), VERSION) == DETAILS


def test_a_strike_left_out_is_not_the_strike_zero() -> None:
    zero = ReqContractDetails(request_id=3, contract=Contract())
    assert rule(written(zero, STRIKE, b"0")) is None
    assert rule(written(zero, STRIKE, b"-0")) is None
    assert rule(written(zero, STRIKE, b"")) == "frame.not-canonical"


@pytest.mark.parametrize("text", [b"1.7976931348623157e+308", b"1.7976931348623157E308", b""])
def test_unset_prices_have_several_spellings(text: bytes) -> None:
    limit = 1 + 1 + 12 + 2 + 3  # behind id, order id, contract, two ids and three words
    market = order(order_type="MKT", limit_price=None)
    assert canonical(written(market, limit, text), VERSION) == market


def test_a_size_beyond_all_numbers_is_not_unset() -> None:
    limit = 19
    market = order(order_type="MKT", limit_price=None)
    assert rule(written(market, limit, b"1.7976931348623158e308")) == "frame.not-canonical"
    assert rule(written(market, limit, b"2147483647")) == "frame.not-canonical"


def test_the_other_spellings_of_nothing_are_these() -> None:
    assert dict(module.SAME) == {(OPT_INT, b"2147483647"): b"", (BOOL, b""): b"0"}
    assert module.NUMBER.pattern == rb"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?"
    assert {kind.name for kind in module._NUMBERS} == {
        *("double", "double?", "double?max", "double?inf", "size", "money?")
    }


FRAMES = [
    pytest.param(b"", "frame.unknown", id="nothing"),
    pytest.param(b"\0", "frame.unknown", id="an-empty-field"),
    pytest.param(b"49\0001\0", None, id="reqCurrentTime"),
    pytest.param(b"49\0001", "frame.unreadable", id="no-nul-at-the-end"),
    pytest.param(b"49\0", "frame.unreadable", id="too-few-fields"),
    pytest.param(b"49\0001\0\0", "frame.unreadable", id="an-empty-field-too-much"),
    pytest.param(b"+49\0001\0", "frame.unknown", id="message-id-with-plus"),
    pytest.param(b" 49\0001\0", "frame.unknown", id="message-id-with-blank"),
    pytest.param("٤٩\0001\0".encode(), "frame.unknown", id="message-id-in-arabic-digits"),
    pytest.param(b"250\0001\0", "frame.unknown", id="an-id-nobody-knows"),
    pytest.param(b"108\0001\0", "frame.unknown", id="reqConfig"),
    pytest.param(b"109\0001\0", "frame.unknown", id="updateConfig"),
    pytest.param(b"\x00\x00\x00\xf9", "frame.unknown", id="binary-message-id"),
    pytest.param(b"\x00\x00\x00\xcb\x0a\x02", "frame.unknown", id="protobuf"),
    pytest.param(b"API\0", "frame.unknown", id="a-greeting"),
]


@pytest.mark.parametrize(("payload", "expected"), FRAMES)
def test_a_frame_is_judged_by_its_bytes(payload: bytes, expected: str | None) -> None:
    assert rule(payload) == expected


def test_an_unknown_request_is_named() -> None:
    found = canonical(b"109\0001\0", VERSION)
    assert isinstance(found, Refuse)
    assert found.reason == "updateConfig (message 109) is not known here"


@pytest.mark.parametrize("version", [OLDEST - 1, NEWEST + 1, 300, 0])
def test_a_version_that_is_not_understood_ends_the_connection(version: int) -> None:
    found = canonical(b"49\0001\0", version)
    assert isinstance(found, Refuse)
    assert (found.rule, found.hang_up) == ("frame.version", True)
    assert f"server version {version} " in found.reason


@pytest.mark.parametrize("version", [OLDEST, NEWEST_TEXT])
def test_the_edges_of_what_is_understood_are_understood(version: int) -> None:
    assert rule(b"49\0001\0", version) is None


@given(st.binary(max_size=80), st.integers(OLDEST, NEWEST_TEXT))
def test_any_bytes_are_read_or_refused(payload: bytes, version: int) -> None:
    found = canonical(payload, version)
    assert isinstance(found, Refuse) or encode(found, version)


NUMBERS = st.sampled_from(sorted(REQUESTS))
PIECES = st.sampled_from(
    [b"", b"0", b"1", b"-1", b"3", b"03", b"+3", b" 3", b"1e5", b"1.5", b"nan", b"2147483647",
     b"1.7976931348623157e+308", b"SPY", b"STK", b"BUY", b"\xff", "٣".encode(), b"3\n"]
)  # fmt: skip


@given(NUMBERS, st.lists(PIECES, max_size=130), st.integers(OLDEST, NEWEST_TEXT))
def test_any_fields_are_read_or_refused_and_what_is_read_is_the_same_when_sent_on(
    number: int, fields: list[bytes], version: int
) -> None:
    payload = b"\0".join([str(number).encode(), *fields, b""])
    found = canonical(payload, version)
    if isinstance(found, Message):
        again = encode(found, version)
        assert decode_request(again, version) == found
        assert canonical(again, version) == found
        assert payload.count(b"\0") == again.count(b"\0")


@given(st.data(), NUMBERS, st.integers(OLDEST, NEWEST_TEXT))
def test_whatever_our_encoder_writes_is_canonical(
    data: st.DataObject, number: int, version: int
) -> None:
    message = as_carried(data.draw(full(REQUESTS[number])), version)
    payload = encode(message, version)
    found = canonical(payload, version)
    assert isinstance(found, Message)
    assert encode(found, version) == payload
