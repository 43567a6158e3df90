"""The fixtures. Module scope imports pytest and nothing heavier; the rest comes on first use."""

from __future__ import annotations

import contextlib
import datetime as dt
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pytest_ibkr.config_file import ConfigFile
    from pytest_ibkr.gateway import Gateway
    from pytest_ibkr.net.driver import SessionClock
    from pytest_ibkr.report.plugin import ReportPlugin
    from pytest_ibkr.session.session import Session
    from pytest_ibkr.snapshot.model import Snapshot

SESSIONS = pytest.StashKey["list[Session]"]()  # of the running test, on its item
FAILED = pytest.StashKey[bool]()  # whether a phase of the running test has failed, on its item
REPORT_PLUGIN = "ibkr-report"
LIVE_RUN = "ibkr-live"
LIVE_SESSION = pytest.StashKey["Session"]()  # of the run, on its config
LIVE_GATEWAY = pytest.StashKey["Gateway"]()
LIVE_CONNECTION = "live_gateway_connection"
_LIVE_CLIENT_ID = 7101


@pytest.fixture(scope="session")
def ibkr_config(pytestconfig: pytest.Config) -> ConfigFile:
    """The checked configuration file, all defaults without one; override it to make your own."""
    from pytest_ibkr.run_settings import config_file_of

    return config_file_of(pytestconfig)


@pytest.fixture(scope="session")
def ibkr_gateway(pytestconfig: pytest.Config) -> Iterator[Gateway]:
    """One listening simulated gateway per worker; tests take ``ibkr`` instead."""
    from pytest_ibkr.run_settings import new_gateway

    with new_gateway(pytestconfig) as gateway:
        yield gateway


@pytest.fixture
def ibkr_snapshot(request: pytest.FixtureRequest) -> Snapshot:
    """The market of this test, parsed once per process; override it to return your own."""
    from pytest_ibkr.run_settings import settings_of
    from pytest_ibkr.snapshot_choice import chosen, named

    settings = settings_of(request.config)
    plan = _plan(request)
    if plan.snapshot is None:
        return chosen(settings).snapshot
    return named(plan.snapshot, directory=settings.snapshot_dir).snapshot


@pytest.fixture
def ibkr_server_version(request: pytest.FixtureRequest) -> int:
    """The highest server version the gateway offers in this test."""
    from pytest_ibkr.run_settings import settings_of
    from pytest_ibkr.wire.versions import NEWEST

    given: int | None = getattr(request, "param", None)
    return given or settings_of(request.config).server_version or NEWEST


@pytest.fixture
def ibkr(
    ibkr_gateway: Gateway,
    ibkr_snapshot: Snapshot,
    ibkr_server_version: int,
    request: pytest.FixtureRequest,
) -> Iterator[Session]:
    """A clean paper session; ``.host``, ``.port`` and ``.client_id`` are all a bot needs."""
    if (live := _live_run(request)) is not None:
        yield from _on_paper(live, request)
        return
    session = ibkr_gateway.new_session(
        request.node.nodeid,
        snapshot=ibkr_snapshot,
        server_version=ibkr_server_version,
        start_at=_start(request, ibkr_snapshot),
    )
    _show(request, session)
    report = _report(request.config)
    if report is not None:
        report.opened(request.node, session, ibkr_gateway)
    _begin_weather(request, session)
    yield session
    try:
        if report is not None:
            report.closing(request.node, session)
    finally:
        _end(request, session)  # a failure inside the gateway surfaces in the test that met it


@pytest.fixture
def ibkr_clock(request: pytest.FixtureRequest, ibkr_server_version: int) -> SessionClock:
    """The test's clock (UTC): ``now()``, ``sleep()``, ``move_to()``, ``wait()``, ``hold()``.

    In coroutines ``asleep()``, ``amove_to()``, ``await_event()``: blocking ones are refused there.
    For New York's time: ``ibkr_clock.now().astimezone(ZoneInfo("America/New_York"))``.
    """
    on_live = LIVE_CONNECTION in request.fixturenames or "live_gateway" in request.fixturenames
    session: Session = request.getfixturevalue("live_gateway" if on_live else "ibkr")
    return session.clock


@pytest.fixture
def ibkr_gateway_factory(
    request: pytest.FixtureRequest, ibkr_snapshot: Snapshot, ibkr_server_version: int
) -> Iterator[Callable[..., Session]]:
    """Makes more gateways for one test: call it for a session of a new one; all are stopped.

    All arguments are optional: ``snapshot`` (a parsed one), ``account`` (DU0000001 to
    DU0000999), ``server_version``, ``port``, ``seed``, ``start_at`` (aware), ``client_id`` and
    ``speed`` (0.01 to 1000). The process's wall clock follows ``ibkr`` only.
    """
    with contextlib.ExitStack() as stack:

        def make(
            *,
            snapshot: Snapshot | None = None,
            account: str = "DU0000001",
            server_version: int | None = None,
            port: int = 0,
            seed: int | None = None,
            start_at: dt.datetime | None = None,
            client_id: int | None = None,
            speed: float = 1.0,
        ) -> Session:
            from pytest_ibkr.gateway import Gateway

            market = ibkr_snapshot if snapshot is None else snapshot
            version = ibkr_server_version if server_version is None else server_version
            gateway = Gateway(
                market,
                account=account,
                server_version=version,
                port=port,
                seed=seed,
                speed=speed,
            )
            stack.enter_context(gateway)
            session = gateway.new_session(
                request.node.nodeid,
                client_id=client_id,
                start_at=_start(request, market) if start_at is None else start_at,
                wall_clock=False,
            )
            stack.callback(_end, request, session)
            _show(request, session)
            if (report := _report(request.config)) is not None:
                report.opened(request.node, session, gateway)
                stack.callback(report.closing, request.node, session)
            return session

        yield make


@pytest.fixture(scope="session")
def live_gateway(pytestconfig: pytest.Config) -> Iterator[Session]:
    """The gateway all live tests share, never reset; offline it is simulated (a rehearsal)."""
    from pytest_ibkr.markers import Plan, start_of
    from pytest_ibkr.run_settings import new_gateway, settings_of

    if (live := pytestconfig.pluginmanager.get_plugin(LIVE_RUN)) is not None:
        shared: Any = live.new_session("live tests", client_id=_LIVE_CLIENT_ID)
        if (report := _report(pytestconfig)) is not None:
            report.shared(shared, live.gateway)
        pytestconfig.stash[LIVE_SESSION] = shared
        yield shared
        del pytestconfig.stash[LIVE_SESSION]
        shared.close()
        return
    with new_gateway(pytestconfig) as gateway:
        usual = settings_of(pytestconfig).clock_start
        start_at = start_of(Plan(), gateway.snapshot, usual=usual)
        session = gateway.new_session("live tests", client_id=_LIVE_CLIENT_ID, start_at=start_at)
        if (report := _report(pytestconfig)) is not None:
            report.met(gateway)
        pytestconfig.stash[LIVE_SESSION] = session
        pytestconfig.stash[LIVE_GATEWAY] = gateway
        yield session
        del pytestconfig.stash[LIVE_GATEWAY], pytestconfig.stash[LIVE_SESSION]
        session.close()


@pytest.fixture(scope="session")
def live_gateway_connection(live_gateway: Session) -> object:
    """Override it: return your own broker object, connected to ``live_gateway``."""
    raise pytest.UsageError(
        "this project has no broker to run live tests with: nothing was connected\n"
        "  state: a test asks for live_gateway_connection, and only the plugin's default is there\n"
        "  fix:   in conftest.py, connect your broker to the gateway and return it:\n"
        "             @pytest.fixture(scope='session')\n"
        "             def live_gateway_connection(live_gateway):\n"
        "                 broker = MyBroker()\n"
        "                 broker.connect(live_gateway.host, live_gateway.port,"
        " live_gateway.client_id)\n"
        "                 yield broker\n"
        "                 broker.disconnect()"
    )


# -- what the fixtures share -------------------------------------------------------------


def _live_run(request: pytest.FixtureRequest) -> Any:
    """The live side of this run for a test marked live; None for a test of the simulator."""
    if request.node.get_closest_marker("live") is None:
        return None
    return request.config.pluginmanager.get_plugin(LIVE_RUN)


def _on_paper(live: Any, request: pytest.FixtureRequest) -> Iterator[Any]:
    session = live.new_session(request.node.nodeid)
    _show(request, session)
    if (report := _report(request.config)) is not None:
        report.opened(request.node, session, live.gateway)
    yield session
    try:
        if report is not None:
            report.closing(request.node, session)
    finally:
        _end(request, session)


def _show(request: pytest.FixtureRequest, session: Session) -> None:
    """Let a failing test show what crossed the wire in this session."""
    request.node.stash.setdefault(SESSIONS, []).append(session)


def _begin_weather(request: pytest.FixtureRequest, session: Session) -> None:
    try:
        for name, parameters in _plan(request).weather:
            session.weather.make(name, **parameters)
    except BaseException:  # the test never begins: nothing of it can have been met
        session.weather.waive()
        session.close()
        raise


def _end(request: pytest.FixtureRequest, session: Session) -> None:
    """Close a session and see to its budget; a test that failed owes neither fault nor budget."""
    over = None
    if request.node.stash.get(FAILED, False):
        session.faults.waive()
        if not getattr(session, "is_live", False):
            session.weather.waive()
    elif (most := _plan(request).budget) is not None:
        from pytest_ibkr.report.overdrawn import overdrawn

        over = overdrawn(session, most)
    session.close()
    if over is not None:
        from pytest_ibkr.errors import OverBudget

        raise OverBudget(over)


def _report(config: pytest.Config) -> ReportPlugin | None:
    if not config.pluginmanager.has_plugin(REPORT_PLUGIN):
        return None
    from pytest_ibkr.report.plugin import active

    return active(config)


def _plan(request: pytest.FixtureRequest) -> Any:
    from pytest_ibkr.markers import plan_of

    try:
        return plan_of(request.node.iter_markers())
    except ValueError as exc:
        raise pytest.UsageError(str(exc)) from None


def _start(request: pytest.FixtureRequest, snapshot: Snapshot) -> Any:
    from pytest_ibkr.markers import start_of
    from pytest_ibkr.run_settings import settings_of

    usual = settings_of(request.config).clock_start
    try:
        return start_of(_plan(request), snapshot, usual=usual)
    except ValueError as exc:
        raise pytest.UsageError(str(exc)) from None
