"""A live session that was recorded is played again: the program decides the same, bit for bit."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from pytest_ibkr.capture.recording import Recording
from pytest_ibkr.errors import NotInRecording
from pytest_ibkr.gateway import Gateway
from pytest_ibkr.snapshot.model import Snapshot
from pytest_ibkr.snapshot.store import load
from tests.conformance.peers.model import Asked, Refused
from tests.net.conftest import SNAPSHOTS
from tests.session.deciding import CLIENTS, connected, decisions
from tests.session.recorded import taken
from tests.system.live.ids import PAPER
from tests.system.live.paper_gateway import paper_gateway

LIVE_ID = 7011


@pytest.fixture(scope="module")
def market() -> Snapshot:
    return load("normal", directory=SNAPSHOTS)


@dataclass
class Lived:
    """What a program did live, and the recording of it."""

    recording: Recording
    path: Path
    decided: list[str]


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Lived]:
    """One live run per client library, each with a gateway and a relay of its own."""
    found: dict[str, Lived] = {}
    for kind in CLIENTS:
        place = tmp_path_factory.mktemp(kind)
        with (
            paper_gateway() as gateway,
            taken(gateway, place) as made,
            connected(kind, made, LIVE_ID) as peer,
        ):
            decided = decisions(peer)
        path = place / f"{kind}.recording.jsonl"
        made.recording.save(path)
        found[kind] = Lived(made.recording, path, decided)
    return found


@pytest.mark.req("XC-012")
@pytest.mark.parametrize("replayed_by", CLIENTS)
@pytest.mark.parametrize("recorded_by", CLIENTS)
def test_a_replayed_program_decides_as_it_did_live(
    lived: dict[str, Lived], market: Snapshot, recorded_by: str, replayed_by: str
) -> None:
    with Gateway(market) as gateway:
        session = gateway.new_session("replayed", client_id=7300)
        session.replay(lived[recorded_by].path)
        with connected(replayed_by, session, session.client_id) as peer:
            assert decisions(peer) == lived[recorded_by].decided
        session.close()


def test_without_the_recording_the_same_program_decides_something_else(
    lived: dict[str, Lived], market: Snapshot
) -> None:
    with Gateway(market) as gateway:
        session = gateway.new_session("simulated", client_id=7300)
        with connected("ibapi", session, session.client_id) as peer:
            assert decisions(peer) != lived["ibapi"].decided
        session.close()


@pytest.mark.parametrize("kind", CLIENTS)
def test_a_recording_of_a_live_run_is_whole_and_names_nobody(
    lived: dict[str, Lived], kind: str
) -> None:
    made = lived[kind].recording
    assert (made.complete, made.account) == (True, "paper")
    assert made.connections[1].client_id == LIVE_ID
    assert made.recorded_at is not None
    assert f"{made.recorded_at:%Y-%m-%d}" == "2026-07-10"
    text = lived[kind].path.read_text("utf-8")
    assert PAPER not in text
    assert "DU0000001" in text


def test_another_question_than_the_recorded_one_fails_the_test(
    lived: dict[str, Lived], market: Snapshot
) -> None:
    with Gateway(market) as gateway:
        session = gateway.new_session("replayed")
        session.replay(lived["ibapi"].path)
        with (
            connected("ib_async", session, session.client_id) as peer,
            pytest.raises(Refused),
        ):
            peer.details(Asked("QQQ"))
        with pytest.raises(NotInRecording, match=r"reqContractDetails, closest: contract\.symbol"):
            session.close()
