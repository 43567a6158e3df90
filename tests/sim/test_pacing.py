"""The message-rate meter: 50 a second are fine, the 51st is not."""

from __future__ import annotations

import pytest

from pytest_ibkr.sim.pacing import PACE, RateMeter
from pytest_ibkr.wire.codec import encode
from pytest_ibkr.wire.messages.session import CurrentTime, ReqCurrentTime, StartApi
from pytest_ibkr.wire.versions import NEWEST
from tests.sim.orders_bench import Bench


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


def test_a_client_that_asked_for_it_is_held_back_in_order():
    meter = RateMeter(50)
    due = [10.0 + meter.delay(10.0) for _ in range(120)]
    assert due[:50] == [10.0] * 50
    assert due == sorted(due)
    for first, later in zip(due, due[50:], strict=False):
        assert later - first >= 1.0
    assert meter.delay(20.0) == 0.0
    assert (meter.strikes, meter.peak) == (0, 50)


def test_what_is_held_back_is_answered_later_and_never_refused():
    engine = Bench().engine
    client = engine.open(NEWEST, options=PACE)
    assert client is not None
    engine.receive(client, encode(StartApi(client_id=1), NEWEST))
    for _ in range(119):
        engine.receive(client, encode(ReqCurrentTime(), NEWEST))
    start_s = engine.now_s
    engine.advance(start_s + 5.0)
    answered = [
        entry.at_s - start_s
        for entry in engine.journal.entries()
        if isinstance(entry.message, CurrentTime)
    ]
    assert [round(at_s) for at_s in answered] == [0] * 49 + [1] * 50 + [2] * 20
    assert not client.closing


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
