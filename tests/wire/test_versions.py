"""Version negotiation and request names."""

from __future__ import annotations

import pytest

from pytest_ibkr.errors import UsageError
from pytest_ibkr.wire.declare import BODY_REQUESTS, REQUESTS
from pytest_ibkr.wire.names import REQUEST_NAMES, request_type
from pytest_ibkr.wire.versions import NEWEST, OLDEST, negotiate


@pytest.mark.parametrize(
    ("lowest", "highest", "newest", "chosen"),
    [
        pytest.param(100, 157, NEWEST, 157, id="ibapi-9.81"),
        pytest.param(100, 225, NEWEST, NEWEST, id="ibapi-10-meets-our-newest"),
        pytest.param(157, 178, 163, 163, id="an-older-gateway"),
        pytest.param(157, 178, 152, 152, id="below-the-client's-lowest-it-hangs-up-itself"),
        pytest.param(100, OLDEST, NEWEST, OLDEST, id="the-oldest"),
        pytest.param(100, OLDEST - 1, NEWEST, None, id="too-old"),
        pytest.param(178, 157, NEWEST, None, id="a-range-upside-down"),
    ],
)
def test_the_answer_is_the_lower_of_both_highest_versions(
    lowest: int, highest: int, newest: int, chosen: int | None
) -> None:
    assert negotiate(lowest, highest, newest=newest) == chosen


def test_every_request_has_the_name_the_official_client_uses() -> None:
    assert set(REQUEST_NAMES.values()) == {*REQUESTS.values(), *BODY_REQUESTS.values()}
    assert request_type("placeOrder").MSG_ID == 3


def test_an_unknown_name_is_met_with_the_one_that_was_meant() -> None:
    with pytest.raises(UsageError, match=r"'reqMarketData'; did you mean 'reqMktData'"):
        request_type("reqMarketData")
