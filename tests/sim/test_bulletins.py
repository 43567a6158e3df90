"""News bulletins: who is told of which."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from pytest_ibkr.errors import UsageError
from pytest_ibkr.sim.bulletins import BulletinDesk
from pytest_ibkr.wire.messages.bulletins import (
    CancelNewsBulletins,
    NewsBulletin,
    ReqNewsBulletins,
)
from pytest_ibkr.wire.versions import NEWEST, OLDEST
from tests.sim.data_bench import Peer, only, peer

ALL, NEW = ReqNewsBulletins(all_messages=True), ReqNewsBulletins(all_messages=False)


@pytest.fixture(params=[OLDEST, NEWEST])
def asker(request: pytest.FixtureRequest) -> Iterator[Peer]:
    made = peer(version=request.param)
    yield made
    assert made.engine.failures == []


@pytest.fixture
def desk(asker: Peer) -> BulletinDesk:
    return asker.engine.desk(BulletinDesk)


def texts(asker: Peer) -> list[str]:
    return [bulletin.text for bulletin in only(asker.wait(1.0), NewsBulletin)]


def test_a_bulletin_reaches_subscribers_as_it_was_published(
    asker: Peer, desk: BulletinDesk
) -> None:
    other = peer(version=NEWEST, engine=asker.engine)
    assert asker.send(NEW) == []
    assert desk.publish("ARCA is down", kind=2, exchange="ARCA") == 1
    expected = NewsBulletin(bulletin_id=1, kind=2, text="ARCA is down", exchange="ARCA")
    assert asker.wait(0.0) == [expected]
    assert other.wait(1.0) == []


def test_all_messages_begin_with_those_of_today(asker: Peer, desk: BulletinDesk) -> None:
    desk.publish("yesterday's")
    asker.wait(86_400.0)
    desk.publish("this morning's")
    asker.send(ALL, wait_s=0.0)
    assert texts(asker) == ["this morning's"]
    desk.publish("the latest")
    assert texts(asker) == ["the latest"]


def test_new_ones_only_leave_out_what_was_before(asker: Peer, desk: BulletinDesk) -> None:
    desk.publish("earlier")
    asker.send(NEW, wait_s=0.0)
    assert texts(asker) == []
    desk.publish("later")
    assert texts(asker) == ["later"]


def test_subscribing_twice_does_not_double_them(asker: Peer, desk: BulletinDesk) -> None:
    asker.send(NEW)
    asker.send(ALL)
    desk.publish("once")
    assert texts(asker) == ["once"]


def test_cancelling_is_silent_and_ends_it(asker: Peer, desk: BulletinDesk) -> None:
    desk.publish("before")
    assert asker.send(CancelNewsBulletins()) == []
    asker.send(ALL, wait_s=0.0)
    assert asker.send(CancelNewsBulletins()) == []  # what was owed is not sent any more
    desk.publish("after")
    assert texts(asker) == []


def test_a_client_that_left_is_told_nothing(asker: Peer, desk: BulletinDesk) -> None:
    asker.send(ALL)
    asker.engine.gone(asker.client, "")
    desk.publish("late")
    assert texts(asker) == []


@pytest.mark.parametrize("kind", [0, 4, -1])
def test_an_unknown_kind_says_which_there_are(desk: BulletinDesk, kind: int) -> None:
    with pytest.raises(UsageError, match=rf"kind {kind}; kinds are 1: a bulletin; 2: .*; 3: "):
        desk.publish("text", kind=kind)


def test_text_that_no_frame_can_carry_is_refused_where_it_is_said(desk: BulletinDesk) -> None:
    with pytest.raises(UsageError, match="NUL"):
        desk.publish("a\0b")
