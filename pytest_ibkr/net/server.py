"""The simulated gateway's TCP server: one thread, one loop, one engine at a time.

Everything of the engine runs on the loop's thread; other threads come in through ``call``.
"""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from pytest_ibkr.clock import VirtualClock
from pytest_ibkr.errors import GatewayError
from pytest_ibkr.net.connection import ClientConnection
from pytest_ibkr.net.door import Door, bound_socket
from pytest_ibkr.net.timekeeper import Timekeeper
from pytest_ibkr.sim.engine import Engine
from pytest_ibkr.wire.framing import MAX_FRAME
from pytest_ibkr.wire.versions import NEWEST, OLDEST

T = TypeVar("T")
_START_S = 5.0


class GatewayServer:
    """Serves an engine on 127.0.0.1.

    Args:
        engine: the first session's engine.
        clock: its virtual time; events come due when the clock says so.
        port: 0 for any free one.
        newest_version: the highest server version offered, 151 to ``versions.NEWEST``.
        jumps: whether the clock may jump ahead to owed answers (in-process tests); a server for
            other processes, whose clocks cannot follow, lets them come due by flow.
        on_move: told the new virtual time whenever the clock jumped.
        connection_time: renders a moment as the handshake's connection time, by the condition
            ``zone_name``.
    """

    def __init__(
        self,
        engine: Engine,
        *,
        clock: VirtualClock,
        port: int = 0,
        newest_version: int = NEWEST,
        jumps: bool = True,
        on_move: Callable[[float], None] = lambda _at_s: None,
        connection_time: Callable[[float, str], bytes],
        max_frame: int = MAX_FRAME,
    ) -> None:
        if not OLDEST <= newest_version <= NEWEST:
            raise GatewayError(f"server version {newest_version} is not in {OLDEST}..{NEWEST}")
        self.engine, self.clock, self.newest_version = engine, clock, newest_version
        self.host, self.port, self.max_frame = "127.0.0.1", port, max_frame
        self.time = Timekeeper(clock, jumps=jumps, on_move=on_move)
        self._render_time = connection_time
        self._connections: set[ClientConnection] = set()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._door: Door | None = None
        self._timer: asyncio.TimerHandle | None = None

    def start(self) -> None:
        """Listen; returns once a connect would succeed."""
        try:
            listener = bound_socket(self.host, self.port)
        except OSError as exc:
            raise GatewayError(
                f"cannot listen on {self.host}:{self.port}: {exc.strerror or exc}\n"
                "  state: nothing was started\n"
                "  fix:   end what listens there, or take port 0 (any free one)"
            ) from exc
        self.port = listener.getsockname()[1]
        ready = threading.Event()
        self._thread = threading.Thread(
            target=self._run, args=(listener, ready), name="ibkr-gateway", daemon=True
        )
        self._thread.start()
        if not ready.wait(_START_S):
            raise GatewayError(f"the gateway's thread did not start within {_START_S:g} s")

    def stop(self) -> None:
        """Close every socket and end the thread."""
        if self._loop is None or self._thread is None:
            return
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop = self._thread = None

    def _run(self, listener: socket.socket, ready: threading.Event) -> None:
        loop = asyncio.new_event_loop()
        self._loop = loop
        self._door = Door(listener, lambda: ClientConnection(self))
        loop.run_until_complete(self._door.serve())
        loop.call_soon(ready.set)
        try:
            loop.run_forever()
        finally:
            self._door.close()
            for connection in list(self._connections):
                connection.abort()
            loop.run_until_complete(asyncio.sleep(0))
            loop.run_until_complete(asyncio.sleep(0))
            loop.close()

    # -- called by other threads -------------------------------------------------------------

    def call(self, action: Callable[[], T]) -> T:
        """Run ``action`` on the gateway's thread at its present time and return the result."""
        loop = self._loop
        if loop is None:
            raise GatewayError("the gateway is not running: it was stopped or never started")
        if threading.current_thread() is self._thread:
            return action()
        done = threading.Event()
        outcome: list[T] = []
        failure: list[BaseException] = []

        def run() -> None:
            try:
                self._catch_up()
                outcome.append(action())
                self.pump()
            except BaseException as exc:
                failure.append(exc)
            finally:
                done.set()

        loop.call_soon_threadsafe(run)
        done.wait()
        if failure:
            raise failure[0]
        return outcome[0]

    def replace_engine(self, engine: Engine, start_s: float) -> None:
        """Drop all connections of the present session and serve another engine from its start."""

        def swap() -> None:
            self.time.restart(start_s)
            self.engine = engine

        self.drop_connections()
        self.call(swap)

    def drop_connections(self) -> None:
        """Drop every socket at once."""

        def drop() -> None:
            for connection in list(self._connections):
                self.left(connection, "dropped by the gateway")
                connection.abort()

        self.call(drop)

    def take_in(self) -> None:
        """Return once everything that clients had sent before has been read."""
        # One turn of the loop may have polled the sockets before; the second has not.
        for _turn in range(2):
            self.call(lambda: None)

    def step_to(self, at_s: float) -> bool:
        """Move time to ``at_s`` and run what is due; True: a client has bytes to read."""
        return self.call(lambda: self._moved_to(at_s))

    def stride(
        self,
        now_s: float,
        target_s: float,
        *,
        grain_s: float,
        step_s: float,
        closed_step_s: float,
    ) -> bool:
        """Move time towards ``target_s``, to what is due next or as far as a step goes.

        Args:
            now_s: the present moment, epoch seconds.
            target_s: no further than that.
            grain_s: what is due closer together than this comes in one stride.
            step_s: the longest stride while the market is open.
            closed_step_s: the longest one while it is closed.

        Returns:
            Whether a client has bytes to read.
        """

        def step() -> bool:
            is_open = self.engine.market.is_open(now_s)
            stop_s = min(target_s, now_s + (step_s if is_open else closed_step_s))
            # Somebody who waits until a moment, the code under test say, is not strode past.
            ends_s = [at_s for at_s in self.time.deadlines if at_s > now_s]
            due_s = self.engine.schedule.next_due_s()
            if due_s is not None:
                stop_s = min(stop_s, max(due_s, now_s + grain_s))
            stop_s = min([stop_s, *ends_s])
            return self._moved_to(stop_s)

        return self.call(step)

    @contextmanager
    def deadline(self, at_s: float) -> Iterator[None]:
        """While somebody waits until ``at_s``, let no jump to an owed answer pass it."""
        self.call(lambda: self.time.deadlines.append(at_s))
        try:
            yield
        finally:
            self.call(lambda: self.time.deadlines.remove(at_s))

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Let neither flow nor jumps to owed answers move time; steps still do."""
        self.call(self.time.pause)
        try:
            yield
        finally:
            self.call(self.time.unpause)

    def next_due_s(self) -> float | None:
        """Return when anything happens next."""
        return self.call(self.engine.schedule.next_due_s)

    @property
    def running(self) -> bool:
        """Whether it was started and not stopped."""
        return self._loop is not None

    def pending_bytes(self) -> int:
        """Return bytes that clients have not taken from the gateway yet."""
        return self.call(lambda: sum(c.pending_bytes for c in self._connections))

    # -- called on the loop ------------------------------------------------------------------

    def joined(self, connection: ClientConnection) -> None:
        """A socket was accepted."""
        self._connections.add(connection)
        self.touch()

    def left(self, connection: ClientConnection, reason: str) -> None:
        """A socket is gone, by either side."""
        self._connections.discard(connection)
        if connection.client is not None and connection.client in self.engine.opened:
            self.engine.gone(connection.client, reason)

    def connection_time(self) -> bytes:
        """Return the handshake's connection time."""
        engine = self.engine
        now_s = self.clock.now() + engine.weather.drift_s
        return self._render_time(now_s, engine.conditions.zone_name)

    def loop_time(self) -> float:
        """Return the loop's monotonic seconds."""
        return time.monotonic()

    def call_later(self, delay_s: float, action: Callable[[], None]) -> None:
        """Run ``action`` on the loop after real seconds."""
        if self._loop is not None:
            self._loop.call_later(delay_s, action)

    def touch(self) -> None:
        """Note that bytes came or went; brings the engine to the present."""
        self.time.touch()
        self._catch_up()

    def pump(self) -> None:
        """Flush every client, mind the door, and plan the next moment to act."""
        for connection in list(self._connections):
            if connection.flush():
                self.time.touch()
        self._mind_door()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        delay_s = self.time.delay_s(self.engine.schedule)
        if delay_s is not None and self._loop is not None:
            self._timer = self._loop.call_later(delay_s, self._tick)

    def _tick(self) -> None:
        self._timer = None
        self.time.jump_if_quiet(self.engine.schedule)
        self._catch_up()
        self.pump()

    def _moved_to(self, at_s: float) -> bool:
        self.time.move_to(at_s)
        self._catch_up()
        flushed = [connection.flush() for connection in list(self._connections)]
        self._mind_door()
        return any(flushed)

    def _catch_up(self) -> None:
        self.engine.advance(self.clock.now())

    def _mind_door(self) -> None:
        door, refuses = self._door, self.engine.weather.door == "refuse"
        if door is None or self._loop is None or door.is_shut == refuses:
            return
        if refuses:
            door.shut()
        else:
            door.open(self._loop)
