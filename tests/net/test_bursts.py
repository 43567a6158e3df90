"""A burst of exactly n x 4096 bytes is never left alone: the official client would lose it."""

from __future__ import annotations

import socket

import pytest

from pytest_ibkr.wire.codec import encode_frame
from pytest_ibkr.wire.messages.session import ErrorNotice
from pytest_ibkr.wire.versions import NEWEST
from tests.net.raw_client import RawClient


def burst_of(size: int, version: int) -> list[ErrorNotice]:
    """A notice whose frame has exactly ``size`` bytes."""
    notice = ErrorNotice(code=1, text="x" * size)
    too_many = len(encode_frame(notice, version)) - size  # a body also tells the text's length
    return [ErrorNotice(code=1, text=notice.text[too_many:])]


def first_pieces(session, client: RawClient, size: int) -> list[int]:
    """Lengths of what arrives, read whenever there is something."""
    client.wait_for(ErrorNotice, lambda notice: notice.code == 2158)
    pieces: list[int] = []
    client.socket.settimeout(0.05)
    session.clock.sleep(0)
    [connection] = session.engine.clients
    session.call(lambda: connection.send(*burst_of(size, client.version)))
    while sum(pieces) < size:
        try:
            pieces.append(len(client.socket.recv(1 << 20)))
        except TimeoutError:
            break
    return pieces


@pytest.mark.parametrize("version", [200, NEWEST])
@pytest.mark.parametrize("size", [4096, 8192, 40960])
def test_the_tail_of_such_a_burst_comes_a_moment_later(session, size, version):
    with RawClient(session, highest=version).start() as client:
        pieces = first_pieces(session, client, size)
        assert sum(pieces) == size
        assert pieces[0] != size
        assert len(pieces) == 2


@pytest.mark.parametrize("size", [4095, 5000])
def test_other_bursts_come_in_one_piece(session, size):
    with RawClient(session).start() as client:
        assert first_pieces(session, client, size) == [size]


def test_the_sparing_can_be_switched_off(session):
    session.configure(spare_4096_bursts=False)
    with RawClient(session).start() as client:
        assert first_pieces(session, client, 4096) == [4096]


def test_more_output_right_behind_keeps_its_order(session):
    with RawClient(session).start() as client:
        client.wait_for(ErrorNotice, lambda notice: notice.code == 2158)
        [connection] = session.engine.clients
        notices = burst_of(4096, client.version)
        session.call(lambda: connection.send(*notices))
        session.call(lambda: connection.error(7, 2, "after"))
        client.wait_for(ErrorNotice, lambda notice: notice.text == "after")
        assert [n.code for n in client.of(ErrorNotice)[-2:]] == [1, 2]
        assert isinstance(client.socket, socket.socket)
