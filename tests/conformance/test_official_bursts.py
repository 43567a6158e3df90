"""The official client throws away bursts of n x 4096 bytes; the gateway's switch spares them.

Its receive loop reads again after a full 4096 bytes and drops what it has when a second passes.
"""

from __future__ import annotations

import pytest

from pytest_ibkr.wire.codec import encode_frame
from pytest_ibkr.wire.messages.session import ErrorNotice
from tests.conformance.cells import Cell, cells
from tests.conformance.conftest import Meeting

CHUNK = 4096
MARK = 777
pytestmark = pytest.mark.req("XC-001")
OFFICIAL = [cell for cell in cells() if cell.library.startswith("ibapi")][-1:]


def send_burst(meeting: Meeting, size: int) -> None:
    """Let the gateway send one notice whose frame has exactly ``size`` bytes."""
    engine = meeting.session.engine

    def send() -> None:
        [client] = engine.clients
        at_ms = int(engine.now_s) * 1000  # which message 4 carries from 194 on
        longer = ErrorNotice(request_id=-1, code=MARK, text="x" * size, at_ms=at_ms)
        surplus = len(encode_frame(longer, client.version)) - size
        client.error(-1, MARK, "x" * (size - surplus))

    meeting.session.call(send)


@pytest.mark.parametrize("meeting", OFFICIAL, indirect=True, ids=str)
@pytest.mark.parametrize("size", [CHUNK - 1, CHUNK, 2 * CHUNK])
def test_a_burst_of_any_size_arrives(meeting: Meeting, size: int) -> None:
    meeting.expected = {MARK}

    send_burst(meeting, size)

    peer = meeting.peer
    peer.until(lambda: any(n.code == MARK for n in peer.notices), f"a burst of {size} bytes")


@pytest.mark.parametrize("meeting", OFFICIAL, indirect=True, ids=str)
def test_without_the_switch_the_burst_is_lost(
    meeting: Meeting, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.conformance.peers.official.PATIENCE_S", 1.5)
    meeting.session.configure(spare_4096_bursts=False)

    send_burst(meeting, CHUNK)

    peer = meeting.peer
    arrived = lambda: any(n.code == MARK for n in peer.notices)  # noqa: E731
    with pytest.raises(AssertionError, match="never came"):
        peer.until(arrived, "the burst")


def test_an_official_client_is_among_the_cells() -> None:
    names: list[Cell] = OFFICIAL
    assert [cell.library for cell in names] in (["ibapi-9.81"], ["ibapi-10.46"])
