"""``pytest-ibkr``: the simulated gateway as a program of its own, and a look at snapshots.

Results go to standard output, everything for people to standard error. Exit codes: 0 done,
1 failed, 2 usage, 3 incomplete. Module scope imports little: signals come from the first moment.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext

FAILED, USAGE = 1, 2
INTERRUPTED = 130  # as shells say it


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    serving = words[:1] == ["serve"]  # it ends well when it is told to, however early
    try:
        with stop_signals() if serving else nullcontext(threading.Event()) as stop:
            code = _run(words, stop)
            sys.stdout.flush()
            return code
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        _forget_standard_output()
        print("pytest-ibkr: nobody reads standard output any more: stopped", file=sys.stderr)
        return FAILED


def _run(words: Sequence[str], stop: threading.Event) -> int:
    from pytest_ibkr.cli.arguments import parser
    from pytest_ibkr.errors import IbkrError, UsageError

    options = parser().parse_args(words)
    try:
        code: int = options.run(options, stop)
    except (UsageError, ValueError) as exc:  # an option or variable is not acceptable
        print(f"pytest-ibkr: {exc}", file=sys.stderr)
        return USAGE
    except IbkrError as exc:
        print(f"pytest-ibkr: {exc}", file=sys.stderr)
        return FAILED
    return code


@contextmanager
def stop_signals() -> Iterator[threading.Event]:
    """An event that SIGINT and SIGTERM set; what was there before comes back."""
    stop = threading.Event()
    numbers = (signal.SIGINT, signal.SIGTERM)
    before = [signal.signal(number, lambda *_: stop.set()) for number in numbers]
    try:
        yield stop
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)


def _forget_standard_output() -> None:
    """Let the interpreter's own flush at its end find somebody who reads."""
    nobody = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nobody, sys.stdout.fileno())
    os.close(nobody)
