"""The relay's standard streams: command lines in, frames out, neither ever blocking its loop."""

from __future__ import annotations

import asyncio
import os
import sys
import threading
from collections import deque
from collections.abc import Callable
from typing import Final

from pytest_ibkr.net.relay.pipe_frames import TAPE, framed
from pytest_ibkr.net.relay.tape import Tape

FLUSH_S: Final = 0.01


class Output:
    """Frames to the harness, written by a thread of their own.

    Attributes:
        broken: nobody reads any more.
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._waiting: deque[bytes] = deque()
        self._bytes = 0
        self._changed = threading.Condition()
        self._closing = self.broken = False
        self._thread = threading.Thread(target=self._write, name="relay output", daemon=True)
        self._thread.start()

    def unread(self) -> int:
        """Bytes the harness has not taken."""
        return self._bytes

    def put(self, data: bytes) -> None:
        """Queue whole frames."""
        with self._changed:
            if not self.broken:
                self._waiting.append(data)
                self._bytes += len(data)
                self._changed.notify()

    def close(self, timeout_s: float) -> None:
        """Write what is queued, at most for ``timeout_s``."""
        with self._changed:
            self._closing = True
            self._changed.notify()
        self._thread.join(timeout_s)

    def _write(self) -> None:
        while True:
            with self._changed:
                while not self._waiting and not self._closing:
                    self._changed.wait()
                if not self._waiting:
                    return
                data = self._waiting.popleft()
            try:
                _write_all(self._descriptor, data)
            except OSError:
                with self._changed:
                    self.broken = True
                    self._waiting.clear()
                    self._bytes = 0
                return
            with self._changed:
                self._bytes -= len(data)


class Input:
    """Lines from the harness, read by a thread of its own and handed to the loop.

    Args:
        on_line: told each line; on the loop.
        on_end: told once that no more comes; on the loop.
    """

    def __init__(self, on_line: Callable[[str], None], on_end: Callable[[], None]) -> None:
        self._on_line, self._on_end = on_line, on_end
        self._loop = asyncio.get_running_loop()
        threading.Thread(target=self._read, name="relay input", daemon=True).start()

    def _read(self) -> None:
        try:
            for line in sys.stdin:
                if not self._hand(self._on_line, line):
                    return
        finally:  # whatever broke, nobody commands any more
            self._hand(self._on_end)

    def _hand(self, told: Callable[..., None], *said: str) -> bool:
        try:
            self._loop.call_soon_threadsafe(told, *said)
        except RuntimeError:  # the loop has ended
            return False
        return True


async def keep_flushing(tape: Tape, output: Output) -> None:
    """Hand the tape on, a chunk each time, for as long as the task runs."""
    while True:
        await asyncio.sleep(FLUSH_S)
        flush(tape, output)


def flush(tape: Tape, output: Output) -> None:
    """Hand on what the tape has."""
    chunk = tape.take()
    if chunk:
        output.put(framed(TAPE, chunk))


def _write_all(descriptor: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]
