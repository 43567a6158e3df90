"""``pytest-ibkr snapshot``: what is there, and is it complete."""

from __future__ import annotations

import argparse
import threading
from pathlib import Path

from pytest_ibkr.cli.told import settings_of
from pytest_ibkr.errors import UsageError

INCOMPLETE = 3


def listing(options: argparse.Namespace, _stop: threading.Event) -> int:
    """Print a directory's snapshots and the packaged one; return the exit code."""
    from pytest_ibkr.snapshot import store
    from pytest_ibkr.snapshot_choice import PACKAGED

    if options.dir is not None and not options.dir.is_dir():
        raise UsageError(f"--dir: no directory {options.dir}")
    own = options.dir or settings_of(options).snapshot_dir
    for directory in dict.fromkeys((own, PACKAGED)):
        for stored in store.available(directory):
            place = "packaged" if directory == PACKAGED else str(stored.path)
            print(f"{stored.name}  {stored.kind}  {place}")
    return 0


def check(options: argparse.Namespace, _stop: threading.Event) -> int:
    """Print what a snapshot lacks; return the exit code."""
    from pytest_ibkr.snapshot.check import check as issues_of
    from pytest_ibkr.snapshot_choice import named

    own = settings_of(options).snapshot_dir
    local = Path.cwd() / options.file
    snapshot = named(str(local) if local.exists() else options.file, directory=own).snapshot
    issues = issues_of(snapshot)
    for issue in issues:
        print(f"{issue.severity}: {issue.place}: {issue.text}")
    if issues:
        return INCOMPLETE
    print(f"{snapshot.name}: complete, {', '.join(snapshot.symbols)}")
    return 0
