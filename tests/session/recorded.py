"""Makes recordings as a live run does: a paper gateway in its own process, a relay, a client."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pytest_ibkr.capture.recording import Recording
from pytest_ibkr.net.relay_handle import RelayHandle
from pytest_ibkr.session.tape_listener import TapeListener
from tests.system.live.paper_gateway import PaperGateway
from tests.system.live.under_relay import ordering, relay


class Taken:
    """A test that is being recorded; ``recording`` is there once its block has ended."""

    recording: Recording

    def __init__(self, handle: RelayHandle) -> None:
        self.handle = handle
        self.host, self.port = handle.host, handle.port


@contextmanager
def taken(gateway: PaperGateway, place: Path) -> Iterator[Taken]:
    """Record what clients of the relay do in this block."""
    with relay(gateway, place) as handle:
        listener = TapeListener(handle)
        made = Taken(handle)
        listener.begin()
        with ordering(handle, "test_recorded"):
            yield made
        made.recording = listener.recording(listener.end(), "test_recorded", ("live",))
