"""Display groups: seven of them, shared by all clients."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from pytest_ibkr.wire.messages.display_groups import (
    CancelGroupEvents,
    DisplayGroups,
    DisplayGroupUpdated,
    ReqDisplayGroups,
    ReqGroupEvents,
    SetDisplayGroup,
)
from pytest_ibkr.wire.versions import NEWEST, OLDEST
from tests.sim.data_bench import Peer, errors, only, peer

SPY_SMART, SPY_ARCA = "756733@SMART", "756733@ARCA"


@pytest.fixture(params=[OLDEST, NEWEST])
def asker(request: pytest.FixtureRequest) -> Iterator[Peer]:
    made = peer(version=request.param)
    yield made
    assert made.engine.failures == []


def shows(request_id: int, info: str) -> DisplayGroupUpdated:
    return DisplayGroupUpdated(request_id=request_id, contract_info=info)


def watch(asker: Peer, request_id: int, group_id: int = 1) -> None:
    found = asker.send(ReqGroupEvents(request_id=request_id, group_id=group_id))
    assert [m.request_id for m in only(found, DisplayGroupUpdated)] == [request_id]


def put(asker: Peer, request_id: int, info: str) -> list[object]:
    return list(asker.send(SetDisplayGroup(request_id=request_id, contract_info=info)))


def test_there_are_seven_groups(asker: Peer) -> None:
    found = asker.send(ReqDisplayGroups(request_id=7))
    assert found == [DisplayGroups(request_id=7, groups="1|2|3|4|5|6|7")]


def test_a_group_shows_nothing_then_what_was_put_there(asker: Peer) -> None:
    assert asker.send(ReqGroupEvents(request_id=7, group_id=3)) == [shows(7, "none")]
    assert put(asker, 7, SPY_SMART) == [shows(7, SPY_SMART)]
    assert put(asker, 7, SPY_SMART) == []
    assert put(asker, 7, "combo") == [shows(7, "combo")]
    assert put(asker, 7, "none") == [shows(7, "none")]


def test_clients_share_groups_and_not_subscriptions(asker: Peer) -> None:
    other = peer(version=NEWEST, engine=asker.engine)
    watch(asker, 7, group_id=1)
    watch(asker, 8, group_id=2)
    watch(other, 7, group_id=1)
    assert put(asker, 7, SPY_ARCA) == [shows(7, SPY_ARCA)]
    assert other.wait(0.0) == [shows(7, SPY_ARCA)]
    assert other.send(ReqGroupEvents(request_id=9, group_id=1)) == [shows(9, SPY_ARCA)]
    other.send(CancelGroupEvents(request_id=7))
    assert put(asker, 7, "none") == [shows(7, "none")]
    assert other.wait(1.0) == [shows(9, "none")]


def test_a_group_keeps_what_it_shows_when_its_clients_leave(asker: Peer) -> None:
    watch(asker, 7)
    put(asker, 7, SPY_SMART)
    asker.engine.gone(asker.client, "")
    other = peer(version=NEWEST, engine=asker.engine)
    assert other.send(ReqGroupEvents(request_id=1, group_id=1)) == [shows(1, SPY_SMART)]
    assert put(other, 1, "none") == [shows(1, "none")]


def test_unsubscribing_is_silent_and_takes_back_what_was_not_sent_yet(asker: Peer) -> None:
    asker.send(ReqGroupEvents(request_id=7, group_id=1), wait_s=0.0)
    assert asker.send(CancelGroupEvents(request_id=7)) == []
    assert asker.send(CancelGroupEvents(request_id=7)) == []


@pytest.mark.parametrize("group_id", [0, 8, -1, 2**31 - 1])
def test_an_unknown_group_is_refused(asker: Peer, group_id: int) -> None:
    found = errors(asker.send(ReqGroupEvents(request_id=7, group_id=group_id)))
    assert [(request_id, code) for request_id, code, _ in found] == [(7, 321)]


@pytest.mark.parametrize(
    ("info", "code"),
    [
        *(
            (info, 321)
            for info in ("", "SPY", "756733", "756733@", "@SMART", "x@SMART", "-1@SMART")
        ),
        *((info, 321) for info in ("\u0661@SMART", "9" * 40 + "@SMART", "NONE")),
        *((info, 200) for info in ("0@SMART", "1@SMART", "756733@LSE")),
    ],
)
def test_what_no_group_can_show_is_refused(asker: Peer, info: str, code: int) -> None:
    watch(asker, 7)
    asked = SetDisplayGroup(request_id=7, contract_info=info)
    found = asker.send(asked)
    assert [(request_id, seen) for request_id, seen, _ in errors(found)] == [(7, code)]
    assert asker.send(ReqGroupEvents(request_id=8, group_id=1)) == [shows(8, "none")]


def test_only_a_subscriber_puts_something_into_a_group_and_an_id_is_used_once(asker: Peer) -> None:
    watch(asker, 7)
    for request in (
        SetDisplayGroup(request_id=8, contract_info=SPY_SMART),
        ReqGroupEvents(request_id=7, group_id=2),
    ):
        found = errors(asker.send(request))
        assert [(i, code) for i, code, _ in found] == [(request.request_id, 322)]
