"""Writes a run's files where the run is controlled. Imports pytest and ``net``'s real clock."""

from __future__ import annotations

import contextlib
import io
import json
import os
import platform
import re
import shutil
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import pytest

from pytest_ibkr.net.driver import flowing_clock
from pytest_ibkr.report.accounts import masked
from pytest_ibkr.report.checklist import checklist
from pytest_ibkr.report.collector import Collector
from pytest_ibkr.report.files import new_run_directory, write_both
from pytest_ibkr.report.markdown import markdown
from pytest_ibkr.report.metrics import LIMITS, summed_up
from pytest_ibkr.report.model import SCHEMA_VERSION, Results, Run, to_json
from pytest_ibkr.report.relay_model import AUDIT_LOG, METRICS_FILE, RelayReport
from pytest_ibkr.report.totals import pacing_of, requirements_of
from pytest_ibkr.report.verdict import gate_of, rehearsal_of

LIVE_REPORT = "live_validation_report.md"
UNFINISHED = "the run has not finished, or was killed"
_COLOURS = re.compile(r"\x1b\[[0-9;]*m")


@dataclass(frozen=True, kw_only=True)
class RunStamp:
    """What the end of a run adds: counts and reasons the test reports do not carry."""

    deselected: int = 0
    not_run_because: str | None = None
    live_asked: bool = False
    interrupted: str | None = None
    exit_status: int | None = None
    relay: RelayReport | None = None


class Writer:
    """The files of one run: the newest in ``reports``, all of them in its dated ``run``.

    Raises:
        pytest.UsageError: ``reports`` cannot be made.
    """

    run: Path

    def __init__(self, config: pytest.Config, reports: Path) -> None:
        self.reports = reports
        self.results: Results | None = None
        self._config = config
        self._text = io.StringIO()
        with _usage_error(reports):  # here: pytest-html would meet it first, and ends in a trace
            reports.mkdir(parents=True, exist_ok=True)
        _default_path(config, "xmlpath", reports / "junit.xml")
        if _default_path(config, "htmlpath", reports / "report.html"):
            config.option.self_contained_html = True

    def begin(self, collector: Collector, *, live_asked: bool = False) -> None:
        """Start the run: its directory, an unfinished verdict, the copy of the terminal.

        Raises:
            pytest.UsageError: nothing can be written there.
        """
        # pytest's own stamp: no test has moved the wall clock yet.
        started_s = pytest.CallInfo.from_call(lambda: None, when="setup").start
        self._started = datetime.fromtimestamp(started_s, UTC)
        self._clock = flowing_clock(started_s, 1.0)  # goes on with the monotonic clock
        with _usage_error(self.reports):
            self.run = new_run_directory(self.reports, self._started)
            self._live_asked = live_asked
            stamp = RunStamp(interrupted=UNFINISHED, live_asked=live_asked)
            self._write(self._results(collector, stamp, LIMITS))
        self._listen()

    def finish(self, collector: Collector, stamp: RunStamp, limits: Mapping[str, float]) -> Results:
        """Write what the run came to."""
        self.results = self._results(collector, stamp, limits)
        self._write(self.results)
        return self.results

    def audit_log(self) -> str | None:
        """Return the name of the relay's log in the dated directory, if it is there."""
        return AUDIT_LOG if (self.run / AUDIT_LOG).is_file() else None

    def archive(self) -> None:
        """Copy what others wrote into the dated directory: HTML, JUnit, the terminal's text."""
        if self.results is None:
            return
        with contextlib.suppress(OSError):  # not there or not empty; no worker writes any more
            (self.run / "journals").rmdir()
        text = masked(_COLOURS.sub("", self._text.getvalue())).encode()
        write_both(self.reports, self.run, "pytest_report.txt", newest=text, dated=text)
        if (log := self.run / AUDIT_LOG).is_file():
            shutil.copyfile(log, self.reports / AUDIT_LOG)
        for option in ("xmlpath", "htmlpath"):
            path = self._written_by(option)
            if path is None or not path.is_file():
                continue
            if option == "xmlpath":
                shutil.copyfile(path, self.run / path.name)
            elif self._config.option.self_contained_html:  # else it needs its assets
                near = path.read_text(encoding="utf-8").replace(self.link_prefix(path), "")
                (self.run / path.name).write_text(near, encoding="utf-8")

    def link_prefix(self, page: Path) -> str:
        """Return what leads from an HTML page's place to the run's directory."""
        return f"{os.path.relpath(self.run, page.parent)}/".replace(os.sep, "/")

    @property
    def html_path(self) -> Path | None:
        """Where pytest-html writes its page, if it does."""
        return self._written_by("htmlpath")

    def _written_by(self, option: str) -> Path | None:
        path = getattr(self._config.option, option, None)
        return None if path is None else Path(path).expanduser().absolute()

    def _listen(self) -> None:
        if not self._config.pluginmanager.has_plugin("terminalreporter"):
            return
        writer = self._config.get_terminal_writer()
        write = writer.write

        def copy(msg: str, *, flush: bool = False, **markup: bool) -> None:
            self._text.write(msg)
            write(msg, flush=flush, **markup)

        writer.write = copy  # type: ignore[method-assign]

    def _results(
        self, collector: Collector, stamp: RunStamp, limits: Mapping[str, float]
    ) -> Results:
        tests = list(collector.rows.values())
        waiting = sum(test.outcome == "not_run" for test in tests)
        because = stamp.interrupted
        if because is None and waiting:
            because = f"{waiting} collected tests never reported"
        rehearsal = rehearsal_of(tests, collector.gateways)
        return Results(
            schema_version=SCHEMA_VERSION,
            run=self._run_facts(collector, stamp, because),
            rehearsal=rehearsal,
            gateways=collector.gateways,
            gate=gate_of(
                tests,
                rehearsal,
                live_asked=stamp.live_asked,
                incomplete_because=because,
                not_run_because=stamp.not_run_because,
                relay=stamp.relay,
            ),
            counts=dict(sorted(Counter(str(test.outcome) for test in tests).items())),
            metrics=summed_up(tests, limits),
            tests=tests,
            pacing=pacing_of(tests),
            requirements=requirements_of(tests),
            relay=stamp.relay,
        )

    def _run_facts(self, collector: Collector, stamp: RunStamp, because: str | None) -> Run:
        finished = because != UNFINISHED
        elapsed_s = self._clock.now() - self._started.timestamp()
        return Run(
            started_at=self._started.isoformat(timespec="seconds"),
            duration_s=round(elapsed_s, 3) if finished else None,
            complete=because is None,
            incomplete_because=because,
            exit_status=stamp.exit_status,
            directory=self.run.relative_to(self.reports).as_posix(),
            pytest_version=pytest.__version__,
            python_version=platform.python_version(),
            platform=f"{platform.system()} {platform.machine()}",
            product_version=_product_version(),
            workers=len(collector.workers) or 1,
            deselected=stamp.deselected,
        )

    def _write(self, results: Results) -> None:
        content = to_json(results)
        there = f"{results.run.directory}/"
        pages: dict[str, tuple[str, str]] = {
            "report.md": (markdown(results, prefix=there), markdown(results)),
            "checklist.md": (checklist(results, prefix=there), checklist(results)),
        }
        if self._live_asked:
            pages[LIVE_REPORT] = pages["report.md"]
        else:  # leave no earlier verdict standing
            (self.reports / LIVE_REPORT).unlink(missing_ok=True)
        if results.relay is not None:
            figures = json.dumps(asdict(results.relay), indent=2) + "\n"
            pages[METRICS_FILE] = (figures, figures)
        for name, (newest, dated) in pages.items():
            files: dict[str, Any] = {"newest": newest.encode(), "dated": dated.encode()}
            write_both(self.reports, self.run, name, **files)
        # Last, so that whoever sees a results.json finds the pages rendered from it.
        write_both(self.reports, self.run, "results.json", newest=content, dated=content)


@contextlib.contextmanager
def _usage_error(reports: Path) -> Iterator[None]:
    """Say of files that cannot be written what to do, before any test runs."""
    try:
        yield
    except OSError as exc:
        raise pytest.UsageError(
            f"cannot write the report into {reports}: {exc.strerror or exc}"
            f" ({exc.filename or reports})\n"
            "  state: no test ran\n"
            "  fix:   name a directory that can be made and written to: --ibkr-report,"
            " IBKR_REPORT or the ini key ibkr_report"
        ) from None


def _default_path(config: pytest.Config, option: str, path: Path) -> bool:
    """Let a plugin that is there and was given no path write to ours."""
    if getattr(config.option, option, "absent") is not None:
        return False
    setattr(config.option, option, str(path))
    return True


def _product_version() -> str:
    try:
        return version("pytest-ibkr")
    except PackageNotFoundError:  # run from a checkout that was never installed
        return "not installed"
