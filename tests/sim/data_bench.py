"""A gateway engine on the committed snapshot, without sockets: for tests of data requests."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import TypeVar
from zoneinfo import ZoneInfo

from pytest_ibkr.sim.client import Client
from pytest_ibkr.sim.contracts import Instrument
from pytest_ibkr.sim.engine import Engine
from pytest_ibkr.sim.nightly import Nights
from pytest_ibkr.sim.schedule import Timer
from pytest_ibkr.sim.world import World
from pytest_ibkr.snapshot.store import load
from pytest_ibkr.wire.codec import decode_response, encode
from pytest_ibkr.wire.declare import Message
from pytest_ibkr.wire.messages.contract import Contract
from pytest_ibkr.wire.messages.history import ReqHistoricalData
from pytest_ibkr.wire.messages.market_data import ReqMarketData
from pytest_ibkr.wire.messages.session import ErrorNotice, StartApi
from pytest_ibkr.wire.versions import NEWEST

FIXTURES = Path(__file__).parents[2] / "fixtures/ibkr_snapshots"
EASTERN = ZoneInfo("America/New_York")
SPY = Contract(symbol="SPY", sec_type="STK", exchange="SMART", currency="USD")
VIX = Contract(symbol="VIX", sec_type="IND", exchange="CBOE", currency="USD")
M = TypeVar("M", bound=Message)


def on_friday(hour: int, minute: int, second: float = 0.0, *, day: int = 10) -> float:
    """Epoch seconds of an exchange time in July 2026; the snapshot's day is Friday the 10th."""
    return datetime(2026, 7, day, hour, minute, tzinfo=EASTERN).timestamp() + second


TEN = on_friday(10, 0)
CAPTURED = on_friday(16, 0)


@lru_cache
def normal_world() -> World:
    """The committed snapshot of a normal market, shared by all tests of a process."""
    return World(load("snapshot_normal_20260710_160000.json", directory=FIXTURES))


def option(strike: float = 753.0, right: str = "C", expiry: str = "20260713") -> Instrument:
    """One SPY option of the snapshot."""
    asked = Contract(symbol="SPY", sec_type="OPT", expiry=expiry, strike=strike, right=right)
    [found] = normal_world().book.find(asked)
    return found


@dataclass
class Peer:
    """One client of an engine, and everything it was sent, decoded at its version."""

    engine: Engine
    client: Client
    seen: list[Message] = field(default_factory=list)

    def send(self, message: Message, *, wait_s: float = 1.0) -> list[Message]:
        """Send, let ``wait_s`` of virtual time pass, and return what came."""
        self.engine.receive(self.client, encode(message, self.client.version))
        return self.wait(wait_s)

    def wait(self, wait_s: float) -> list[Message]:
        """Let time pass and return what came."""
        self.engine.advance(self.engine.now_s + wait_s)
        data, found = self.client.take_output(), []
        while data:
            size = int.from_bytes(data[:4])
            message = decode_response(data[4 : 4 + size], self.client.version)
            assert isinstance(message, Message), message
            found.append(message)
            data = data[4 + size :]
        self.seen += found
        return found

    def market_data(self, request_id: int = 7, contract: Contract = SPY, **rest: object) -> Message:
        return ReqMarketData(request_id=request_id, contract=contract, **rest)  # type: ignore[arg-type]


def peer(at_s: float = TEN, *, version: int = NEWEST, engine: Engine | None = None) -> Peer:
    """A started client of a new engine (or of ``engine``), bootstrap already read."""
    engine = engine or Engine(normal_world(), start_s=at_s)
    client = engine.open(version)
    assert client is not None
    made = Peer(engine, client)
    made.send(StartApi(client_id=len(engine.clients) + 1), wait_s=0.0)
    engine.advance(engine.now_s + 1e-6)
    client.take_output()
    made.seen.clear()
    return made


def history(**changes: object) -> ReqHistoricalData:
    """A request for today's five-minute bars of SPY, with changes."""
    values: dict[str, object] = {
        "request_id": 12,
        "contract": SPY,
        "bar_size": "5 mins",
        "duration": "1 D",
        "use_rth": True,
        "what_to_show": "TRADES",
        **changes,
    }
    return ReqHistoricalData(**values)  # type: ignore[arg-type]


def planned(engine: Engine) -> list[Timer]:
    """What is planned in an engine beside the coming night."""
    timers = [*engine.schedule._owed, *engine.schedule._market]
    own = [each for each in timers if not isinstance(getattr(each.action, "__self__", 0), Nights)]
    return [each for each in own if not each.cancelled]


def only(found: list[Message], kind: type[M]) -> list[M]:
    """The messages of one kind."""
    return [message for message in found if isinstance(message, kind)]


def errors(found: list[Message]) -> list[tuple[int, int, str]]:
    """Request id, code and text of every error."""
    return [(e.request_id, e.code, e.text) for e in only(found, ErrorNotice)]
