"""One paper guard in front of every tool: what is no paper account hears the handshake only."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.system.live.evil_gateway import EvilGateway, Script, always
from tests.system.live.ids import LIVE, PAPER
from tests.system.live.project import PREAMBLE, LiveProject
from tests.system.live.test_accounts import only_the_handshake

pytestmark = [pytest.mark.ci, pytest.mark.timeout(240)]

ACCOUNTS = [
    pytest.param(LIVE, "is no paper account", id="a live id"),
    pytest.param(f"{PAPER},{LIVE}", "is no paper account", id="mixed"),
    pytest.param("", "the gateway serves no account", id="none"),
]
SOURCE = """
@pytest.mark.live
def test_it(ibkr):
    Path("ran").touch()
"""


def tool(*words: str, typed: str = "") -> Callable[[LiveProject], tuple[int, str]]:
    """Run a tool in a project's folder, as its user would; PORT and SETTINGS are filled in."""

    def run(project: LiveProject) -> tuple[int, str]:
        port = project.gateway.port
        settings = {"port": port, "place": str(project.home), "symbols": ["SPY"], "most_bytes": 0}
        filled = {"PORT": str(port), "SETTINGS": json.dumps(settings)}
        done = subprocess.run(
            [sys.executable, *(filled.get(word, word) for word in words)],
            cwd=project.folder,
            env=project.environment(),
            input=typed,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        return done.returncode, done.stdout + done.stderr

    return run


def a_run(*options: str, flag: str = "--live-gateway") -> Callable[[LiveProject], tuple[int, str]]:
    """Run pytest in a project."""

    def run(project: LiveProject) -> tuple[int, str]:
        done = project.run(*options, flag=flag)
        return done.code, done.text

    return run


CAPTURE = ("-m", "tests.system.capture_driver", "SETTINGS")
CLOSE = ("-m", "tests.cli.closing_driver", "PORT", "--paper-trading", "--ibkr-yes")
TOOLS = [
    pytest.param(a_run(), 4, id="pytest --live-gateway"),
    pytest.param(a_run("--ibkr-record=all"), 4, id="pytest --ibkr-record=all"),
    pytest.param(a_run("--ibkr-yes", flag="--capture-snapshot"), 4, id="pytest --capture-snapshot"),
    pytest.param(tool(*CAPTURE, typed="yes\n"), 1, id="capture"),
    pytest.param(tool("-m", "pytest_ibkr.cli", "check"), 1, id="check"),
    pytest.param(tool(*CLOSE), 1, id="close-positions"),
]


def refuses(
    run: Callable[[LiveProject], tuple[int, str]],
    *,
    code: int,
    accounts: str,
    reason: str,
    place: Path,
) -> None:
    """A tool that meets these accounts ends with the guard's reason, and asks nothing."""
    with EvilGateway(Script(accounts=always(accounts))) as gateway:
        project = LiveProject(place, gateway)
        (project.folder / "test_project.py").write_text(PREAMBLE + SOURCE, "utf-8")
        ended, text = run(project)
        assert gateway.heard, f"nobody looked at the accounts: {text}"
        assert only_the_handshake(gateway), gateway.frames()
    assert reason in text
    assert ended == code, text
    assert not project.said("ran")
    assert not any(each in text for each in (LIVE, PAPER)), "an account id is shown unmasked"


@pytest.mark.req("XC-007")
@pytest.mark.parametrize(("accounts", "reason"), ACCOUNTS)
@pytest.mark.parametrize(("run", "code"), TOOLS)
def test_no_tool_goes_on_with_what_is_no_paper_account(
    run, code: int, accounts: str, reason: str, tmp_path: Path
) -> None:
    refuses(run, code=code, accounts=accounts, reason=reason, place=tmp_path)


@pytest.mark.req("XC-007", counter_proof="a tool with a connection of its own")
@pytest.mark.parametrize(("accounts", "reason"), ACCOUNTS)
def test_counter_proof_a_tool_with_a_connection_of_its_own_is_noticed(
    accounts: str, reason: str, tmp_path: Path
) -> None:
    broken = tool(str(Path(__file__).with_name("own_connection.py")))
    with pytest.raises(AssertionError, match=r"only_the_handshake\("):
        refuses(broken, code=1, accounts=accounts, reason=reason, place=tmp_path)
