"""What the relay costs: time added to every message, ticks it carries, memory; proof tier only.

A flooding gateway, the relay and a busy client are processes of their own, as they are live.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from pytest_ibkr.net.relay.spec import RelaySpec
from pytest_ibkr.net.relay_handle import RelayHandle
from tests.meta import proof

pytestmark = pytest.mark.proof

COMMAND = "pytest -m proof tests/net/relay/test_relay_speed.py"
CODE = ["pytest_ibkr/net/relay", "pytest_ibkr/net/relay_handle.py", "pytest_ibkr/guard"]
CODE += ["pytest_ibkr/wire"]
HERE = Path(__file__).parent
ACCOUNT = "DU" + "7654321"
OPEN_S = int(datetime(2026, 7, 10, 11, tzinfo=ZoneInfo("America/New_York")).timestamp())

TICKS_PER_S, QUESTIONS_PER_S = 20_000, 30
ROUNDS, ROUND_S, SUSTAINED_S = 5, 4.0, 40.0
ADDED_P99_MS = 1.0
GROWTH_MB = 2.0  # between a quarter of the sustained time and its end


@contextmanager
def flooding(ticks_per_s: int = TICKS_PER_S) -> Iterator[int]:
    """The gateway process; its port."""
    words = [sys.executable, str(HERE / "flooding_gateway.py"), str(ticks_per_s), ACCOUNT]
    with subprocess.Popen([*words, str(OPEN_S)], stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield int(process.stdout.readline())
        finally:
            process.kill()


@contextmanager
def relayed(port: int, place: Path) -> Iterator[RelayHandle]:
    """A relay in front of it, with a test that reads running."""
    spec = RelaySpec(
        host="127.0.0.1",
        port=port,
        expected_account=ACCOUNT,
        extra_paper_ports=(port,),
        state_dir=str(place / "state"),
        audit_path=str(place / "audit.jsonl"),
    )
    with RelayHandle.start(spec) as handle:
        handle.begin_test("speed", market=[])
        yield handle


def busy(port: int, client_id: int, seconds: float) -> dict[str, Any]:
    """What a client measured that reads the flood and asks all the while."""
    words = [sys.executable, str(HERE / "busy_client.py"), str(port), str(client_id)]
    done = subprocess.run(
        [*words, str(seconds), str(QUESTIONS_PER_S)],
        capture_output=True,
        text=True,
        timeout=seconds + 30,
        check=True,
    )
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def resident_mb(pid: int) -> float:
    """Resident memory of a process."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


@pytest.mark.timeout(300)
def test_a_message_is_less_than_a_millisecond_later_behind_the_relay(tmp_path):
    """p99 behind the relay minus p99 without it, in turns: the noise of the machine is in both."""
    direct, behind = [], []
    with flooding() as port, relayed(port, tmp_path) as handle:
        for number in range(ROUNDS):
            direct.append(busy(port, 100 + number, ROUND_S))
            behind.append(busy(handle.port, 7100 + number, ROUND_S))
    numbers: dict[str, float] = {}
    for what in ("delays", "round_trips"):
        for share in ("p50_ms", "p99_ms"):
            without = statistics.median(each[what][share] for each in direct)
            with_it = statistics.median(each[what][share] for each in behind)
            numbers[f"{what}_{share}"] = round(with_it, 3)
            numbers[f"added_{what}_{share}"] = round(with_it - without, 3)
    numbers["ticks_per_s"] = min(each["ticks_per_s"] for each in behind)
    assert numbers["ticks_per_s"] >= 0.98 * TICKS_PER_S
    assert numbers["added_delays_p99_ms"] < ADDED_P99_MS
    assert numbers["added_round_trips_p99_ms"] < ADDED_P99_MS
    proof.record("relay-added-time", command=COMMAND, seed=None, numbers=numbers, code_paths=CODE)


@pytest.mark.timeout(300)
def test_twenty_thousand_ticks_a_second_go_through_for_as_long_as_one_likes(tmp_path):
    heard = SimpleNamespace(records=0)

    def listen(_record: object) -> None:
        heard.records += 1

    with flooding() as port, relayed(port, tmp_path) as handle:
        handle.listeners.append(listen)
        sizes: list[float] = []
        over = threading.Event()

        def watch() -> None:
            while not over.wait(0.5):
                sizes.append(resident_mb(handle.pid))

        watching = threading.Thread(target=watch, daemon=True)
        watching.start()
        found = busy(handle.port, 7100, SUSTAINED_S)
        over.set()
        watching.join()
        summary = handle.stop()
    early, late = sizes[len(sizes) // 4], sizes[-1]
    numbers = {
        "seconds": SUSTAINED_S,
        "ticks_per_s": found["ticks_per_s"],
        "ticks": found["ticks"],
        "tape_records": heard.records,
        "tape_dropped": int(summary.metrics.get("tape_dropped", 0)),
        "rss_mb": round(late, 1),
        "rss_growth_mb": round(late - early, 2),
    }
    assert found["ticks_per_s"] >= 0.98 * TICKS_PER_S
    assert numbers["rss_growth_mb"] < GROWTH_MB
    proof.record("relay-sustained", command=COMMAND, seed=None, numbers=numbers, code_paths=CODE)


def test_a_relay_that_takes_its_time_is_seen_to(tmp_path):
    """The counter-proof of the first measurement: two milliseconds more do not get by."""
    with flooding(2_000) as port, relayed(port, tmp_path) as handle:
        plain = busy(port, 100, ROUND_S)
        handle.fault("delay", seconds=0.002)
        late = busy(handle.port, 7100, ROUND_S)
    assert late["delays"]["p99_ms"] - plain["delays"]["p99_ms"] >= ADDED_P99_MS
