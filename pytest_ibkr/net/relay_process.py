"""The relay's process as its parent sees it: start, lines in, frames out, end.

Knows nothing of what the lines and frames mean.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any, cast

from pytest_ibkr.net.relay.pipe_frames import read_frame
from pytest_ibkr.snapshot.redact import mask_accounts

_MODULE = "pytest_ibkr.net.relay"
_LAST_WORDS = 60  # lines of its standard error that are kept
_ROOT = Path(__file__).resolve().parents[2]


class RelayProcess:
    """A child in a session of its own, so that Ctrl-C in the terminal does not end it.

    Args:
        on_frame: told (kind, body) on the reader's thread.
        on_end: told once, on the reader's thread, when its output ended.
    """

    def __init__(
        self, on_frame: Callable[[bytes, bytes], None], on_end: Callable[[], None]
    ) -> None:
        self._on_frame, self._on_end = on_frame, on_end
        self._lines: deque[str] = deque(maxlen=_LAST_WORDS)
        self._writing = threading.Lock()
        self._child = subprocess.Popen(  # noqa: S603 - this interpreter, this package
            [sys.executable, "-P", "-X", "utf8", "-m", _MODULE],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=_environment(),
            **_apart(),
        )
        self._threads = [
            threading.Thread(target=target, name=f"relay {name}", daemon=True)
            for name, target in (("output", self._read), ("errors", self._listen))
        ]
        for thread in self._threads:
            thread.start()

    @property
    def pid(self) -> int:
        """Of the relay."""
        return self._child.pid

    @property
    def running(self) -> bool:
        """Whether the process is there."""
        return self._child.poll() is None

    def send(self, line: str) -> bool:
        """Write one line; False: it does not listen any more."""
        stream = cast(IO[bytes], self._child.stdin)
        with self._writing:
            try:
                stream.write(line.encode() + b"\n")
                stream.flush()
            except (OSError, ValueError):
                return False
        return True

    def wait(self, timeout_s: float) -> int | None:
        """Wait for its end and everything it wrote; return its exit code, None: not yet."""
        try:
            code = self._child.wait(timeout_s)
        except subprocess.TimeoutExpired:
            return None
        for thread in self._threads:
            if thread is not threading.current_thread():
                thread.join(timeout_s)
        return code

    def hang_up(self) -> None:
        """Close its input: it stops forwarding, cleans up and ends."""
        with self._writing:
            try:
                cast(IO[bytes], self._child.stdin).close()
            except OSError:
                return

    def kill(self) -> None:
        """End it without ceremony; its ledger stays open for the next start."""
        self._child.kill()

    def release(self) -> None:
        """Close what is left of the pipes, once the process has ended."""
        self.hang_up()
        for stream in (self._child.stdout, self._child.stderr):
            if stream is not None:
                stream.close()

    @property
    def last_words(self) -> str:
        """The end of what it wrote to its standard error, masked."""
        return "\n".join(self._lines)

    def _read(self) -> None:
        stream = cast(IO[bytes], self._child.stdout)
        try:
            while (found := read_frame(stream.read)) is not None:
                self._on_frame(*found)
        except (OSError, ValueError):  # closed under us
            return
        finally:
            self._on_end()

    def _listen(self) -> None:
        stream = cast(IO[bytes], self._child.stderr)
        try:
            for line in stream:
                self._lines.append(mask_accounts(line.decode("utf-8", "replace").rstrip()))
        except (OSError, ValueError):
            return


def _environment() -> dict[str, str]:
    """The present one; the relay must find this very package and none of the working directory."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    beside = [str(_ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    return {**kept, "PYTHONPATH": os.pathsep.join(beside)}


def _apart() -> dict[str, Any]:
    """Arguments of Popen that put a child beyond the terminal's signals."""
    if sys.platform == "win32":
        return {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP}
    return {"start_new_session": True}
