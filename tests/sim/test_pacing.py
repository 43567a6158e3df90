"""The message-rate meter: 50 a second are fine, the 51st is not."""

from __future__ import annotations

import pytest

from pytest_ibkr.sim.pacing import RateMeter


@pytest.mark.req("XC-005")
def test_fifty_messages_in_a_second_are_within_the_limit():
    meter = RateMeter(50)
    verdicts = [meter.count(10 + i / 100) for i in range(50)]
    assert "violation" not in verdicts
    assert meter.peak == 50


@pytest.mark.req("XC-005")
def test_the_fifty_first_within_a_second_is_a_violation():
    meter = RateMeter(50)
    verdicts = [meter.count(10 + i / 100) for i in range(51)]
    assert verdicts[-1] == "violation"
    assert meter.strikes == 1


def test_a_second_later_the_count_begins_anew():
    meter = RateMeter(50)
    for _ in range(50):
        meter.count(10.0)
    assert meter.count(11.0) == "fine"
    assert meter.in_last_second == 1


def test_one_warning_a_second_comes_near_the_limit():
    meter = RateMeter(50)
    verdicts = [meter.count(10.0) for _ in range(50)]
    assert verdicts.count("warn") == 1
    assert verdicts.index("warn") == 43, "the 44th message, the number seen in the warning"


@pytest.mark.req("XC-005")
def test_a_held_clock_does_not_make_a_paced_client_too_fast():
    meter = RateMeter(50)
    verdicts = [meter.count(10.0, 100 + i / 45) for i in range(200)]
    assert "violation" not in verdicts


@pytest.mark.req("XC-005")
def test_a_burst_is_too_fast_although_the_clock_is_held_or_jumps_between_others():
    meter = RateMeter(50)
    assert "violation" in [meter.count(10.0, 100.0) for _ in range(51)]
