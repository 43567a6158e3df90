"""The clock a test holds: walks virtual time event by event and lets clients drain in between."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime
from typing import Protocol

from pytest_ibkr import limits
from pytest_ibkr.clock import VirtualClock
from pytest_ibkr.errors import UsageError
from pytest_ibkr.net.eventloop import pause, refuse_on_running_loop, until
from pytest_ibkr.net.server import GatewayServer
from pytest_ibkr.net.unread import unread_by_peers

STEP_S = 1.0  # longest stride, so that code polling the wall clock sees every second
CLOSED_STEP_S = 60.0  # the same in closed hours: a night is a thousand strides
GRAIN_S = 0.01  # events closer together than this are delivered in one stride
SETTLE_S = 0.001  # measured: without it 599 of 600 ticks were stamped wrong
_DRAIN_S = 0.1
_ASYNC_ROUNDS = 20
_PATIENCE_S = 0.02
_GRACE_S = 0.25
_LATE_S = 60.0  # time flows while a test gets there: "move to 10:00" may come at 10:00:03


def flowing_clock(start_s: float, speed: float) -> VirtualClock:
    """Return a virtual clock that flows with this process's monotonic time."""
    return VirtualClock(start_s, monotonic=time.monotonic, speed=speed)


class Settable(Protocol):
    """An event of ``threading``, ``asyncio``, ``anyio`` or ``trio``."""

    def is_set(self) -> bool:
        """Return whether it has happened."""


class SessionClock:
    """Virtual time of one session; fits a bot's clock port (now, monotonic, sleep, wait).

    ``sleep``, ``move_to`` and ``wait`` block their thread. On the thread of a running event loop
    they raise ``UsageError``; ``asleep``, ``amove_to`` and ``await_event`` do the same there.

    Moments are UTC, as ``now()`` returns them. For the exchange's time convert them:
    ``clock.now().astimezone(ZoneInfo("America/New_York"))``.
    """

    def __init__(self, server: GatewayServer) -> None:
        self._server = server

    def now(self) -> datetime:
        """Return the virtual moment, aware, UTC: 19:45 when it is 15:45 in New York in summer."""
        return datetime.fromtimestamp(self.epoch_s(), UTC)

    def epoch_s(self) -> float:
        """Return virtual Unix epoch seconds."""
        return self._server.clock.now()

    def monotonic(self) -> float:
        """Return virtual seconds, for differences only."""
        return self._server.clock.now()

    def hold(self, *, answers: bool = True) -> None:
        """Stop the flow of time.

        Args:
            answers: whether owed answers still come by themselves, each at its moment, when the
                wire is quiet. False: nothing moves time but ``sleep``, ``wait`` and ``move_to``,
                and the same requests give the same bytes however their sender is scheduled; a
                client that blocks for an answer on the test's thread then waits for ever.
        """
        server = self._server
        server.call(lambda: server.time.hold(answers=answers))

    def resume(self) -> None:
        """Let time flow again."""
        self._server.call(self._server.time.resume)

    def sleep(self, seconds: float) -> None:
        """Let virtual ``seconds`` pass: everything due happens in order, clients read it.

        Raises:
            UsageError: a negative or infinite number of seconds, or none; or an event loop runs
                on this thread.
        """
        refuse_on_running_loop("ibkr_clock.sleep", twin="ibkr_clock.asleep")
        self._sleep(limits.seconds("sleep", seconds))

    def _sleep(self, seconds: float) -> None:
        self._server.take_in()
        target_s, reading = self.epoch_s() + seconds, True
        while (now_s := self.epoch_s()) < target_s:
            if self._stride(now_s, target_s):
                reading = reading and self._drained()
                time.sleep(SETTLE_S)

    async def asleep(self, seconds: float) -> None:
        """Do the same as :meth:`sleep` without blocking the running event loop.

        Works in asyncio and in trio, as long as the loop's own waits stay real.
        """
        await self._asleep(limits.seconds("asleep", seconds))

    async def _asleep(self, seconds: float) -> None:
        await pause(0)
        self._server.take_in()
        target_s = self.epoch_s() + seconds
        while (now_s := self.epoch_s()) < target_s:
            if self._stride(now_s, target_s):
                await self._adrained()
            else:
                await pause(0)

    def move_to(self, moment: datetime) -> None:
        """Walk ahead to a moment; one that passed less than a minute ago leaves time as it is.

        Args:
            moment: aware, in any zone.

        Raises:
            UsageError: no datetime, one without a zone, or one that is long past; or an event
                loop runs on this thread.
        """
        refuse_on_running_loop("ibkr_clock.move_to", twin="ibkr_clock.amove_to")
        self._sleep(self._ahead_s("move_to", moment))

    async def amove_to(self, moment: datetime) -> None:
        """Do the same as :meth:`move_to` without blocking the running event loop."""
        await self._asleep(self._ahead_s("amove_to", moment))

    def _ahead_s(self, helper: str, moment: datetime) -> float:
        ahead_s = limits.moment(helper, moment).timestamp() - self.epoch_s()
        if ahead_s < -_LATE_S:
            raise UsageError(
                f"{helper} cannot go back to {moment.isoformat()}\n"
                f"  state: it is {self.now().astimezone(moment.tzinfo).isoformat()}\n"
                "  fix:   begin earlier: market_hours(at='HH:MM'), or start_at of the factory"
            )
        return max(0.0, ahead_s)

    def wait(self, event: threading.Event, timeout_s: float) -> bool:
        """Wait for ``event`` at most virtual ``timeout_s``; time walks while nothing comes.

        A short real patience comes first, in which answers that are owed arrive by themselves,
        and a real grace at the deadline, so that a busy machine does not look like a silent
        gateway.

        Raises:
            UsageError: an event loop runs on this thread.
        """
        refuse_on_running_loop("ibkr_clock.wait", twin="ibkr_clock.await_event")
        if event.is_set():
            return True
        deadline_s = self.epoch_s() + timeout_s
        with self._server.deadline(deadline_s):
            if event.wait(min(_PATIENCE_S, timeout_s)) or self._walk_until(event, deadline_s):
                return True
            with self._server.paused():
                self._drained()
                return event.wait(_GRACE_S)

    async def await_event(self, event: Settable, timeout_s: float) -> bool:
        """Do the same as :meth:`wait` without blocking the running event loop.

        Args:
            event: of ``threading``, ``asyncio``, ``anyio`` or ``trio``; who sets it may be in
                this loop or on another thread.
            timeout_s: virtual seconds.
        """
        if event.is_set():
            return True
        deadline_s = self.epoch_s() + timeout_s
        with self._server.deadline(deadline_s):
            if await until(event.is_set, min(_PATIENCE_S, timeout_s)):
                return True
            self._server.take_in()
            while (now_s := self.epoch_s()) < deadline_s:
                if self._stride(now_s, deadline_s):
                    await self._adrained()
                await pause(SETTLE_S)
                if event.is_set():
                    return True
            with self._server.paused():
                return await until(event.is_set, _GRACE_S)

    def _walk_until(self, event: threading.Event, deadline_s: float) -> bool:
        self._server.take_in()
        reading = True
        while (now_s := self.epoch_s()) < deadline_s:
            if self._stride(now_s, deadline_s):
                reading = reading and self._drained()
            if event.wait(SETTLE_S):
                return True
        return False

    def _stride(self, now_s: float, target_s: float) -> bool:
        return self._server.stride(
            now_s, target_s, grain_s=GRAIN_S, step_s=STEP_S, closed_step_s=CLOSED_STEP_S
        )

    def _drained(self) -> bool:
        """Wait until clients have read every byte; False: somebody does not read.

        A client on the sleeping thread cannot read, so this is waited for once per sleep, and
        not longer than nothing at all is read.
        """
        waiting, last_read_s = self._waiting(), time.monotonic()
        while waiting:
            time.sleep(SETTLE_S / 4)
            before, waiting, now_s = waiting, self._waiting(), time.monotonic()
            if waiting < before:
                last_read_s = now_s
            elif now_s - last_read_s > _DRAIN_S:
                return False
        return True

    async def _adrained(self) -> None:
        """Give clients, of this loop and of other threads, turns to read what came."""
        await pause(SETTLE_S)
        for _patience in range(_ASYNC_ROUNDS):
            if not self._waiting():
                break
            await pause(SETTLE_S)

    def _waiting(self) -> int:
        return unread_by_peers(self._server.port) + self._server.pending_bytes()
