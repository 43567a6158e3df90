"""The validation suite as its users run it live: in a project of its own, through the relay."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from pytest_ibkr.report.model import Results, from_json
from tests.system.live.paper_gateway import ROOT, PaperGateway

CONFIG = "config/live_validation_config.yaml"
REPORTS = "logs/live_validation"
BOT_PORT = 4002  # what config/bot.yaml says; nothing here dials it
_HIDDEN = ("IBKR_", "PYTEST_", "XDG_", "COV_")


@dataclass(frozen=True)
class LiveSuite:
    """A finished run: its exit code, what it printed, and its reports."""

    code: int
    text: str
    reports: Path

    @property
    def results(self) -> Results:
        """What the run came to."""
        return from_json((self.reports / "results.json").read_bytes())

    def seconds(self, name: str = "") -> float:
        """Seconds of the tests whose id contains ``name``, all phases."""
        tests = [test for test in self.results.tests if name in test.id]
        return sum(sum(test.phases_s.values()) for test in tests)


def run_live(
    place: Path,
    gateway: PaperGateway,
    *options: str,
    changes: Mapping[str, Mapping[str, Any]] | None = None,
) -> LiveSuite:
    """Run the suite with ``--live-gateway`` against a gateway process; ``place`` is empty.

    Args:
        place: becomes the project, with a home of its own in it.
        gateway: a paper-like one.
        options: of pytest.
        changes: of the configuration file, by section.
    """
    shutil.copytree(ROOT / "tests" / "live_validation", place / "tests" / "live_validation")
    (place / "config").mkdir()
    shutil.copy(ROOT / "config" / "bot.yaml", place / "config")
    content = yaml.safe_load((ROOT / CONFIG).read_text("utf-8"))
    content["gateway"] |= {"port": gateway.port, "extra_paper_ports": [gateway.port, BOT_PORT]}
    for section, values in (changes or {}).items():
        content[section] |= values
    (place / CONFIG).write_text(yaml.safe_dump(content), "utf-8")
    (place / "pytest.ini").write_text(
        "[pytest]\nmarkers =\n    req(*ids): requirement ids\n"
        "asyncio_default_fixture_loop_scope = function\nfilterwarnings = error\n"
        "    default::tests.live_validation.policy.ValidationNote\n"
    )
    done = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "tests/live_validation", "--live-gateway", "-q"),
            *("-p", "no:cacheprovider", "-p", "no:xdist", *options),
        ],
        cwd=place,
        env=_environment(place, gateway),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    return LiveSuite(done.returncode, done.stdout + done.stderr, place / REPORTS)


def _environment(place: Path, gateway: PaperGateway) -> dict[str, str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith(_HIDDEN) and k != "CI"}
    return kept | {
        "HOME": str(place),
        "XDG_STATE_HOME": str(place / "state"),
        "IBKR_PAPER_ACCOUNT": gateway.account,
        "PYTHONPATH": str(ROOT),
    }
