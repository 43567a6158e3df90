"""Where recordings are: one file per test, in a directory per test module.

``tests/test_orders.py::TestBuy::test_it[178]`` is recorded in
``tests/recordings/test_orders/TestBuy.test_it[178].recording.jsonl``, as users of pytest-recording
expect it.
"""

from __future__ import annotations

import contextlib
import hashlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from pytest_ibkr.capture.recording import Recording

DIRECTORY: Final = "recordings"
SUFFIX: Final = ".recording.jsonl"
FAILED: Final = ".failed.jsonl"
_ODD: Final = re.compile(r"[^\w.,=+\[\]-]+", re.ASCII)
_LONGEST: Final = 120  # characters of a name: file systems take 255 bytes, with suffixes


def directory_of(module: Path, *, root: Path, given: Path | None) -> Path:
    """Return the directory of a test module's recordings.

    Args:
        module: the test file.
        root: the project's.
        given: where all recordings are to be; None: beside the test file.
    """
    if given is None:
        return module.parent / DIRECTORY / module.stem
    inside = module.is_relative_to(root)
    return given / (module.relative_to(root).with_suffix("") if inside else module.stem)


def name_of(test: str) -> str:
    """Return the file name, without suffix, of a test: its node id after the module.

    A name that had to be changed carries a few digits of the original's hash: two tests never
    share a file.
    """
    words = test.replace("::", ".")
    name = _ODD.sub("_", words)[:_LONGEST]
    if name == words:
        return name
    return f"{name}-{hashlib.sha256(test.encode()).hexdigest()[:8]}"


def save(recording: Recording, path: Path) -> None:
    """Write a recording in place of what is there, in one step; tidy up after a killed run.

    Raises:
        OSError: it cannot be written; what was there before is there still.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    for left in path.parent.glob(f".{_literally(path.name)}.*.tmp"):
        with contextlib.suppress(OSError):
            left.unlink()
    recording.save(path, anew=True)


def unowned(directory: Path, owned: set[Path]) -> Iterator[Path]:
    """Recordings beside those of a module that belong to no test: of it, or of a module gone.

    Args:
        directory: of one module's recordings.
        owned: the recordings that its tests have or would have.
    """
    if directory.is_dir():
        yield from sorted(set(directory.glob(f"*{SUFFIX}")) - owned)


def orphaned(directory: Path) -> Iterator[Path]:
    """Recordings beside test files that are not there any more.

    Args:
        directory: one that ``recordings`` beside test files is, with a directory per module.
    """
    if directory.name != DIRECTORY or not directory.is_dir():
        return
    for each in sorted(directory.iterdir()):
        if each.is_dir() and not (directory.parent / f"{each.name}.py").exists():
            yield from sorted(each.glob(f"*{SUFFIX}"))


def _literally(name: str) -> str:
    """A name as ``glob`` takes it for itself."""
    return re.sub(r"([\[*?])", r"[\1]", name)
