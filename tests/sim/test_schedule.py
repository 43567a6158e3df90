"""Timers come due in order; owed answers and market events are told apart."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pytest_ibkr.sim.schedule import Schedule


def drained(schedule: Schedule, until_s: float) -> list[float]:
    taken = []
    while (timer := schedule.take_due(until_s)) is not None:
        timer.action()
        taken.append(timer.due_s)
    return taken


def test_equal_moments_run_in_the_order_they_were_planned():
    seen: list[str] = []
    schedule = Schedule()
    schedule.at(5, lambda: seen.append("first"), owed=False)
    schedule.at(5, lambda: seen.append("second"), owed=True)
    schedule.at(5, lambda: seen.append("third"), owed=False)
    drained(schedule, 5)
    assert seen == ["first", "second", "third"]


def test_nothing_runs_before_its_moment():
    schedule = Schedule()
    schedule.at(5.001, lambda: None, owed=True)
    assert schedule.take_due(5.0) is None
    assert schedule.next_due_s() == schedule.next_owed_s() == 5.001


def test_a_market_event_is_due_but_not_owed():
    schedule = Schedule()
    schedule.at(3, lambda: None, owed=False)
    schedule.at(9, lambda: None, owed=True)
    assert schedule.next_due_s() == 3
    assert schedule.next_owed_s() == 9


def test_a_cancelled_timer_is_neither_due_nor_run():
    schedule = Schedule()
    timer = schedule.at(3, lambda: None, owed=True)
    timer.cancel()
    assert schedule.next_due_s() is None
    assert schedule.next_owed_s() is None
    assert schedule.take_due(10) is None


@given(st.lists(st.tuples(st.floats(0, 100), st.booleans())))
def test_timers_always_come_in_order_of_their_moments(plans):
    schedule = Schedule()
    for due_s, owed in plans:
        schedule.at(due_s, lambda: None, owed=owed)
    assert drained(schedule, 100) == sorted(due_s for due_s, _owed in plans)
