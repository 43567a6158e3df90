"""What message 4 means for a capture."""

from __future__ import annotations

import pickle

import pytest

from pytest_ibkr.capture.errors import (
    CaptureFailed,
    Meaning,
    ends_request,
    meaning,
    worth_keeping,
)


@pytest.mark.req("SC-025")
@pytest.mark.parametrize("code", [2104, 2106, 2158])
def test_data_farm_notices_are_information(code):
    assert meaning(code) is Meaning.INFORMATION
    assert not ends_request(code)
    assert not worth_keeping(code)


@pytest.mark.parametrize(
    ("code", "found", "ends"),
    [
        (200, Meaning.UNKNOWN_CONTRACT, True),
        (354, Meaning.NOT_ENTITLED, True),
        (10089, Meaning.NOT_ENTITLED, True),
        (10167, Meaning.WARNING, False),
        (10090, Meaning.WARNING, False),
        (2174, Meaning.WARNING, False),
        (2176, Meaning.WARNING, False),
        (100, Meaning.TOO_FAST, True),
        (101, Meaning.TOO_MANY_LINES, True),
        (300, Meaning.HARMLESS, False),
        (366, Meaning.HARMLESS, False),
        (1100, Meaning.CONNECTIVITY, False),
        (2110, Meaning.CONNECTIVITY, False),
        (162, Meaning.ERROR, True),
        (321, Meaning.ERROR, True),
        (10197, Meaning.ERROR, True),
        (99999, Meaning.ERROR, True),
    ],
)
def test_each_code_has_a_meaning_and_ends_its_request_or_not(code, found, ends):
    assert meaning(code) is found
    assert ends_request(code) is ends


def test_a_pacing_violation_is_told_from_the_other_causes_of_162():
    text = "Historical Market Data Service error message:Historical data request pacing violation"
    assert meaning(162, text) is Meaning.PACING
    assert meaning(162, "HMDS query returned no data: AAPL@SMART Trades") is Meaning.ERROR


def test_what_a_gateway_says_of_contracts_and_data_is_worth_keeping():
    assert all(worth_keeping(code) for code in (200, 354, 10167, 2176, 1100, 162))
    assert not worth_keeping(300)


def test_the_error_survives_pickling():
    assert str(pickle.loads(pickle.dumps(CaptureFailed("no symbol")))) == "no symbol"
