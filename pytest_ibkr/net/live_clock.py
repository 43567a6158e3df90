"""The clock of a live run: this machine's, moved by what the gateway's differs from it.

The same names as ``SessionClock``. Nobody sets a real gateway's time: waits are real waits.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime

from pytest_ibkr import limits
from pytest_ibkr.errors import UsageError
from pytest_ibkr.net.driver import Settable
from pytest_ibkr.net.eventloop import pause, refuse_on_running_loop, until

_PIECE_S = 0.5  # a wait is cut up, so that Ctrl-C and time-outs are heard on every platform


class LiveClock:
    """The gateway's time, flowing. Fits a bot's clock port (now, monotonic, sleep, wait).

    Args:
        offset_s: tells the gateway's clock minus this machine's, in seconds, as known now.
    """

    def __init__(self, offset_s: Callable[[], float]) -> None:
        self._offset_s = offset_s

    def now(self) -> datetime:
        """Return the gateway's moment, aware, UTC."""
        return datetime.fromtimestamp(self.epoch_s(), UTC)

    def epoch_s(self) -> float:
        """Return the gateway's Unix epoch seconds."""
        return time.time() + self._offset_s()

    def monotonic(self) -> float:
        """Return real seconds, for differences only."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Wait that long, really.

        Raises:
            UsageError: a negative or infinite number of seconds, or none; or an event loop runs
                on this thread.
        """
        refuse_on_running_loop("ibkr_clock.sleep", twin="ibkr_clock.asleep")
        until_s = time.monotonic() + limits.seconds("sleep", seconds)
        while (left_s := until_s - time.monotonic()) > 0:
            time.sleep(min(left_s, _PIECE_S))

    async def asleep(self, seconds: float) -> None:
        """Do the same as :meth:`sleep` without blocking the running event loop."""
        await pause(limits.seconds("asleep", seconds))

    def wait(self, event: threading.Event, timeout_s: float) -> bool:
        """Wait for ``event`` at most real ``timeout_s``.

        Raises:
            UsageError: an event loop runs on this thread.
        """
        refuse_on_running_loop("ibkr_clock.wait", twin="ibkr_clock.await_event")
        return event.wait(limits.seconds("timeout_s", timeout_s))

    async def await_event(self, event: Settable, timeout_s: float) -> bool:
        """Do the same as :meth:`wait` without blocking the running event loop."""
        return await until(event.is_set, limits.seconds("timeout_s", timeout_s))

    def hold(self, *, answers: bool = True) -> None:
        """Refused: see :meth:`move_to`."""
        raise _fixed(f"hold(answers={answers})")

    def resume(self) -> None:
        """Refused: see :meth:`move_to`."""
        raise _fixed("resume()")

    def move_to(self, moment: datetime) -> None:
        """Refused: nobody moves a real gateway's time.

        Raises:
            UsageError: always; it says what to do instead.
        """
        raise _fixed(f"move_to({moment.isoformat()})")

    async def amove_to(self, moment: datetime) -> None:
        """Refused: see :meth:`move_to`."""
        await asyncio.sleep(0)
        raise _fixed(f"amove_to({moment.isoformat()})")


def _fixed(call: str) -> UsageError:
    return UsageError(
        f"ibkr_clock.{call} is for the simulator only: nobody sets the clock of a real gateway\n"
        "  state: no time passed\n"
        "  fix:   sleep() waits for real; the markers market_hours and market_closed skip a test"
        " until the market is as it needs it"
    )
