"""``pytest --capture-snapshot``: the run is a capture, one item per symbol and one for the whole.

Whoever registers it has made sure that the flag was typed, that CI is not set and that no workers
run. Nothing else is collected; the question comes before any socket is opened.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest

from pytest_ibkr.errors import GatewayError, IbkrError, LiveRefused

if TYPE_CHECKING:
    from pytest_ibkr.net.capturing import Endpoint, Run

NAME: Final = "ibkr-capture"
SYMBOLS: Final = ("SPY", "QQQ", "IWM", "VIX")
_REFUSED, _DECLINED = pytest.ExitCode.USAGE_ERROR, pytest.ExitCode.OK
_YES: Final = ("y", "yes")
_CAPTURES: Final = "capturemanager"


def register(config: pytest.Config) -> None:
    """Turn the run into a capture.

    Raises:
        pytest.UsageError: configuration or scenario is not acceptable; nothing was connected.
    """
    if hasattr(config, "workerinput"):
        raise pytest.UsageError("--capture-snapshot asks for confirmation: leave -n away")
    if not config.pluginmanager.has_plugin(NAME):
        config.pluginmanager.register(CapturePlugin(config), NAME)


class CapturePlugin:
    """Collects the items of a capture, asks before it begins, ends it whatever happens."""

    def __init__(self, config: pytest.Config) -> None:
        from pytest_ibkr.capture.plan import plan_of
        from pytest_ibkr.run_settings import config_file_of, settings_of

        settings = settings_of(config)
        asked = getattr(config_file_of(config), "capture", None)
        symbols: Sequence[str] = getattr(asked, "symbols", SYMBOLS)
        self._config, self.directory = config, settings.snapshot_dir
        try:
            self.plan = plan_of(scenario=settings.scenario or "normal", symbols=symbols)
            self.endpoint = _endpoint(config)
        except (IbkrError, ValueError) as exc:
            raise pytest.UsageError(str(exc)) from None
        self._run: Run | None = None

    @property
    def run(self) -> Run:
        """The capture; its first use connects.

        Raises:
            LiveRefused: the gateway may not be used.
            GatewayError: it cannot be reached, or does not say what it must.
        """
        if self._run is None:
            from pytest_ibkr.net.capturing import Run

            self._run = Run(
                self.plan, endpoint=self.endpoint, directory=self.directory, say=self.say
            )
            self._run.connect()
        return self._run

    def say(self, line: str) -> None:
        """Tell the person at the terminal how it goes, whatever pytest captures meanwhile."""
        plugins = self._config.pluginmanager
        reporter, captures = plugins.get_plugin("terminalreporter"), plugins.get_plugin(_CAPTURES)
        if reporter is None or self._config.get_verbosity() < 0:
            return
        with captures.global_and_fixture_disabled() if captures else nullcontext():
            reporter.ensure_newline()
            reporter.write_line(f"  {line}")

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection(self, session: pytest.Session) -> bool:
        """Collect the capture and nothing else; ask, unless it is only listed."""
        capture = CaptureCollector.from_parent(session, name="capture", nodeid="capture")
        capture.plugin = self
        items: list[pytest.Item] = list(capture.collect())
        session.items = items
        session.testscollected = len(items)
        report = pytest.CollectReport(capture.nodeid, "passed", None, list(items))
        session.config.hook.pytest_collectreport(report=report)
        session.config.hook.pytest_collection_finish(session=session)
        if not session.config.option.collectonly:
            self._confirm()
        return True

    def _confirm(self) -> None:
        """Ask at the terminal; no socket is open yet.

        Raises:
            pytest.exit.Exception: nobody can be asked (4), or the answer is no (0).
        """
        where = f"{self.endpoint.host}:{self.endpoint.port}"
        names = ", ".join(each.symbol for each in self.plan.underlyings)
        if self._config.getoption("ibkr_yes", default=False):
            return
        manager = self._config.pluginmanager.get_plugin(_CAPTURES)
        if manager is not None:
            manager.suspend_global_capture(in_=True)
        try:
            if not sys.stdin.isatty():
                pytest.exit(
                    "--capture-snapshot asks before it connects, and there is no terminal to ask"
                    " at\n  state: nothing was connected\n  fix:   type --ibkr-yes too",
                    returncode=_REFUSED,
                )
            sys.stdout.write(
                f"\nThis connects to the PAPER trading gateway at {where} and reads {names}.\n"
                "No order is sent. The gateway must be logged in with its paper user.\n"
                "Continue? [yes/no] "
            )
            sys.stdout.flush()
            answer = sys.stdin.readline()
        finally:
            if manager is not None:
                manager.resume_global_capture()
        if answer.strip().lower() not in _YES:
            pytest.exit("declined: nothing was connected", returncode=_DECLINED)

    def pytest_sessionfinish(self) -> None:
        """Hang up; what was captured and not finished is saved as partial."""
        if (run := self._run) is None:
            return
        self._run = None
        unfinished = run.saved is None
        run.close()
        if unfinished and run.saved is not None:
            self.say(f"partial: {run.saved.path}")

    def begin(self, session: pytest.Session) -> Run:
        """Return the connected capture, for an item's setup.

        Raises:
            pytest.exit.Exception: the gateway may not be used (4).
        """
        try:
            return self.run
        except LiveRefused as exc:
            pytest.exit(str(exc), returncode=_REFUSED)
        except GatewayError as exc:
            session.shouldfail = "nothing can be captured without a gateway"
            raise exc from None


class CaptureCollector(pytest.Collector):
    """What a capture consists of."""

    plugin: CapturePlugin

    def collect(self) -> Iterator[CaptureItem]:
        """One item per symbol, then the whole."""
        for each in self.plugin.plan.underlyings:
            yield SymbolItem.from_parent(self, name=each.symbol)
        yield CompleteItem.from_parent(self, name="complete")


class NotCaptured(GatewayError):
    """A symbol, or the whole, is not as a snapshot needs it; the text says what is missing."""


class CaptureItem(pytest.Item):
    """A step of the capture."""

    parent: CaptureCollector

    def setup(self) -> None:
        """Connect, before the first step."""
        self.parent.plugin.begin(self.session)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], *_: Any) -> Any:
        """Say what happened; a traceback of the harness helps nobody."""
        if isinstance(excinfo.value, IbkrError | OSError):
            return f"{self.name}: {excinfo.value}"
        return super().repr_failure(excinfo)

    def reportinfo(self) -> tuple[Path, None, str]:
        """Return what reports call it."""
        return self.config.rootpath, None, f"capture of {self.name}"


class SymbolItem(CaptureItem):
    """One symbol: price, bars, option chain."""

    def runtest(self) -> None:
        """Capture it; fails when something of it is missing."""
        outcome = self.parent.plugin.run.symbol(self.name)
        self.user_properties.append(("captured", outcome.text))
        if not outcome.ok:
            raise NotCaptured("; ".join(outcome.issues) or outcome.text)


class CompleteItem(CaptureItem):
    """The snapshot as a whole: strictly checked, and saved."""

    def runtest(self) -> None:
        """Save; fails when it is not complete, although it is kept."""
        saved = self.parent.plugin.run.finish()
        self.user_properties.append(("snapshot", str(saved.path)))
        if not saved.complete:
            shown = os.path.relpath(saved.path, self.config.rootpath)
            raise NotCaptured(f"saved, but incomplete: {shown}\n  " + "\n  ".join(saved.issues))


def _endpoint(config: pytest.Config) -> Endpoint:
    """Where the configuration file says the paper gateway is; no option says it."""
    from pytest_ibkr.live_gateway import paper_account
    from pytest_ibkr.net.capturing import Endpoint
    from pytest_ibkr.run_settings import config_file_of, settings_of
    from pytest_ibkr.settings import DEFAULT_CONFIG

    file = config_file_of(config)
    path = settings_of(config).config or config.rootpath / DEFAULT_CONFIG
    gateway = file.gateway
    return Endpoint(
        host=gateway.host,
        port=gateway.port,
        extra_paper_ports=gateway.extra_paper_ports,
        listed_hosts=gateway.listed_hosts,
        account=paper_account(file, path, os.environ).id,
    )
