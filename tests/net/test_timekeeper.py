"""How far a gateway's clock may jump, and when it acts next."""

from __future__ import annotations

import time
from types import SimpleNamespace

import pytest

from pytest_ibkr.clock import VirtualClock
from pytest_ibkr.net import timekeeper
from pytest_ibkr.net.timekeeper import QUIET_S, Timekeeper
from pytest_ibkr.sim.schedule import Schedule


@pytest.fixture
def schedule():
    return Schedule()


@pytest.fixture
def keeper():
    """Time stands still but for jumps; the wire has been quiet for ever."""
    return Timekeeper(VirtualClock(100.0, monotonic=lambda: 0.0), jumps=True, on_move=print)


def owe(schedule, at_s):
    schedule.at(at_s, lambda: None, owed=True)


def test_an_owed_answer_is_jumped_to(keeper, schedule):
    owe(schedule, 111.0)
    keeper.jump_if_quiet(schedule)
    assert keeper.clock.now() == 111.0


def test_a_market_event_is_not(keeper, schedule):
    schedule.at(111.0, lambda: None, owed=False)
    keeper.jump_if_quiet(schedule)
    assert keeper.clock.now() == 100.0
    assert keeper.delay_s(schedule) == 11.0, "it comes by flow"


def test_no_jump_while_bytes_come_and_go(keeper, schedule, monkeypatch):
    # A busy machine can take longer than QUIET_S from one line to the next.
    monkeypatch.setattr(timekeeper, "time", SimpleNamespace(monotonic=lambda: 5.0))
    owe(schedule, 111.0)
    keeper.touch()
    keeper.jump_if_quiet(schedule)
    assert keeper.clock.now() == 100.0
    assert 0 < keeper.delay_s(schedule) <= QUIET_S


def test_no_jump_passes_a_deadline(keeper, schedule):
    owe(schedule, 111.0)
    keeper.deadlines.append(105.0)
    keeper.jump_if_quiet(schedule)
    assert keeper.clock.now() == 105.0
    keeper.jump_if_quiet(schedule)
    assert keeper.clock.now() == 105.0, "who waits until then has to notice first"
    assert keeper.delay_s(schedule) == 6.0, "and the loop does not spin meanwhile"
    keeper.deadlines.clear()
    keeper.jump_if_quiet(schedule)
    assert keeper.clock.now() == 111.0


def test_a_later_deadline_does_not_stop_an_earlier_answer(keeper, schedule):
    owe(schedule, 111.0)
    keeper.deadlines.append(130.0)
    keeper.jump_if_quiet(schedule)
    assert keeper.clock.now() == 111.0


@pytest.mark.parametrize(
    "stop", [lambda k: k.pause(), lambda k: k.hold(answers=False)], ids=["paused", "strictly held"]
)
def test_a_stopped_clock_does_not_jump(keeper, schedule, stop):
    owe(schedule, 111.0)
    stop(keeper)
    keeper.jump_if_quiet(schedule)
    assert keeper.clock.now() == 100.0
    assert keeper.delay_s(schedule) is None


def test_held_time_still_jumps_to_owed_answers(keeper, schedule):
    owe(schedule, 111.0)
    keeper.hold(answers=True)
    keeper.jump_if_quiet(schedule)
    assert keeper.clock.now() == 111.0


def test_a_server_for_other_processes_never_jumps(schedule):
    clock = VirtualClock(100.0, monotonic=time.monotonic)
    keeper = Timekeeper(clock, jumps=False, on_move=print)
    owe(schedule, 111.0)
    keeper.jump_if_quiet(schedule)
    assert clock.now() < 101.0
    assert keeper.delay_s(schedule) > 10.0


def test_pauses_nest_and_give_back_what_was(keeper):
    keeper.pause()
    keeper.pause()
    keeper.unpause()
    assert keeper.clock.held
    keeper.unpause()
    assert not keeper.clock.held
    keeper.hold(answers=True)
    keeper.pause()
    keeper.unpause()
    assert keeper.clock.held, "the test's own hold stays"


def test_a_new_session_is_neither_held_nor_strict(keeper, schedule):
    keeper.hold(answers=False)
    keeper.restart(50.0)
    owe(schedule, 51.0)
    keeper.jump_if_quiet(schedule)
    assert keeper.clock.now() == 51.0
