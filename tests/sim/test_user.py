"""User information and the clock in milliseconds, and versions that do not know them."""

from __future__ import annotations

import pytest

from pytest_ibkr.wire.declare import Message
from pytest_ibkr.wire.messages.user import (
    CurrentTimeInMillis,
    ReqCurrentTimeInMillis,
    ReqUserInfo,
    UserInfo,
)
from pytest_ibkr.wire.messages.wsh import (
    CancelWshEventData,
    CancelWshMetaData,
    ReqWshEventData,
    ReqWshMetaData,
)
from pytest_ibkr.wire.versions import MILLISECONDS, NEWEST, USER_INFO, WSH_CALENDAR
from tests.sim.data_bench import TEN, errors, peer


@pytest.mark.parametrize("version", [USER_INFO, NEWEST])
def test_the_user_has_no_white_branding(version: int) -> None:
    found = peer(version=version).send(ReqUserInfo(request_id=7))
    assert found == [UserInfo(request_id=7, white_branding_id="")]


def test_the_clock_in_milliseconds_is_the_virtual_one() -> None:
    asker = peer(version=NEWEST)
    asker.wait(TEN + 12.345 - asker.engine.now_s)
    [answer] = asker.send(ReqCurrentTimeInMillis())
    assert answer == CurrentTimeInMillis(epoch_ms=1783692012345)


@pytest.mark.parametrize(
    ("request_", "gate"),
    [
        (ReqUserInfo(request_id=7), USER_INFO),
        (ReqCurrentTimeInMillis(), MILLISECONDS),
        (ReqWshMetaData(request_id=7), WSH_CALENDAR),
        (CancelWshMetaData(request_id=7), WSH_CALENDAR),
        (ReqWshEventData(request_id=7, con_id=756733), WSH_CALENDAR),
        (CancelWshEventData(request_id=7), WSH_CALENDAR),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Message) else str(value),
)
def test_an_older_version_does_not_know_the_request(request_: Message, gate: int) -> None:
    before = errors(peer(version=gate - 1).send(request_))
    text = f"Error reading request:Message type {request_.MSG_ID}.  Unable to parse data."
    assert before == [(-1, 320, text)]
    assert 320 not in [code for _, code, _ in errors(peer(version=gate).send(request_))]
