"""A user's project that goes live: ``pytest --live-gateway`` in a process and a home of its own.

Its tests may import this package. ``given`` is a run under way, ``Done`` one that has ended.
"""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import yaml

from tests.system.live.ids import PAPER
from tests.system.live.paper_gateway import ROOT, PaperGateway
from tests.system.live.under_relay import Endpoint

DEADLINE_S: Final = 90.0
_HIDDEN: Final = ("IBKR_", "PYTEST_", "COV_", "XDG_")
PREAMBLE: Final = """
import os, signal, subprocess, sys, threading, time
from decimal import Decimal
from pathlib import Path

import pytest

from tests.system.live.careless import SPY, careless, order, quote
from tests.system.live.trading import buy, rest, joined
"""


@dataclass(frozen=True)
class Done:
    """A run that ended."""

    code: int
    text: str


class Run:
    """A run under way."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process

    def end(self) -> Done:
        """Wait for its end."""
        out, _err = self.process.communicate(timeout=DEADLINE_S)
        return Done(self.process.returncode, out)

    def kill(self) -> None:
        """Make sure that nothing of it is left; its relay is not a part of it."""
        self.process.kill()
        self.process.communicate(timeout=DEADLINE_S)


class LiveProject:
    """A folder with a configuration file and tests, and a state directory outside it."""

    def __init__(self, place: Path, gateway: Endpoint, *, account: str = PAPER) -> None:
        self.folder, self.home = place / "project", place / "home"
        self.account, self.gateway = account, gateway
        self.folder.mkdir()
        self.home.mkdir(exist_ok=True)
        (self.folder / "pytest.ini").write_text("[pytest]\n")
        self.configure()

    def configure(self, **gateway: object) -> None:
        """Write the configuration file; the gateway's section with these changes."""
        usual = {"host": self.gateway.host, "port": self.gateway.port, "timeout": 5}
        section = usual | {"extra_paper_ports": [self.gateway.port]} | gateway
        validation = {"market_hours_required": False}
        content = {"gateway": section, "validation": validation}
        path = self.folder / "config" / "live_validation_config.yaml"
        path.parent.mkdir(exist_ok=True)
        path.write_text(yaml.safe_dump(content))

    def test(self, body: str, *, marks: str = "live, places_orders", name: str = "test_it") -> None:
        """Write one test with these markers; ``ibkr`` is there."""
        lines = [f"@pytest.mark.{mark.strip()}" for mark in marks.split(",") if mark.strip()]
        lines += [f"def {name}(ibkr):", textwrap.indent(textwrap.dedent(body), "    ")]
        file = self.folder / "test_project.py"
        before = file.read_text() if file.exists() else PREAMBLE
        file.write_text(before + "\n\n" + "\n".join(lines) + "\n")

    def start(
        self,
        *options: str,
        flag: str = "--live-gateway",
        own_group: bool = False,
        quiet: bool = False,
        **environment: str,
    ) -> Run:
        """Start pytest; options follow the flag. ``quiet``: nobody reads what it says."""
        typed = [flag] if flag else []
        process = subprocess.Popen(
            [sys.executable, "-m", "pytest", *typed, *_PLAIN, *options],
            cwd=self.folder,
            env=self.environment() | environment,
            stdout=subprocess.DEVNULL if quiet else subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            start_new_session=own_group,
            text=True,
        )
        return Run(process)

    def run(self, *options: str, flag: str = "--live-gateway", **environment: str) -> Done:
        """Run pytest to its end."""
        return self.start(*options, flag=flag, **environment).end()

    def environment(self) -> dict[str, str]:
        """A user's shell: nothing of the run around it, a home and a state directory apart."""
        kept = {k: v for k, v in os.environ.items() if not k.startswith(_HIDDEN) and k != "CI"}
        own = {
            "HOME": str(self.home),
            "XDG_STATE_HOME": str(self.home / "state"),
            "IBKR_PAPER_ACCOUNT": self.account,
            "PYTHONPATH": str(ROOT),
        }
        return kept | own

    def said(self, name: str) -> bool:
        """Whether the test inside left this note: ``Path("bought").touch()``."""
        return (self.folder / name).exists()


_PLAIN: Final = ("-q", "-p", "no:randomly", "-p", "no:cacheprovider")


def eventually(condition: Callable[[], object], what: str, *, within_s: float = DEADLINE_S) -> None:
    """Wait for a condition that only looking can tell.

    Raises:
        AssertionError: it did not hold in time.
    """
    until_s = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < until_s, f"it never came to this: {what}"
        time.sleep(0.02)


def settled(
    gateway: PaperGateway, *, working: list[tuple[int, int]], spy: int
) -> Callable[[], bool]:
    """Whether exactly these orders work and so many SPY shares are held."""

    def holds() -> bool:
        return sorted(gateway.working()) == sorted(working) and gateway.position("SPY") == spy

    return holds
