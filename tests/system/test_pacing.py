"""The message rate: kept by the bot over all threads, survived when the gateway sees it broken."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from decimal import Decimal

import pytest

from bot.broker import GatewayConnectionError, MessagePacer, RateLimitError, retry_rate_limited
from pytest_ibkr.sim.pacing import RateMeter
from tests.bot.hand_clock import HandClock
from tests.system.bench import CALL, SPY, error_codes

LIMIT, OWN_LIMIT = 50, 45


def ask_the_time(broker, times: int) -> None:
    """Ask for the server's time, one round trip after another."""
    for _time in range(times):
        broker.server_time()


@pytest.mark.req("LV-021", "XC-005")
def test_a_burst_from_eight_threads_stays_under_the_gateways_limit(ibkr, broker):
    ibkr.clock.hold()  # virtual time passes only while the bot itself waits
    listed = [o for o in ibkr.engine.world.book.chain("SPY") if o.multiplier == 100][:140]
    contracts = [
        replace(CALL, expiry=o.expiry, strike=Decimal(str(o.strike)), right=o.right) for o in listed
    ]
    began_s = ibkr.clock.monotonic()
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(broker.qualify_contract, contracts))
    ibkr.clock.resume()
    assert [(c.strike, c.right) for c in found] == [(c.strike, c.right) for c in contracts]
    assert ibkr.pacing()["peak_messages_per_s"] <= LIMIT
    assert ibkr.clock.monotonic() - began_s >= len(contracts) // OWN_LIMIT
    assert 100 not in error_codes(ibkr)


def test_100_fails_what_was_asked_and_the_object_connects_again(ibkr, connect):
    ibkr.configure(max_messages_per_s=10)
    broker = connect()
    ibkr.clock.hold()
    with pytest.raises((RateLimitError, GatewayConnectionError)) as raised:
        ask_the_time(broker, 20)
    ibkr.clock.resume()
    assert isinstance(raised.value, GatewayConnectionError) or raised.value.code == 100
    assert error_codes(ibkr).count(100) == 1
    ibkr.journal.wait_for(lambda e: e.direction == "note" and "closed" in e.message.text)
    ibkr.configure(max_messages_per_s=LIMIT)
    broker.reconnect()
    assert broker.get_market_data(SPY).is_two_sided


def test_an_object_with_a_lower_limit_of_its_own_never_meets_the_gateways(ibkr, connect):
    ibkr.configure(max_messages_per_s=10)
    broker = connect(max_messages_per_s=8)
    ibkr.clock.hold()
    ask_the_time(broker, 30)
    ibkr.clock.resume()
    assert error_codes(ibkr).count(100) == 0
    assert ibkr.pacing()["peak_messages_per_s"] == 8


@pytest.mark.req("LV-021")
def test_a_pacing_refusal_is_waited_out_for_2_4_and_8_seconds(ibkr, broker):
    waits, began_s = [], ibkr.clock.monotonic()
    text = "Historical Market Data Service error message:Historical data request pacing violation"
    with ibkr.faults.refuse("reqHistoricalData", 162, text, times=3):
        bars = retry_rate_limited(
            lambda: broker.get_historical_data(SPY, "1 D", "5 mins"),
            ibkr.clock,
            on_wait=lambda error, wait_s: waits.append((error.code, wait_s)),
        )
    assert bars
    assert waits == [(162, 2.0), (162, 4.0), (162, 8.0)]
    assert ibkr.clock.monotonic() - began_s >= 14
    assert broker.is_authenticated()


@pytest.mark.req("LV-021")
def test_a_refusal_that_stays_is_raised_after_the_last_wait(ibkr, broker):
    with (
        ibkr.faults.refuse("reqHistoricalData", 162, "pacing violation") as fault,
        pytest.raises(RateLimitError),
    ):
        retry_rate_limited(lambda: broker.get_historical_data(SPY, "1 D", "5 mins"), ibkr.clock)
    assert fault.fired == 4


def worst_verdict(*, late_s: float) -> str:
    """What the gateway's meter says of two bursts when the first travels ``late_s`` longer."""
    clock, meter = HandClock(), RateMeter(LIMIT)
    pacer = MessagePacer(clock, OWN_LIMIT)
    verdicts = set()
    for number in range(2 * OWN_LIMIT):
        pacer.acquire()
        verdicts.add(meter.count(clock.monotonic() + (late_s if number < OWN_LIMIT else 0)))
    return "violation" if "violation" in verdicts else "within"


@pytest.mark.req("XC-005")
def test_a_burst_that_travels_slower_does_not_meet_the_next_one():
    assert worst_verdict(late_s=0.09) == "within"


@pytest.mark.req("XC-005", counter_proof="bursts exactly one second apart")
def test_counter_proof_bursts_a_second_apart_meet_on_the_way(monkeypatch):
    monkeypatch.setattr(MessagePacer, "WINDOW_S", 1.0)
    assert worst_verdict(late_s=0.01) == "violation"
