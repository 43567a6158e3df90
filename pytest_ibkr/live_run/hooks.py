"""What a live run does in each process: checks the account, begins and ends tests, sums up.

Registered only in runs that go live. Without xdist one process does everything. Under xdist the
controller checks the account before any worker starts, and the worker that has the live tests
runs the relay.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Generator
from typing import TYPE_CHECKING, Any, Final

import pytest

from pytest_ibkr.errors import (
    GatewayError,
    GatewayUnreachable,
    IbkrError,
    LiveRefused,
    OrderRefused,
)
from pytest_ibkr.live_gateway import LiveGateway
from pytest_ibkr.live_run.asked import GROUP
from pytest_ibkr.live_run.verdicts import (
    failure_text,
    live_header,
    mask_report,
    problems_of,
    summary_lines,
)
from pytest_ibkr.markers import plan_of, skip_reason
from pytest_ibkr.net.relay.spec import RelayFacts, RelaySpec, TestVerdict

if TYPE_CHECKING:
    from pytest_ibkr.session.live_session import LiveSession

NAME: Final = "ibkr-live"
REFUSED: Final = "ibkr_refused"  # in a worker's output: why it runs nothing
_LOOKS: Final = ("collectonly", "showfixtures", "show_fixtures_per_test", "setupplan")
_BEGUN = pytest.StashKey[dict[str, str]]()  # of a live test: what the relay objected to so far


def is_live(item: pytest.Item) -> bool:
    """Whether a test is marked ``live``."""
    return item.get_closest_marker("live") is not None


class LivePlugin:
    """The live side of one pytest process.

    Args:
        spec: what a relay of this run is told.
        why_no_orders: why the relay lets no order pass; empty when it does.
        distributed: whether this is the controller of xdist workers.
        facts: in a worker, what the controller found.

    Attributes:
        gateway: once the relay runs in this process.
        facts: of the gateway; None when it was not asked, or did not answer.
        told: what there is to say at the end; from a worker under xdist.
    """

    def __init__(
        self,
        config: pytest.Config,
        spec: RelaySpec,
        *,
        why_no_orders: str = "",
        distributed: bool = False,
        facts: RelayFacts | None = None,
    ) -> None:
        self._config, self.spec, self._why_no_orders = config, spec, why_no_orders
        self._distributed, self.facts = distributed, facts
        self._is_worker = hasattr(config, "workerinput")
        self.gateway: LiveGateway | None = None
        self._error: IbkrError | None = None
        self.told: dict[str, Any] | None = None

    @classmethod
    def in_worker(cls, config: pytest.Config, said: str) -> LivePlugin:
        """Make the one of an xdist worker of what the controller said."""
        values = json.loads(said)
        facts = values["facts"]
        return cls(
            config,
            RelaySpec.of(values["spec"]),
            why_no_orders=values["why_no_orders"],
            facts=None if facts is None else RelayFacts.of(facts),
        )

    # -- what fixtures ask -----------------------------------------------------------------

    def new_session(self, name: str, *, client_id: int | None = None) -> LiveSession:
        """A session of this run's gateway.

        Raises:
            IbkrError: there is no gateway; says why.
        """
        return self._started().new_session(name, client_id=client_id)

    def header(self) -> list[str]:
        """What the run says about its gateway."""
        if self.facts is not None:
            return live_header(self.spec, self.facts, self._why_no_orders)
        endpoint = f"{self.spec.host}:{self.spec.port}"
        state = "not connected" if self._error is None else "NOT REACHED, live tests will fail"
        return [f"ibkr live gateway: {endpoint}, {state}"]

    @property
    def rehearses(self) -> bool | None:
        """Whether the gateway behind is a simulated one; None: not known."""
        return None if self.facts is None else self.facts.is_rehearsal

    def _started(self) -> LiveGateway:
        if self.gateway is None:
            if self._error is not None:
                raise type(self._error)(str(self._error))
            try:
                self.gateway = LiveGateway(self.spec)
            except IbkrError as exc:
                self._error = exc
                raise
            self.facts = self.gateway.relay.facts
            if (report := self._report()) is not None:
                report.met(self.gateway)
        return self.gateway

    # -- the run ---------------------------------------------------------------------------

    @pytest.hookimpl(tryfirst=True)  # before xdist starts its workers
    def pytest_sessionstart(self) -> None:
        """Verify the gateway before anything is collected."""
        if self._is_worker or any(self._config.getoption(name, None) for name in _LOOKS):
            return
        self._place_audit_log()
        try:
            if self._distributed:
                self._check_only()
            else:
                self._started()
        except GatewayUnreachable as exc:
            self._error = exc
            if (report := self._report()) is not None:
                report.not_run(str(exc))
        except IbkrError as exc:
            raise pytest.UsageError(str(exc)) from None

    def _check_only(self) -> None:
        """Ask the gateway whose it is; the workers' relay will be another one."""
        checking = RelaySpec.of({**self.spec.as_dict(), "mode": "read"})
        gateway = LiveGateway(checking)
        self.facts = gateway.relay.facts
        gateway.stop()

    def _place_audit_log(self) -> None:
        place = getattr(self._report(), "run_directory", None)
        if place is not None and self.spec.audit_path is None:
            path = str(place / "relay_audit.jsonl")
            self.spec = RelaySpec.of({**self.spec.as_dict(), "audit_path": path})

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        """Tell an xdist worker what the controller decided and found."""
        node.workerinput[NAME] = json.dumps(
            {
                "spec": self.spec.as_dict(),
                "why_no_orders": self._why_no_orders,
                "facts": None if self.facts is None else self.facts.as_dict(),
            },
            default=str,
        )

    @pytest.hookimpl(tryfirst=True)  # before xdist reads the groups
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Keep live tests in one worker, where xdist deals out groups."""
        if not self._in_groups:
            return
        live = [item for item in items if is_live(item)]
        if others := [item for item in live if item.get_closest_marker("xdist_group")]:
            # xdist would join the names, and make another group of them
            self._run_nothing(
                f"{others[0].nodeid} is marked live and xdist_group: live tests are one group",
                "take xdist_group off, or run the live tests with -n 1",
            )
            items.clear()
        for item in live:
            item.add_marker(pytest.mark.xdist_group(GROUP))

    @pytest.hookimpl(tryfirst=True)  # before xdist reports what was collected
    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """See that xdist has heard: xdist 3.8 names no groups under pytest 9.2."""
        if not self._in_groups:
            return
        if any(is_live(item) and not item.nodeid.endswith(f"@{GROUP}") for item in session.items):
            self._run_nothing(
                "--dist loadgroup does not keep tests together with this xdist and this pytest",
                "type -n 1 for the live tests: pytest -m live -n 1; and -m 'not live' -n 4 for the"
                " others, if they are many",
            )
            session.items.clear()

    @property
    def _in_groups(self) -> bool:
        several = self._is_worker and self._config.workerinput["workercount"] > 1  # type: ignore[attr-defined]
        return several and bool(self._config.getoption("loadgroup", None))

    def _run_nothing(self, why: str, fix: str) -> None:
        output: dict[str, Any] = self._config.workeroutput  # type: ignore[attr-defined]
        output[REFUSED] = f"{why}\n  state: no test ran\n  fix:   {fix}"

    # -- a test ----------------------------------------------------------------------------

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        """Run no further test once the relay has ended the run."""
        try:
            return (yield)
        finally:
            if self.gateway is not None and (ended := self.gateway.relay.ended) is not None:
                item.session.shouldstop = f"the relay ended the run: {ended.reason}"
            elif isinstance(self._error, LiveRefused):
                item.session.shouldstop = str(self._error)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        """Begin a live test, or skip it when the market is not as it needs it."""
        if not is_live(item):
            return
        gateway = self._started()
        plan = plan_of(item.iter_markers())
        if reason := skip_reason(plan, None, now=gateway.clock.now()):
            pytest.skip(reason)
        item.stash[_BEGUN] = {}
        gateway.relay.begin_test(
            item.nodeid,
            places_orders=item.get_closest_marker("places_orders") is not None,
            market_closed=plan.closed,
        )

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Generator[None, object, object]:
        """Fail a live test to which the relay objects."""
        __tracebackhide__ = True
        return (yield from self._watched(item, self._so_far))

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_teardown(self, item: pytest.Item) -> Generator[None, object, object]:
        """End a live test once its fixtures are gone; what they did counts too."""
        __tracebackhide__ = True
        return (yield from self._watched(item, self._end_test))

    def _watched(
        self, item: pytest.Item, ask: Callable[[], TestVerdict]
    ) -> Generator[None, object, object]:
        """Let a phase of a test run, then hear the relay about it."""
        __tracebackhide__ = True
        if _BEGUN not in item.stash:
            return (yield)
        try:
            result = yield
        except pytest.skip.Exception:
            self._object(item, ask())
            raise
        except BaseException:
            with contextlib.suppress(GatewayError):  # the test's own error is the one to see
                item.stash[_BEGUN] |= problems_of(ask())
            raise
        self._object(item, ask())
        return result

    def _so_far(self) -> TestVerdict:
        """What is known before the fixtures go, which may still place the orders that close."""
        return self._started().relay.verdict_so_far()

    def _end_test(self) -> TestVerdict:
        return self._started().relay.end_test()

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Show a test that failed by itself what the relay objected to; show no account id."""
        report = yield
        if report.failed and item.stash.get(_BEGUN, None):
            problems = list(item.stash[_BEGUN].values())
            report.sections.append(("ibkr relay", failure_text(problems)))
        if is_live(item):
            mask_report(report)
        return report

    @staticmethod
    def _object(item: pytest.Item, verdict: TestVerdict) -> None:
        """Raise what the relay objects to and has not been said yet."""
        __tracebackhide__ = True
        problems = problems_of(verdict)
        known = item.stash[_BEGUN]
        fresh = [text for key, text in problems.items() if key not in known]
        item.stash[_BEGUN] = known | problems
        if fresh:
            raise OrderRefused(failure_text(fresh))

    # -- the end ---------------------------------------------------------------------------

    @pytest.hookimpl(tryfirst=True)  # before the report is written
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Let the relay prove and clean up; a run that it ended was refused."""
        if self.gateway is not None:
            summary = self.gateway.stop()
            self.told = {"summary": summary.as_dict(), "audit_path": self.spec.audit_path}
        elif isinstance(self._error, LiveRefused):
            refused = {"rule": self._error.rule, "reason": str(self._error), "fix": "see above"}
            self.told = {"summary": {"ended": refused}, "audit_path": self.spec.audit_path}
        if self.told is None:
            return
        if self._is_worker:
            output: dict[str, Any] = self._config.workeroutput  # type: ignore[attr-defined]
            output[NAME] = json.dumps(self.told, default=str)
            return
        ended = self.told["summary"]
        if ended.get("ended"):
            session.exitstatus = pytest.ExitCode.USAGE_ERROR
        elif (ended.get("bypassed") or ended.get("failed")) and not session.exitstatus:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED
        if (tell := getattr(self._report(), "relay", None)) is not None:
            facts = self.facts.as_dict() if self.facts is not None else {}
            tell({**self.told, "facts": {**facts, "account": None}})

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """Take over what the worker with the live tests said."""
        said = getattr(node, "workeroutput", {}).get(NAME)
        if said and not (self.told and self.told["summary"].get("ended")):
            self.told = json.loads(said)

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Say what the relay said last."""
        if self.told is not None and (lines := list(summary_lines(self.told))):
            terminalreporter.section("ibkr live gateway", sep="-")
            for line in lines:
                terminalreporter.write_line(line)

    def _report(self) -> Any:
        return self._config.pluginmanager.get_plugin("ibkr-report")
