"""Lets a recording answer instead of the simulated gateway."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pytest_ibkr.errors import NotInRecording, UsageError

if TYPE_CHECKING:
    from pytest_ibkr.sim.engine import Engine
    from pytest_ibkr.sim.replay import Replay


def replay_of(engine: Engine, path: str | Path) -> Replay:
    """Read a recording and make it ready to answer in an engine.

    Raises:
        UsageError: there is no such recording, or it cannot be read.
    """
    from pytest_ibkr.capture.recording import load
    from pytest_ibkr.sim.conversation import Conversation, Said
    from pytest_ibkr.sim.replay import Replay

    recording = load(Path(path))
    conversations = [
        Conversation(
            (
                Said(f.at_s, f.speaker == "client", f.payload)
                for f in recording.frames
                if f.connection == number
            ),
            version=recording.version_of(number),
            connection=number,
            client_id=known.client_id if (known := recording.connections.get(number)) else None,
        )
        for number in sorted({frame.connection for frame in recording.frames})
    ]
    if not any(each.exchanges for each in conversations):
        raise UsageError(
            f"{Path(path).name} has no request of a client: there is nothing to answer from it"
        )
    return Replay(engine, *conversations, path=str(Path(path).absolute()))


def refuse_unexpected(replay: Replay, name: str) -> None:
    """Fail a test whose program asked for what the recording does not have.

    Raises:
        NotInRecording: names each request and the closest recorded one.
    """
    if replay.unexpected:
        asked = "\n".join(replay.unexpected[:10])
        raise NotInRecording(
            f"{name} asked for what its recording does not have, and got error 322:\n{asked}\n"
            "  fix:   record anew, or ask the simulated gateway: leave out replay()"
        )
