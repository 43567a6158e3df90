"""A client's pace: delayed, in order, never above the limit in any second, fair to the others."""

from __future__ import annotations

import time
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_ibkr.net.relay.meter import GUARD_S, Meter
from pytest_ibkr.wire.codec import encode_frame
from pytest_ibkr.wire.messages.contract import Contract, ContractDataEnd, ReqContractDetails
from pytest_ibkr.wire.messages.session import CurrentTime, ReqCurrentTime
from tests.net.raw_client import RawClient
from tests.system.live.project import eventually

SPY = Contract(symbol="SPY", sec_type="STK", exchange="SMART", currency="USD")


def run(came_s: list[float], per_s: int) -> list[float]:
    """When each of these messages goes."""
    meter, now_s, went = Meter(per_s), 0.0, []
    for each in came_s:
        meter.came(each)
        now_s = max(now_s, each)
        now_s += meter.wait_s(now_s)
        meter.goes(now_s, came_s=each)
        went.append(now_s)
    return went


@given(
    gaps=st.lists(st.floats(0, 0.5), min_size=1, max_size=200),
    per_s=st.integers(1, 60),
)
def test_no_second_lets_more_through_than_it_may(gaps, per_s):
    came_s = [sum(gaps[: index + 1]) for index in range(len(gaps))]
    went = run(came_s, per_s)
    assert went == sorted(went)
    for start_s, end_s in zip(went, went[per_s:], strict=False):
        assert end_s - start_s >= 1.0 - 1e-9


@given(late_s=st.floats(0, 0.15))
def test_a_gateway_that_reads_a_burst_late_still_meets_no_more_than_its_limit(late_s):
    """Its own limit is 50 a second; the first burst reaches it late, the rest in time."""
    went = run([0.0] * 300, 45)
    arrived = [late_s if each == 0 else each for each in went]
    for start_s in arrived:
        assert sum(start_s <= each < start_s + 1 for each in arrived) <= 50


def test_a_client_within_its_pace_is_not_delayed():
    came_s = [index / 40 for index in range(400)]
    assert run(came_s, 45) == came_s


def test_who_went_over_and_by_how_much_is_known():
    meter = Meter(45)
    for index in range(60):
        meter.came(index / 100)
    assert (meter.peak_per_s, meter.over) == (60, 15)
    meter.begin()
    meter.came(10.0)
    assert (meter.peak_per_s, meter.over) == (1, 0)


def test_a_client_in_a_hurry_is_held_back_and_named(tapped):
    with (
        RawClient(tapped, highest=178).start(7100) as client,
        RawClient(tapped).start(7101) as fair,
    ):
        connection, at_s = tapped.tap.of_client(7100), []
        requests = [ReqContractDetails(request_id=number, contract=SPY) for number in range(80)]
        began_s = time.monotonic()
        client.socket.sendall(b"".join(encode_frame(each, 178) for each in requests))
        fair.send(ReqCurrentTime())
        fair.wait_for(CurrentTime)
        waited_s = time.monotonic() - began_s
        client.wait_for(ContractDataEnd, lambda each: each.request_id == 79)
        took_s = time.monotonic() - began_s
        ids = [f.split(b"\0")[2] for f in connection.frames_up if f.startswith(b"9\0")]
        assert ids == [b"%d" % number for number in range(80)]
        at_s += connection.chunks
    assert took_s >= 0.95
    assert waited_s < took_s / 2
    per_chunk = [(at, count) for at, count in at_s if count]
    assert per_chunk == sorted(per_chunk)
    for start_s, _count in per_chunk:
        inside = sum(count for at, count in per_chunk if start_s <= at < start_s + 0.9)
        assert inside <= 45
    [paced] = tapped.end_test().paced
    assert (paced.client_id, paced.peak_per_s, paced.over) == (7100, 81, 36)
    assert paced.delayed >= 35
    assert paced.longest_wait_s > 0.5


def test_a_client_within_its_pace_is_not_reported(tapped):
    with RawClient(tapped, highest=178).start(7100) as client:
        for _ in range(5):
            client.send(ReqCurrentTime())
            client.wait_for(CurrentTime)
    assert tapped.end_test().paced == ()


def test_lowered_limits_hold(start, gateway):
    relay = start(gateway, limits={"messages_per_s": 5})
    with RawClient(relay, highest=178).start(7100) as client:
        began_s = time.monotonic()
        client.send(*[ReqContractDetails(request_id=number, contract=SPY) for number in range(6)])
        client.wait_for(ContractDataEnd, lambda each: each.request_id == 5)
        assert time.monotonic() - began_s >= 0.9


@pytest.mark.parametrize(("limit", "value"), [("messages_per_s", 46), ("shares", 101)])
def test_limits_cannot_be_raised(start, gateway, limit, value):
    with pytest.raises(Exception, match="can only be made stricter"):
        start(gateway, limits={limit: value})


def test_what_a_test_sent_is_its_own_although_it_waited(tapped):
    with RawClient(tapped, highest=178).start(7100) as client:
        client.send(*[ReqContractDetails(request_id=number, contract=SPY) for number in range(60)])
        client.wait_for(ContractDataEnd, lambda each: each.request_id == 0)
        [paced] = tapped.end_test().paced
        # The relay has written them all; the tap reads them in a thread of its own.
        at_gateway = tapped.tap.of_client(7100)
        eventually(lambda: at_gateway.requests.count(9) == 60, "all sixty requests at the gateway")
        assert paced.delayed > 0
        tapped.begin_test("the next")
        assert tapped.end_test().paced == ()


def test_gaps_are_as_short_as_the_pace_allows():
    went = run([0.0] * 90, 45)
    assert all(later - earlier <= 1.0 + GUARD_S + 1e-9 for earlier, later in pairwise(went))
    assert went[45] == pytest.approx(1.0 + GUARD_S)
    assert went[-1] == pytest.approx((1.0 + GUARD_S) * (1 + 44 / 45))
