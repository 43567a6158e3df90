"""The pytest plugin behind ``--ibkr-report DIR``.

Imports pytest; pytest-html and matplotlib only in use. What it needs from whoever registers it:

- ``config.pluginmanager.register(ReportPlugin(config, settings), NAME)`` in a ``pytest_configure``
  marked ``tryfirst`` (pytest-html and junitxml read their paths in theirs), in the controller and
  in xdist workers alike; ``settings.report_dir`` is the report directory.
- the ``ibkr`` fixture calls ``opened(item, session, gateway)`` once a session exists and
  ``closing(item, session)`` before ``session.close()``; ``active(config)`` finds the plugin.
- a run with ``--live-gateway`` sets ``live_asked`` before the session starts; the fixture
  ``live_gateway`` calls ``met(gateway)`` once the session its tests share exists; a gate that
  cannot start calls ``not_run(reason)``; the relay of a live run logs into ``run_directory`` and
  what it said at its end is handed to ``relay(said)`` before the session finishes.
"""

from __future__ import annotations

import warnings
from collections.abc import Generator, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any, Protocol

import pytest

from pytest_ibkr.report.collector import FACTS, Collector, gateway_from
from pytest_ibkr.report.facts import banner, has_gate, headline
from pytest_ibkr.report.following import AnySession
from pytest_ibkr.report.gateway_facts import GatewayLike, gateway_facts, is_live
from pytest_ibkr.report.metrics import LIMITS
from pytest_ibkr.report.model import Results
from pytest_ibkr.report.recorder import Recorder, record_of
from pytest_ibkr.report.relay_model import RelayReport, relay_report
from pytest_ibkr.report.writer import RunStamp, Writer

NAME = "ibkr-report"
_RUN = "ibkr_report_run"
_SAID = "ibkr_report_said"


class ReportSettings(Protocol):
    """What the report plugin reads of the settings."""

    @property
    def report_dir(self) -> Path: ...


def active(config: pytest.Config) -> ReportPlugin | None:
    """Return the report plugin of this run, if there is one."""
    plugin = config.pluginmanager.get_plugin(NAME)
    return plugin if isinstance(plugin, ReportPlugin) else None


class ReportPlugin:
    """Gathers facts where tests run, writes the reports where the run is controlled.

    Attributes:
        directory: where the newest run's files are; the dated directories are in it.
        limits: limit per measure, coloured in the tables; change it before the run ends.
        live_asked: whether the run was asked for live validation.
    """

    def __init__(
        self, config: pytest.Config, settings: ReportSettings, *, keep_journals: bool = False
    ) -> None:
        self.limits = dict(LIMITS)
        self.live_asked = False
        self._said: dict[str, Any] = {
            "gateways": [],
            "not_run": None,
            "deselected": 0,
            "live": [],
            "relay": None,
        }
        self._config = config
        self._collector = Collector()
        worker: dict[str, Any] | None = getattr(config, "workerinput", None)
        self._keep = keep_journals
        self._writer: Writer | None = None
        place = Path(worker[_RUN]) if worker else Path(settings.report_dir).absolute()
        self.directory = place.parent if worker else place
        name = worker["workerid"] if worker else ""
        self._recorder = Recorder(place, worker=name, keep_journals=keep_journals)
        if worker is None and not config.option.collectonly:
            self._writer = Writer(config, place)

    # ---- what fixtures say

    def opened(self, item: pytest.Item, session: AnySession, gateway: GatewayLike) -> None:
        """Follow a session that ``item`` has just been given by a ``gateway``."""
        if is_live(gateway):
            self.met(gateway)
        self._recorder.opened(item, session, gateway)

    def shared(self, session: AnySession, gateway: GatewayLike) -> None:
        """Follow a session of a gateway that all live tests share."""
        self._recorder.shared(session, gateway)

    def closing(self, item: pytest.Item, session: AnySession) -> None:
        """Note the totals of a session that is about to be closed."""
        self._recorder.closing(item, session)

    def met(self, gateway: GatewayLike) -> None:
        """Note a gateway that tests meet without a session of their own.

        Its present session, if it is a simulated one, is followed for all tests that share it.
        """
        session = getattr(gateway, "session", None)
        if session is not None and not is_live(gateway):
            self._recorder.shared(session, gateway)
        facts = asdict(gateway_facts(gateway))
        if facts not in self._said["gateways"]:
            self._said["gateways"].append(facts)

    def relay(self, said: dict[str, Any]) -> None:
        """Take what a live run's relay said: ``{"facts": …, "summary": …}``, once it is over."""
        self._said["relay"] = said

    @property
    def run_directory(self) -> Path | None:
        """The run's dated directory; None before the session starts and in xdist workers."""
        return getattr(self._writer, "run", None)

    def not_run(self, reason: str) -> None:
        """Say that the gate could not start; it then is NOT RUN, whatever else passed."""
        self._said["not_run"] = reason

    # ---- where tests run

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        """Let tests record metrics: that JUnit's new family has no place for them is our affair."""
        self._recorder.begins(item)
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "record_property is incompatible with junit_family")
            return (yield)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Send a test's facts along with its reports, also out of an xdist worker."""
        report = yield
        facts: dict[str, Any] = {}
        if report.when == "setup":
            facts["live"] = item.get_closest_marker("live") is not None
            facts["requirements"] = [str(i) for mark in item.iter_markers("req") for i in mark.args]
        if report.failed:
            record_of(item).failed = True
            facts["error_type"] = call.excinfo.typename if call.excinfo else None
        self._recorder.phase_ended(item)
        if report.when == "teardown":
            facts |= self._recorder.artefacts(item)
        setattr(report, FACTS, facts)
        return report

    def pytest_deselected(self, items: list[pytest.Item]) -> None:
        """Count what ``-m`` and ``-k`` leave out."""
        self._said["deselected"] += len(items)

    # ---- where the run is controlled

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionstart(self) -> None:
        """Leave no earlier verdict standing: until the end, the newest run is unfinished."""
        if (writer := self._writer) is None:
            return
        writer.begin(self._collector, live_asked=self.live_asked)
        self._recorder = Recorder(writer.run, keep_journals=self._keep)
        if self._config.pluginmanager.has_plugin("html"):
            from pytest_ibkr.report.html_plugin import HtmlPlugin

            self._config.pluginmanager.register(HtmlPlugin(writer, self._collector), f"{NAME}-html")

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        """Tell an xdist worker where this run's files go."""
        if self._writer is not None:
            node.workerinput[_RUN] = str(self._writer.run)

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, node: Any, ids: list[str]) -> None:
        """Expect the tests that a worker collected."""
        for test_id in ids:
            self._collector.expect(test_id)

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """Merge what an xdist worker said; a crashed one says nothing."""
        said = getattr(node, "workeroutput", {}).get(_SAID)
        if said is None:
            return
        self._said["deselected"] = max(self._said["deselected"], said["deselected"])
        for once in ("not_run", "relay"):
            self._said[once] = self._said[once] or said[once]
        self._said["gateways"] += said["gateways"]
        self._collector.expect_live(said["live"])

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Expect what is going to run."""
        for item in session.items:
            self._collector.expect(item.nodeid)
        live = [item.nodeid for item in session.items if item.get_closest_marker("live")]
        self._said["live"] = live
        self._collector.expect_live(live)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Note files that could not be collected."""
        self._collector.collected(report)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note one phase of a test."""
        self._collector.heard(report)

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Write the reports; a failed gate fails a run that would have ended well."""
        self._recorder.end()
        if self._writer is None:
            if hasattr(self._config, "workeroutput"):
                self._config.workeroutput[_SAID] = self._said
            return
        for facts in self._said["gateways"]:
            self._collector.met(gateway_from(facts))
        stamp = RunStamp(
            deselected=self._said["deselected"],
            not_run_because=self._said["not_run"],
            live_asked=self.live_asked,
            interrupted=_interruption(session),
            exit_status=int(session.exitstatus),
            relay=self._relay_report(),
        )
        results = self._writer.finish(self._collector, stamp, self.limits)
        if results.gate.status in ("failed", "blocked") and not session.exitstatus:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def _relay_report(self) -> RelayReport | None:
        said, writer = self._said["relay"], self._writer
        if said is None or writer is None:
            return None
        return relay_report(said, audit_log=writer.audit_log())

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Say the verdict and where the reports are."""
        if self._writer is not None and self._writer.results is not None:
            terminalreporter.section("ibkr report", sep="-")
            for line in _summary(self._writer.results, self._writer):
                terminalreporter.write_line(line)

    @pytest.hookimpl(tryfirst=True)
    def pytest_unconfigure(self) -> None:
        """Put the files that other plugins wrote into the dated directory too."""
        if self._writer is not None:
            self._writer.archive()


def _interruption(session: pytest.Session) -> str | None:
    """Why a run ended before its end; ``None`` when it did not."""
    if reason := session.shouldstop or session.shouldfail:
        return str(reason)
    status = int(session.exitstatus)
    return None if status in (0, 1, 5) else f"pytest ended with exit status {status}"


def _summary(results: Results, writer: Writer) -> Iterator[str]:
    if has_gate(results):
        yield f"gate: {headline(results)}"
    if warning := banner(results):
        yield warning
    yield f"reports: {writer.reports} (this run: {results.run.directory})"
    if writer.html_path is None:
        yield "no HTML page: pip install pytest-ibkr[report]"
