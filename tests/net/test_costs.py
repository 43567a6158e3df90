"""What a gateway costs a test run; absolute limits, so in the proof tier only."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time

import pytest

from pytest_ibkr.gateway import Gateway
from tests.meta import proof

COMMAND = "pytest -m proof tests/net/test_costs.py"
CODE = ["pytest_ibkr/gateway.py", "pytest_ibkr/net", "pytest_ibkr/session", "pytest_ibkr/sim"]
READY_MS, FIRST_USE_MS, SESSION_MS, STOP_MS = 50, 150, 5, 10
ROUNDS = 50
FIRST_USE = """
import json, sys, time
from pathlib import Path
import pytest, pytest_ibkr.gateway
before = time.perf_counter()
from pytest_ibkr.snapshot.store import load
snapshot = load("normal", directory=Path(sys.argv[1]))
gateway = pytest_ibkr.gateway.Gateway(snapshot)
gateway.start()
print(json.dumps((time.perf_counter() - before) * 1000))
gateway.stop()
"""


def milliseconds(action) -> float:
    before = time.perf_counter()
    action()
    return (time.perf_counter() - before) * 1000


@pytest.mark.proof
def test_a_gateway_costs_a_run_next_to_nothing(snapshot):
    ready, stops, sessions = [], [], []
    Gateway(snapshot)  # the world of a snapshot is built once per process
    for _ in range(ROUNDS):
        gateway = Gateway(snapshot)
        ready.append(milliseconds(gateway.start))
        for number in range(3):
            began = time.perf_counter()
            session = gateway.new_session(f"session {number}")
            session.close()
            sessions.append((time.perf_counter() - began) * 1000)
        stops.append(milliseconds(gateway.stop))
    numbers = {
        "ready_ms": round(statistics.median(ready), 2),
        "session_ms": round(statistics.median(sessions), 2),
        "session_p99_ms": round(statistics.quantiles(sessions, n=100)[98], 2),
        "stop_ms": round(statistics.median(stops), 2),
    }
    assert numbers["ready_ms"] <= READY_MS
    assert numbers["session_ms"] <= SESSION_MS
    assert numbers["stop_ms"] <= STOP_MS
    proof.record("gateway-costs", command=COMMAND, seed=None, numbers=numbers, code_paths=CODE)


@pytest.mark.proof
def test_the_first_use_of_a_snapshot_is_quick():
    """In fresh processes, the 2 MB snapshot read from disk, pydantic imported for it."""
    folder = str(proof.ROOT / "fixtures" / "ibkr_snapshots")
    spent = [
        json.loads(
            subprocess.run(
                [sys.executable, "-c", FIRST_USE, folder],
                cwd=proof.ROOT,
                capture_output=True,
                text=True,
                check=True,
            ).stdout
        )
        for _ in range(7)
    ]
    first_use_ms = round(statistics.median(spent), 1)
    assert first_use_ms <= FIRST_USE_MS
    numbers = {"first_use_ms": first_use_ms, "limit_ms": FIRST_USE_MS}
    paths = [*CODE, "pytest_ibkr/snapshot"]
    proof.record(
        "snapshot-first-use", command=COMMAND, seed=None, numbers=numbers, code_paths=paths
    )
