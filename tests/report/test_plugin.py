"""A run with ``--ibkr-report`` leaves a truthful document behind, however it ends."""

from __future__ import annotations

import pytest

from tests.report.project import FAILING, SUITE, dated, document, journal, reports, run

pytestmark = pytest.mark.ci

UNIT = "def test_plain(): pass\n"


@pytest.mark.req("LV-044")
def test_a_run_leaves_every_report_in_a_dated_directory_and_the_newest_beside_it(
    pytester: pytest.Pytester,
) -> None:
    run(pytester, SUITE, page=True).assert_outcomes(passed=2)
    names = {"results.json", "report.md", "checklist.md", "junit.xml", "pytest_report.txt"}
    for place in (reports(pytester), dated(pytester)):
        assert names | {"report.html"} <= {path.name for path in place.iterdir()}
    newest, old = (place / "results.json" for place in (reports(pytester), dated(pytester)))
    assert newest.read_bytes() == old.read_bytes()
    assert "2 passed" in (dated(pytester) / "pytest_report.txt").read_text(encoding="utf-8")


def test_the_document_tells_what_each_test_did_on_the_wire(pytester: pytest.Pytester) -> None:
    run(pytester, SUITE)
    found = document(pytester)
    [gateway] = found.gateways
    assert (gateway.kind, gateway.account, gateway.reserved_account) == (
        "simulated",
        "DU0000001",
        True,
    )
    assert gateway.snapshot is not None
    assert gateway.snapshot.provenance["SPY"]
    first, second = found.tests
    assert (first.requirements, first.outcome, first.executed) == (["LV-008"], "passed", True)
    assert set(first.phases_s) == {"setup", "call", "teardown"}
    assert (first.metrics, second.metrics) == (
        {"connection_latency_ms": [12.5]},
        {"connection_latency_ms": [8.25]},
    )
    [session] = first.sessions
    assert session.server_versions == [176]
    assert session.virtual_start.startswith("2026-07-10T14:00:0")
    assert session.virtual_end is not None
    assert session.virtual_end >= session.virtual_start
    assert session.frames_in == 2  # startApi, reqCurrentTime
    assert session.frames_out is not None
    assert session.frames_out > 2
    assert session.peak_messages_per_s == 2
    assert session.problem is None


def test_a_run_on_the_simulator_is_a_rehearsal_whatever_passes(pytester: pytest.Pytester) -> None:
    result = run(pytester, SUITE)
    assert document(pytester).gate.verdict == "REHEARSAL-PASSED"
    result.stdout.fnmatch_lines(["gate: REHEARSAL-PASSED", "REHEARSAL: account DU0000001 *"])


def test_a_failing_test_leaves_its_wire_timeline_and_journal(pytester: pytest.Pytester) -> None:
    run(pytester, SUITE + FAILING).assert_outcomes(passed=2, failed=1)
    *passed, failed = document(pytester).tests
    assert failed.timeline is not None
    timeline = (dated(pytester) / failed.timeline).read_text(encoding="utf-8")
    assert "test_fails" in timeline
    assert "reqCurrentTime" in timeline
    [name] = failed.journals
    entries = journal(dated(pytester) / name)
    assert entries[0]["note"] == "connected at server version 176"
    assert "reqCurrentTime" in {entry.get("message") for entry in entries}
    assert failed.failure is not None
    assert "<b>late</b>" in failed.failure
    assert [(test.timeline, test.journals) for test in passed] == [(None, [])] * 2
    assert len(list((dated(pytester) / "journals").iterdir())) == 1


def test_a_failure_of_a_fixture_leaves_a_timeline_too(pytester: pytest.Pytester) -> None:
    broker = """
@pytest.fixture
def broker(wire):
    current_time(wire)
    yield
    raise RuntimeError("will not disconnect")

def test_leaves_badly(broker): pass
"""
    run(pytester, SUITE + broker).assert_outcomes(passed=3, errors=1)
    test = document(pytester).tests[-1]
    assert (test.outcome, test.executed, test.error_type) == ("error", True, "RuntimeError")
    assert test.timeline is not None
    assert "reqCurrentTime" in (dated(pytester) / test.timeline).read_text(encoding="utf-8")


def test_workers_of_xdist_send_everything_along(pytester: pytest.Pytester) -> None:
    run(pytester, SUITE + FAILING, "-n", "2", "-k", "not 8.25").assert_outcomes(passed=1, failed=1)
    found = document(pytester)
    assert found.run.workers in (1, 2)
    assert found.run.deselected == 1
    assert len(found.gateways) == 1
    passed, failed = found.tests
    assert passed.requirements == ["LV-008"]
    assert passed.sessions[0].frames_in == 2
    assert failed.timeline is not None
    assert (dated(pytester) / failed.timeline).is_file()
    assert {metric.name for metric in found.metrics} == {
        "connection_latency_ms",
        "order_fill_time_s",
    }


def test_outcomes_keep_their_reasons(pytester: pytest.Pytester) -> None:
    source = """
import pytest
pytestmark = pytest.mark.live

@pytest.mark.skip(reason="no quote")
def test_skipped(): pass
@pytest.mark.xfail(reason="known")
def test_xfailed(): assert False
@pytest.mark.xfail(reason="fixed?", strict=False)
def test_xpassed(): pass
@pytest.fixture
def broken(): raise OSError("gone, account DU5555555")
def test_error(broken): pass
def test_late_skip(): pytest.skip("half way")
"""
    run(pytester, source)
    rows = {test.id.partition("::")[2]: test for test in document(pytester).tests}
    told = {name: (test.outcome, test.executed, test.reason) for name, test in rows.items()}
    assert told == {
        "test_skipped": ("skipped", False, "no quote"),
        "test_xfailed": ("xfailed", True, "known"),
        "test_xpassed": ("xpassed", True, "fixed?"),
        "test_error": ("error", False, None),
        "test_late_skip": ("skipped", False, "half way"),
    }
    assert rows["test_error"].failure == "OSError: gone, account DU*****55"


@pytest.mark.req("LV-027")
def test_a_skipped_gate_test_fails_the_run(pytester: pytest.Pytester) -> None:
    skipped = "\n@pytest.mark.skip(reason='no quote')\ndef test_skipped(): pass\n"
    result = run(pytester, SUITE + skipped)
    result.assert_outcomes(passed=2, skipped=1)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    assert document(pytester).gate.verdict == "REHEARSAL-FAILED"


def test_a_run_without_gate_tests_is_no_gate_and_no_failure(pytester: pytest.Pytester) -> None:
    result = run(pytester, UNIT)
    assert result.ret == pytest.ExitCode.OK
    assert document(pytester).gate.verdict == "NOT RUN"
    assert "gate:" not in result.stdout.str()


def test_an_interrupted_run_is_marked_and_its_rest_is_not_run(pytester: pytest.Pytester) -> None:
    source = SUITE + "\ndef test_stops(): raise KeyboardInterrupt\ndef test_never(): pass\n"
    assert run(pytester, source).ret == pytest.ExitCode.INTERRUPTED
    found = document(pytester)
    assert not found.run.complete
    assert found.gate.verdict == "REHEARSAL-FAILED"
    assert [test.outcome for test in found.tests] == ["passed", "passed", "not_run", "not_run"]


def test_a_run_stopped_at_its_first_failure_is_marked(pytester: pytest.Pytester) -> None:
    run(pytester, SUITE + FAILING + "\ndef test_never(): pass\n", "-x")
    found = document(pytester)
    assert found.run.incomplete_because == "stopping after 1 failures"
    assert found.counts["not_run"] == 1


def test_a_killed_run_leaves_no_earlier_verdict_standing(pytester: pytest.Pytester) -> None:
    run(pytester, SUITE)
    assert document(pytester).gate.verdict == "REHEARSAL-PASSED"
    run(pytester, SUITE + "\ndef test_dies():\n    import os\n    os._exit(9)\n")
    found = document(pytester)
    assert found.run.incomplete_because == "the run has not finished, or was killed"
    assert found.gate.verdict == "NOT RUN"


def test_a_crashed_worker_is_an_error_of_its_test(pytester: pytest.Pytester) -> None:
    source = SUITE + "\ndef test_dies():\n    import os\n    os._exit(9)\n"
    run(pytester, source, "-n", "1", "--max-worker-restart", "0")
    found = document(pytester)
    [test] = [test for test in found.tests if "test_dies" in test.id]
    assert test.outcome == "error"
    assert "crashed" in (test.failure or "")


def test_a_file_that_cannot_be_collected_is_an_error(pytester: pytest.Pytester) -> None:
    run(pytester, "import no_such_module\n")
    [test] = document(pytester).tests
    assert (test.outcome, test.error_type) == ("error", "CollectError")
    assert "no_such_module" in (test.failure or "")


def test_accounts_that_a_library_asked_for_are_not_left_open(pytester: pytest.Pytester) -> None:
    clients = """
import ib_async

def test_connects(ibkr):
    ib = ib_async.IB()
    ib.connect(ibkr.host, ibkr.port, ibkr.client_id)
    ib.disconnect()

@pytest.mark.parametrize("n", range(5))
def test_positions(wire, n):
    wire.sendall(frame(61, 1))
    assert current_time(wire)
"""
    run(pytester, SUITE + clients, "-W", "ignore::DeprecationWarning")
    pacing = document(pytester).pacing
    assert pacing is not None
    assert pacing.requests["reqPositions"] == 6
    assert (pacing.left_open, pacing.lines_left_open) == (0, 0)


def test_collecting_only_leaves_no_report(pytester: pytest.Pytester) -> None:
    assert run(pytester, SUITE, "--collect-only").ret == pytest.ExitCode.OK
    assert not reports(pytester).exists()


def test_paths_given_by_the_user_are_kept_and_copied(pytester: pytest.Pytester) -> None:
    run(
        pytester,
        SUITE,
        "--junitxml",
        "mine/tests.xml",
        "--html",
        "mine/page.html",
        "--self-contained-html",
        page=True,
    )
    assert not (reports(pytester) / "junit.xml").exists()
    assert not (reports(pytester) / "report.html").exists()
    for name in ("tests.xml", "page.html"):
        assert (pytester.path / "mine" / name).is_file()
        assert (dated(pytester) / name).is_file()


def test_two_runs_stand_side_by_side(pytester: pytest.Pytester) -> None:
    run(pytester, SUITE)
    first = dated(pytester)
    run(pytester, SUITE + FAILING)
    assert dated(pytester) != first
    assert (first / "results.json").is_file()


def test_without_pytest_html_the_rest_is_written_and_the_extra_named(
    pytester: pytest.Pytester,
) -> None:
    result = run(pytester, SUITE)
    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines(["no HTML page: pip install pytest-ibkr[[]report[]]"])
    assert document(pytester).gate.verdict == "REHEARSAL-PASSED"


SCRIPTED = """

@pytest.mark.req("LV-016")
@pytest.mark.ibkr_weather("torn_frames", cuts=2)
def test_scripts(wire, ibkr, ibkr_gateway_factory):
    ibkr.market.quote("SPY")  # only read
    ibkr.market.quote("SPY", bid=700, ask=700.02)
    ibkr.configure(entitlement="delayed")
    ibkr.contracts.add("ES")
    with ibkr.faults.delay("reqCurrentTime", 2):
        current_time(wire)
    with ibkr.weather.clock_drift(offset_s=-5):
        current_time(wire)
    ibkr.orders.hold()
    other = ibkr_gateway_factory(account="DU0000007")
    with socket.create_connection((other.host, other.port)) as sock:
        offer = b"v157..178"
        sock.sendall(b"API\\0" + struct.pack(">I", len(offer)) + offer)
        read(sock)
        sock.sendall(frame(71, 2, other.client_id, ""))
        current_time(sock)
    other.market.move("SPY", pct=-3)
"""


@pytest.mark.parametrize("options", [(), ("-n", "2")], ids=["here", "in-workers"])
def test_what_was_scripted_is_told_of_each_gateway(
    pytester: pytest.Pytester, options: tuple[str, ...]
) -> None:
    run(pytester, SUITE + SCRIPTED, *options).assert_outcomes(passed=3)
    found = document(pytester)
    [test] = [test for test in found.tests if "scripts" in test.id]
    first, second = test.sessions
    torn, *told = [(one.kind, one.what, one.met) for one in first.scripted if one.at is not None]
    assert torn[:2] == ("weather", "weather.torn_frames(cuts=2)")
    assert torn[2]
    assert told == [
        ("market", "market.quote('SPY', bid=700, ask=700.02)", None),
        ("configure", "configure(entitlement='delayed')", None),
        ("contracts", "contracts.add('ES')", None),
        ("faults", "faults.delay('reqCurrentTime', 2)", 1),
        ("weather", "weather.clock_drift(offset_s=-5)", 1),
        ("orders", "orders.hold()", None),
    ]
    standing = [one for one in first.scripted if one.at is None]
    assert standing[0].what == "entitlement = delayed"
    assert all(one.source and "SPY x 10" in one.source for one in standing[1:])
    assert [one.what for one in second.scripted] == ["market.move('SPY', pct=-3)"]
    assert (second.gateway.account, second.server_versions) == ("DU0000007", [178])
    assert [line.text for line in second.wire if line.kind == "request"] == [
        f"startApi client_id={second.client_id}",
        "reqCurrentTime",
    ]
    assert second.requests == {"reqCurrentTime": 1, "startApi": 1}
    assert {gateway.account for gateway in found.gateways} == {"DU0000001", "DU0000007"}
    assert found.pacing is not None
    assert found.pacing.requests == {"reqCurrentTime": 5, "startApi": 4}
    assert [(one.id, one.verdict, len(one.tests)) for one in found.requirements] == [
        ("LV-008", "passed", 2),
        ("LV-016", "passed", 1),
    ]


def test_a_passed_test_keeps_its_journal_only_when_its_wire_was_cut(
    pytester: pytest.Pytester,
) -> None:
    chatter = """
def test_talks(wire, ibkr):
    for version in range(1, 101):
        wire.sendall(frame(49, 1))
        read(wire)
        if version % 3 == 0:
            wire.sendall(frame(8, 1, 1))
        ibkr.clock.sleep(1)
"""
    run(pytester, SUITE + chatter).assert_outcomes(passed=3)
    *short, long = document(pytester).tests
    assert [test.journals for test in short] == [[], []]
    [session] = long.sessions
    assert (len(session.wire), session.wire_not_shown > 100) == (40, True)
    [name] = long.journals
    assert (dated(pytester) / name).is_file()
    assert [path.name for path in dated(pytester).glob("journals/*")] == [name.split("/")[1]]
    assert long.timeline is None


SHARED = """

@pytest.fixture(scope="session")
def live_gateway_connection(live_gateway):
    with socket.create_connection((live_gateway.host, live_gateway.port)) as sock:
        offer = b"v157..176"
        sock.sendall(b"API\\0" + struct.pack(">I", len(offer)) + offer)
        read(sock)
        sock.sendall(frame(71, 2, live_gateway.client_id, ""))
        yield sock


def test_asks_once(live_gateway_connection):
    current_time(live_gateway_connection)


def test_asks_thrice(live_gateway_connection):
    for _ in range(3):
        current_time(live_gateway_connection)
    assert FINE


def test_stays_at_home(): pass
"""


@pytest.mark.parametrize("fine", [True, False])
def test_each_test_is_told_its_own_share_of_a_shared_session(
    pytester: pytest.Pytester, fine: bool
) -> None:
    source = SUITE.split("@pytest.mark.req")[0] + f"FINE = {fine}\n" + SHARED
    run(pytester, source).assert_outcomes(passed=3 if fine else 2, failed=0 if fine else 1)
    once, thrice, home = document(pytester).tests
    assert [session.frames_in for session in once.sessions] == [2]  # startApi, reqCurrentTime
    assert [session.frames_in for session in thrice.sessions] == [3]
    assert [session.peak_messages_per_s for session in thrice.sessions] == [3]
    assert home.sessions == []
    assert once.timeline is None
    kept = [path.name for path in dated(pytester).glob("journals/*")]
    if fine:
        assert (thrice.timeline, kept) == (None, [])
    else:
        assert thrice.timeline is not None
        timeline = (dated(pytester) / thrice.timeline).read_text(encoding="utf-8")
        assert timeline.count("reqCurrentTime") == 3
        assert thrice.journals == [f"journals/{name}" for name in kept]
    assert document(pytester).gate.verdict == ("REHEARSAL-PASSED" if fine else "REHEARSAL-FAILED")
