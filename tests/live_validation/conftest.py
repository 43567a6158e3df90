"""The suite's own broker, connected once; the gateway is never reset under it.

Offline the endpoint is the simulated gateway, live it is the relay before a paper gateway; the
tests see a host, a port, a client id and a clock, and cannot tell.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from bot.broker import IBKRGateway
from tests.live_validation.account_guard import AccountGuard
from tests.live_validation.choose import cheapest_otm_call

POOL = 20  # client ids after the suite's own, for tests that need a connection to themselves


@pytest.fixture(scope="session")
def clock(live_gateway):
    """The time the gateway lives in."""
    return live_gateway.clock


@pytest.fixture(scope="session")
def connect(live_gateway, clock, ibkr_config) -> Callable[..., IBKRGateway]:
    """Return a function that connects another broker object under its own client id."""
    taken = iter(range(live_gateway.client_id + 1, live_gateway.client_id + POOL))

    @contextmanager
    def connected(**options) -> Iterator[IBKRGateway]:
        options.setdefault("timeout_s", ibkr_config.gateway.timeout)
        broker = IBKRGateway(
            live_gateway.host, live_gateway.port, next(taken), clock=clock, **options
        )
        try:
            broker.connect()
            yield broker
        finally:
            broker.disconnect()

    return connected


@pytest.fixture(scope="session")
def connection_latency_ms() -> list[float]:
    """Real milliseconds each connect of the suite took."""
    return []


@pytest.fixture(scope="session")
def live_gateway_connection(live_gateway, clock, ibkr_config, connection_latency_ms):
    """Connect the bot's broker; at the end cancel and flatten what this suite left behind."""
    broker = IBKRGateway(
        live_gateway.host,
        live_gateway.port,
        live_gateway.client_id,
        timeout_s=ibkr_config.gateway.timeout,
        clock=clock,
    )
    before_s = time.perf_counter()
    broker.connect()
    connection_latency_ms.append((time.perf_counter() - before_s) * 1000)
    guard = AccountGuard(broker)
    yield broker
    try:
        guard.restore(ibkr_config.thresholds.order_fill_timeout_seconds)
    finally:
        broker.disconnect()


@pytest.fixture
def broker(live_gateway_connection):
    """The suite's connection, working before and after each test."""
    assert live_gateway_connection.is_connected()
    yield live_gateway_connection
    assert live_gateway_connection.is_connected(), "the test left the shared connection dead"
    assert live_gateway_connection.faults == (), "a callback failed inside the broker"


@pytest.fixture
def guard(broker, ibkr_config):
    """Bring account and orders back to what they were before this test, and prove it."""
    guard = AccountGuard(broker)
    yield guard
    guard.restore(ibkr_config.thresholds.order_fill_timeout_seconds)


@pytest.fixture
def otm_call(broker, clock, ibkr_config):
    """A listed call, chosen now: out of the money, quoted on both sides, cheap, not expiring."""
    return cheapest_otm_call(broker, clock, ibkr_config.test_contracts["spy_weekly_call"])


@pytest.fixture
def measure(record_property):
    """Record a metric of this test: ``measure("order_fill_time_s", 0.4)``."""
    return lambda name, value: record_property(f"ibkr:{name}", value)
