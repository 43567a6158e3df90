"""The TWS API connection as a state machine for both roles: bytes in, events out, no I/O.

Neither role raises on input; a broken stream ends with ``Ended`` and its reason, after the
events that were complete before it.
"""

from __future__ import annotations

import enum
import re
from dataclasses import dataclass
from itertools import pairwise

from pytest_ibkr.errors import WireError
from pytest_ibkr.wire.framing import MAX_FRAME, FrameBuffer, frame

GREETING = b"API\0"
# One number alone is what the official Java client sends when both ends of its range agree.
_RANGE = re.compile(rb"v(\d{1,4})(?:\.\.(\d{1,4}))?(?: ([ -~]{0,200}))?")


class Phase(enum.Enum):
    """Where the conversation stands; a phase names what is expected next."""

    GREETING = "greeting"
    VERSIONS = "versions"
    START = "start"
    READY = "ready"
    CLOSED = "closed"


_STEPS = [Phase.GREETING, Phase.VERSIONS, Phase.START, Phase.READY, Phase.READY]
_NEXT = dict(pairwise(_STEPS))


@dataclass(frozen=True, slots=True)
class VersionsOffered:
    """The client's greeting: the versions it speaks and its connect options (``+PACEAPI``)."""

    lowest: int
    highest: int
    options: str


@dataclass(frozen=True, slots=True)
class VersionChosen:
    """The gateway's greeting: the version in force and its local connection time, as sent."""

    version: int
    connection_time: bytes


@dataclass(frozen=True, slots=True)
class FrameReceived:
    """One payload; START carries startApi, READY all the rest."""

    phase: Phase
    payload: bytes


@dataclass(frozen=True, slots=True)
class Ended:
    """The last event; ``error`` is empty when the peer closed between two frames."""

    error: str


Event = VersionsOffered | VersionChosen | FrameReceived | Ended


class GatewayConnection:
    """Gateway side: the peer is a client."""

    def __init__(self, *, max_frame: int = MAX_FRAME) -> None:
        self.phase = Phase.GREETING
        self._frames = FrameBuffer(max_frame=max_frame)

    @property
    def closed(self) -> bool:
        """Whether ``Ended`` was returned; whatever comes later is ignored."""
        return self.phase is Phase.CLOSED

    def receive(self, data: bytes) -> list[Event]:
        """Feed what ``recv`` returned (``b""`` at end of stream). Never raises."""
        if self.closed:
            return []
        events: list[Event] = []
        self._frames.feed(data)
        try:
            self._advance(events)
        except WireError as exc:
            events.append(self._end(str(exc)))
        if not data and not self.closed:
            torn = f"closed inside a frame, {len(self._frames)} bytes pending"
            events.append(self._end(torn if len(self._frames) else ""))
        return events

    def _advance(self, events: list[Event]) -> None:
        if self.phase is Phase.GREETING:
            head = self._frames.peek(len(GREETING))
            if not GREETING.startswith(head):
                raise WireError(f"greeting {head!r} is not the TWS API's")
            if self._frames.take_raw(len(GREETING)) is None:
                return
            self.phase = Phase.VERSIONS
        while payloads := self._frames.take_frames(
            most=1 if self.phase is not Phase.READY else None
        ):
            for payload in payloads:
                events.append(self._event(payload))
                self.phase = _NEXT[self.phase]

    def _event(self, payload: bytes) -> Event:
        if self.phase is not Phase.VERSIONS:
            return FrameReceived(self.phase, payload)
        if (match := _RANGE.fullmatch(payload)) is None:
            raise WireError(f"version range {payload[:40]!r} is not v<min>..<max>")
        return VersionsOffered(int(match[1]), int(match[2] or match[1]), (match[3] or b"").decode())

    def _end(self, error: str) -> Ended:
        self.phase = Phase.CLOSED
        self._frames.clear()
        return Ended(error)


class ClientConnection:
    """Client side: the peer is a gateway."""

    def __init__(self, *, max_frame: int = MAX_FRAME) -> None:
        self.phase = Phase.VERSIONS
        self._frames = FrameBuffer(max_frame=max_frame)

    @staticmethod
    def greeting(lowest: int, highest: int, *, options: str = "") -> bytes:
        """Return the first bytes a client sends."""
        offer = f"v{lowest}..{highest}" + (f" {options}" if options else "")
        return GREETING + frame(offer.encode())

    @property
    def closed(self) -> bool:
        """Whether ``Ended`` was returned; whatever comes later is ignored."""
        return self.phase is Phase.CLOSED

    def receive(self, data: bytes) -> list[Event]:
        """Feed what ``recv`` returned (``b""`` at end of stream). Never raises."""
        if self.closed:
            return []
        events: list[Event] = []
        self._frames.feed(data)
        try:
            while payloads := self._frames.take_frames(
                most=1 if self.phase is Phase.VERSIONS else None
            ):
                events += map(self._event, payloads)
        except WireError as exc:
            events.append(self._end(str(exc)))
        if not data and not self.closed:
            torn = f"closed inside a frame, {len(self._frames)} bytes pending"
            events.append(self._end(torn if len(self._frames) else ""))
        return events

    def _event(self, payload: bytes) -> Event:
        if self.phase is Phase.READY:
            return FrameReceived(Phase.READY, payload)
        fields = payload.split(b"\0")
        if len(fields) != 3 or fields[2] or not fields[0].isdigit() or len(fields[0]) > 4:
            raise WireError(f"version answer {payload[:40]!r} has not two fields")
        self.phase = Phase.READY
        return VersionChosen(int(fields[0]), fields[1])

    def _end(self, error: str) -> Ended:
        self.phase = Phase.CLOSED
        self._frames.clear()
        return Ended(error)
