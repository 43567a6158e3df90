"""Follows a relay's tape and keeps the running test's share of it."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any, Final

from pytest_ibkr.capture.recorder import BY_RELAY, NOT_READ, Recorder
from pytest_ibkr.capture.recording import Context, Recording

if TYPE_CHECKING:
    from pytest_ibkr.net.relay.tape import TapeRecord
    from pytest_ibkr.net.relay_handle import RelayHandle

# What programs around a gateway call the login and the account; their values are never written.
_LOGINS: Final = ("IBKR_USERNAME", "IB_USERNAME", "TWS_USERID", "TWS_USERNAME", "TWSUSERID")
_ACCOUNTS: Final = ("IBKR_PAPER_ACCOUNT", "IB_ACCOUNT", "TWS_ACCOUNT")


class TapeListener:
    """Hears everything that crosses a relay, on its reader's thread."""

    def __init__(self, relay: RelayHandle) -> None:
        self.relay = relay
        self._recorder = Recorder()
        self._dropped = 0  # ticks that the tape left out, up to the last test
        relay.listeners.append(self.hear)

    def begin(self) -> None:
        """From here on frames belong to a new test; connections stay."""
        self._recorder = Recorder(self._recorder.connections)

    def end(self) -> Recorder:
        """Return the test's recorder, once everything that crossed before has been heard."""
        if self.relay.running:
            status = self.relay.status()  # comes after the tape of what went before
            before, self._dropped = self._dropped, status.get("tape_dropped", 0)
            if self._dropped > before:
                self._recorder.left_out[NOT_READ] += self._dropped - before
        return self._recorder

    def hear(self, record: TapeRecord) -> None:
        """Take one record."""
        if record.direction == "note":
            self._noted(record.connection, record.note())
            return
        by_client = record.direction == "up"
        self._recorder.hear(
            record.at_s, record.connection, by_client=by_client, payload=record.payload
        )

    def _noted(self, connection: int, note: dict[str, Any]) -> None:
        if note.get("note") == "version":
            self._recorder.opened(connection, version=note["version"])
        elif note.get("note") in ("fault", "refused"):  # what follows is not the gateway's answer
            self._recorder.left_out[BY_RELAY] += 1

    def recording(self, recorder: Recorder, test: str, markers: tuple[str, ...]) -> Recording:
        """Make the recording of a test."""
        facts = self.relay.facts
        known = (facts.account, self.relay.spec.expected_account, *map(os.environ.get, _ACCOUNTS))
        return recorder.recording(
            Context(test, markers, _product()),
            recorded_at=datetime.fromtimestamp(recorder.start_s, UTC),
            account="simulated" if facts.is_rehearsal else "paper",
            accounts=[each for each in known if each],
            logins=[each for name in _LOGINS if (each := os.environ.get(name))],
        )


def _product() -> str:
    try:
        return f"pytest-ibkr {version('pytest-ibkr')}"
    except PackageNotFoundError:
        return "pytest-ibkr"
