"""A recorded conversation with a gateway, and its file: one frame a line, made to be read.

The file is JSON Lines: a header, then ``[seconds, "client"|"gateway", name, [fields]]`` per
frame. Account ids are pseudonyms before anything is written. Imports snapshot and wire only.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

from pytest_ibkr.errors import UsageError
from pytest_ibkr.snapshot.atomic import write_new
from pytest_ibkr.wire import messages as _messages  # noqa: F401  # registers them all
from pytest_ibkr.wire.declare import REQUESTS, RESPONSES
from pytest_ibkr.wire.versions import NEWEST, OLDEST

FORMAT: Final = "pytest-ibkr recording"
SCHEMA: Final = 1
MOST_BYTES: Final = 256 * 1024 * 1024
Speaker = Literal["client", "gateway"]


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame.

    Attributes:
        at_s: seconds since the recording's first frame.
        speaker: who sent it.
        fields: its text fields, message id first.
    """

    at_s: float
    speaker: Speaker
    fields: tuple[str, ...]

    @property
    def name(self) -> str:
        """What the message is called: the official name of a request, the class of an answer."""
        number = int(self.fields[0]) if self.fields[0].isdigit() else -1
        if self.speaker == "client":
            request = REQUESTS.get(number)
            return request.NAME if request else f"message {self.fields[0]}"
        response = RESPONSES.get(number)
        return response.__name__ if response else f"message {self.fields[0]}"

    @property
    def payload(self) -> bytes:
        """The frame as sent, without its length."""
        return "".join(f"{field}\0" for field in self.fields).encode("utf-8", "surrogateescape")


@dataclass(frozen=True, slots=True)
class Recording:
    """A conversation.

    Attributes:
        server_version: at which its frames are to be read.
        source: where it comes from, for people; never a path of somebody's machine.
        recorded_on: ``YYYY-MM-DD``, or "" where nobody knows.
        frames: in the order they crossed the wire.
        complete: False when lines or frames had to be left out.
    """

    server_version: int
    source: str
    frames: tuple[Frame, ...]
    recorded_on: str = ""
    complete: bool = True

    def save(self, path: Path) -> None:
        """Write a new file, whole or not at all.

        Raises:
            FileExistsError: something has that name already; it is left as it is.
            OSError: the write failed; nothing is left behind.
        """
        lines = [_line(frame) for frame in self.frames]
        header = {
            "format": FORMAT,
            "schema": SCHEMA,
            "server_version": self.server_version,
            "source": self.source,
            "recorded_on": self.recorded_on,
            "complete": self.complete,
            "frames": len(lines),
            "sha256": _digest(lines),
        }
        text = "\n".join([json.dumps(header), *lines]) + "\n"
        write_new(path, text.encode("utf-8", "surrogateescape"))


def load(path: Path) -> Recording:
    """Read a recording.

    Raises:
        UsageError: no such file, no recording, of a newer schema, or changed since it was made.
    """
    try:
        if path.stat().st_size > MOST_BYTES:
            raise _unusable(path, f"it has more than {MOST_BYTES >> 20} MiB")
        text = path.read_bytes().decode("utf-8", "surrogateescape")
        first, *lines = text.removesuffix("\n").split("\n")  # not splitlines: texts have U+2028
    except OSError as exc:
        raise _unusable(path, exc.strerror or str(exc)) from None
    header = _header(path, first)
    if header["sha256"] != _digest(lines):
        raise _unusable(path, "its frames are not those that were written (sha256 differs)")
    try:
        frames = tuple(_frame(line) for line in lines)
    except (ValueError, TypeError) as exc:
        raise _unusable(path, f"a line is no frame: {exc}") from None
    return Recording(
        server_version=header["server_version"],
        source=str(header.get("source", "")),
        recorded_on=str(header.get("recorded_on", "")),
        complete=header.get("complete") is True,
        frames=frames,
    )


def _header(path: Path, line: str) -> dict[str, Any]:
    try:
        header = json.loads(line)
    except (ValueError, RecursionError):
        header = None
    if not isinstance(header, dict) or header.get("format") != FORMAT:
        raise _unusable(path, "it is no recording of pytest-ibkr")
    if header.get("schema") != SCHEMA:
        raise _unusable(path, f"it has schema {header.get('schema')}, this version reads {SCHEMA}")
    version = header.get("server_version")
    if type(version) is not int or not OLDEST <= version <= NEWEST:
        raise _unusable(path, f"server version {version} is not one of {OLDEST} to {NEWEST}")
    if not isinstance(header.get("sha256"), str):
        raise _unusable(path, "its header lacks sha256")
    return header


def _line(frame: Frame) -> str:
    row = [round(frame.at_s, 3), frame.speaker, frame.name, list(frame.fields)]
    return json.dumps(row, ensure_ascii=False, separators=(", ", ": "))


def _frame(line: str) -> Frame:
    at_s, speaker, _name, fields = json.loads(line)
    if speaker not in ("client", "gateway") or not _texts(fields):
        raise ValueError(line[:80])
    return Frame(float(at_s), speaker, tuple(fields))


def _texts(fields: Sequence[object]) -> bool:
    return (
        isinstance(fields, list)
        and bool(fields)
        and all(isinstance(each, str) and "\0" not in each for each in fields)
    )


def _digest(lines: Iterable[str]) -> str:
    found = hashlib.sha256()
    for line in lines:
        found.update(line.encode("utf-8", "surrogateescape") + b"\n")
    return found.hexdigest()


def _unusable(path: Path, why: str) -> UsageError:
    return UsageError(
        f"{path.name} cannot be replayed: {why}\n  fix:   make it anew: pytest-ibkr log import FILE"
    )
