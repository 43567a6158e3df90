"""A served market for programs written by others, and the snapshot behind it."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from pytest_ibkr.snapshot.model import Snapshot
from pytest_ibkr.snapshot.store import load
from tests.cli.served import Served, serving

SNAPSHOTS = Path(__file__).resolve().parents[2] / "fixtures" / "ibkr_snapshots"


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    """A gateway of its own process, which must end well and have nothing to complain of."""
    with serving("--json", cwd=tmp_path) as server:
        yield server
        code, out, complaints = server.stop(signal.SIGTERM)
    assert (code, out, complaints) == (0, "", "")


@pytest.fixture
def market(served: Served) -> Snapshot:
    """The snapshot that the server names in its line of JSON."""
    return load(served.facts["snapshot"], directory=SNAPSHOTS)
