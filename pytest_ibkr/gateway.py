"""The gateway under a test: one listening server per process, a fresh session per test.

Decides nothing about the protocol; composes snapshot, engine, server and clocks.
"""

from __future__ import annotations

from datetime import datetime
from itertools import count
from types import TracebackType
from typing import Any, Self

from pytest_ibkr import limits
from pytest_ibkr.errors import GatewayError, UsageError
from pytest_ibkr.net import seatbelt
from pytest_ibkr.net.driver import flowing_clock
from pytest_ibkr.net.server import GatewayServer
from pytest_ibkr.net.wallclock import WallClock
from pytest_ibkr.session.session import Session
from pytest_ibkr.sim.calendar import date_of
from pytest_ibkr.sim.engine import DEFAULT_ACCOUNT, Engine
from pytest_ibkr.sim.market_days import MarketDays
from pytest_ibkr.sim.world import World
from pytest_ibkr.snapshot.model import Snapshot
from pytest_ibkr.snapshot_choice import days_of
from pytest_ibkr.wire.versions import NEWEST, OLDEST

START_HOUR = 10  # 10:00 ET of the snapshot's day
FIRST_CLIENT_ID, CLIENT_IDS = 7200, 800
_MOST = 2**31 - 1  # ids and seeds are 32-bit numbers on the wire and in files
_MOST_WORLDS = 8
_worlds: dict[str, World] = {}


def world_of(snapshot: Snapshot) -> World:
    """Return the contracts and market of a snapshot, built once per process and content."""
    world = _worlds.get(snapshot.sha256)
    if world is None:
        if len(_worlds) >= _MOST_WORLDS:
            _worlds.clear()
        world = _worlds[snapshot.sha256] = World(snapshot)
    return world


def default_start(snapshot: Snapshot) -> datetime:
    """Return 10:00 New York time of the snapshot's day."""
    from zoneinfo import ZoneInfo

    local = snapshot.captured_at.astimezone(ZoneInfo("America/New_York"))
    return local.replace(hour=START_HOUR, minute=0, second=0, microsecond=0)


class Gateway:
    """A simulated gateway: start it once, give every test a ``new_session``.

    Args:
        snapshot: the market, parsed: ``pytest_ibkr.snapshot.load(name, directory=…)``; or many
            days of one: ``pytest_ibkr.sim.market_days.MarketDays(directory)``. Later on its
            ``snapshot`` is that of the first day.
        account: the paper account, DU0000001 to DU0000999.
        port: 0 for any free one; never a live gateway's.
        seed: of everything random beside the market; default the snapshot's.
        jumps: whether time may jump ahead to answers that are owed.
        speed: virtual seconds per real second, 0.01 to 1000.
        start_at: the first moment, aware; default 10:00 New York time of the snapshot's day.
        reserved_account: False lets ``account`` be any text, for tests of what refuses one.

    Raises:
        UsageError: one of them cannot be; nothing listens yet.
    """

    def __init__(
        self,
        snapshot: Snapshot | MarketDays,
        *,
        account: str = DEFAULT_ACCOUNT,
        server_version: int = NEWEST,
        port: int = 0,
        seed: int | None = None,
        jumps: bool = True,
        speed: float = 1.0,
        start_at: datetime | None = None,
        journal_most: int | None = None,
        reserved_account: bool = True,
    ) -> None:
        self._journal_most = journal_most
        self.snapshot, self.days = _market(snapshot)
        self.account = limits.account(account) if reserved_account else account
        self._seed = None if seed is None else limits.whole("seed", seed, -_MOST, _MOST)
        self._version = _version(server_version)
        self._wall = WallClock()
        self._handed_out: dict[int, str] = {}  # client ids and the sessions that had them
        start = _start(start_at, self.snapshot)
        clock = flowing_clock(start, limits.speed(speed))
        self.server = GatewayServer(
            self._engine(self.snapshot, self.days, start),
            clock=clock,
            port=limits.port(port),
            newest_version=server_version,
            jumps=jumps,
            on_move=lambda at_s: self._wall.move(at_s, held=clock.held),
            connection_time=connection_time,
        )
        self.session: Session | None = None

    @property
    def host(self) -> str:
        """The address it listens on."""
        return self.server.host

    @property
    def port(self) -> int:
        """The port it listens on, once started."""
        return self.server.port

    @property
    def newest_version(self) -> int:
        """The highest server version it offers."""
        return self.server.newest_version

    def start(self) -> None:
        """Listen."""
        self.server.start()
        seatbelt.listens(self.host, self.port)

    def stop(self) -> None:
        """End the session and every connection."""
        try:
            if self.session is not None:
                self.session.close()
        finally:
            seatbelt.ended(self.host, self.port)
            self.server.stop()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def new_session(
        self,
        name: str,
        *,
        client_id: int | None = None,
        snapshot: Snapshot | MarketDays | None = None,
        server_version: int | None = None,
        start_at: datetime | None = None,
        wall_clock: bool = True,
    ) -> Session:
        """Put everything back to the snapshot's state and return a new session.

        Args:
            name: what the session is called in reports, a test's id.
            client_id: handed to the program under test; by default one that no earlier session
                of this gateway had. A program left over from an earlier test, which comes back
                under that test's id, is turned away with a note in the journal.
            snapshot: another market for this session only, as for the gateway.
            server_version: another highest version for this session only.
            start_at: the first moment, aware; default 10:00 ET of the snapshot's day.
            wall_clock: whether the process's wall clock follows.

        Raises:
            UsageError: one of them cannot be; the present session goes on.
        """
        market, days = (self.snapshot, self.days) if snapshot is None else _market(snapshot)
        start_s = _start(start_at, market)
        version = self._version if server_version is None else _version(server_version)
        if client_id is not None:
            limits.whole("client_id", client_id, 0, _MOST)
        if self.session is not None:
            self.session.close()
        engine = self._engine(market, days, start_s)
        if client_id is None:
            client_id = self._next_client_id()
        engine.earlier_ids = {i: n for i, n in self._handed_out.items() if i != client_id}
        self._handed_out[client_id] = name
        server = self.server
        server.replace_engine(engine, start_s)
        server.newest_version = version
        if wall_clock:
            self._wall.start(start_s)
        self.session = Session(name, server, engine, client_id=client_id, on_close=self.end_session)
        return self.session

    def _next_client_id(self) -> int:
        if len(self._handed_out) >= CLIENT_IDS:
            self._handed_out.clear()
        return next(i for i in count(FIRST_CLIENT_ID) if i not in self._handed_out)

    def take_wall_clock(self) -> None:
        """Let the process's wall clock follow this gateway's from now on."""
        self._wall.start(self.server.clock.now())

    def release_wall_clock(self) -> None:
        """Give the process its own wall clock back; the gateway's time flows on."""
        self._wall.stop()

    def end_session(self, session: Session) -> None:
        """Close a session's sockets and bring the wall clock back; see ``Session.close``."""
        self._wall.stop()
        if self.session is not session:
            return
        self.session = None
        self.server.drop_connections()
        if failures := session.engine.failures:
            raise GatewayError(
                f"the simulated gateway failed during {session.name}: {failures[0]!r}\n"
                "  state: the connection it happened on was closed at that moment\n"
                "  fix:   this is a defect of pytest-ibkr: please report the wire timeline"
            ) from failures[0]
        if broken := session.engine.journal.broken:
            raise GatewayError(
                f"what listened to the journal of {session.name} failed: {broken[0]!r}\n"
                "  state: the gateway went on; the listener was told nothing more"
            ) from broken[0]

    def _engine(self, snapshot: Snapshot, days: MarketDays | None, start_s: float) -> Engine:
        return Engine(
            world_of(snapshot) if days is None else days.world(day_at(days, start_s)),
            start_s=start_s,
            days=days,
            account_id=self.account,
            seed=self._seed,
            journal_most=self._journal_most,
        )


def day_at(days: MarketDays, at_s: float) -> str:
    """The day whose world is in force at an instant: the last one begun, else the first."""
    begun = [date for date in days.dates if date <= date_of(at_s)]
    return begun[-1] if begun else days.dates[0]


def _market(snapshot: object) -> tuple[Snapshot, MarketDays | None]:
    if isinstance(snapshot, MarketDays):
        return snapshot.snapshot(snapshot.dates[0]), snapshot
    if not isinstance(snapshot, Snapshot):
        raise UsageError(
            f"snapshot cannot be {snapshot!r}: a Snapshot is expected, not its name\n"
            "  fix:   pytest_ibkr.snapshot.load(name, directory=…), or the marker ibkr_snapshot"
        )
    return snapshot, days_of(snapshot)


def _version(number: object) -> int:
    return limits.whole("server_version", number, OLDEST, NEWEST)


def _start(start_at: datetime | None, snapshot: Snapshot) -> float:
    if start_at is None:
        return default_start(snapshot).timestamp()
    return limits.moment("start_at", start_at).timestamp()


def connection_time(at_s: float, zone_name: str) -> bytes:
    """Render the handshake's connection time: gateway-local, zone name last.

    Args:
        at_s: epoch seconds.
        zone_name: the condition of that name; a Chinese system writes its own in GB 2312.
    """
    from zoneinfo import ZoneInfo

    local = datetime.fromtimestamp(at_s, ZoneInfo("America/New_York"))
    summer = bool(local.dst())
    name = {
        "short": b"EDT" if summer else b"EST",
        "long": b"Eastern Daylight Time" if summer else b"Eastern Standard Time",
        "not_utf8": ("\u4e1c\u90e8" + ("\u590f\u4ee4" if summer else "\u6807\u51c6")
                     + "\u65f6\u95f4").encode("gb2312"),
    }[zone_name]  # fmt: skip
    return f"{local:%Y%m%d %H:%M:%S} ".encode() + name


def open_gateway(snapshot: Snapshot | MarketDays, **options: Any) -> Gateway:
    """Return a gateway for a snapshot, not started; options as for :class:`Gateway`."""
    return Gateway(snapshot, **options)
