"""``pytest-ibkr serve`` as its own process, and a raw TWS client to talk to it."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

DEADLINE_S = 30


@dataclass(frozen=True)
class Served:
    """A running server and what it said of itself."""

    process: subprocess.Popen[str]
    facts: dict[str, Any]

    def stop(self, number: int = signal.SIGTERM) -> tuple[int, str, str]:
        """Signal it; its exit code and the rest of both streams."""
        self.process.send_signal(number)
        out, err = self.process.communicate(timeout=DEADLINE_S)
        return self.process.returncode, out, err


def environment() -> dict[str, str]:
    """A user's shell: nothing of the test run around it."""
    return {k: v for k, v in os.environ.items() if not k.startswith(("IBKR_", "PYTEST_", "COV_"))}


def command(*args: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run one command to its end."""
    return subprocess.run(
        [sys.executable, "-W", "error", "-m", "pytest_ibkr.cli", *args],
        cwd=cwd,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=DEADLINE_S,
        check=False,
    )


@contextmanager
def serving(*args: str, cwd: Path, **variables: str) -> Iterator[Served]:
    """A server that accepts connections; killed at the end if nobody stopped it.

    ``variables`` are set in its environment.
    """
    process = subprocess.Popen(
        [sys.executable, "-W", "error", "-X", "dev", "-m", "pytest_ibkr.cli", "serve", *args],
        cwd=cwd,
        env={**environment(), **variables},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        if not line:
            raise AssertionError(f"it did not start: {process.communicate(timeout=DEADLINE_S)[1]}")
        yield Served(process, json.loads(line))
    finally:
        process.kill()
        process.communicate(timeout=DEADLINE_S)


class RawClient:
    """Speaks frames of NUL-ended fields; independent of the harness's codec."""

    def __init__(self, facts: dict[str, Any], *, highest: int = 178) -> None:
        self._socket = socket.create_connection((facts["host"], facts["port"]), timeout=DEADLINE_S)
        self._buffer = b""
        offer = f"v100..{highest}".encode()
        self._socket.sendall(b"API\0" + len(offer).to_bytes(4, "big") + offer)
        self.version, self.connection_time = self.receive()

    def __enter__(self) -> RawClient:
        return self

    def __exit__(self, *_exc: object) -> None:
        self._socket.close()

    def send(self, *fields: object) -> None:
        """One frame."""
        body = b"".join(str(field).encode() + b"\0" for field in fields)
        self._socket.sendall(len(body).to_bytes(4, "big") + body)

    def receive(self) -> list[str]:
        """The fields of the next frame.

        Raises:
            ConnectionError: the gateway closed.
        """
        size = int.from_bytes(self._take(4), "big")
        return self._take(size).decode().split("\0")[:-1]

    def until(self, message_id: int) -> list[str]:
        """The fields of the next frame with this id."""
        while (fields := self.receive())[0] != str(message_id):
            pass
        return fields

    def _take(self, count: int) -> bytes:
        while len(self._buffer) < count:
            data = self._socket.recv(65_536)
            if not data:
                raise ConnectionError("the gateway closed the connection")
            self._buffer += data
        taken, self._buffer = self._buffer[:count], self._buffer[count:]
        return taken
