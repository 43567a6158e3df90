"""``pytest-ibkr capture``, ``scripts/capture_ibkr_snapshot.py``: a snapshot from a paper gateway.

The endpoint is a constant; only a Python program can give another one. What people read goes to
standard error, the file's path and size to standard output.
"""

from __future__ import annotations

import argparse
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from pytest_ibkr.cli.told import settings_of
from pytest_ibkr.errors import IbkrError, LiveRefused, SnapshotError, UsageError

if TYPE_CHECKING:
    from pytest_ibkr.capture.plan import Plan, Underlying
    from pytest_ibkr.capture.progress import Saved
    from pytest_ibkr.net.capturing import Endpoint, Run

DONE, FAILED, USAGE, INCOMPLETE = 0, 1, 2, 3
_DEFAULT_SCENARIO: Final = "normal"
_DESCRIPTION: Final = (
    "Records quotes, bars and a small option chain of SPY, QQQ and IWM, and VIX, from an IB"
    " Gateway in paper mode at 127.0.0.1:4002, as a snapshot for tests. Asks before it connects."
    " Cannot place an order. Exit codes: 0 done, or declined; 1 failed; 2 usage; 3 captured, but"
    " incomplete."
)


def add_capture(parser: argparse.ArgumentParser) -> None:
    """Give the command its words."""
    parser.description = _DESCRIPTION
    parser.add_argument(
        *("--scenario",),
        type=_scenario,
        default=_DEFAULT_SCENARIO,
        metavar="NAME",
        help="what kind of market it is, part of the file's name (default: normal)",
    )
    parser.set_defaults(run=_command)


def main(
    arguments: Sequence[str] | None = None,
    *,
    directory: Path | None = None,
    endpoint: Endpoint | None = None,
    symbols: Sequence[str | Underlying] | None = None,
) -> int:
    """Run the tool and return its exit code.

    Args:
        arguments: words of the command line; None: the process's.
        directory: where the snapshot goes; None: ``fixtures/ibkr_snapshots`` below here.
        endpoint: the paper gateway; None: 127.0.0.1:4002.
        symbols: what to capture; None: SPY, QQQ, IWM, VIX.
    """
    parser = argparse.ArgumentParser(prog="capture_ibkr_snapshot.py", allow_abbrev=False)
    add_capture(parser)
    options = parser.parse_args(arguments)
    try:
        return capture(options.scenario, directory=directory, endpoint=endpoint, symbols=symbols)
    except (UsageError, SnapshotError) as exc:
        _tell(f"{parser.prog}: {exc}")
        return USAGE


def capture(
    scenario: str,
    *,
    directory: Path | None = None,
    endpoint: Endpoint | None = None,
    symbols: Sequence[str | Underlying] | None = None,
) -> int:
    """Ask, capture, save; return the exit code. Arguments as for :func:`main`."""
    from pytest_ibkr.capture import progress
    from pytest_ibkr.capture.plan import DEFAULT_SYMBOLS, plan_of
    from pytest_ibkr.net.capturing import PAPER_GATEWAY, Run
    from pytest_ibkr.settings import DEFAULT_SNAPSHOT_DIR

    plan = plan_of(scenario=scenario, symbols=symbols or DEFAULT_SYMBOLS)
    target = endpoint or PAPER_GATEWAY
    place = directory or Path.cwd() / DEFAULT_SNAPSHOT_DIR
    try:
        _tell(progress.BANNER.format(port=target.port, symbols=", ".join(plan.symbols)))
        if not progress.confirmed(_typed(progress.QUESTION)):
            _tell(progress.ABORTED)
            return DONE
        screen = _Screen()
        run = Run(plan, endpoint=target, directory=place, say=screen.say)
        run.on_progress = screen.progress
        return _captured(run, plan)
    except KeyboardInterrupt:
        _tell("interrupted: disconnected")
        return FAILED


def _captured(run: Run, plan: Plan) -> int:
    try:
        saved = _steps(run, plan)
    except LiveRefused as exc:
        _tell(f"refused: {exc}")
        return FAILED
    except UsageError:
        raise
    except (IbkrError, OSError) as exc:
        _tell(f"capture failed: {exc}")
        return FAILED
    finally:
        run.close()  # after Ctrl-C too: what there is becomes a partial file
    print(saved.text, flush=True)
    if saved.partial:
        _tell(f"the connection was lost: {run.lost}")
        return FAILED
    return DONE if saved.complete else INCOMPLETE


def _steps(run: Run, plan: Plan) -> Saved:
    run.connect()
    for symbol in plan.symbols:
        run.symbol(symbol)
    return run.finish()


class _Screen:
    """Lines on standard error, with a bar below them where it is a terminal."""

    def __init__(self) -> None:
        self._drawn = ""

    def say(self, line: str) -> None:
        """Write a line above the bar."""
        self._draw("")
        _tell(line)

    def progress(self, done: int, total: int) -> None:
        """Draw the bar."""
        from pytest_ibkr.capture.progress import bar

        self._draw("" if done >= total else bar(done, total))

    def _draw(self, text: str) -> None:
        if sys.stderr.isatty() and text != self._drawn:
            sys.stderr.write("\r" + text.ljust(len(self._drawn)) + ("\r" if not text else ""))
            sys.stderr.flush()
            self._drawn = text


def _command(options: argparse.Namespace, _stop: threading.Event) -> int:
    return capture(options.scenario, directory=settings_of(options).snapshot_dir)


def _typed(question: str) -> str | None:
    sys.stderr.write(question)
    sys.stderr.flush()
    return sys.stdin.readline() or None


def _tell(text: Any) -> None:
    print(text, file=sys.stderr, flush=True)


def _scenario(text: str) -> str:
    from pytest_ibkr.snapshot.errors import BadScenarioName
    from pytest_ibkr.snapshot.store import check_scenario

    try:
        return check_scenario(text)
    except BadScenarioName as exc:
        raise argparse.ArgumentTypeError(str(exc)) from None
