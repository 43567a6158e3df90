"""What peers have not read yet, where the operating system tells."""

from __future__ import annotations

import socket
import sys
from pathlib import Path

import pytest

from pytest_ibkr.net.unread import unread_by_peers


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells")
def test_bytes_count_until_the_peer_reads_them():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port)) as client:
            served, _address = listener.accept()
            with served:
                assert unread_by_peers(port) == 0
                served.sendall(b"x" * 1000)
                assert unread_by_peers(port) == 1000
                client.recv(600)
                assert unread_by_peers(port) == 400
                client.sendall(b"y" * 50)
                assert unread_by_peers(port) == 400, "what we have not read is not theirs"


def test_where_nobody_tells_it_is_nothing(tmp_path):
    assert unread_by_peers(4711, table=tmp_path / "missing") == 0
    assert unread_by_peers(4711, table=Path(__file__)) == 0
