"""Connectivity and farms: what is said, what stands still meanwhile, and what goes on after."""

from __future__ import annotations

import pytest

from pytest_ibkr.wire.messages.contract import ContractDataEnd, ReqContractDetails
from pytest_ibkr.wire.messages.history import HistoricalData
from pytest_ibkr.wire.messages.market_data import TickPrice
from pytest_ibkr.wire.messages.session import CurrentTime, ReqCurrentTime
from tests.sim.data_bench import SPY, history, only, peer
from tests.sim.weather_bench import codes, in_weather, order, script, weather


def test_lost_1100_repeats_and_nothing_that_needs_servers_is_answered() -> None:
    client, lost = in_weather("lost_1100", contracts="unanswered", repeat_s=10.0)
    assert codes(client.wait(25.0)) == [1100, 1100, 1100]
    assert client.send(ReqContractDetails(request_id=1, contract=SPY)) == []
    assert client.send(history()) == []
    assert only(client.send(ReqCurrentTime()), CurrentTime)
    assert lost.fired == 3
    client.engine.weather.disarm(lost)
    assert codes(client.wait(1.0)) == [1102]
    assert only(client.send(ReqContractDetails(request_id=2, contract=SPY)), ContractDataEnd)


def test_a_valid_contract_is_unknown_in_an_outage() -> None:
    client, _lost = in_weather("lost_1100", contracts="refused")
    client.wait(1.0)
    assert codes(client.send(ReqContractDetails(request_id=1, contract=SPY))) == [200]


def test_by_the_seed_contracts_are_unknown_or_unanswered() -> None:
    def answers(seed: int) -> list[bool]:
        client, _lost = in_weather("lost_1100", seed=seed, repeat_s=10_000.0)
        client.wait(1.0)
        asked = [ReqContractDetails(request_id=n, contract=SPY) for n in range(20)]
        return [bool(client.send(each)) for each in asked]

    assert answers(1) == answers(1) != answers(2)
    assert set(answers(1)) == {True, False}


def test_data_kept_1102_goes_on_where_it_stood() -> None:
    client, _kept = in_weather("data_kept_1102", after_s=5.0, for_s=20.0)
    assert only(client.send(client.market_data()), TickPrice)
    client.wait(4.5)
    client.wait(1.0)
    assert only(client.wait(18.0), TickPrice) == []
    after = client.wait(10.0)
    assert codes(after) == [1102]
    assert {1, 2, 4} <= {tick.tick for tick in only(after, TickPrice)}


def test_data_lost_1101_ends_every_subscription() -> None:
    client, _lost = in_weather("data_lost_1101", after_s=5.0, for_s=20.0)
    client.send(client.market_data())
    assert codes(client.wait(30.0)) == [1100, 1101]
    assert client.wait(60.0) == []
    assert client.engine.streams.lines == 0
    assert only(client.send(client.market_data()), TickPrice)  # the same id, asked again


def test_an_order_hangs_until_the_servers_are_back() -> None:
    client, lost = in_weather("lost_1100")
    client.wait(1.0)
    assert client.send(order(1), wait_s=30.0) == []
    client.engine.weather.disarm(lost)
    assert script(client.wait(2.0))[-1] == "59"


def test_an_order_is_lost_where_that_is_asked_for() -> None:
    client, lost = in_weather("lost_1100", orders="lost")
    client.send(order(1), wait_s=30.0)
    client.engine.weather.disarm(lost)
    assert codes(client.wait(30.0)) == [1102]


def test_what_an_order_did_meanwhile_is_told_after_1102() -> None:
    client = peer()
    client.send(order(1), wait_s=0.2)  # acknowledged; it fills in the outage
    lost = weather(client, "lost_1100")
    assert set(script(client.wait(10.0))) == {"1100"}
    client.engine.weather.disarm(lost)
    told = script(client.wait(1.0))
    assert told[0] == "1102"
    assert {"11 10", "59"} <= set(told)


def test_nightly_reset_says_the_chain_of_s19() -> None:
    client, _reset = in_weather("nightly_reset", for_s=100.0, repeat_s=40.0)
    broken, repaired = [2103, 2103, 2105, 2157], [2104, 2104, 2106, 2158]
    assert codes(client.wait(200.0)) == [*broken, 1100, 1100, 1100, *repaired, 1102]


def test_nightly_reset_may_lose_the_data() -> None:
    client, _reset = in_weather("nightly_reset", for_s=10.0, data="lost")
    client.send(client.market_data())
    assert codes(client.wait(20.0))[-1] == 1101
    assert client.engine.streams.lines == 0


def test_nightly_reset_comes_every_night_at_its_time() -> None:
    client, reset = in_weather("nightly_reset", at="00:15", for_s=60.0, repeat_s=600.0)
    assert codes(client.wait(14 * 3600)) == []
    assert codes(client.wait(900.0 + 61)).count(1100) == 1
    assert codes(client.wait(24 * 3600)).count(1100) == 1
    assert reset.fired == 2


def test_who_connects_in_an_outage_is_told_so() -> None:
    first, _lost = in_weather("lost_1100")
    first.wait(1.0)
    late = first.engine.open(200)
    assert late is not None
    from pytest_ibkr.wire.codec import encode
    from pytest_ibkr.wire.messages.session import StartApi
    from tests.sim.data_bench import Peer

    other = Peer(first.engine, late)
    first.engine.receive(late, encode(StartApi(client_id=9), 200))
    assert codes(other.wait(0.0)) == [2103, 2103, 2105, 2157, 1100]


@pytest.mark.parametrize(
    ("farms", "broken", "repaired"),
    [
        ("market_data", [2103, 2103], [2104, 2104]),
        ("history", [2105], [2106]),
        ("contracts", [2157], [2158]),
        ("all", [2103, 2103, 2105, 2157], [2104, 2104, 2106, 2158]),
    ],
)
def test_farm_flap_breaks_and_repairs(farms, broken, repaired) -> None:
    client, flap = in_weather("farm_flap", farms=farms, for_s=10.0, times=2, every_s=60.0)
    assert codes(client.wait(9.0)) == broken
    assert codes(client.wait(2.0)) == repaired
    assert codes(client.wait(60.0)) == [*broken, *repaired]
    assert flap.fired == 2


def test_a_broken_farm_answers_nothing_and_the_others_do() -> None:
    client, _flap = in_weather("farm_flap", farms="history", for_s=100.0)
    client.wait(1.0)
    assert client.send(history(), wait_s=5.0) == []
    assert only(client.send(client.market_data()), TickPrice)
    assert only(client.send(ReqContractDetails(request_id=2, contract=SPY)), ContractDataEnd)


def test_lines_asked_for_while_the_farm_is_broken_begin_when_it_is_back() -> None:
    client, _flap = in_weather("farm_flap", farms="market_data", for_s=10.0)
    assert only(client.send(client.market_data(), wait_s=9.0), TickPrice) == []
    assert {1, 2, 4} <= {tick.tick for tick in only(client.wait(3.0), TickPrice)}


def test_hmds_idle_wakes_for_a_request_just_before_its_data() -> None:
    client, idle = in_weather("hmds_idle", idle_s=60.0)
    assert codes(client.wait(1.0)) == [2107]
    told = client.send(history(), wait_s=5.0)
    assert codes(told[:1]) == [2106]
    assert only(told, HistoricalData)
    assert codes(client.send(history(request_id=13), wait_s=5.0)) == []
    assert codes(client.wait(61.0)) == [2107]
    assert idle.fired == 1
