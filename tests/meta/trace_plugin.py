"""pytest plugin, loaded by ``tests/conftest.py``: notes the outcome of tests marked ``req``.

With ``--req-trace FILE`` the outcomes are written there for ``tests.meta.trace`` to merge.
May import pytest and ``tests.meta.trace`` only.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.meta.trace import RANK, Outcome, catalogue, save

Claim = tuple[tuple[str, ...], str | None]  # requirement ids, name of the broken variant


def claims_of(item: pytest.Item) -> list[Claim]:
    """What a test's ``req`` marks say."""
    return [(mark.args, mark.kwargs.get("counter_proof")) for mark in item.iter_markers("req")]


def complaint(item: pytest.Item) -> str | None:
    """What is wrong with a test's ``req`` marks; ``None`` when they are sound."""
    for mark in item.iter_markers("req"):
        if not mark.args:
            return "@pytest.mark.req names no requirement"
        if unknown := [str(one) for one in mark.args if one not in catalogue()]:
            return f"unknown requirement {', '.join(unknown)}: see tests/meta/requirements.json"
        if other := sorted(set(mark.kwargs) - {"counter_proof"}):
            return f"@pytest.mark.req takes counter_proof only, not {', '.join(other)}"
        proof = mark.kwargs.get("counter_proof", "named")
        if not isinstance(proof, str) or not proof.strip():
            return "counter_proof is the name of the broken variant, in words"
    return None


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("req-trace", "requirement trace")
    group.addoption("--req-trace", metavar="FILE", help="write the outcome of every req mark")


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(Recorder(config), "req-trace-recorder")


def pytest_runtest_setup(item: pytest.Item) -> None:
    # A failure of the test, not of the collection: an error there is illegible under xdist.
    if problem := complaint(item):
        pytest.fail(problem, pytrace=False)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    """Send the claims along with the report, also out of an xdist worker."""
    if call.when == "setup":
        item.user_properties.extend(
            ("req", {"ids": list(ids), "counter_proof": proof}) for ids, proof in claims_of(item)
        )
    yield


class Recorder:
    """Claims and results of one run; complete in the controller, claims only in a worker."""

    def __init__(self, config: pytest.Config) -> None:
        self.config = config
        self.claims: dict[str, list[Claim]] = {}
        self.results: dict[str, str] = {}

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Note the claims before ``-m`` and ``-k`` deselect anything."""
        self.claims.update((item.nodeid, claims) for item in items if (claims := claims_of(item)))
        if (output := getattr(self.config, "workeroutput", None)) is not None:
            output["req_claims"] = {
                test: [[list(ids), proof] for ids, proof in claims]
                for test, claims in self.claims.items()
            }

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """Merge what an xdist worker collected; a crashed worker has no output."""
        for test, claims in getattr(node, "workeroutput", {}).get("req_claims", {}).items():
            self.claims[test] = [(tuple(ids), proof) for ids, proof in claims]

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        claims: list[Any] = [value for name, value in report.user_properties if name == "req"]
        if claims:
            self.claims[report.nodeid] = [(tuple(c["ids"]), c["counter_proof"]) for c in claims]
        if report.failed:
            self._note(report.nodeid, "failed")
        elif report.skipped:  # xfail too: what is expected to fail proves nothing
            self._note(report.nodeid, "skipped")
        elif report.when == "call":
            self._note(report.nodeid, "passed")

    def _note(self, test: str, result: str) -> None:
        if RANK[result] >= RANK[self.results.get(test, "deselected")]:
            self.results[test] = result

    def pytest_sessionfinish(self) -> None:
        target = self.config.getoption("--req-trace")
        if target and not hasattr(self.config, "workerinput"):
            save(Path(target), self.outcomes())

    def outcomes(self) -> list[Outcome]:
        """One entry per claim, ordered by test."""
        return [
            Outcome(test, ids, proof, self.results.get(test, "deselected"))
            for test, claims in sorted(self.claims.items())
            for ids, proof in claims
        ]
