"""Tests reach loopback only, even where the code under test tries harder."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable

import pytest

FAR = ("192.0.2.1", 9)  # TEST-NET-1: documentation only, routed nowhere


@pytest.mark.req("XC-002")
def test_loopback_works_by_every_spelling() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        for host in ("127.0.0.1", "localhost", "::ffff:127.0.0.1"):
            socket.create_connection((host, port), timeout=5).close()


def _connect() -> None:
    with socket.socket() as sock:
        sock.connect(FAR)


def _send_a_datagram() -> None:
    with socket.socket(type=socket.SOCK_DGRAM) as sock:
        sock.sendto(b"x", FAR)


def _resolve() -> None:
    socket.getaddrinfo("gateway.example", 4002)


def _listen_everywhere() -> None:
    with socket.socket() as sock:
        sock.bind(("", 0))


def _connect_from_a_loop() -> None:
    asyncio.run(asyncio.wait_for(asyncio.open_connection(*FAR), 5))


@pytest.mark.req("XC-002", counter_proof="code that dials out")
@pytest.mark.parametrize(
    "reach_out", [_connect, _send_a_datagram, _resolve, _listen_everywhere, _connect_from_a_loop]
)
def test_anything_further_is_refused(reach_out: Callable[[], None]) -> None:
    with pytest.raises(RuntimeError, match="use loopback only"):
        reach_out()
