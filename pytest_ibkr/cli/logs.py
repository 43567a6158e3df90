"""``pytest-ibkr log import``: a gateway's own message log becomes a recording."""

from __future__ import annotations

import argparse
import sys
import threading
from pathlib import Path

from pytest_ibkr.errors import UsageError

INCOMPLETE = 3
MOST_BYTES = 64 * 1024 * 1024  # some 13 bytes of memory each
SUFFIX = ".recording.jsonl"
_SHOWN = 10


def import_file(options: argparse.Namespace, _stop: threading.Event) -> int:
    """Write the recording, print its path; return the exit code."""
    from pytest_ibkr.capture.gateway_log import import_log

    source: Path = options.file
    target: Path = options.output or Path(f"{source.stem}{SUFFIX}")
    lines = [line.removesuffix("\r") for line in _read(source).split("\n")]
    made = import_log(lines, server_version=options.server_version, recorded_on=options.date or "")
    try:
        made.recording.save(target)
    except FileExistsError:
        raise UsageError(
            f"{target} is there already: nothing was written\n  fix:   --output FILE"
        ) from None
    except OSError as exc:
        raise UsageError(f"{target} cannot be written: {exc.strerror or exc}") from None
    frames = made.recording.frames
    recorded, ids = made.recording, made.accounts
    first = (
        f"{len(frames)} frames of {frames[-1].at_s:.0f} seconds, server version"
        f" {recorded.server_version}, {ids} account id{'' if ids == 1 else 's'} replaced"
    )
    told = [first, *(f"line {s.number} left out: {s.reason}" for s in made.skipped[:_SHOWN])]
    if (more := len(made.skipped) - _SHOWN) > 0:
        told.append(f"and {more} more lines")
    print(*told, sep="\n", file=sys.stderr)
    print(target)
    return INCOMPLETE if made.skipped else 0


def _read(path: Path) -> str:
    try:
        if path.stat().st_size > MOST_BYTES:
            raise UsageError(f"{path} has more than {MOST_BYTES >> 20} MiB: split it")
        return path.read_bytes().decode("utf-8", "surrogateescape")
    except OSError as exc:
        raise UsageError(f"{path} cannot be read: {exc.strerror or exc}") from None
