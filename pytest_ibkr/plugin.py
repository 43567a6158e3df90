"""Options, markers and hooks. Module scope imports pytest and nothing heavier.

A run that uses none of it loads nothing else of the harness.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Generator, Iterable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from pytest_ibkr import fixtures

# name, metavar (None: a flag), help; ini key ibkr_NAME and variable IBKR_NAME say the same
OPTIONS = (
    ("offline", None, "never meet a real gateway, whatever else asks for it"),
    ("config", "PATH", "configuration file (default: config/live_validation_config.yaml)"),
    ("snapshot", "NAME_OR_PATH", "the market: a snapshot's name or file"),
    ("scenario", "NAME", "the market: the newest snapshot of a scenario"),
    ("report", "DIR", "write the run's report into DIR"),
    ("server_version", "N", "the simulated gateway's server version (default: its newest)"),
    ("record", "{none,once,all}", "record live tests: none (default), once: the unrecorded, all"),
)
TYPED = (  # no ini key and no variable: who writes one is told so
    ("--live-gateway", "let tests marked live meet the paper gateway"),
    ("--capture-snapshot", "record market snapshots from the paper gateway, and run no test"),
    ("--ibkr-yes", "answer the question of --capture-snapshot"),
)
INI_ONLY = (
    ("snapshot_dir", "where snapshots are looked up (default: fixtures/ibkr_snapshots)"),
    ("clock_start", "exchange time a test begins at (default: 10:00)"),
    ("recording_dir", "where recordings are (default: recordings/ beside each test file)"),
    ("recording_max_age", "days after which a recording is too old (default: 180)"),
    ("recording_too_old", "what then: warn (default) or fail"),
)
MARKERS = (
    "live: may meet the paper gateway; offline it meets the simulated one, as a rehearsal",
    "market_hours(session='rth', calendar='XNYS', at=None): market open; offline, from at= on",
    "market_closed: needs a closed market; offline the clock starts on a closed day",
    "places_orders: sends orders",
    "ibkr_snapshot(name): another market for this test, by name or path",
    "ibkr_weather(name, **parameters): a scenario in force from the start, as ibkr.weather.name()",
    "ibkr_budget(**most): fails a test that used more of a gateway's limits: lines=, requests=, …",
    "ibkr_recording(path=None): offline, its recording answers instead of the simulated gateway",
    "ibkr_server_version(*versions): run once with each of these server versions",
    "req(*ids): requirement ids this test speaks for",
)
OWN_FIXTURES = frozenset(
    {"ibkr", "ibkr_clock", "ibkr_gateway", "ibkr_gateway_factory", "live_gateway"}
)
OWN_MARKERS = frozenset(marker.partition(":")[0].partition("(")[0] for marker in MARKERS) - {"req"}
CHECKED_FIXTURES = OWN_FIXTURES | {"ibkr_config", "ibkr_server_version", "ibkr_snapshot"}
_TIMELINE_ENTRIES = 200
_LIVE_SINCE = pytest.StashKey[int]()  # where a test's share of the live session begins
_HEADER = pytest.StashKey[list[str]]()
_REFUSED = "ibkr_refused"  # why an xdist worker runs nothing
_REFUSAL = pytest.StashKey[bool]()


def pytest_addoption(parser: pytest.Parser, pluginmanager: pytest.PytestPluginManager) -> None:
    """Register fixtures, options and ini keys; options and keys default to "not given"."""
    # Not by `pytest_plugins`: this module has imported it, and pytest would warn that it came
    # too late to rewrite its assertions, of which it has none.
    pluginmanager.register(fixtures, "ibkr-fixtures")
    group = parser.getgroup("ibkr", "Interactive Brokers gateway")
    for option, text in TYPED:
        group.addoption(option, action="store_true", help=f"{text}; counts only where typed")
        parser.addini(_key(option), f"refused: {option} is typed", default=None)
    for name, metavar, text in OPTIONS:
        option, dest = f"--ibkr-{name.replace('_', '-')}", f"ibkr_{name}"
        if metavar is None:
            group.addoption(option, dest=dest, action="store_true", default=None, help=text)
            parser.addini(dest, text, type="bool", default=None)
        else:
            group.addoption(option, dest=dest, metavar=metavar, default=None, help=text)
            parser.addini(dest, text, default=None)
    for name, text in INI_ONLY:
        parser.addini(f"ibkr_{name}", text, default=None)


@pytest.hookimpl(tryfirst=True)  # the report plugin must be there before junitxml and pytest-html
def pytest_configure(config: pytest.Config) -> None:
    """Register markers; check what was given before anything is collected."""
    for marker in MARKERS:
        config.addinivalue_line("markers", marker)
    is_live = _go_live(config)
    if is_live or _was_told(config):
        from pytest_ibkr.run_settings import report_settings_of, settings_of

        if settings_of(config).record != "none":
            from pytest_ibkr import record_plugin

            record_plugin.register(config)
        settings = report_settings_of(config, live=is_live)
        if settings is not None:
            from pytest_ibkr.report.plugin import NAME, ReportPlugin

            report = ReportPlugin(config, settings)
            report.live_asked = is_live
            config.pluginmanager.register(report, NAME)


def _go_live(config: pytest.Config) -> bool:
    """Let the run meet the paper gateway, or capture it, if that was asked for and may be."""
    worker = getattr(config, "workerinput", None)
    if worker is not None:
        if said := worker.get(fixtures.LIVE_RUN):
            from pytest_ibkr.live_run.start import go_as_worker

            go_as_worker(config, said)
        return bool(said)
    asks = "live" in config.getoption("markexpr", "")
    for option, _ in TYPED:
        asks = asks or config.getoption(option.lstrip("-").replace("-", "_"))
        asks = asks or bool(os.environ.get(_key(option).upper()) or config.getini(_key(option)))
    if not asks:
        return False
    from pytest_ibkr.live_run.start import go, going_of

    going = going_of(config)
    if going is not None and going.what == "capture":
        from pytest_ibkr import capture_items

        capture_items.register(config)
        return False
    if going is not None:
        go(config, going)
    return going is not None


def _key(option: str) -> str:
    return f"ibkr_{option.removeprefix('--').removeprefix('ibkr-').replace('-', '_')}"


def _was_told(config: pytest.Config) -> bool:
    names = [name for name, *_ in (*OPTIONS, *INI_ONLY)]
    return any(
        os.environ.get(f"IBKR_{name.upper()}")
        or config.getini(f"ibkr_{name}") is not None
        or config.getoption(f"ibkr_{name}", None) is not None
        for name in names
    )


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Check the markers of a test at collection; run it once per server version asked for."""
    names = metafunc.fixturenames
    marks = [mark for mark in metafunc.definition.iter_markers() if mark.name in OWN_MARKERS]
    is_live = metafunc.config.pluginmanager.has_plugin(fixtures.LIVE_RUN)
    if not marks and "ibkr" not in names and not (is_live and "live_gateway" in names):
        return
    from pytest_ibkr.collection import both_gateways, on_paper, server_versions

    versions: tuple[int, ...] = ()
    problem = both_gateways(names) or (on_paper(marks, names) if is_live else None)
    try:
        versions = server_versions(marks, names)
    except ValueError as exc:
        problem = problem or str(exc)
    if problem:  # outside the handler: pytest would print both errors
        pytest.fail(f"{metafunc.definition.nodeid}: {problem}", pytrace=False)
    if versions:
        metafunc.parametrize("ibkr_server_version", versions, indirect=True, ids=map(str, versions))


@pytest.hookimpl(tryfirst=True)  # before anything is printed about the run
def pytest_collection_finish(session: pytest.Session) -> None:
    """Refuse a run whose settings, configuration file or market its tests could not use."""
    if any(CHECKED_FIXTURES & set(getattr(item, "fixturenames", ())) for item in session.items):
        from pytest_ibkr import record_plugin
        from pytest_ibkr.run_settings import check, fasten_belt

        try:
            check(session.config)
            fasten_belt(session.config, live=False)
            record_plugin.register(session.config, session.items)
        except pytest.UsageError as exc:
            if not hasattr(session.config, "workeroutput"):
                raise
            # Raised in an xdist worker it would come out as an internal error.
            session.config.workeroutput[_REFUSED] = str(exc)
            session.items.clear()


@pytest.hookimpl(trylast=True)  # after the fixtures, which start the gateway
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip a live test when the market is not as it needs it: nobody sets that clock."""
    session = item.config.stash.get(fixtures.LIVE_SESSION, None)
    if (
        session is None
        or getattr(session, "is_live", False)
        or "live_gateway" not in getattr(item, "fixturenames", ())
    ):
        return
    from pytest_ibkr.markers import plan_of, skip_reason

    snapshot = session.engine.world.snapshot
    if reason := skip_reason(plan_of(item.iter_markers()), snapshot, now=session.clock.now()):
        pytest.skip(reason)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Let the wall clock follow the shared gateway during tests that use it, and then only."""
    item.stash[fixtures.FAILED] = False
    if "live_gateway" not in getattr(item, "fixturenames", ()):
        return (yield)
    if (gateway := item.config.stash.get(fixtures.LIVE_GATEWAY, None)) is not None:
        gateway.take_wall_clock()
    if (session := item.config.stash.get(fixtures.LIVE_SESSION, None)) is not None:
        item.stash[_LIVE_SINCE] = session.journal.newest_serial()
    try:
        return (yield)
    finally:  # the first of these tests has started the gateway meanwhile
        if (gateway := item.config.stash.get(fixtures.LIVE_GATEWAY, None)) is not None:
            gateway.release_wall_clock()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show a failing test what crossed the wire, of every gateway it met."""
    report = yield
    if report.failed:
        item.stash[fixtures.FAILED] = True
        report.sections += _timelines(item)
    return report


def _timelines(item: pytest.Item) -> Iterator[tuple[str, str]]:
    sessions = [(session, 0) for session in item.stash.get(fixtures.SESSIONS, ())]
    shared = item.config.stash.get(fixtures.LIVE_SESSION, None)
    if shared is not None and "live_gateway" in getattr(item, "fixturenames", ()):
        sessions.append((shared, item.stash.get(_LIVE_SINCE, 0)))  # this test's share of it
    for session, since in sessions:
        which = f" of port {session.port}" if len(sessions) > 1 else ""
        timeline = session.journal.timeline(_TIMELINE_ENTRIES, since=since)
        yield f"ibkr wire timeline{which}", timeline


# -- what a run says about itself --------------------------------------------------------


def pytest_report_collectionfinish(config: pytest.Config, items: list[pytest.Item]) -> list[str]:
    """Say which gateway and market the tests will meet; nothing when none uses them."""
    lines = _header(config, items)
    if hasattr(config, "workeroutput"):
        config.workeroutput["ibkr_header"] = lines  # a worker has no terminal
    return lines if config.get_verbosity() >= 0 else []


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Take over what an xdist worker would have said; all of them collect the same."""
    output = getattr(node, "workeroutput", {})
    if lines := output.get("ibkr_header"):
        node.config.stash[_HEADER] = lines
    if reason := output.get(_REFUSED):
        node.config.stash[_HEADER] = [f"ERROR: {reason}"]
        node.config.stash[_REFUSAL] = True
    if recorded := output.get("ibkr_recordings"):
        from pytest_ibkr import record_plugin

        record_plugin.register(node.config).merge(recorded)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """End a run that workers refused as one that was refused here."""
    if _REFUSAL in session.config.stash:
        session.exitstatus = pytest.ExitCode.USAGE_ERROR


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Under xdist, say at the end what a run in one process says at its beginning."""
    if config.get_verbosity() >= 0 or _REFUSAL in config.stash:
        for line in config.stash.get(_HEADER, ()):
            terminalreporter.write_line(line)


def pytest_unconfigure(config: pytest.Config) -> None:
    """Let this process connect to anything again, if it was kept from it."""
    if "pytest_ibkr.run_settings" in sys.modules:
        from pytest_ibkr.run_settings import release_belt

        release_belt(config)


def _header(config: pytest.Config, items: Iterable[pytest.Item]) -> list[str]:
    is_live = config.pluginmanager.has_plugin(fixtures.LIVE_RUN)
    ours = [
        item
        for item in items
        if OWN_FIXTURES & set(getattr(item, "fixturenames", ()))
        or (is_live and item.get_closest_marker("live"))
    ]
    if not ours and not is_live:
        return []
    from pytest_ibkr.collection import header

    # A person reads how old the market is; no test sees this clock.
    return header(config, ours, now=datetime.now(UTC))  # noqa: TID251
