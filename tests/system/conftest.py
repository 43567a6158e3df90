"""The bot's broker against a simulated gateway of its own, over real TCP, on virtual time."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bot.broker import IBKRGateway
from pytest_ibkr.snapshot_choice import named

SNAPSHOTS = Path(__file__).parents[2] / "fixtures" / "ibkr_snapshots"
DAY = "snapshot_normal_20260710_160000"


@pytest.fixture
def ibkr_snapshot():
    """The captured day whose strikes, prices and bars these tests name."""
    return named(DAY, directory=SNAPSHOTS).snapshot


@pytest.fixture
def connect(ibkr) -> Iterator[Callable[..., IBKRGateway]]:
    """Connect brokers, each under the client id given (default: the session's)."""
    with contextlib.ExitStack() as stack:

        def connected(client_id: int | None = None, **options) -> IBKRGateway:
            broker = IBKRGateway(
                ibkr.host, ibkr.port, client_id or ibkr.client_id, clock=ibkr.clock, **options
            )
            stack.callback(broker.disconnect)
            broker.connect()
            return broker

        yield connected


@pytest.fixture
def broker(connect) -> Iterator[IBKRGateway]:
    """A connected broker; nothing may have failed inside it by the end of the test."""
    broker = connect()
    yield broker
    assert broker.faults == (), "a callback or a listener failed inside the broker"
