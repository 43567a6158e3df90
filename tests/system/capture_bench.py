"""A paper-like simulated gateway in this process, and captures from it through a real relay."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from pytest_ibkr.capture.plan import plan_of
from pytest_ibkr.gateway import Gateway
from pytest_ibkr.net import capturing
from pytest_ibkr.net.capturing import CLIENT_ID, Endpoint, Run
from pytest_ibkr.session.session import Session
from pytest_ibkr.snapshot.model import Snapshot
from pytest_ibkr.snapshot.store import load
from pytest_ibkr.wire.declare import Message
from pytest_ibkr.wire.messages.session import StartApi
from tests.system.live.ids import PAPER

SNAPSHOTS = Path(__file__).parents[2] / "fixtures" / "ibkr_snapshots"
DAY = "snapshot_normal_20260710_160000"
NEW_YORK = ZoneInfo("America/New_York")
# What a capture may send; everything else would change something or cost money.
READING = frozenset(
    {
        *("startApi", "reqAccountSummary", "cancelAccountSummary", "reqCurrentTime"),
        *("reqContractDetails", "reqSecDefOptParams", "reqHistoricalData", "cancelHistoricalData"),
        *("reqMktData", "cancelMktData", "reqMarketDataType"),
    }
)
DATA = frozenset({"reqContractDetails", "reqMktData", "reqHistoricalData", "reqSecDefOptParams"})


def day() -> Snapshot:
    """The committed day."""
    return load(DAY, directory=SNAPSHOTS)


@contextmanager
def paper(
    *,
    market: Snapshot | None = None,
    start_at: datetime | None = None,
    account: str = PAPER,
    jumps: bool = True,
    most_per_s: int = 200,
) -> Iterator[Session]:
    """A session of a gateway whose account looks real; time may jump to owed answers.

    It takes more messages a second than a real one: on a busy machine arrivals bunch, however
    evenly they were sent. The rate is proved where they are sent (tests/net/test_questions.py).
    """
    gateway = Gateway(market or day(), account=account, reserved_account=False, jumps=jumps)
    with gateway:
        session = gateway.new_session("paper", start_at=start_at, wall_clock=False)
        session.configure(max_messages_per_s=most_per_s)
        yield session


def endpoint(session: Session, place: Path) -> Endpoint:
    """The gateway as a capture is told of it; locks lie in ``place``."""
    return Endpoint(
        host=session.host,
        port=session.port,
        extra_paper_ports=(session.port,),
        state_dir=str(place / "state"),
    )


def run_of(session: Session, place: Path, *symbols: Any, scenario: str = "normal", **more: Any):
    """A capture that has not begun; its files go to ``place / "out"``."""
    plan = plan_of(scenario=scenario, symbols=symbols or ("SPY",))
    return Run(plan, endpoint=endpoint(session, place), directory=place / "out", **more)


def captured(session: Session, place: Path, *symbols: Any, **more: Any):
    """A whole capture; what was saved."""
    with run_of(session, place, *symbols, **more) as run:
        run.connect()
        for symbol in run.plan.symbols:
            run.symbol(symbol)
        return run.finish()


def loaded(saved) -> Snapshot:
    """The file that was saved, read and validated."""
    return load(saved.path, directory=saved.path.parent)


def asked(session: Session) -> list[Message]:
    """Every request of the capture's own client, in order; the relay's probe is left out."""
    entries = [e for e in session.journal.entries() if e.direction == "in"]
    own = {
        e.connection
        for e in entries
        if isinstance(e.message, StartApi) and e.message.client_id == CLIENT_ID
    }
    return [e.message for e in entries if e.connection in own]


def names(session: Session) -> list[str]:
    """The official names of :func:`asked`."""
    return [message.NAME for message in asked(session)]


def own_client(client) -> bool:
    """Whether a client of the engine is the capture, not the relay's probe."""
    return client.client_id == CLIENT_ID


def only_capture(handler):
    """For ``variants.answer``: break the answer for the capture's client alone."""

    def answered(client, message, original):
        if own_client(client):
            handler(client, message, original)
        else:
            original(client, message)

    return answered


class NoRelay:
    """Stands where the relay is, in counter-proofs: the capture reaches the gateway directly."""

    def __init__(self, spec) -> None:
        self.host, self.port = spec.host, spec.port

    @classmethod
    def start(cls, spec) -> NoRelay:
        """Stand there."""
        return cls(spec)

    def stop(self) -> None:
        """Go away."""


def without_relay(monkeypatch) -> None:
    """Let captures of this test reach the gateway directly."""
    monkeypatch.setattr(capturing, "RelayHandle", NoRelay)
