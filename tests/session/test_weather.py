"""Weather on the wire: each proves that it was met, ends with its block, and composes."""

from __future__ import annotations

import socket
import time

import pytest

from pytest_ibkr.errors import FaultNeverFired, UsageError
from pytest_ibkr.gateway import Gateway
from pytest_ibkr.session.weather import read
from pytest_ibkr.sim.weather.catalogue import WEATHERS
from pytest_ibkr.wire.messages.contract import Contract, ContractDataEnd, ReqContractDetails
from pytest_ibkr.wire.messages.market_data import ReqMarketData, TickPrice
from pytest_ibkr.wire.messages.session import CurrentTime, ErrorNotice, ReqCurrentTime
from tests.net.raw_client import RawClient

pytestmark = pytest.mark.req("XC-001")
SPY = Contract(con_id=756733, symbol="SPY", sec_type="STK", exchange="SMART", currency="USD")


@pytest.fixture
def client(ibkr):
    with RawClient(ibkr).start() as client:
        yield client


def connect(ibkr) -> socket.socket:
    return socket.create_connection((ibkr.host, ibkr.port), timeout=5)


def greet(sock: socket.socket) -> None:
    offer = b"v100..200"
    sock.sendall(b"API\0" + len(offer).to_bytes(4) + offer)


@pytest.mark.parametrize("name", WEATHERS)
def test_a_weather_that_nothing_met_fails_its_block_and_says_what_would_meet_it(ibkr, name):
    with pytest.raises(FaultNeverFired) as caught, getattr(ibkr.weather, name)():
        pass
    text = str(caught.value)
    assert text.startswith(f"weather {name}(): nothing met it before its block ended")
    assert WEATHERS[name].MET_BY in text
    assert ibkr.weather.standing == []
    assert ibkr.call(lambda: ibkr.engine.weather.active) == []


def test_one_that_stands_fails_the_session(ibkr):
    ibkr.weather.farm_flap(farms="history")
    ibkr.weather.pacing()
    with pytest.raises(FaultNeverFired) as caught:
        ibkr.weather.close()
    text = str(caught.value)
    assert "farm_flap(farms='history'): nothing met it before the session ended" in text
    assert "weather pacing()" in text
    ibkr.weather.close()  # said once


def test_a_block_that_fails_keeps_its_own_error(ibkr):
    with pytest.raises(ZeroDivisionError), ibkr.weather.pacing():
        raise ZeroDivisionError
    assert ibkr.weather.standing == []


def test_one_that_was_met_passes_and_ends_with_its_block(ibkr, client):
    with ibkr.weather.pacing(disconnect=False, times=1) as pacing:
        client.send(ReqCurrentTime())
        assert client.wait_for(ErrorNotice, lambda notice: notice.code == 100).request_id == -1
    assert pacing.fired == 1
    client.send(ReqCurrentTime())
    client.wait_for(CurrentTime)


BAD = [
    ("nightly_restar", {}, "did you mean 'nightly_restart'?"),
    ("sunshine", {}, "unknown weather 'sunshine'; known: nightly_restart"),
    ("farm_flap", {"farm": "all"}, "no parameter 'farm'; did you mean 'farms'?"),
    ("farm_flap", {"farms": "usfarm"}, "farms cannot be 'usfarm'"),
    ("farm_flap", {"for_s": -1.0}, "for_s cannot be -1.0: at least"),
    ("nightly_restart", {"at": "25:00"}, "at cannot be '25:00': HH:MM exchange time"),
    ("nightly_restart", {"refuse_s": "long"}, "refuse_s cannot be 'long'"),
    ("frozen_feed", {"symbol": "XYZ"}, "no symbol 'XYZ' here; known: "),
    ("one_sided", {"con_id": 1}, "conId 1 is not in the snapshot"),
    ("partial_fills", {"share": 1.0}, "share cannot be 1.0: above 0 and below 1"),
    ("duplicate_callbacks", {"copies": 1}, "copies cannot be 1: at least 2"),
    ("garbage", {"size": 2}, "size cannot be 2: at least 4"),
    ("clock_drift", {"offset_s": float("nan")}, "offset_s cannot be nan"),
    ("lost_1100", {"after_s": float("inf")}, "after_s cannot be inf"),
]


@pytest.mark.parametrize(("name", "parameters", "text"), BAD)
def test_what_cannot_be_is_refused_at_the_call(ibkr, name, parameters, text):
    with pytest.raises(UsageError) as caught:
        getattr(ibkr.weather, name)(**parameters)
    assert text in str(caught.value)
    assert ibkr.weather.standing == []


def test_the_timeline_says_when_weather_came_and_went(ibkr, client):
    with ibkr.weather.pacing(disconnect=False):
        client.send(ReqCurrentTime())
        client.wait_for(ErrorNotice, lambda notice: notice.code == 100)
    timeline = ibkr.journal.timeline()
    assert "weather pacing(disconnect=False)\n" in timeline
    assert "weather pacing(disconnect=False) is over" in timeline


def test_every_weather_is_a_name_of_the_session(ibkr):
    assert set(WEATHERS) <= set(dir(ibkr.weather))


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("farm_flap", "farm_flap()"),
        ("farm_flap:farms=history:for_s=5", "farm_flap(farms='history', for_s=5.0)"),
        ("nightly_restart:at=23:45:seed=3", "nightly_restart(seed=3, at='23:45')"),
        ("pacing:disconnect=false", "pacing(disconnect=False)"),
    ],
)
def test_a_command_line_says_a_weather_with_its_parameters(text, what):
    assert read(text).what == what


@pytest.mark.parametrize("text", ["rain", "farm_flap:x=1", "farm_flap:often", "garbage:size=ten"])
def test_a_command_line_that_cannot_be_is_refused(text):
    with pytest.raises(UsageError):
        read(text)


# On the wire


def test_nightly_restart_on_the_wire_refuses_resets_and_is_back(ibkr, ibkr_clock, client):
    with ibkr.weather.nightly_restart(refuse_s=60.0, reset_s=10.0) as restart:
        client.read_to_end()
        for _minute in range(2):
            with pytest.raises(ConnectionRefusedError):
                connect(ibkr).close()
            ibkr_clock.sleep(29)
        ibkr_clock.sleep(4)
        # The reset may come while connect() still looks, or with the first read.
        with pytest.raises(ConnectionResetError), connect(ibkr) as early:
            early.recv(1)
        ibkr_clock.sleep(10)
        with RawClient(ibkr).start() as again:
            again.send(ReqCurrentTime())
            again.wait_for(CurrentTime)
    assert restart.fired == 2
    assert all(notice.code < 2000 or notice.code > 2099 for notice in client.of(ErrorNotice))


def test_a_block_that_ends_early_opens_the_port_again(ibkr, client):
    with ibkr.weather.nightly_restart():
        client.read_to_end()
    with RawClient(ibkr).start():
        pass


def test_the_next_session_finds_the_port_open(ibkr_snapshot):
    with Gateway(ibkr_snapshot) as gateway:
        first = gateway.new_session("first", wall_clock=False)
        with RawClient(first).start() as client:
            first.weather.weekly_logout(port="refused")
            client.read_to_end()
        with pytest.raises(ConnectionRefusedError):
            connect(first)
        second = gateway.new_session("second", wall_clock=False)
        with RawClient(second).start():
            pass


@pytest.mark.parametrize("name", ["half_open", "weekly_logout"])
def test_a_silent_port_accepts_takes_bytes_and_gives_no_version(ibkr, name):
    with RawClient(ibkr).start() as client, getattr(ibkr.weather, name)() as silent:
        if name == "weekly_logout":
            client.read_to_end()
        before = silent.fired
        with connect(ibkr) as sock:
            greet(sock)
            sock.settimeout(0.05)
            with pytest.raises(TimeoutError):
                sock.recv(1)
            assert silent.fired > before


@pytest.mark.parametrize("how", ["left", "cut"])
def test_stale_client_id_on_the_wire(ibkr, ibkr_clock, how):
    with ibkr.weather.stale_client_id(for_s=60.0), RawClient(ibkr).start(5) as first:
        if how == "left":
            first.socket.close()
        else:
            ibkr.faults.cut_now()
        ibkr.journal.wait_for(lambda entry: "has not noticed" in str(entry.message))
        with RawClient(ibkr) as refused, pytest.raises(AssertionError, match="closed before"):
            refused.start(5)
        assert [notice.code for notice in refused.of(ErrorNotice)] == [326]
        ibkr_clock.sleep(61)
        with RawClient(ibkr).start(5):
            pass


def test_torn_frames_arrive_in_pieces_and_read_the_same(ibkr, client):
    usual = RawClient(ibkr).start(2)
    with usual, ibkr.weather.torn_frames(cuts=5, seed=1) as torn:
        for each in (client, usual):
            each.send(ReqContractDetails(request_id=1, contract=SPY))
            each.wait_for(ContractDataEnd)
    assert torn.fired >= 2
    assert client.received[-2:] == usual.received[-2:]


def test_merged_frames_arrive_together(ibkr, client):
    with ibkr.weather.merged_frames(window_s=2.0) as merged:
        client.send(*[ReqContractDetails(request_id=n, contract=SPY) for n in range(5)])
        client.wait_for(ContractDataEnd)
        assert len(client.of(ContractDataEnd)) == 5
    assert merged.fired


def test_garbage_cannot_be_read_as_a_frame(ibkr, client):
    with ibkr.weather.garbage(size=64):
        client.send(ReqCurrentTime())
        client.read_to_end()  # our reader ends with a stated error
    assert client.of(CurrentTime) == []


def test_weather_and_fault_are_both_in_force(ibkr, client):
    refusal = ibkr.faults.refuse("reqContractDetails", 200, "no")
    with ibkr.weather.slow_gateway(delay_s=0.2), refusal:
        began = time.monotonic()
        client.send(ReqContractDetails(request_id=1, contract=SPY))
        client.wait_for(ErrorNotice, lambda notice: notice.code == 200)
        assert time.monotonic() - began >= 0.15


def hear(ibkr, ibkr_clock, *, seconds: int) -> bytes:
    """Every byte a client is sent in some seconds of bad weather."""
    ibkr_clock.hold(answers=False)  # some milliseconds have flowed: begin at a moment of both
    ibkr_clock.move_to(ibkr_clock.now().replace(minute=1, second=0, microsecond=0))
    with RawClient(ibkr) as client:
        client.wait_version()
        client.start(1)
        ibkr.weather.torn_frames(seed=1)
        ibkr.weather.farm_flap(after_s=2.0, for_s=3.0)
        ibkr.weather.external_trades(after_s=1.0, seed=5)
        ibkr.weather.competing_session(after_s=8.0, for_s=2.0)
        ibkr.weather.clock_drift(offset_s=5.0)
        client.send(*[ReqMarketData(request_id=n, contract=SPY) for n in (1, 2)])
        heard = b""
        ibkr_clock.sleep(seconds)
        client.socket.settimeout(0.3)
        while True:
            try:
                heard += client.socket.recv(1 << 20)
            except TimeoutError:
                return heard


def test_the_same_seed_gives_the_same_bytes(ibkr_gateway_factory):
    heard = []
    for _time in range(2):
        session = ibkr_gateway_factory(seed=7)
        heard.append(hear(session, session.clock, seconds=12))
        assert all(armed.fired for armed in session.weather.standing)
    assert heard[0] == heard[1]
    assert heard[0].count(b"No market data during competing live session") == 2
    assert len(heard[0]) > 2_000


def test_two_weathers_at_once_are_both_met(ibkr, ibkr_clock, client):
    with ibkr.weather.frozen_feed(symbol="SPY") as frozen, ibkr.weather.farm_flap() as flap:
        client.send(ReqMarketData(request_id=1, contract=SPY))
        ibkr_clock.sleep(40)
        client.wait_for(ErrorNotice, lambda notice: notice.code == 2158)
        client.wait_for(TickPrice)
    assert frozen.fired
    assert flap.fired == 1
