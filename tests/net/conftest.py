"""A gateway on the committed snapshot, shared per module; a session per test."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_ibkr.gateway import Gateway
from pytest_ibkr.snapshot.store import load

SNAPSHOTS = Path(__file__).parents[2] / "fixtures" / "ibkr_snapshots"


@pytest.fixture(scope="package")
def snapshot():
    return load("normal", directory=SNAPSHOTS)


@pytest.fixture(scope="module")
def gateway(snapshot):
    with Gateway(snapshot) as running:
        yield running


@pytest.fixture
def session(gateway, request):
    session = gateway.new_session(request.node.nodeid)
    yield session
    session.close()
