"""``pytest-ibkr diff``: how the simulated gateway answers what a real one was asked."""

from __future__ import annotations

import argparse
import json
import sys
import threading
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_ibkr.cli.told import settings_of

if TYPE_CHECKING:
    from pytest_ibkr.capture.recording import Recording
    from pytest_ibkr.settings import Settings
    from pytest_ibkr.sim.differences import Compared, Difference
    from pytest_ibkr.sim.rerun import Recorded
    from pytest_ibkr.snapshot.model import Snapshot

SAME, DIFFERENT = 0, 1
_SHOWN_IDS = 5
_SHOWN_KINDS = 12
_CLIENT_ID = 7001  # of a client that said startApi before the recording began


def add_diff(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.description = (
        "Sends what a recording's clients sent to the simulated gateway and prints how its answers"
        " differ: kinds of answers, their order, error codes, kinds of values; never prices."
        " Exit codes: 0 the same, 1 different."
    )
    parser.add_argument("file", type=Path, metavar="RECORDING")
    parser.add_argument("--snapshot", metavar="NAME_OR_PATH", help="the market")
    parser.add_argument("--scenario", metavar="NAME", help="the newest snapshot of a scenario")
    parser.add_argument("--json", action="store_true", help="one JSON object instead of text")
    parser.set_defaults(run=diff)


def diff(options: argparse.Namespace, _stop: threading.Event) -> int:
    """Compare and print; return the exit code."""
    from pytest_ibkr.capture.recording import load
    from pytest_ibkr.snapshot_choice import chosen

    recording = load(options.file)
    settings = settings_of(options)
    found, told = differences(recording, chosen(settings).snapshot, settings)
    different = [each for each in found if each.differences]
    if options.json:
        print(json.dumps(_as_json(options.file.name, recording, told, found), indent=1))
    else:
        print(*(f"setting: {line}" for line in told), sep="\n", file=sys.stderr)
        print(*_text(found, different), sep="\n")
    return DIFFERENT if different else SAME


def differences(
    recording: Recording, snapshot: Snapshot, settings: Settings
) -> tuple[list[Compared], list[str]]:
    """Compare every request of a recording; also say how the simulator was set up.

    Raises:
        GatewayError: the simulated gateway failed.
    """
    from pytest_ibkr.gateway import world_of
    from pytest_ibkr.sim.conversation import Conversation
    from pytest_ibkr.sim.differences import compare
    from pytest_ibkr.sim.engine import Engine
    from pytest_ibkr.sim.recorded_state import answers, set_up
    from pytest_ibkr.sim.rerun import Rerun

    connections = _connections(recording)
    start, told = _start(recording, snapshot, settings)
    engine = Engine(world_of(snapshot), start_s=start.timestamp())
    said = [a for each in connections for a in answers(each.said, version=each.version)]
    told += set_up(engine, [message for _, message in sorted(said, key=lambda a: a[0])])
    simulated = Rerun(engine, connections).run()
    compared = [
        difference
        for each in connections
        for difference in compare(
            Conversation(each.said, version=each.version, connection=each.number),
            Conversation(simulated[each.number], version=each.version, connection=each.number),
        )
    ]
    return compared, told


def _connections(recording: Recording) -> list[Recorded]:
    """The connections of a recording; those of a log are told by their greetings."""
    from pytest_ibkr.sim.conversation import Said
    from pytest_ibkr.sim.rerun import Recorded, sessions

    found: list[Recorded] = []
    for number in sorted({frame.connection for frame in recording.frames}):
        frames = (frame for frame in recording.frames if frame.connection == number)
        said = [Said(f.at_s, f.speaker == "client", f.payload) for f in frames]
        version = recording.version_of(number)
        parts = [said] if recording.connections else sessions(said, version=version)
        for part in parts:
            client_id = _client_id(recording, number) + len(found) * (len(parts) > 1)
            found.append(Recorded(len(found) + 1, version, client_id, part))
    return found


def _client_id(recording: Recording, number: int) -> int:
    known = recording.connections.get(number)
    return _CLIENT_ID if known is None or known.client_id is None else known.client_id


def _start(
    recording: Recording, snapshot: Snapshot, settings: Settings
) -> tuple[datetime, list[str]]:
    """The moment the simulation begins: the recorded one, on the snapshot's day if need be."""
    day = snapshot.captured_at
    told = [f"market: {snapshot.name}"]
    if recording.recorded_at is None:
        time = settings.clock_start
        why = f"time: {time:%H:%M} of {day:%Y-%m-%d}: the recording does not say when it was made"
        return datetime.combine(day.date(), time, day.tzinfo), [*told, why]
    recorded = recording.recorded_at.astimezone(day.tzinfo)
    if recorded.date() == day.date():
        return recorded, [*told, f"time: {recorded:%Y-%m-%d %H:%M:%S %Z}, as recorded"]
    moved = datetime.combine(day.date(), recorded.time(), day.tzinfo)
    why = (
        f"time: {moved:%H:%M:%S %Z} as recorded, on {day:%Y-%m-%d} instead of"
        f" {recorded:%Y-%m-%d}: name that day's market with --snapshot if you have it"
    )
    return moved, [*told, why]


# -- what is printed ---------------------------------------------------------------------


def _text(found: Sequence[Compared], different: Sequence[Compared]) -> Iterator[str]:
    """Requests that differ in the same way are one paragraph."""
    alike: dict[tuple[Any, ...], list[Compared]] = {}
    for each in different:
        alike.setdefault((each.request, each.differences), []).append(each)
    for (request, differing), group in alike.items():
        yield f"{request or 'what nobody asked for'}{_which(group)}"
        yield from _lines(differing)
    asked = [each for each in found if each.request]
    same = len(asked) - len([each for each in different if each.request])
    yield f"{same} of {len(asked)} requests are answered alike"


def _lines(differences: Sequence[Difference]) -> Iterator[str]:
    """Kinds of answers that are missing, or extra, by their message: there may be hundreds."""
    grouped: dict[tuple[str, str], list[str]] = {}
    for each in differences:
        if each.kind not in ("missing", "extra"):
            continue
        name, _, which = each.what.partition(" ")
        grouped.setdefault((each.kind, name), []).append(which)
    for (kind, name), kinds in grouped.items():
        words = [word for word in kinds if word]
        more = f" and {len(words) - _SHOWN_KINDS} more" if len(words) > _SHOWN_KINDS else ""
        yield f"    {kind}: {name} {', '.join(words[:_SHOWN_KINDS])}{more}".rstrip()
    yield from (f"    {each}" for each in differences if each.kind not in ("missing", "extra"))


def _which(group: Sequence[Compared]) -> str:
    about = list(dict.fromkeys(each.about for each in group if each.about))
    words = f" ({', '.join(about[:_SHOWN_IDS])}{', …' if len(about) > _SHOWN_IDS else ''})"
    ids = [str(each.own_id) for each in group if each.own_id is not None]
    shown = ", ".join(ids[:_SHOWN_IDS]) + (", …" if len(ids) > _SHOWN_IDS else "")
    count = f", {len(group)} times" if len(group) > 1 else ""
    return f"{' ' + shown if ids else ''}{words if about else ''}{count}"


def _as_json(
    name: str, recording: Recording, told: Sequence[str], found: Sequence[Compared]
) -> dict[str, Any]:
    return {
        "recording": name,
        "server_version": recording.server_version,
        "complete": recording.complete,
        "same": not any(each.differences for each in found),
        "setting": list(told),
        "requests": [asdict(each) for each in found],
    }
