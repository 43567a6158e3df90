"""Restarts, stale ids, silence, slowness, pacing, drift and bytes, each by its name."""

from __future__ import annotations

import pytest

from pytest_ibkr.errors import UsageError
from pytest_ibkr.sim.client import Client
from pytest_ibkr.sim.weather.catalogue import WEATHERS
from pytest_ibkr.wire.codec import encode
from pytest_ibkr.wire.messages.contract import ContractDataEnd, ReqContractDetails
from pytest_ibkr.wire.messages.market_data import TickPrice, TickString
from pytest_ibkr.wire.messages.session import CurrentTime, NextValidId, ReqCurrentTime, StartApi
from pytest_ibkr.wire.versions import NEWEST
from tests.sim.data_bench import SPY, Peer, errors, history, only, peer
from tests.sim.weather_bench import codes, in_weather, weather

NOW = ReqCurrentTime()
DETAILS = ReqContractDetails(request_id=1, contract=SPY)


def rejoin(made: Peer, client_id: int) -> Peer:
    """Another connection of the same engine, which has sent startApi."""
    client = made.engine.open(NEWEST)
    assert client is not None
    made.engine.receive(client, encode(StartApi(client_id=client_id), NEWEST))
    return Peer(made.engine, client)


def test_nightly_restart_closes_refuses_resets_and_opens() -> None:
    client, restart = in_weather("nightly_restart", refuse_s=60.0, reset_s=10.0, silent_s=5.0)
    board = client.engine.weather
    assert client.wait(0.0) == []
    assert client.client.closing == "the gateway restarts"
    doors = []
    for _step in range(8):
        doors.append(board.door)
        client.wait(10.0)
    assert doors == [*["refuse"] * 6, "reset", "silent"]
    assert board.door == "open"
    assert restart.fired == 1


def test_nightly_restart_refuses_for_as_long_as_the_seed_says() -> None:
    def refused_s(seed: int) -> int:
        client, _restart = in_weather("nightly_restart", seed=seed, reset_s=0.0)
        for second in range(200):
            if client.engine.weather.door == "open":
                return second
            client.wait(1.0)
        raise AssertionError("never open again")

    found = [refused_s(seed) for seed in range(6)]
    assert found == [refused_s(seed) for seed in range(6)]
    assert len(set(found)) > 1
    assert all(30 <= seconds <= 121 for seconds in found)


def test_nightly_restart_comes_every_night() -> None:
    client, restart = in_weather("nightly_restart", at="23:45", refuse_s=30.0)
    client.wait(13.75 * 3600 - 1)
    assert not client.client.closing
    client.wait(2.0)
    assert client.client.closing
    client.engine.gone(client.client, "closed")
    client.wait(3600.0)
    again = rejoin(client, 5)
    assert only(again.wait(0.0), NextValidId)
    client.wait(23 * 3600.0)
    assert again.client.closing
    assert restart.fired == 2


def test_orders_and_ids_outlive_a_restart_and_subscriptions_do_not() -> None:
    from decimal import Decimal

    from tests.sim.weather_bench import order, script

    client = peer()
    client.send(order(7, limit_price=Decimal(700)))
    client.send(client.market_data())
    weather(client, "nightly_restart", refuse_s=30.0)
    client.wait(0.0)
    client.engine.gone(client.client, "closed")
    client.wait(60.0)
    found = rejoin(client, client.client.client_id).wait(30.0)
    assert [word.split()[0] for word in script(found)[:5]] == [
        *("5:Submitted", "3:Submitted", "53", "15", "9"),
    ]
    assert only(found, NextValidId)[0].order_id == 8
    assert only(found, TickPrice) == []


def test_weekly_logout_leaves_a_silent_port_until_somebody_logs_in() -> None:
    client, logout = in_weather("weekly_logout")
    assert client.client.closing
    assert client.engine.weather.door == "silent"
    client.wait(7 * 3600.0)
    assert client.engine.weather.door == "silent"
    assert logout.fired == 1
    client.engine.weather.disarm(logout)
    assert client.engine.weather.door == "open"


def test_weekly_logout_comes_on_sunday() -> None:
    client, _logout = in_weather("weekly_logout", at="01:00", for_s=3600.0, port="refused")
    client.wait(39 * 3600.0 - 1)  # from Friday 10:00
    assert client.engine.weather.door == "open"
    client.wait(2.0)
    assert client.engine.weather.door == "refuse"
    client.wait(3600.0)
    assert client.engine.weather.door == "open"


def test_stale_client_id_answers_326_until_it_is_noticed() -> None:
    client, stale = in_weather("stale_client_id", for_s=60.0)
    client.send(client.market_data())
    client.engine.gone(client.client, "reset")
    refused = rejoin(client, client.client.client_id)
    assert codes(refused.wait(1.0)) == [326]
    assert refused.client.closing
    assert client.engine.streams.lines == 1
    client.wait(60.0)
    assert client.engine.streams.lines == 0
    assert only(rejoin(client, client.client.client_id).wait(1.0), NextValidId)
    assert stale.fired == 1


def test_another_id_gets_in_meanwhile() -> None:
    client, stale = in_weather("stale_client_id")
    client.engine.gone(client.client, "reset")
    assert only(rejoin(client, 77).wait(1.0), NextValidId)
    assert stale.fired == 0


@pytest.mark.parametrize("stage", ["start", "session"])
def test_half_open_takes_bytes_and_answers_nothing(stage) -> None:
    client, dead = in_weather("half_open", stage=stage)
    if stage == "start":
        client = rejoin(client, 9)
    assert client.send(NOW, wait_s=600.0) == []
    assert not client.client.closing
    assert dead.fired >= 1
    client.engine.weather.disarm(dead)
    assert client.send(NOW, wait_s=60.0) == []  # this socket stays dead
    assert only(rejoin(client, 10).send(NOW), CurrentTime)


def test_slow_gateway_answers_when_time_has_passed() -> None:
    client, slow = in_weather("slow_gateway", delay_s=5.0)
    assert client.send(DETAILS, wait_s=4.9) == []
    assert client.engine.schedule.next_owed_s() is None  # the clock does not jump there
    assert only(client.wait(1.0), ContractDataEnd)
    assert slow.fired == 1


def test_slow_gateway_jitters_by_the_seed() -> None:
    def came_s(seed: int) -> int:
        client, _slow = in_weather("slow_gateway", seed=seed, delay_s=1.0, jitter_s=60.0)
        client.send(DETAILS, wait_s=0.0)
        return next(n for n in range(100) if only(client.wait(1.0), ContractDataEnd))

    assert [came_s(n) for n in range(4)] == [came_s(n) for n in range(4)]
    assert len({came_s(n) for n in range(4)}) > 1


def test_pacing_answers_100_and_closes() -> None:
    client, pacing = in_weather("pacing")
    found = client.send(DETAILS)
    text = "Max rate of messages per second has been exceeded:max=50 rec=51 (1)"
    assert errors(found) == [(-1, 100, text)]
    assert client.client.closing
    assert pacing.fired == 1


def test_pacing_may_keep_the_socket_and_count_its_strikes() -> None:
    client, pacing = in_weather("pacing", disconnect=False, times=2)
    assert codes(client.send(DETAILS)) == [100]
    assert errors(client.send(DETAILS))[0][2].endswith("(2)")
    assert only(client.send(DETAILS), ContractDataEnd)
    assert pacing.fired == 2


def test_pacing_of_history_is_162_for_history_alone() -> None:
    client, pacing = in_weather("pacing", of="history")
    assert only(client.send(DETAILS), ContractDataEnd)
    [(number, code, text)] = errors(client.send(history()))
    assert (number, code) == (12, 162)
    assert text.endswith("pacing violation")
    assert pacing.fired == 1


def test_clock_drift_dates_everything_wrong() -> None:
    client, drift = in_weather("clock_drift", offset_s=30.0)
    [answer] = only(client.send(NOW, wait_s=0.0), CurrentTime)
    assert answer.epoch_s == int(client.engine.now_s) + 30
    found = client.send(client.market_data())
    last = next(tick for tick in only(found, TickString) if tick.tick == 45)
    spy = client.engine.world.book.by_symbol("SPY")
    assert spy is not None
    quote = client.engine.market.quote(spy, client.engine.now_s)
    assert quote.last_time_s is not None
    assert abs(int(last.value) - quote.last_time_s - 30) <= 2
    assert drift.fired >= 2
    assert client.engine.weather.drift_s == 30.0
    client.engine.weather.disarm(drift)
    assert client.engine.weather.drift_s == 0.0


def pieces_of(client: Client, data: bytes) -> list[bytes]:
    return client._engine.weather.pieces(client, data)


def frames(*sizes: int) -> bytes:
    return b"".join(size.to_bytes(4) + b"x" * size for size in sizes)


def test_torn_frames_changes_no_byte_and_tears_a_prefix() -> None:
    client, torn = in_weather("torn_frames", cuts=3)
    data = frames(30, 40, 50)
    pieces = pieces_of(client.client, data)
    assert b"".join(pieces) == data
    assert 2 <= len(pieces) <= 4
    assert len(pieces[0]) in (1, 2, 3)
    assert torn.fired == 1


def test_merged_frames_come_together_at_the_end_of_a_window() -> None:
    client, merged = in_weather("merged_frames", window_s=0.5)
    for number in (1, 2, 3):
        asked = ReqContractDetails(request_id=number, contract=SPY)
        assert client.send(asked, wait_s=0.1) == []
    assert len(only(client.wait(0.6), ContractDataEnd)) == 3
    assert merged.fired == 1


def test_merged_frames_that_are_one_frame_prove_nothing() -> None:
    client, merged = in_weather("merged_frames")
    client.send(NOW, wait_s=0.0)
    assert len(client.wait(1.0)) == 1
    assert merged.fired == 0


def test_garbage_is_no_frame_and_comes_once() -> None:
    client, noise = in_weather("garbage", size=32)
    data = frames(10)
    first, second = pieces_of(client.client, data)
    assert second == data
    assert len(first) == 32
    assert int.from_bytes(first[:4]) > 2**24
    assert pieces_of(client.client, data) == [data]
    assert noise.fired == 1


def test_torn_garbage_is_both() -> None:
    client = peer()
    weather(client, "garbage", size=32)
    weather(client, "torn_frames")
    pieces = pieces_of(client.client, frames(10))
    assert len(pieces) > 2
    assert b"".join(pieces)[32:] == frames(10)


def test_the_same_seed_gives_the_same_pieces() -> None:
    def torn(seed: int) -> list[bytes]:
        client, _torn = in_weather("torn_frames", seed=seed)
        return pieces_of(client.client, frames(*range(20, 40)))

    assert torn(1) == torn(1) != torn(2)


@pytest.mark.parametrize("name", WEATHERS)
def test_every_weather_can_be_put_in_force_and_taken_back(name) -> None:
    client = peer()
    before = repr(client.engine.conditions)
    made = weather(client, name)
    client.wait(1.0)
    client.engine.weather.disarm(made)
    client.wait(1.0)
    assert repr(client.engine.conditions) == before
    assert client.engine.weather.active == []
    assert client.engine.weather.door == "open"
    assert client.engine.weather.drift_s == 0.0
    assert client.engine.failures == []


@pytest.mark.parametrize("name", WEATHERS)
def test_before_a_client_is_there_nothing_has_met_it(name) -> None:
    from pytest_ibkr.sim.engine import Engine
    from tests.sim.data_bench import TEN, normal_world

    engine = Engine(normal_world(), start_s=TEN)
    made = engine.weather.arm(WEATHERS[name]())
    engine.advance(TEN + 600.0)
    assert made.fired == 0
    assert engine.failures == []


def test_a_weather_that_cannot_begin_is_not_in_force() -> None:
    client = peer()
    with pytest.raises(UsageError):
        weather(client, "external_trades", symbol="VIX")
    assert client.engine.weather.active == []
