"""Which subscriptions a program holds and forgets, judged by the wire alone."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_ibkr.report.subscriptions import Usage, usage_of
from pytest_ibkr.sim.journal import Journal, Note
from pytest_ibkr.wire.messages.contract import Contract
from pytest_ibkr.wire.messages.session import ErrorNotice
from pytest_ibkr.wire.names import request_type

SPY = Contract(symbol="SPY", sec_type="STK")


class Talk:
    """A conversation, one entry a second."""

    def __init__(self) -> None:
        self.journal, self.now_s = Journal(), 1_783_692_000.0

    def ask(self, name: str, connection: int = 1, **fields: Any) -> int:
        return self._add(connection, "in", request_type(name)(**fields))

    def stream(self, request_id: int, connection: int = 1, **fields: Any) -> int:
        return self.ask("reqMktData", connection, request_id=request_id, contract=SPY, **fields)

    def error(self, request_id: int, code: int, connection: int = 1) -> int:
        notice = ErrorNotice(request_id=request_id, code=code, text="text")
        return self._add(connection, "out", notice)

    def end(self, connection: int = 1) -> int:
        return self._add(connection, "note", Note("closed by the client"))

    def cut(self, connection: int = 1) -> int:
        return self._add(connection, "note", Note("closed: cut by the test"))

    def usage(self, since: int = 0) -> Usage:
        return usage_of(list(self.journal.entries()), since=since)

    def _add(self, connection: int, direction: Any, message: Any) -> int:
        self.now_s += 1
        self.journal.add(self.now_s, connection, direction, message)
        return list(self.journal.entries())[-1].serial


@pytest.fixture
def talk() -> Talk:
    return Talk()


def left(usage: Usage) -> list[tuple[str, int | None, str]]:
    return [(one.request, one.request_id, one.ended) for one in usage.left_open]


def test_a_line_that_was_cancelled_is_not_left_open(talk: Talk) -> None:
    talk.stream(1)
    talk.stream(2)
    talk.ask("cancelMktData", request_id=1)
    usage = talk.usage()
    assert left(usage) == [("reqMktData", 2, "still_open")]
    assert usage.left_open[0].what == "SPY"
    assert (usage.peak_lines, usage.lines_left_open, usage.left_open_count) == (2, 1, 1)
    assert usage.requests == {"reqMktData": 2, "cancelMktData": 1}


def test_a_line_lost_with_its_connection_was_never_cancelled(talk: Talk) -> None:
    talk.stream(1, connection=1)
    talk.stream(1, connection=2)
    talk.end(connection=1)
    assert left(talk.usage()) == [
        ("reqMktData", 1, "with_connection"),
        ("reqMktData", 1, "still_open"),
    ]


@pytest.mark.parametrize("one_shot", ["snapshot", "regulatory_snapshot"])
def test_a_snapshot_holds_no_line(talk: Talk, one_shot: str) -> None:
    talk.stream(1, **{one_shot: True})
    assert (talk.usage().peak_lines, talk.usage().left_open) == (0, [])


def test_a_refused_line_was_never_held_and_a_delayed_one_is(talk: Talk) -> None:
    talk.stream(1)
    talk.error(1, 354)
    talk.stream(2)
    talk.error(2, 10167)
    usage = talk.usage()
    assert left(usage) == [("reqMktData", 2, "still_open")]
    assert usage.peak_lines == 1


def test_a_duplicate_that_is_refused_leaves_the_first_running(talk: Talk) -> None:
    talk.stream(1)
    talk.stream(1)
    talk.error(1, 322)
    assert talk.usage().lines_left_open == 1
    talk.ask("cancelMktData", request_id=1)
    assert talk.usage().left_open == []


def test_account_updates_end_by_asking_for_none(talk: Talk) -> None:
    talk.ask("reqAccountUpdates", subscribe=True, account="DU0000001")
    talk.ask("reqPositions")
    talk.ask("reqPositions")
    assert left(talk.usage()) == [
        ("reqAccountUpdates", None, "still_open"),
        ("reqPositions", None, "still_open"),
    ]
    talk.ask("reqAccountUpdates", subscribe=False, account="DU0000001")
    talk.ask("cancelPositions")
    assert talk.usage().left_open == []


def ask_what_libraries_ask_on_connecting(talk: Talk) -> None:
    talk.ask("reqAccountUpdates", subscribe=True, account="DU0000001")
    talk.ask("reqAccountUpdatesMulti", request_id=1, account="DU0000001")
    talk.ask("reqAccountSummary", request_id=2, group="All", tags="NetLiquidation")
    talk.ask("reqPositions")
    talk.ask("reqPositionsMulti", request_id=3, account="DU0000001")


@pytest.mark.parametrize("how", ["end", "cut"])
def test_accounts_and_positions_end_with_their_connection(talk: Talk, how: str) -> None:
    ask_what_libraries_ask_on_connecting(talk)
    assert talk.usage().left_open_count == 5  # the client is still there
    talk.stream(9)
    getattr(talk, how)()
    assert left(talk.usage()) == [("reqMktData", 9, "with_connection")]


def test_accounts_of_a_client_that_stays_are_left_open_when_another_goes(talk: Talk) -> None:
    talk.ask("reqPositions", connection=1)
    talk.ask("reqPositions", connection=2)
    talk.end(connection=1)
    [one] = talk.usage().left_open
    assert (one.request, one.connection, one.ended) == ("reqPositions", 2, "still_open")


def test_historical_requests_are_counted_and_only_live_ones_stay_open(talk: Talk) -> None:
    bars = {"bar_size": "5 mins", "duration": "1 D", "use_rth": True, "what_to_show": "TRADES"}
    talk.ask("reqHistoricalData", request_id=1, contract=SPY, **bars)
    talk.ask("reqHistoricalData", request_id=2, contract=SPY, keep_up_to_date=True, **bars)
    usage = talk.usage()
    assert usage.historical_requests == 2
    assert left(usage) == [("reqHistoricalData", 2, "still_open")]


def test_a_share_counts_what_was_held_before_it_but_leaves_only_its_own(talk: Talk) -> None:
    talk.stream(1)
    mark = talk.stream(2)
    talk.ask("cancelMktData", request_id=2)
    talk.stream(3)
    usage = talk.usage(since=mark)
    assert usage.peak_lines == 2
    assert left(usage) == [("reqMktData", 3, "still_open")]
    assert usage.requests == {"cancelMktData": 1, "reqMktData": 1}


def test_many_open_lines_are_counted_and_the_first_are_named(talk: Talk) -> None:
    for number in range(80):
        talk.stream(number)
    usage = talk.usage()
    assert (len(usage.left_open), usage.left_open_count, usage.peak_lines) == (50, 80, 80)
