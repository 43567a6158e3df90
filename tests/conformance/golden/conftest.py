"""One gateway session and one actor per test, at each version of its kind."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

import pytest

from pytest_ibkr.gateway import Gateway
from pytest_ibkr.session.session import Session
from pytest_ibkr.sim.instruments import Instrument
from tests.conformance.golden.actors import CLIENT_ID, NOTICES, Actor, RawActor
from tests.conformance.golden.official import OfficialActor

SPY: Final = 756733
DATE: Final = (2026, 7, 10)  # of the snapshot
_RAW: Final = (157, 178, 200)
_IN_THE_MIDDLE: Final = (155, 178)


@dataclass
class Stage:
    """A script's gateway session and who plays in it; ``former`` actors hung up."""

    session: Session
    kind: type[Any]
    version: int
    actor: Actor = field(init=False)
    actors: list[Actor] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.enter()

    def enter(self) -> Actor:
        """Let one more actor come; it is the one that plays from now on."""
        self.actor = self.kind(self.session, self.version)
        self.actors.append(self.actor)
        return self.actor

    def leave(self, noted: str = "closed") -> None:
        """Let the actor hang up, and wait until the gateway's journal has noted it.

        The official client's socket closes when its reader thread has looked at it again.
        """
        self.actor.close()
        self.session.journal.wait_for(
            lambda entry: entry.direction == "note" and noted in str(entry.message)
        )

    def connect(self, client_id: int = CLIENT_ID) -> list[str]:
        """Open the actor's session; what it hears, notices of farms left out."""
        self.actor.connect(client_id)
        return self.heard()

    def heard(self, seconds: float = 5.0, *, only: str = "", notices: bool = False) -> list[str]:
        """What the actor hears in so many virtual seconds, since this was asked last.

        Args:
            seconds: virtual.
            only: tokens of these message ids, in words; empty: all.
            notices: keep notices about farms too.
        """
        actor = self.actor
        self.session.clock.sleep(seconds)
        actor.round_trip()
        told, actor.heard[:] = list(actor.heard), []
        wanted = only.split()
        return [
            token
            for token in told
            if (notices or token not in NOTICES)
            and (not wanted or token.partition(":")[0] in wanted)
        ]


def _versions() -> list[Any]:
    """Raw frames in the main environment, the official client in both.

    The version in the middle is left to the ci tier.
    """
    if importlib.util.find_spec("ibapi") is None:
        return [_pair(RawActor, version) for version in _RAW]
    from ibapi.server_versions import MAX_CLIENT_VER

    if MAX_CLIENT_VER > 157:
        return [_pair(OfficialActor, version) for version in (176, 200, 213)]
    raw = [_pair(RawActor, version) for version in _RAW]
    return raw + [_pair(OfficialActor, version) for version in (151, 155, 157)]


def _pair(kind: type[Any], version: int) -> Any:
    marks = [pytest.mark.ci] if version in _IN_THE_MIDDLE else []
    return pytest.param((kind, version), marks=marks, id=f"{kind.__name__}-{version}")


@pytest.fixture(params=_versions())
def cast(request: pytest.FixtureRequest) -> tuple[type[Any], int]:
    """Who plays, and at which server version."""
    chosen: tuple[type[Any], int] = request.param
    return chosen


@pytest.fixture
def hour() -> tuple[int, int]:
    """When the script begins, New York time; a test overrides it with ``parametrize``."""
    return (10, 0)


@pytest.fixture
def stage(
    request: pytest.FixtureRequest,
    gateway: Gateway,
    cast: tuple[type[Any], int],
    hour: tuple[int, int],
) -> Iterator[Stage]:
    """A session at its first moment; the actor has not connected yet."""
    kind, version = cast
    session = gateway.new_session(
        request.node.nodeid,
        client_id=CLIENT_ID,
        server_version=version,
        start_at=datetime(*DATE, *hour, tzinfo=ZoneInfo("America/New_York")),
    )
    made = Stage(session, kind, version)
    try:
        yield made
    finally:
        for actor in made.actors:
            actor.close()
        session.close()


@pytest.fixture
def call_id(spy_call: Instrument) -> int:
    """The conId of a SPY call near the money."""
    return spy_call.con_id
