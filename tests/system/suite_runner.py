"""Runs tests of the validation suite many times in one process, each time on a new gateway.

Loaded as a plugin: ``-p tests.system.suite_runner --suite-cases IN --suite-results OUT``. A case
is a test, the name of a variant and changes to the configuration; its result says what happened.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import warnings
from pathlib import Path

import pytest
from _pytest.runner import runtestprotocol

ROOT = Path(__file__).parents[2]


def run_cases(cases: list[dict], place: Path, *options: str) -> list[dict]:
    """Run all cases in one pytest process; one result per case, in order."""
    wanted, results = place / "cases.json", place / "results.json"
    wanted.write_text(json.dumps(cases), encoding="utf-8")
    files = sorted({case["test"].split("::")[0] for case in cases})
    plain = [*("-p", "no:randomly"), *("-p", "no:cacheprovider"), *("-p", "no:xdist")]
    done = subprocess.run(
        [
            *(
                sys.executable,
                "-m",
                "pytest",
                *files,
                "-q",
                *plain,
                "-p",
                "tests.system.suite_runner",
            ),
            *("--suite-cases", str(wanted), "--suite-results", str(results), *options),
        ],
        cwd=ROOT,
        env={k: v for k, v in os.environ.items() if not k.startswith("PYTEST_")},
        capture_output=True,
        text=True,
        timeout=55,
        check=False,
    )
    assert results.exists(), done.stdout + done.stderr
    return json.loads(results.read_text("utf-8"))


def pytest_addoption(parser):
    """Name the files."""
    parser.addoption("--suite-cases", type=Path, required=False)
    parser.addoption("--suite-results", type=Path, required=False)


def pytest_configure(config):
    """Become active in the process that was asked for cases only."""
    if config.getoption("--suite-cases"):
        config.pluginmanager.register(SuiteRunner(config), "ibkr-suite-runner")


class SuiteRunner:
    """Holds the case that runs."""

    def __init__(self, config) -> None:
        self._case: dict = {}
        self._item: pytest.Item | None = None
        self._wire: dict = {}
        self._patch = pytest.MonkeyPatch()
        self._config = config
        self._log: Path | None = None

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session) -> bool:
        """Run the cases instead of the collected tests, each with all fixtures anew."""
        results = []
        for case in json.loads(self._config.getoption("--suite-cases").read_text("utf-8")):
            found = [item for item in session.items if item.nodeid.startswith(case["test"])]
            assert found, f"no test is named {case['test']}"
            results.append(self._run(found[0], case))
            session._shouldfail = False  # the property can only be set
        self._config.getoption("--suite-results").write_text(json.dumps(results), "utf-8")
        return True

    def _run(self, item, case) -> dict:
        self._case, self._item, self._wire = case, item, {}
        self._log = None
        item._initrequest()
        item.user_properties.clear()
        with warnings.catch_warnings(record=True) as told:
            try:
                reports = runtestprotocol(item, log=False, nextitem=None)
            finally:
                self._patch.undo()
        return {
            "outcomes": {report.when: report.outcome for report in reports},
            "failure": "\n".join(str(report.longrepr) for report in reports if report.failed),
            "metrics": sorted({name for r in reports for name, _value in r.user_properties}),
            "console": "".join(report.capstderr for report in reports),
            "notes": [str(one.message) for one in told],
            "seconds": sum(report.duration for report in reports),
            "should_fail": str(item.session.shouldfail or ""),
            **self._wire,
            **self._logged(),
        }

    def _look(self, session) -> None:
        """Note what the gateway of the case was asked, before it is gone."""
        entries = [e for e in session.journal.entries() if e.direction == "in"]
        logins = [e for e in entries if type(e.message).__name__ == "StartApi"]
        contracts = [e.message.contract for e in entries if hasattr(e.message, "contract")]
        self._wire = {
            "requests": [type(entry.message).__name__ for entry in entries],
            "asked": [repr(contract) for contract in contracts],
            "client_ids": [entry.message.client_id for entry in logins],
            "login_times_s": [entry.at_s for entry in logins],
        }

    def _logged(self) -> dict:
        """The log of the case, where it is, and how many copies are kept."""
        if self._log is None:
            return {}
        archive = self._log.parent / "archive"
        kept = len(list(archive.glob("*")))
        shutil.rmtree(archive, ignore_errors=True)
        return {"log_file": self._log.name, "log": self._log.read_text("utf-8"), "kept": kept}

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(self, fixturedef, request):
        """Break the endpoint as soon as it exists; change the configuration as it is read."""
        value = yield
        if fixturedef.argname == "live_gateway":
            from tests.system.variants import VARIANTS

            fixturedef.addfinalizer(lambda: self._look(value))
            value.patch, value.suite = self._patch, self._item.module
            if name := self._case.get("variant"):
                VARIANTS[name](value)
        elif fixturedef.argname == "broker_log":
            self._log = value
        elif fixturedef.argname == "ibkr_config" and (changes := self._case.get("config")):
            value = changed(value, changes)
            _, key, error = fixturedef.cached_result
            fixturedef.cached_result = (value, key, error)
        return value


def changed(config, changes: dict):
    """A configuration with other values: ``{"cleanup.archive_logs": false}``."""
    content = config.model_dump(mode="json")
    for path, new in changes.items():
        *sections, last = path.split(".")
        level = content
        for section in sections:
            level = level[section]
        level[last] = new
    return type(config).model_validate(content)
