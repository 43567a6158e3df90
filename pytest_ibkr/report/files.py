"""Names and places of a run's files. Imports ``snapshot.atomic`` and the standard library.

DIR/                     the newest run: results.json, report.md, checklist.md, report.html, …
DIR/YYYYMMDD-HHMMSS/     every run, by its start (UTC): the same files, timelines/, journals/
"""

from __future__ import annotations

import hashlib
import re
from datetime import datetime
from pathlib import Path

from pytest_ibkr.snapshot import atomic

_LONGEST = 120


def new_run_directory(reports: Path, started_at: datetime) -> Path:
    """Create and return the dated directory of a run that begins now."""
    for attempt in range(1, 1000):
        suffix = "" if attempt == 1 else f"-{attempt}"
        run = reports / f"{started_at:%Y%m%d-%H%M%S}{suffix}"
        try:
            run.mkdir(parents=True)
        except FileExistsError:  # two runs in one second, or a clock that was set back
            continue
        return run
    raise FileExistsError(
        f"{reports} holds 999 runs of {started_at:%Y-%m-%d %H:%M:%S}; choose another --ibkr-report"
    )


def safe_name(test_id: str) -> str:
    """Return a file name for a test id: readable, unique, at home on every file system."""
    readable = re.sub(r"[^A-Za-z0-9_.-]+", "-", test_id.split("/")[-1]).strip("-.")
    digest = hashlib.sha256(test_id.encode()).hexdigest()[:8]
    return f"{readable[:_LONGEST]}-{digest}"


def write_both(reports: Path, run: Path, name: str, *, newest: bytes, dated: bytes) -> None:
    """Write a file of a run and the newest copy of it, each whole or not at all."""
    atomic.replace(run / name, dated)
    atomic.replace(reports / name, newest)
