"""A scripted peer and gateway objects that are closed whatever happens."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from bot.broker import IBKRGateway
from tests.bot.peer import Peer


@pytest.fixture
def peer() -> Iterator[Peer]:
    peer = Peer()
    yield peer
    peer.close()


@pytest.fixture
def open_gateway() -> Iterator[Callable[..., IBKRGateway]]:
    """Makes gateway objects; afterwards no thread of theirs may be left."""
    made: list[IBKRGateway] = []
    before = set(threading.enumerate())  # a suite's shared connection may live in this process

    def make(peer: Peer, *, client_id: int = 7, timeout_s: float = 5.0, **more: Any) -> IBKRGateway:
        gateway = IBKRGateway("127.0.0.1", peer.port, client_id, timeout_s=timeout_s, **more)
        made.append(gateway)
        return gateway

    yield make
    for gateway in made:
        gateway.disconnect()
    left = [t.name for t in set(threading.enumerate()) - before if t.name.startswith("ibkr-")]
    assert left == []


@pytest.fixture
def gateway(peer: Peer, open_gateway: Callable[..., IBKRGateway]) -> IBKRGateway:
    """Connected to ``peer``."""
    gateway = open_gateway(peer)
    gateway.connect()
    return gateway
