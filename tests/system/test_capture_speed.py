"""How long a capture takes against the limit of its message rate, and kills in full number."""

from __future__ import annotations

import time

import pytest

from pytest_ibkr.capture.plan import DEFAULT_SYMBOLS
from tests.meta import proof
from tests.system.capture_bench import paper, run_of
from tests.system.test_capture_tool import killed_at

CODE = [
    "pytest_ibkr/capture",
    "pytest_ibkr/net/questions.py",
    "pytest_ibkr/net/capture_course.py",
    "pytest_ibkr/net/capturing.py",
]
GATEWAY_PER_S = 50  # messages a second that a gateway takes (gateway-behaviour.md 5)
OVER = 1.2
# The system this replaces slept: 2 s for a price, 3 s for bars, 0.5 s for each of 20 options, for
# each of three symbols, and polled up to 10 s for its connection (requirements.md A.5).
ORIGINAL_SYMBOL_S, ORIGINAL_SYMBOLS = 2 + 3 + 20 * 0.5, 3
SEEDS = 50


@pytest.mark.proof
def test_a_capture_is_as_fast_as_the_message_rate_lets_it(tmp_path):
    with (
        paper(jumps=False, most_per_s=50) as session,
        run_of(session, tmp_path, *DEFAULT_SYMBOLS) as run,
    ):
        began_s = time.perf_counter()
        run.connect()
        connected_s = time.perf_counter()
        for symbol in run.plan.symbols:
            run.symbol(symbol)
        saved = run.finish()
        ended_s = time.perf_counter()
        busiest = session.pacing()["peak_messages_per_s"]
    sent, slowest_s = run.questions.sent, run.questions.slowest_s
    limit_s = OVER * (sent / GATEWAY_PER_S + slowest_s)
    original_s = ORIGINAL_SYMBOL_S * ORIGINAL_SYMBOLS
    took_s = ended_s - connected_s
    numbers = {
        "messages": sent,
        "busiest_second": busiest,
        "slowest_answer_s": round(slowest_s, 3),
        "capture_s": round(took_s, 2),
        "limit_s": round(limit_s, 2),
        "relay_and_connect_s": round(connected_s - began_s, 2),
        "whole_s": round(ended_s - began_s, 2),
        "sleeps_of_the_original_s": original_s,
        "times_faster": round(original_s / took_s, 1),
        "file_kb": round(saved.size_bytes / 1024, 1),
    }
    assert saved.complete, saved.issues
    assert took_s <= limit_s, numbers
    assert took_s < original_s / 5, numbers
    command = "python -m pytest -m proof tests/system/test_capture_speed.py -k message_rate"
    proof.record("capture-speed", command=command, seed=None, numbers=numbers, code_paths=CODE)


@pytest.mark.proof
@pytest.mark.timeout(600)
def test_fifty_kills_leave_no_half_file(tmp_path):
    with paper() as session:
        began_s = time.perf_counter()
        killed_at(tmp_path, session, SEEDS, least_s=60.0)  # nobody kills this one
        most_s = 1.2 * (time.perf_counter() - began_s)
        for seed in range(SEEDS):
            killed_at(tmp_path, session, seed, most_s=most_s)
        outs = [tmp_path / f"seed{seed}" / "out" for seed in range(SEEDS)]
        finished = sum(bool(list(out.glob("snapshot_normal_2026*.json"))) for out in outs)
    numbers = {"kills": SEEDS, "captures_that_had_finished": finished, "half_files": 0}
    assert 0 < finished < SEEDS, numbers
    command = "python -m pytest -m proof tests/system/test_capture_speed.py -k kills"
    paths = [*CODE, "pytest_ibkr/snapshot/atomic.py", "pytest_ibkr/snapshot/store.py"]
    proof.record("capture-kills", command=command, seed=0, numbers=numbers, code_paths=paths)
