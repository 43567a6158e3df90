"""Virtual time flows with a monotonic source, jumps ahead, and can be held still."""

from __future__ import annotations

import pytest

from pytest_ibkr.clock import VirtualClock


class Hand:
    """A monotonic source moved by hand."""

    def __init__(self) -> None:
        self.at_s = 50.0

    def __call__(self) -> float:
        return self.at_s


@pytest.fixture
def hand():
    return Hand()


def test_time_flows_with_the_source(hand):
    clock = VirtualClock(1000.0, monotonic=hand)
    hand.at_s += 2.5
    assert clock.now() == 1002.5


def test_speed_multiplies_the_flow(hand):
    clock = VirtualClock(1000.0, monotonic=hand, speed=10)
    hand.at_s += 2
    assert clock.now() == 1020.0
    assert clock.real_seconds_until(1030.0) == 1.0


def test_a_jump_goes_ahead_and_flows_on(hand):
    clock = VirtualClock(1000.0, monotonic=hand)
    clock.jump_to(1011.0)
    hand.at_s += 1
    assert clock.now() == 1012.0


def test_time_never_goes_back(hand):
    clock = VirtualClock(1000.0, monotonic=hand)
    hand.at_s += 5
    clock.jump_to(1001.0)
    assert clock.now() == 1005.0


def test_held_time_stands_still_and_still_jumps(hand):
    clock = VirtualClock(1000.0, monotonic=hand)
    clock.hold()
    hand.at_s += 60
    assert clock.now() == 1000.0
    assert clock.real_seconds_until(1001.0) is None
    clock.jump_to(1003.0)
    assert clock.now() == 1003.0
    clock.resume()
    hand.at_s += 1
    assert clock.now() == 1004.0


def test_a_new_session_may_begin_in_the_past(hand):
    clock = VirtualClock(1000.0, monotonic=hand)
    clock.hold()
    clock.restart(10.0)
    hand.at_s += 1
    assert clock.now() == 11.0
