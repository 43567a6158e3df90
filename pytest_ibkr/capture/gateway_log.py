"""Reads a gateway's own message log: lines of ``time (sync time) -> [fields joined by ;]``.

The log ends requests with ``;`` and answers without, and does not escape a ``;`` inside a field:
trading hours and free texts are put together again here. Imports capture and wire only.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from pytest_ibkr.capture.pseudonyms import Pseudonyms
from pytest_ibkr.capture.recording import Frame, Recording, Speaker
from pytest_ibkr.errors import UsageError, WireError
from pytest_ibkr.wire.codec import Raw, decode_request, decode_response
from pytest_ibkr.wire.versions import ERROR_TIME, NEWEST_TEXT, OLDEST

_LINE = re.compile(
    r"(\d\d):(\d\d):(\d\d):(\d{3})(?: \(sync [\d:]+\))? (->|<-) \[(.*)\]\s*", re.DOTALL
)
_HOURS = re.compile(r"\d{8}:(?:CLOSED|\d{4}-\d{8}:\d{4})")
_DETAILS = ("10", "18")
_ERROR = "4"
# Answers with one free text, and its place counted from the end.
_TEXT_FROM_END = {"14": 2, "46": 1, "84": 2, "86": 1}
_LENGTHS = {"14": 5, "46": 5, "84": 7, "86": 6}
_DAY_S = 86_400.0
_JITTER_S = 60.0  # by which lines may be out of order


@dataclass(frozen=True, slots=True)
class Skipped:
    """A line that is not in the recording, counted from 1, and why."""

    number: int
    reason: str


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import made of a log."""

    recording: Recording
    skipped: tuple[Skipped, ...]
    accounts: int


@dataclass(frozen=True, slots=True)
class _Logged:
    number: int
    at_s: float
    speaker: Speaker
    text: str


def import_log(
    lines: Iterable[str], *, server_version: int | None = None, recorded_on: str = ""
) -> Imported:
    """Turn a gateway's message log into a recording with masked account ids.

    Args:
        lines: of the log.
        server_version: of that gateway; None: the newest at which most frames can be read.
        recorded_on: the day, ``YYYY-MM-DD``; logs have times only.

    Raises:
        UsageError: there is no frame in it.
    """
    logged, skipped = _read_lines(lines)
    version = _likely_version(logged) if server_version is None else server_version
    found: list[Frame] = []
    start_s = logged[0].at_s if logged else 0.0
    for each in logged:
        fields = fields_of(each.text, each.speaker, version=version)
        if fields is None:
            skipped.append(Skipped(each.number, f"no message of server version {version}"))
        else:
            found.append(Frame(round(each.at_s - start_s, 3), each.speaker, fields))
    names = Pseudonyms(
        accounts=_declared(found, version, "account", "accounts"),
        logins=_declared(found, version, "submitter"),
    )
    frames = [replace(frame, fields=names.mask(frame.fields)) for frame in found]
    if not frames:
        raise UsageError(
            "no message of the TWS API is in this log\n"
            "  state: a line looks like: 12:11:29:075 (sync 12:11:27:750) <- [61;1;]\n"
            "  fix:   export the API message log of TWS or IB Gateway"
        )
    recording = Recording(
        server_version=version,
        source="a gateway's message log",
        recorded_on=recorded_on,
        complete=not skipped,
        frames=tuple(frames),
    )
    return Imported(recording, tuple(sorted(skipped, key=lambda s: s.number)), names.count)


def fields_of(text: str, speaker: Speaker, *, version: int) -> tuple[str, ...] | None:
    """Split a line's message into its fields; None: it is none of this server version."""
    parts = text.split(";")
    if speaker == "client" and parts[-1] == "":
        parts.pop()
    for fields in _readings(parts, speaker, version):
        if _decodes(fields, speaker, version):
            return tuple(fields)
    return None


def _declared(frames: Iterable[Frame], version: int, *attributes: str) -> Iterator[str]:
    """What messages say in fields of these names; lists of accounts are joined by commas."""
    for frame in frames:
        decode = decode_request if frame.speaker == "client" else decode_response
        message = decode(frame.payload, version)
        for name in attributes:
            yield from filter(None, str(getattr(message, name, "")).split(","))


def _readings(parts: list[str], speaker: Speaker, version: int) -> Iterator[list[str]]:
    yield parts
    if speaker == "gateway":
        if parts[0] in _DETAILS:
            yield _with_hours(parts)
        elif parts[0] == _ERROR:
            yield _joined(parts, 5 if version >= ERROR_TIME else 6, from_end=2)
        elif parts[0] in _TEXT_FROM_END:
            yield _joined(parts, _LENGTHS[parts[0]], from_end=_TEXT_FROM_END[parts[0]])


def _with_hours(parts: list[str]) -> list[str]:
    """Trading hours, then liquid hours: the same number of days each, one field each."""
    hours = [i for i, part in enumerate(parts) if _HOURS.fullmatch(part)]
    if not hours or len(hours) % 2 or hours[-1] - hours[0] + 1 != len(hours):
        return parts
    first, middle, last = hours[0], hours[0] + len(hours) // 2, hours[-1] + 1
    trading, liquid = ";".join(parts[first:middle]), ";".join(parts[middle:last])
    return [*parts[:first], trading, liquid, *parts[last:]]


def _joined(parts: list[str], length: int, *, from_end: int) -> list[str]:
    """Put the pieces of one free text together, so that ``length`` fields remain."""
    surplus = len(parts) - length
    if surplus <= 0:
        return parts
    last = len(parts) - from_end + 1
    text = ";".join(parts[last - surplus - 1 : last])
    return [*parts[: last - surplus - 1], text, *parts[last:]]


def _decodes(fields: Sequence[str], speaker: Speaker, version: int) -> bool:
    payload = "".join(f"{field}\0" for field in fields).encode("utf-8", "surrogateescape")
    decode = decode_request if speaker == "client" else decode_response
    try:
        return not isinstance(decode(payload, version), Raw)
    except WireError:
        return False


def _read_lines(lines: Iterable[str]) -> tuple[list[_Logged], list[Skipped]]:
    logged: list[_Logged] = []
    skipped: list[Skipped] = []
    day_s, before_s = 0.0, 0.0
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        found = _LINE.fullmatch(line)
        if found is None:
            skipped.append(Skipped(number, "no line of a message log, or a torn one"))
            continue
        hours, minutes, seconds, thousandths, arrow, text = found.groups()
        at_s = int(hours) * 3600 + int(minutes) * 60 + int(seconds) + int(thousandths) / 1000
        if day_s + at_s < before_s - _JITTER_S:  # past midnight: logs have no dates
            day_s += _DAY_S
        before_s = max(before_s, day_s + at_s)
        speaker: Speaker = "gateway" if arrow == "->" else "client"
        logged.append(_Logged(number, before_s, speaker, text))
    return logged, skipped


def _likely_version(logged: Sequence[_Logged]) -> int:
    """The newest version at which most kinds of frames can be read."""
    kinds = {(e.speaker, e.text.split(";", 1)[0], e.text.count(";")): e for e in logged}

    def readable(version: int) -> int:
        read = (fields_of(e.text, e.speaker, version=version) for e in kinds.values())
        return sum(fields is not None for fields in read)

    return max(range(NEWEST_TEXT, OLDEST - 1, -1), key=readable)
