"""Snapshots on disk: names, reading, writing; the only module here that touches files.

Names are ``snapshot_{scenario}_{YYYYMMDD_HHMMSS}.json`` (or ``.json.gz``), with
``_partial`` after the time for a capture that broke off; ``snapshot_{scenario}_latest``
is a copy of the last complete one.
"""

from __future__ import annotations

import gzip
import re
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pydantic import ValidationError

from pytest_ibkr.snapshot import atomic, sound
from pytest_ibkr.snapshot.errors import (
    BadScenarioName,
    SnapshotExists,
    SnapshotInvalid,
    SnapshotNotFound,
    SnapshotUnreadable,
    SnapshotVersion,
)
from pytest_ibkr.snapshot.layout import ADAPTER, SCENARIO, SCHEMA_VERSION
from pytest_ibkr.snapshot.model import Snapshot
from pytest_ibkr.snapshot.redact import mask_accounts
from pytest_ibkr.snapshot.text import dumps

MAX_BYTES = 64 * 1024 * 1024  # uncompressed; the whole chains of three underlyings are 9 MB
SUFFIXES = (".json", ".json.gz")
_NAME = re.compile(
    rf"snapshot_(?P<scenario>{SCENARIO.pattern})_"
    r"(?:(?P<stamp>[0-9]{8}_[0-9]{6})(?P<partial>_partial)?|latest)"
)


@dataclass(frozen=True, slots=True)
class Stored:
    """A snapshot file, judged by its name alone."""

    path: Path
    name: str  # without suffixes
    scenario: str
    stamp: str  # YYYYMMDD_HHMMSS, "" for the latest copy
    kind: Literal["capture", "partial", "latest"]


def available(directory: Path) -> tuple[Stored, ...]:
    """The snapshot files of a directory, oldest first; empty when it does not exist."""
    if not directory.is_dir():
        return ()
    found = (_stored(path) for path in directory.iterdir() if path.is_file())
    return tuple(sorted(filter(None, found), key=_age))


def newest(directory: Path, *, scenario: str | None = None) -> Path | None:
    """The newest capture, of ``scenario`` if one is named; partial ones do not count.

    Among captures of the same second the scenario ``normal`` is preferred.
    """
    captures = [
        stored
        for stored in available(directory)
        if stored.kind == "capture" and scenario in (None, stored.scenario)
    ]
    return captures[-1].path if captures else None


def load(name_or_path: str | Path, *, directory: Path) -> Snapshot:
    """Read and validate a snapshot.

    Args:
        name_or_path: A path (anything with a suffix or a separator; relative to the
            working directory, then to ``directory``), the name of a file in
            ``directory`` with or without ``snapshot_``, or a scenario, which means
            its newest capture.
        directory: Where names are looked up.

    Raises:
        SnapshotNotFound: no such file; lists those that exist.
        SnapshotUnreadable: no JSON (with line and column), damaged, or over 64 MiB.
        SnapshotVersion: another schema version.
        SnapshotInvalid: not of the published shape; lists the places.
    """
    path = find(name_or_path, directory=directory)
    content = _read(path)
    return Snapshot(parse(content, path=path), name=stem(path), content=content)


def save(snapshot: Snapshot, directory: Path, *, partial: bool = False) -> Path:
    """Write a snapshot under its canonical name, with account ids masked.

    A snapshot that is ``complete`` and not ``partial`` also becomes
    ``snapshot_{scenario}_latest.json``. The directory is made when it is missing.

    Raises:
        BadScenarioName: the scenario cannot be part of a file name.
        SnapshotExists: a file of that name is there; nothing was written.
        OSError: the write failed; no partial file is left and the latest copy is as before.
    """
    check_scenario(snapshot.scenario)
    stamp = re.sub(r"[-:]", "", snapshot["timestamp"])[:15].replace("T", "_")
    name = f"snapshot_{snapshot.scenario}_{stamp}{'_partial' if partial else ''}.json"
    data = encoded(snapshot)
    directory.mkdir(parents=True, exist_ok=True)
    path = directory / name
    try:
        atomic.write_new(path, data)
    except FileExistsError:
        raise SnapshotExists(path) from None
    if snapshot.complete and not partial:
        atomic.replace(directory / f"snapshot_{snapshot.scenario}_latest.json", data)
    return path


def encoded(snapshot: Snapshot, *, compress: bool = False) -> bytes:
    """The bytes of a snapshot file: canonical text, accounts masked, the same every time."""
    data = mask_accounts(dumps(snapshot.to_dict())).encode()
    return gzip.compress(data, 9, mtime=0) if compress else data


def check_scenario(name: str) -> str:
    """``name``, if it may be part of a file name.

    Raises:
        BadScenarioName: anything but 1 to 41 lower-case letters, digits, ``_`` and ``-``.
    """
    if not SCENARIO.fullmatch(name):
        raise BadScenarioName(name, SCENARIO.pattern)
    return name


def find(name_or_path: str | Path, *, directory: Path) -> Path:
    """The file that a name or path means; see :func:`load`.

    Raises:
        SnapshotNotFound: there is none.
    """
    text = str(name_or_path)
    if isinstance(name_or_path, Path) or "/" in text or "\\" in text or text.endswith(SUFFIXES):
        candidates = [Path(text), directory / text]
    else:
        stems = (text, f"snapshot_{text}")
        candidates = [directory / (each + suffix) for each in stems for suffix in SUFFIXES]
        if SCENARIO.fullmatch(text) and (latest := newest(directory, scenario=text)):
            candidates.append(latest)
    for candidate in candidates:
        if candidate.is_file():
            return candidate
    raise SnapshotNotFound(text, directory, [stored.name for stored in available(directory)])


def stem(path: Path) -> str:
    """The file's name without ``.json`` or ``.json.gz``."""
    return path.name.removesuffix(".gz").removesuffix(".json")


def _stored(path: Path) -> Stored | None:
    found = _NAME.fullmatch(stem(path))
    if found is None or not path.name.endswith(SUFFIXES):
        return None
    kind: Literal["capture", "partial", "latest"] = "capture"
    if found["partial"] or not found["stamp"]:
        kind = "partial" if found["partial"] else "latest"
    return Stored(path, stem(path), found["scenario"], found["stamp"] or "", kind)


def _age(stored: Stored) -> tuple[str, bool, str]:
    return stored.stamp, stored.scenario == "normal", stored.path.name


def _read(path: Path) -> bytes:
    """The uncompressed bytes, never more than ``MAX_BYTES`` of them in memory."""
    try:
        with gzip.open(path) if path.name.endswith(".gz") else path.open("rb") as file:
            content: bytes = file.read(MAX_BYTES + 1)
    except (gzip.BadGzipFile, EOFError, zlib.error) as exc:
        raise SnapshotUnreadable(path, f"damaged gzip data ({exc})") from exc
    except OSError as exc:
        raise SnapshotUnreadable(path, exc.strerror or str(exc)) from exc
    if len(content) > MAX_BYTES:
        raise SnapshotUnreadable(path, f"more than {MAX_BYTES >> 20} MiB of text")
    return content


def parse(content: bytes, *, path: Path) -> dict[str, Any]:
    """The document in ``content``, validated; ``path`` is named in errors only.

    Raises:
        SnapshotUnreadable, SnapshotVersion, SnapshotInvalid: see :func:`load`.
    """
    try:
        document: dict[str, Any] = ADAPTER.validate_json(content)  # type: ignore[assignment]
    except RecursionError:
        raise SnapshotUnreadable(path, "nested too deeply") from None
    except ValidationError as exc:
        problems = exc.errors(include_url=False, include_context=False)
    else:
        if contradictions := sound.problems(document):
            raise SnapshotInvalid(path, contradictions)
        return document
    for problem in problems:
        if problem["type"] == "json_invalid":  # says "... at line 3 column 7"
            raise SnapshotUnreadable(path, problem["msg"])
        if problem["loc"] == ("schemaVersion",):
            found = None if problem["type"] == "missing" else problem["input"]
            raise SnapshotVersion(path, found, SCHEMA_VERSION)
    raise SnapshotInvalid(path, [f"{_place(each['loc'])}: {each['msg']}" for each in problems])


def _place(location: tuple[int | str, ...]) -> str:
    """``symbols.SPY.bars.5 mins[3].close``."""
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in location)
    return text.removeprefix(".") or "document"
