"""The validation suite through a relay, against a gateway process that looks like a real one."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.meta import proof
from tests.system.live.ids import PAPER
from tests.system.live.paper_gateway import PaperGateway, paper_gateway
from tests.system.live.project import LiveProject
from tests.system.live_suite import LiveSuite, run_live

LONG = ("a_session_of_five_minutes", "holds_for_a_minute", "a_stream_keeps_moving")
ONE = ("-k", "authenticates_us")
SHORT_SESSION = {"validation": {"min_session_duration": 5}}
MINUTE_SESSION = {"validation": {"min_session_duration": 60}}
LIMIT_S = 600.0
SEEDS = (1, 2, 3, 4, 5)
SATURDAY = datetime(2026, 7, 11, 15, tzinfo=UTC)
FILES = {
    *("results.json", "report.md", "live_validation_report.md", "checklist.md", "junit.xml"),
    *("pytest_report.txt", "relay_audit.jsonl", "relay_metrics.json"),
}


@pytest.fixture
def gateway() -> Iterator[PaperGateway]:
    """A gateway on an open day."""
    with paper_gateway() as running:
        yield running


def is_clean(gateway: PaperGateway) -> bool:
    """Whether nothing of a run is left at the gateway."""
    held = gateway.ask("positions")
    return gateway.working() == [] and not any(float(quantity) for quantity in held.values())


@pytest.mark.ci
@pytest.mark.timeout(300)
@pytest.mark.req("LV-044", "LV-045")
def test_the_suite_passes_the_gate_and_leaves_every_file(
    gateway: PaperGateway, tmp_path: Path
) -> None:
    without = f"not {' and not '.join(LONG)}"
    run = run_live(tmp_path, gateway, "-k", without, changes=SHORT_SESSION)
    assert run.code == 0, run.text
    found = run.results
    assert (found.gate.verdict, found.gate.reasons) == ("PASSED", [])
    assert found.rehearsal.is_rehearsal is False
    assert set(found.counts) == {"passed"}
    assert is_clean(gateway)
    assert found.relay is not None
    assert found.relay.metrics["forwarded"] > 100
    assert (found.relay.bypassed, found.relay.failed, found.relay.ended) == ([], [], None)
    for place in (run.reports, run.reports / found.run.directory):
        assert {path.name for path in place.iterdir()} >= FILES
    boxes = (run.reports / "checklist.md").read_text("utf-8")
    assert "[x] The gate has passed" in boxes
    assert "[ ]" not in boxes.partition("## By hand")[0].partition("### ")[2]
    for path in run.reports.rglob("*"):
        if path.is_file() and path.suffix != ".xml":  # JUnit files are pytest's own
            assert PAPER not in path.read_text("utf-8", "replace"), path


@pytest.mark.ci
@pytest.mark.req("LV-045", counter_proof="a reserved account behind the relay")
def test_an_account_of_the_simulators_range_only_rehearses_through_the_relay_too(
    tmp_path: Path,
) -> None:
    with paper_gateway(account="DU0000001") as simulated:
        run = run_live(tmp_path, simulated, *ONE)
    assert run.code == 0, run.text
    assert run.results.gate.verdict == "REHEARSAL-PASSED"
    assert "[x]" not in (run.reports / "checklist.md").read_text("utf-8")


@pytest.mark.ci
@pytest.mark.req("LV-005")
def test_on_a_closed_day_the_gate_is_not_run(tmp_path: Path) -> None:
    with paper_gateway(start_at=SATURDAY) as closed:
        run = run_live(tmp_path, closed, *ONE)
    assert run.code == 1, run.text
    assert "MarketClosedError" in run.text
    gate = run.results.gate
    assert gate.verdict == "NOT RUN"
    assert "the market is closed" in gate.reasons[0]


@pytest.mark.ci
@pytest.mark.req("LV-005")
def test_a_file_that_does_not_require_open_hours_runs_on_a_closed_day_and_says_so(
    tmp_path: Path,
) -> None:
    changes = {"validation": {"market_hours_required": False}}
    with paper_gateway(start_at=SATURDAY) as closed:
        run = run_live(tmp_path, closed, *ONE, changes=changes)
    assert run.code == 0, run.text
    assert run.results.gate.verdict == "PASSED"
    assert "market_hours_required is false" in run.text


@pytest.mark.ci
@pytest.mark.req("LV-005")
def test_a_marked_test_is_skipped_on_a_closed_day_and_the_next_opening_is_named(
    tmp_path: Path,
) -> None:
    with paper_gateway(start_at=SATURDAY) as closed:
        project = LiveProject(tmp_path, closed)
        project.test("assert False", marks="live, market_hours", name="test_open")
        project.test("assert ibkr.port", marks="live, market_closed", name="test_closed")
        done = project.run("-rs")
    assert "it opens Monday 2026-07-13 09:30 EDT" in done.text
    assert "1 passed, 1 skipped" in done.text
    assert "1 skipped, and skipped is not passed" in done.text
    assert done.code == 1


@pytest.mark.ci
@pytest.mark.req("LV-049")
def test_more_than_a_fifth_of_failures_blocks(gateway: PaperGateway, tmp_path: Path) -> None:
    changes = {"thresholds": {"quote_freshness_seconds": 0.001}}
    chosen = "a_spy_snapshot or authenticates_us or every_position"
    run = run_live(tmp_path, gateway, "-k", chosen, changes=changes)
    assert run.code == 1, run.text
    assert run.results.gate.status == "blocked"
    assert "FAILED (BLOCKED)" in run.text


@pytest.mark.proof
def test_five_live_runs_in_random_order_pass_and_each_is_done_in_ten_minutes(
    tmp_path: Path,
) -> None:
    """All five at once, each with its own account and gateway: they mostly wait."""
    with ExitStack() as stack, ThreadPoolExecutor(len(SEEDS)) as pool:
        gateways = [
            stack.enter_context(paper_gateway(account=f"{PAPER[:-1]}{seed}")) for seed in SEEDS
        ]

        def run(seed: int, running: PaperGateway) -> LiveSuite:
            place = tmp_path / str(seed)
            place.mkdir()
            order = f"--randomly-seed={seed}"
            return run_live(place, running, order, changes=MINUTE_SESSION)

        runs = list(pool.map(run, SEEDS, gateways))
        assert all(map(is_clean, gateways))
    for done in runs:
        assert done.code == 0, done.text
        assert done.results.gate.verdict == "PASSED"
    [tests] = {len(done.results.tests) for done in runs}
    stream_s = [done.seconds("a_stream_keeps_moving") for done in runs]
    slowest_s = max(
        (done.results.run.duration_s or 0) - apart
        for done, apart in zip(runs, stream_s, strict=True)
    )
    assert slowest_s < LIMIT_S
    proof.record(
        "validation-suite-live",
        command="pytest -m proof tests/system/test_validation_live.py",
        seed=SEEDS[0],
        numbers={
            "slowest_without_stream_s": round(slowest_s, 1),
            "limit_s": LIMIT_S,
            "runs": len(runs),
            "tests": tests,
            "session_s": MINUTE_SESSION["validation"]["min_session_duration"],
        },
        code_paths=["pytest_ibkr", "bot", "tests/live_validation", "config"],
    )
