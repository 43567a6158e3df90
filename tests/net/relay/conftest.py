"""A simulated paper gateway in this process, and relays as real processes in front of it."""

from __future__ import annotations

import contextlib
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from pytest_ibkr.gateway import Gateway
from pytest_ibkr.net.relay.spec import RelaySpec
from pytest_ibkr.net.relay_handle import RelayHandle
from pytest_ibkr.snapshot.store import load
from tests.net.relay.tap import Tap

SNAPSHOTS = Path(__file__).parents[3] / "fixtures" / "ibkr_snapshots"
ACCOUNT = "DU" + "7654321"  # as a paper account looks; no literal id in any file
START = datetime(2026, 7, 10, 11, 0, tzinfo=ZoneInfo("America/New_York"))


def paper_gateway(snapshot) -> Gateway:
    """A gateway that looks like a real paper one, at 11:00 of a trading day."""
    return Gateway(snapshot, account=ACCOUNT, reserved_account=False, jumps=False, start_at=START)


def relay_spec(gateway, directory: Path, **changes) -> RelaySpec:
    """A spec for a gateway; state and log are in a directory of the tests."""
    given = {
        "host": "127.0.0.1",
        "port": gateway.port,
        "expected_account": ACCOUNT,
        "extra_paper_ports": (gateway.port,),
        "state_dir": str(directory / "state"),
        "audit_path": str(directory / "audit.jsonl"),
        "handshake_timeout_s": 10.0,
        "name": "a test",
    }
    return RelaySpec(**(given | changes))


@pytest.fixture(scope="session")
def snapshot():
    return load("normal", directory=SNAPSHOTS)


@pytest.fixture
def gateway(snapshot):
    with paper_gateway(snapshot) as running:
        yield running


@pytest.fixture
def tap(gateway):
    tap = Tap(gateway)
    yield tap
    tap.close()


@pytest.fixture
def start(tmp_path):
    """Start relays; whatever is left of them is stopped."""
    with contextlib.ExitStack() as stack:

        def begin(gateway, *, listeners=(), **changes) -> RelayHandle:
            spec = relay_spec(gateway, tmp_path, **changes)
            return stack.enter_context(RelayHandle.start(spec, listeners=listeners))

        yield begin


class Kept:
    """One gateway, tap and relay for many tests; a relay that ended is replaced."""

    def __init__(self, snapshot, directory: Path) -> None:
        self._directory = directory
        self._stack = contextlib.ExitStack()
        self.gateway = self._stack.enter_context(paper_gateway(snapshot))
        self.tap = self._stack.enter_context(contextlib.closing(Tap(self.gateway)))
        self._relay: RelayHandle | None = None

    def relay(self) -> RelayHandle:
        """The relay, alive."""
        if self._relay is None or self._relay.ended is not None or not self._relay.running:
            self.stop()
            self._relay = RelayHandle.start(relay_spec(self.tap, self._directory))
        return self._relay

    def stop(self) -> None:
        """End the relay."""
        if self._relay is not None:
            self._relay.stop()

    def close(self) -> None:
        """End everything."""
        self.stop()
        self._stack.close()


@pytest.fixture(scope="module")
def kept(snapshot, tmp_path_factory):
    with contextlib.closing(Kept(snapshot, tmp_path_factory.mktemp("relay"))) as kept:
        yield kept


@pytest.fixture
def tapped(kept):
    """A relay that other tests of the module use too, behind ``tapped.tap``."""
    relay = kept.relay()
    relay.tap = kept.tap
    relay.begin_test("a test", client_ids=range(7000, 7990))
    yield relay
    kept.tap.forget()
    if relay.ended is None and relay.running:
        relay.end_test()
