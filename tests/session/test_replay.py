"""ibkr.replay: a real gateway's log answers a real client over the wire."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from pytest_ibkr.capture.gateway_log import import_log
from pytest_ibkr.errors import NotInRecording, UsageError
from pytest_ibkr.gateway import Gateway
from pytest_ibkr.session.session import Session
from pytest_ibkr.snapshot.model import Snapshot
from pytest_ibkr.snapshot.store import load
from pytest_ibkr.wire.messages.account import PositionEnd, ReqPositions
from pytest_ibkr.wire.messages.contract import ContractData, ReqContractDetails
from pytest_ibkr.wire.messages.session import ManagedAccounts
from pytest_ibkr.wire.versions import NEWEST
from tests.capture.logs import lines
from tests.net.conftest import SNAPSHOTS
from tests.net.raw_client import RawClient
from tests.sim.data_bench import SPY


@pytest.fixture(scope="module")
def market() -> Snapshot:
    return load("normal", directory=SNAPSHOTS)


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    path = tmp_path / "live.recording.jsonl"
    import_log(lines("live_session")).recording.save(path)
    return path


@pytest.fixture
def session(market: Snapshot, request: pytest.FixtureRequest) -> Iterator[Session]:
    with Gateway(market) as gateway:
        yield gateway.new_session(request.node.nodeid)


def test_a_client_meets_the_recorded_gateway_at_its_version(
    session: Session, recording: Path
) -> None:
    session.replay(recording)
    with RawClient(session, highest=NEWEST) as client:
        client.start(session.client_id)
        assert client.version == 181
        assert client.wait_for(ManagedAccounts).accounts == "DU0000001"
        client.send(ReqPositions(), ReqContractDetails(request_id=77, contract=SPY))
        client.wait_for(PositionEnd)
        found = client.wait_for(ContractData)
        assert (found.request_id, found.long_name) == (77, "SPDR S&P 500 ETF TRUST")
    session.close()


def test_a_question_without_an_answer_fails_the_test_at_its_end(
    session: Session, recording: Path
) -> None:
    session.replay(recording)
    with RawClient(session, highest=NEWEST) as client:
        client.start(session.client_id)
        client.send(ReqContractDetails(request_id=1, contract=SPY.__class__(symbol="QQQ")))
        session.journal.wait_for(lambda e: getattr(e.message, "code", 0) == 322)
    with pytest.raises(
        NotInRecording, match=r"reqContractDetails, closest: contract.symbol: 'QQQ', recorded 'SPY'"
    ):
        session.close()


def test_it_comes_before_the_program_connects(session: Session, recording: Path) -> None:
    with RawClient(session, highest=NEWEST) as client:
        client.start(session.client_id)
        with pytest.raises(UsageError, match="one is connected"):
            session.replay(recording)
    session.close()


def test_the_next_session_is_simulated_again(market: Snapshot, recording: Path) -> None:
    with Gateway(market) as gateway:
        first = gateway.new_session("first")
        first.replay(recording)
        first.close()
        second = gateway.new_session("second")
        with RawClient(second, highest=NEWEST) as client:
            client.start(second.client_id)
            assert client.version == NEWEST
        second.close()
