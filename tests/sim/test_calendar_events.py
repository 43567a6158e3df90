"""Wall Street Horizon events: refused, or served in a gateway's order of things."""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from pytest_ibkr.sim.calendar_events import CalendarEvent, CalendarEventDesk
from pytest_ibkr.wire.declare import Message
from pytest_ibkr.wire.messages.wsh import (
    CancelWshEventData,
    CancelWshMetaData,
    ReqWshEventData,
    ReqWshMetaData,
    WshEventData,
    WshMetaData,
)
from pytest_ibkr.wire.versions import NEWEST, WSH_CALENDAR, WSH_DATES, WSH_FILTERS
from tests.sim.data_bench import Peer, errors, only, peer

SPY, QQQ = 756733, 320227571
EARNINGS = CalendarEvent(SPY, "wshe_ed", "20260720", {"quarter": "2"})
DIVIDEND = CalendarEvent(SPY, "wshe_div", "20260715")
SPLIT = CalendarEvent(QQQ, "wshe_split", "20260717")
KINDS = {"meta_data": {"event_types": [{"tag": k} for k in ("wshe_div", "wshe_ed", "wshe_split")]}}


@pytest.fixture(params=[WSH_DATES, NEWEST])
def asker(request: pytest.FixtureRequest) -> Iterator[Peer]:
    made = subscribed(request.param)
    yield made
    assert made.engine.failures == []


def subscribed(version: int) -> Peer:
    """A client whose account has the subscription, and three events."""
    asker = peer(version=version)
    asker.engine.conditions.calendar_events = "served"
    asker.engine.desk(CalendarEventDesk).write(EARNINGS, DIVIDEND, SPLIT)
    return asker


def informed(asker: Peer) -> Peer:
    assert only(asker.send(ReqWshMetaData(request_id=1)), WshMetaData)
    return asker


def events(asker: Peer, **wanted: Any) -> list[tuple[str, str]]:
    """Kind and date of the events found; the request is over afterwards."""
    [answer] = only(asker.send(ReqWshEventData(request_id=2, **wanted)), WshEventData)
    assert asker.send(CancelWshEventData(request_id=2)) == []
    return [(event["event_type"], event["index_date"]) for event in json.loads(answer.json_text)]


def codes(found: list[Message]) -> list[tuple[int, int]]:
    return [(request_id, code) for request_id, code, _ in errors(found)]


def code_of(asker: Peer, request: Message) -> int:
    """The code of the one error a request is answered with, under its own id."""
    [(request_id, code)] = codes(asker.send(request))
    assert request_id == getattr(request, "request_id", None)
    return code


@pytest.mark.parametrize("version", [WSH_CALENDAR, WSH_FILTERS, WSH_DATES, NEWEST])
def test_without_the_subscription_everything_is_refused(version: int) -> None:
    asker = peer(version=version)
    for request in (ReqWshMetaData(request_id=7), ReqWshEventData(request_id=7, con_id=SPY)):
        assert errors(asker.send(request)) == [(7, 10276, "News feed is not allowed.")]
    assert code_of(asker, CancelWshMetaData(request_id=7)) == 10280
    assert code_of(asker, CancelWshEventData(request_id=7)) == 10284


def test_metadata_lists_the_kinds_of_event(asker: Peer) -> None:
    [answer] = asker.send(ReqWshMetaData(request_id=7))
    assert isinstance(answer, WshMetaData)
    assert (answer.request_id, json.loads(answer.json_text)) == (7, KINDS)


def test_an_event_is_told_as_it_was_written(asker: Peer) -> None:
    [answer] = informed(asker).send(ReqWshEventData(request_id=2, con_id=SPY, total_limit=2))
    assert isinstance(answer, WshEventData)
    assert json.loads(answer.json_text)[1] == {
        "event_type": "wshe_ed",
        "index_date": "20260720",
        "conids": ["756733"],
        "data": {"quarter": "2"},
    }


def test_events_come_by_date_for_what_was_named(asker: Peer) -> None:
    informed(asker)
    dividend, earnings, split = ((event.kind, event.date) for event in (DIVIDEND, EARNINGS, SPLIT))
    assert events(asker, con_id=SPY) == [dividend, earnings]
    assert events(asker, con_id=SPY, start_date="20260716") == [earnings]
    assert events(asker, con_id=SPY, end_date="20260716") == [dividend]
    assert events(asker, con_id=SPY, total_limit=1) == [dividend]
    assert events(asker, con_id=1) == []
    both = json.dumps({"watchlist": [str(SPY), QQQ]})
    assert events(asker, filter_json=both) == [dividend, split, earnings]
    some = json.dumps({"watchlist": [SPY, QQQ], "wshe_div": "true", "wshe_ed": "false"})
    assert events(asker, filter_json=some) == [dividend]
    assert events(asker, fill_portfolio=True) == []
    qqq = asker.engine.world.book.by_id(QQQ)
    assert qqq is not None
    asker.engine.accounts.add_position(qqq, Decimal(1), average_cost=Decimal(700))
    assert events(asker, fill_portfolio=True) == [split]


def test_before_filters_a_contract_is_all_there_is() -> None:
    asker = informed(subscribed(WSH_FILTERS - 1))
    assert [kind for kind, _ in events(asker, con_id=QQQ)] == ["wshe_split"]


def test_metadata_comes_first_and_one_request_of_a_kind_at_a_time(asker: Peer) -> None:
    asked = ReqWshEventData(request_id=2, con_id=SPY)
    assert code_of(asker, asked) == 10282
    informed(asker)
    assert code_of(asker, ReqWshMetaData(request_id=3)) == 10278
    asker.send(asked)
    assert code_of(asker, ReqWshEventData(request_id=4, con_id=SPY)) == 10281
    assert code_of(asker, CancelWshEventData(request_id=4)) == 10284
    assert code_of(asker, CancelWshMetaData(request_id=3)) == 10280
    assert asker.send(CancelWshEventData(request_id=2)) == []
    assert asker.send(CancelWshMetaData(request_id=1)) == []
    assert only(asker.send(ReqWshMetaData(request_id=3)), WshMetaData)


def test_a_cancelled_request_is_not_answered(asker: Peer) -> None:
    asker.send(ReqWshMetaData(request_id=1), wait_s=0.0)
    assert asker.send(CancelWshMetaData(request_id=1)) == []
    informed(asker)
    asker.send(ReqWshEventData(request_id=2, con_id=SPY), wait_s=0.0)
    assert asker.send(CancelWshEventData(request_id=2)) == []


def test_clients_have_their_own_requests(asker: Peer) -> None:
    other = peer(version=NEWEST, engine=asker.engine)
    informed(asker)
    assert code_of(other, ReqWshEventData(request_id=2, con_id=SPY)) == 10282
    informed(other)
    asker.engine.gone(asker.client, "")
    assert events(other, con_id=QQQ) != []


@pytest.mark.parametrize(
    "wanted",
    [
        {},
        {"filter_json": "nonsense"},
        {"filter_json": "[]"},
        {"filter_json": '{"watchlist": 5}'},
        {"filter_json": '{"watchlist": ["SPY"]}'},
        {"filter_json": '{"watchlist": [Infinity]}'},
        {"con_id": SPY, "total_limit": -1},
    ],
    ids=str,
)
def test_a_request_that_names_nothing_readable_is_refused(
    asker: Peer, wanted: dict[str, Any]
) -> None:
    informed(asker)
    assert code_of(asker, ReqWshEventData(request_id=2, **wanted)) == 10283
    assert events(asker, con_id=QQQ) != []
