"""Conversations recorded with a gateway, and their file: one frame a line, made to be read.

The file is JSON Lines: a header, then ``[seconds, "client"|"gateway", name, [fields]]`` per
frame; of a second connection the speakers are ``"client 2"`` and ``"gateway 2"``. Account ids are
pseudonyms before anything is written. Imports snapshot and wire only.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, Literal

from pytest_ibkr.errors import UsageError
from pytest_ibkr.snapshot.atomic import replace, write_new
from pytest_ibkr.wire import messages as _messages  # noqa: F401  # registers them all
from pytest_ibkr.wire.declare import REQUESTS, RESPONSES
from pytest_ibkr.wire.versions import NEWEST, OLDEST

FORMAT: Final = "pytest-ibkr recording"
SCHEMA: Final = 2  # 2: several connections, when and by whom; files of schema 1 are read
MOST_BYTES: Final = 256 * 1024 * 1024
Speaker = Literal["client", "gateway"]
Account = Literal["paper", "simulated", "unknown"]
_SPEAKERS: Final[tuple[Speaker, ...]] = ("client", "gateway")
_ACCOUNTS: Final[tuple[Account, ...]] = ("paper", "simulated", "unknown")


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame.

    Attributes:
        at_s: seconds since the recording's first frame.
        speaker: who sent it.
        fields: its text fields, message id first.
        connection: of which it is, counted from 1.
    """

    at_s: float
    speaker: Speaker
    fields: tuple[str, ...]
    connection: int = 1

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
class Connection:
    """One client's connection.

    Attributes:
        server_version: that was agreed on.
        client_id: as it said in startApi; None when it did so before the recording began.
    """

    server_version: int
    client_id: int | None = None


@dataclass(frozen=True, slots=True)
class Context:
    """In what a recording was made: the test's id, its markers, the product's version."""

    test: str = ""
    markers: tuple[str, ...] = ()
    product: str = ""


@dataclass(frozen=True, slots=True)
class Recording:
    """What one or several clients and a gateway said.

    Attributes:
        server_version: at which its frames are to be read, where a connection has none of its own.
        source: where it comes from, for people; never a path of somebody's machine.
        recorded_on: ``YYYY-MM-DD``, or "" where nobody knows.
        frames: in the order they crossed the wire.
        complete: False when lines or frames had to be left out.
        recorded_at: the gateway's time of the first frame, aware; None where nobody knows.
        account: of what kind; no id of a real one is ever in a recording.
        connections: by number.
        left_out: frames that are not in it, by reason.
    """

    server_version: int
    source: str
    frames: tuple[Frame, ...]
    recorded_on: str = ""
    complete: bool = True
    recorded_at: datetime | None = None
    account: Account = "unknown"
    connections: Mapping[int, Connection] = field(default_factory=lambda: MappingProxyType({}))
    context: Context = Context()
    left_out: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))

    def version_of(self, connection: int) -> int:
        """Return the server version of a connection."""
        known = self.connections.get(connection)
        return self.server_version if known is None else known.server_version

    def age_days(self, today: date) -> int | None:
        """Return how old it is; None: nobody knows."""
        if self.recorded_at is not None:
            return (today - self.recorded_at.date()).days
        try:
            return (today - date.fromisoformat(self.recorded_on)).days
        except ValueError:
            return None

    def save(self, path: Path, *, anew: bool = False) -> None:
        """Write a file, whole or not at all.

        Args:
            path: its name.
            anew: replace what has that name, in one step.

        Raises:
            FileExistsError: something has that name already; it is left as it is.
            OSError: the write failed; what was there before is there still.
        """
        (replace if anew else write_new)(path, self.text().encode("utf-8", "surrogateescape"))

    def text(self) -> str:
        """Return the file's content."""
        lines = [_line(frame) for frame in self.frames]
        known = self.connections.items()
        header = {
            "format": FORMAT,
            "schema": SCHEMA,
            "server_version": self.server_version,
            "source": self.source,
            "recorded_on": self.recorded_on,
            "recorded_at": None if self.recorded_at is None else self.recorded_at.isoformat(),
            "account": self.account,
            "context": asdict(self.context),
            "connections": {str(number): asdict(each) for number, each in known},
            "complete": self.complete,
            "left_out": dict(self.left_out),
            "frames": len(lines),
            "sha256": _digest(lines),
        }
        return "\n".join([json.dumps(header, ensure_ascii=False), *lines]) + "\n"


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
    try:
        return _recording(header, frames)
    except (ValueError, TypeError, AttributeError, KeyError) as exc:
        raise _unusable(path, f"its header cannot be read: {exc!r}") from None


def _recording(header: Mapping[str, Any], frames: tuple[Frame, ...]) -> Recording:
    at, context = header.get("recorded_at"), header.get("context") or {}
    found = header.get("connections") or {}
    recorded_at = None if at is None else datetime.fromisoformat(at)
    if recorded_at is not None and recorded_at.tzinfo is None:
        raise ValueError(f"recorded_at {at} lacks a zone")
    return Recording(
        server_version=header["server_version"],
        source=str(header.get("source", "")),
        recorded_on=str(header.get("recorded_on", "")),
        complete=header.get("complete") is True,
        frames=frames,
        recorded_at=recorded_at,
        account=next((a for a in _ACCOUNTS if a == header.get("account")), "unknown"),
        connections={
            int(number): Connection(_version(each["server_version"]), each["client_id"])
            for number, each in found.items()
        },
        context=Context(
            test=str(context.get("test", "")),
            markers=tuple(map(str, context.get("markers", ()))),
            product=str(context.get("product", "")),
        ),
        left_out={str(why): int(count) for why, count in (header.get("left_out") or {}).items()},
    )


def _version(number: object) -> int:
    if type(number) is not int or not OLDEST <= number <= NEWEST:
        raise ValueError(f"server version {number} is not one of {OLDEST} to {NEWEST}")
    return number


def _header(path: Path, line: str) -> dict[str, Any]:
    try:
        header = json.loads(line)
    except (ValueError, RecursionError):
        header = None
    if not isinstance(header, dict) or header.get("format") != FORMAT:
        raise _unusable(path, "it is no recording of pytest-ibkr")
    if header.get("schema") not in range(1, SCHEMA + 1):
        raise _unusable(path, f"it has schema {header.get('schema')}, this version reads {SCHEMA}")
    try:
        _version(header.get("server_version"))
    except ValueError as exc:
        raise _unusable(path, str(exc)) from None
    if not isinstance(header.get("sha256"), str):
        raise _unusable(path, "its header lacks sha256")
    return header


def _line(frame: Frame) -> str:
    speaker = frame.speaker if frame.connection == 1 else f"{frame.speaker} {frame.connection}"
    row = [round(frame.at_s, 3), speaker, frame.name, list(frame.fields)]
    return json.dumps(row, ensure_ascii=False, separators=(", ", ": "))


def _frame(line: str) -> Frame:
    at_s, said_by, _name, fields = json.loads(line)
    who, _, number = str(said_by).partition(" ")
    speaker = next((each for each in _SPEAKERS if each == who), None)
    if speaker is None or not _texts(fields) or not (number == "" or number.isdecimal()):
        raise ValueError(line[:80])
    return Frame(float(at_s), speaker, tuple(fields), int(number or 1))


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
        f"{path.name} cannot be replayed: {why}\n"
        "  fix:   make it anew: --ibkr-record all, or pytest-ibkr log import FILE"
    )
