"""A gateway per module, a session and a connected foreign client per test, and their silence."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from pytest_ibkr.gateway import Gateway
from pytest_ibkr.session.session import Session
from pytest_ibkr.sim.contracts import Instrument
from pytest_ibkr.snapshot.model import Snapshot
from pytest_ibkr.snapshot.store import load
from pytest_ibkr.wire.declare import Message
from tests.conformance import covered
from tests.conformance.cells import Cell, cells
from tests.conformance.peers.families import Families
from tests.conformance.peers.model import Asked, Peer
from tests.conformance.raw import RawClient

SNAPSHOTS = Path(__file__).resolve().parents[2] / "fixtures" / "ibkr_snapshots"
INFORMATIONAL = frozenset({2104, 2106, 2107, 2158})
CLIENT_ID = 7001
LOGGERS = ("ibapi", "ib_async", "eventkit", "asyncio")
_CODE = re.compile(r"(?:Error|Warning|ERROR -?\d+) (\d+)")


def pytest_sessionfinish() -> None:
    """Leave which messages were proven; see ``make coverage``."""
    covered.save()


@pytest.fixture(scope="session")
def market() -> Snapshot:
    return load("normal", directory=SNAPSHOTS)


@pytest.fixture(scope="module")
def gateway(market: Snapshot) -> Iterator[Gateway]:
    with Gateway(market) as served:
        yield served


@pytest.fixture(autouse=True)
def no_socket_left() -> Iterator[None]:
    """Close what a failing test left open: warnings about it would fail others."""
    yield
    for client in list(RawClient.live):
        client.close()


@dataclass
class Meeting:
    """A foreign client and the gateway session it is connected to.

    ``expected``: codes of message 4 this test provokes; each must come, and no other may.
    """

    cell: Cell
    session: Session
    peer: Peer
    expected: set[int] = field(default_factory=set)
    former: list[Peer] = field(default_factory=list)

    def sent(self, kind: type[Any]) -> list[Any]:
        """Return the messages of one class that left the gateway."""
        return [e.message for e in self.session.journal.entries()
                if e.direction == "out" and isinstance(e.message, kind)]  # fmt: skip

    def asked(self, kind: type[Any]) -> list[Any]:
        """Return the requests of one class that reached the gateway."""
        return [e.message for e in self.session.journal.entries()
                if e.direction == "in" and isinstance(e.message, kind)]  # fmt: skip

    def reconnect(self) -> Peer:
        """Disconnect and come back as a program started anew under the same client id."""
        self.peer.close()
        self.former.append(self.peer)
        self.peer = self.cell.make()
        self.peer.connect(self.session.host, self.session.port, CLIENT_ID)
        return self.peer


class Complaints(logging.Handler):
    """Keeps what client libraries log from WARNING up."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(f"{record.name}: {record.getMessage()}")


@pytest.fixture
def complaints() -> Iterator[Complaints]:
    handler = Complaints()
    for name in LOGGERS:
        logging.getLogger(name).addHandler(handler)
    yield handler
    for name in LOGGERS:
        logging.getLogger(name).removeHandler(handler)


@pytest.fixture(params=cells(), ids=str)
def meeting(
    request: pytest.FixtureRequest, gateway: Gateway, complaints: Complaints
) -> Iterator[Meeting]:
    """A connected client; afterwards its log, its errors and the gateway must be clean."""
    cell: Cell = request.param
    session = gateway.new_session(
        request.node.nodeid, client_id=CLIENT_ID, server_version=cell.gateway_version
    )
    peer = cell.make()
    met = Meeting(cell, session, peer)
    try:
        peer.connect(session.host, session.port, CLIENT_ID)
        yield met
        told = [notice for one in (*met.former, met.peer) for notice in one.notices]
        journal = session.journal.timeline(60)
    finally:
        met.peer.close()
        session.close()
    odd = [n for n in told if n.code not in INFORMATIONAL | met.expected]
    assert not odd, f"{cell} was told {odd}\n{journal}"
    assert met.expected <= {n.code for n in told}, f"never came: {met.expected}\n{journal}"
    for one in session.journal.entries():
        if isinstance(one.message, Message):
            covered.met(cell.library, one.direction, one.message.MSG_ID, cell.version)
    noise = [line for line in complaints.lines if not is_expected(line, met.expected)]
    assert not noise, f"{cell} logged {noise}\n{journal}"


def is_expected(line: str, codes: set[int]) -> bool:
    """Whether a log line only repeats a message 4 that the test provoked."""
    found = _CODE.search(line)
    return found is not None and int(found[1]) in codes


def able(meeting: Meeting, method: str) -> Families:
    """Return what a client can ask; skips the test, saying why, where it cannot ask this."""
    families = meeting.peer.families
    if why := families.cannot(method):
        pytest.skip(why)
    return families


@pytest.fixture
def spy(market: Snapshot) -> Asked:
    """SPY, by conId as programs name a contract once they know it."""
    return Asked("SPY", market.symbols["SPY"].con_id)


@pytest.fixture
def spy_call(gateway: Gateway, market: Snapshot) -> Instrument:
    """The SPY call of the second expiry whose strike is nearest the price."""
    block = market.symbols["SPY"]
    price = block.price or 0.0
    expiry = sorted({row.expiry for row in block.option_chain})[1]
    calls = [r for r in block.option_chain if r.expiry == expiry and r.right == "C"]
    row = min(calls, key=lambda r: abs(r.strike - price))
    found = gateway.server.engine.world.book.by_id(row.con_id)
    assert found is not None
    return found


@pytest.fixture
def call(spy_call: Instrument) -> Asked:
    return Asked("SPY", spy_call.con_id, "OPT")
