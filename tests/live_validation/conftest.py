"""The suite's own broker, connected once; the gateway is never reset under it.

Offline the endpoint is the simulated gateway, live it is the relay before a paper gateway; the
tests see a host, a port, a client id and a clock, and cannot tell. Whether a closed market stops
the suite is the file's decision, so the tests carry no ``market_hours`` marker.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest

from bot.broker import AuthenticationError, IBKRGateway, LiveAccountRefusedError
from tests.live_validation import policy
from tests.live_validation.account_guard import AccountGuard
from tests.live_validation.choose import chosen_option, listed_contract
from tests.live_validation.session_log import follow_orders, session_log

LONGEST_S = 240  # of a test that names no time-out; live its waits are real
POOL = 20  # client ids after the suite's own, for tests that need a connection to themselves
CONFIG = pytest.StashKey()


def pytest_collection_modifyitems(items) -> None:
    """Give this folder's tests the time they need on a real clock."""
    for item in items:
        if Path(__file__).parent in item.path.parents and not item.get_closest_marker("timeout"):
            item.add_marker(pytest.mark.timeout(LONGEST_S))


@pytest.fixture(scope="session")
def clock(live_gateway):
    """The time the gateway lives in."""
    return live_gateway.clock


@pytest.fixture(scope="session")
def connect(live_gateway, clock, ibkr_config) -> Callable[..., IBKRGateway]:
    """Return a function that connects another broker object under its own client id."""
    own_id = ibkr_config.gateway.client_id
    taken = iter(range(own_id + 1, own_id + POOL))

    @contextmanager
    def connected(**options) -> Iterator[IBKRGateway]:
        options.setdefault("timeout_s", ibkr_config.gateway.timeout)
        broker = IBKRGateway(
            live_gateway.host, live_gateway.port, next(taken), clock=clock, **options
        )
        try:
            policy.dial(broker, ibkr_config)
            yield broker
        finally:
            broker.disconnect()

    return connected


@pytest.fixture(scope="session")
def connection_latency_ms() -> list[float]:
    """Real milliseconds each connect of the suite took."""
    return []


@pytest.fixture(scope="session")
def broker_log(request, ibkr_config, tmp_path_factory) -> Iterator[Path]:
    """The session's log: below the report directory, without one in the run's temporary one."""
    report = policy.active(request.config)
    place = tmp_path_factory.getbasetemp() if report is None else report.directory
    worker = getattr(request.config, "workerinput", {}).get("workerid", "")
    archive = ibkr_config.cleanup.archive_logs
    with session_log(ibkr_config.logging, place, archive=archive, worker=worker) as path:
        yield path


@pytest.fixture(scope="session")
def live_gateway_connection(
    live_gateway, clock, ibkr_config, connection_latency_ms, broker_log, request
):
    """Connect the bot's broker; at the end cancel and flatten what this suite left behind."""
    request.config.stash[CONFIG] = ibkr_config
    policy.colour_report(request.config, ibkr_config)
    broker = IBKRGateway(
        live_gateway.host,
        live_gateway.port,
        ibkr_config.gateway.client_id,
        timeout_s=ibkr_config.gateway.timeout,
        clock=clock,
    )
    if ibkr_config.logging.include_order_details:
        follow_orders(broker)
    before_s = time.perf_counter()
    try:
        policy.dial(broker, ibkr_config)
        connection_latency_ms.append((time.perf_counter() - before_s) * 1000)
        policy.require_open_market(
            broker, clock.now(), config=ibkr_config, run_config=request.config
        )
        guard = AccountGuard(broker, ibkr_config.cleanup)
    except BaseException as error:
        broker.disconnect()
        end_run_for(error, request, ibkr_config)
        raise
    yield broker
    try:
        for left in guard.restore(ibkr_config.thresholds.order_fill_timeout_seconds):
            policy.note(left)
    finally:
        if ibkr_config.cleanup.disconnect_gracefully and broker.is_connected():
            for stream in broker.streams:
                broker.unsubscribe_market_data(stream)
            broker.server_time()  # the gateway has dealt with everything sent before
        broker.disconnect()


def end_run_for(error: BaseException, request: pytest.FixtureRequest, config) -> None:
    """No further test after a refused login; after a live account in any case."""
    if isinstance(error, LiveAccountRefusedError) or (
        isinstance(error, AuthenticationError) and config.error_handling.fail_fast_on_auth_error
    ):
        request.session.shouldfail = f"no session with the gateway: {error}"


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
    guard = AccountGuard(broker, ibkr_config.cleanup)
    yield guard
    guard.restore(ibkr_config.thresholds.order_fill_timeout_seconds)


@pytest.fixture
def stocks(ibkr_config):
    """The stocks of the file that are to be quoted, by their names there; not yet qualified."""
    wanted = {name: ibkr_config.test_contracts.get(name) for name in ("spy", "qqq", "iwm")}
    missing = [name for name, entry in wanted.items() if entry is None]
    assert not missing, f"test_contracts of the configuration file lacks {missing}"
    return {name: listed_contract(entry) for name, entry in wanted.items()}


@pytest.fixture
def otm_call(broker, clock, ibkr_config):
    """A listed option, chosen now: by default an out-of-the-money call, quoted and cheap."""
    return chosen_option(broker, clock, ibkr_config.test_contracts["spy_weekly_call"])


@pytest.fixture
def patiently(clock, ibkr_config):
    """Wrap a call: a rate limit is waited out (2, 4, 8 s) if the file says so."""
    return partial(policy.patient, clock=clock, config=ibkr_config)


@pytest.fixture
def measure(record_property, ibkr_config):
    """Record a metric of this test: ``measure("order_fill_time_s", 0.4)``."""

    def recorded(name: str, value: float) -> None:
        if policy.is_tracked(name, ibkr_config):
            record_property(f"ibkr:{name}", value)

    return recorded


def pytest_terminal_summary(terminalreporter, config) -> None:
    """Print what was measured, if the file says so."""
    in_force = config.stash.get(CONFIG, None)
    if in_force is None or not in_force.monitoring.report_metrics_on_exit:
        return
    reports = terminalreporter.getreports("passed") + terminalreporter.getreports("failed")
    if lines := policy.metric_lines(reports):
        terminalreporter.section("live validation metrics", sep="-")
        for line in lines:
            terminalreporter.write_line(line)
