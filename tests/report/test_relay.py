"""What reports say of the relay of a live run, and how its findings weigh on the gate."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from pytest_ibkr.report.checklist import checklist
from pytest_ibkr.report.html_totals import relay as html_relay
from pytest_ibkr.report.markdown import markdown
from pytest_ibkr.report.model import Results, from_json, to_json
from pytest_ibkr.report.relay_model import RelayReport, relay_report
from pytest_ibkr.report.relay_words import relay_rows, request_rows
from pytest_ibkr.report.verdict import gate_of, rehearsal_of
from tests.report import project
from tests.report.build import PAPER, SIMULATED, results, row

pytestmark = pytest.mark.ci

BYPASS = "an order bypassed the relay: BUY 1 SPY\n  state: on the account\n  fix:   look"

SAID: dict[str, Any] = {
    "facts": {
        "accounts": ["DU*****55"],
        "account_type": "INDIVIDUAL",
        "server_version": 178,
        "connection_time": "20260710 10:00:00 EST",
        "offset_s": 0.25,
        "drift_s": 0.0,
        "farms": {"usfarm": "ok"},
        "read_only": False,
        "latency_ms": [0.5, 1.5],
    },
    "summary": {
        "why": "stop",
        "refused": 2,
        "bypassed": [],
        "failed": [],
        "ended": None,
        "cleanup": {"cancelled": ["3"], "closed": []},
        "metrics": {
            "forwarded": 1200,
            "delayed": 4,
            "rules": {"order.type": 2},
            "added_up": {"count": 1200, "p50_ms": 0.05, "p99_ms": 0.4, "longest_ms": 2.0},
            "added_down": {"count": 0},
            "requests": {
                "reqMktData": {
                    "count": 7,
                    "p50_ms": 11.0,
                    "p95_ms": 30.0,
                    "p99_ms": 40.0,
                    "longest_ms": 41.0,
                }
            },
        },
    },
}


def said(**summary: Any) -> RelayReport:
    """The relay's report with another end."""
    return relay_report({**SAID, "summary": {**SAID["summary"], **summary}})


def live_run(relay: RelayReport | None) -> Results:
    """A run of one passed test that met a paper account."""
    run = results([row(gateway=PAPER)])
    gate = gate_of(run.tests, run.rehearsal, live_asked=True, relay=relay)
    return replace(run, relay=relay, gate=gate)


def test_a_quiet_relay_lets_the_gate_pass_and_is_told_of() -> None:
    run = live_run(relay_report(SAID, audit_log="relay_audit.jsonl"))
    assert run.gate.verdict == "PASSED"
    page = markdown(run)
    for words in (
        "## Relay",
        "2 (order.type 2)",
        "p50 0.05, p99 0.4, of 1,200",
        "| reqMktData | 7 | 11 | 30 | 40 | 41 |",
        "nothing bypassed the relay",
        "relay_audit.jsonl",
    ):
        assert words in page, words
    assert "<h3>Relay</h3>" in html_relay(run)
    assert "reqMktData" in html_relay(run)
    assert from_json(to_json(run)) == run
    assert "[x] Nothing bypassed the relay, and its end was clean – compared" in checklist(run)


def test_a_run_without_a_relay_says_nothing_of_one() -> None:
    run = live_run(None)
    assert "Relay" not in markdown(run)
    assert html_relay(run) == ""
    assert "bypassed" not in checklist(run)


@pytest.mark.parametrize(
    ("summary", "words"),
    [
        ({"bypassed": [BYPASS]}, "an order bypassed the relay: BUY 1 SPY"),
        ({"failed": ["order 7 still works"]}, "the end of the live session failed: order 7"),
        ({"ended": {"rule": "a", "reason": "the account changed"}}, "the account changed"),
    ],
)
def test_what_the_relay_found_fails_the_gate(summary: dict[str, Any], words: str) -> None:
    run = live_run(said(**summary))
    assert run.gate.verdict == "FAILED"
    assert any(words in reason for reason in run.gate.reasons)
    boxes = checklist(run)
    assert "[ ] The gate has passed" in boxes
    assert "[ ] Nothing bypassed the relay" in boxes


def test_a_bypass_is_not_hidden_by_a_closed_market() -> None:
    run = results([row("skipped", gateway=PAPER)])
    told = {"not_run_because": "closed", "relay": said(bypassed=["SELL 1"])}
    assert gate_of(run.tests, run.rehearsal, **told).status == "failed"


def test_accounts_are_masked_whoever_wrote_them() -> None:
    account = "DU" + "7654321"
    relay = relay_report(
        {
            "facts": {"accounts": [account]},
            "summary": {
                "bypassed": [f"{account} bought"],
                "failed": [account],
                "cleanup": {account: [account]},
                "metrics": {"rules": {account: 1}},
                "ended": {"reason": f"{account} left"},
            },
        }
    )
    assert account not in json.dumps(relay.__dict__)


def test_a_clock_that_is_off_names_ntp() -> None:
    told = dict(relay_rows(replace(said(), offset_s=-2.5)))
    assert "NTP" in told["Gateway clock"]
    assert "NTP" not in dict(relay_rows(said()))["Gateway clock"]


def test_what_the_relay_never_said_is_unknown() -> None:
    told = dict(relay_rows(RelayReport()))
    assert told["Requests forwarded"] == told["Gateway clock"] == told["Accounts"] == "–"
    assert request_rows(RelayReport()) == []


def test_a_live_gateway_beside_a_simulator_decides_what_the_live_tests_met() -> None:
    unmarked = row(live=False, gateway=SIMULATED)
    live = row(gateway=PAPER, sessions=[])
    assert rehearsal_of([unmarked, live], [SIMULATED, PAPER]).is_rehearsal is False
    reserved = replace(PAPER, account="DU0000001", reserved_account=True)
    assert rehearsal_of([unmarked, live], [SIMULATED, reserved]).is_rehearsal is True
    assert rehearsal_of([unmarked, row(gateway=SIMULATED)], [PAPER]).is_rehearsal is True


LIVE = """
import pytest

from pytest_ibkr.report.plugin import active

class Gateway:
    kind, host, newest_version, session, snapshot = "live", "127.0.0.1", 178, None, None
    def __init__(self, account): self.account = account

@pytest.mark.live
def test_meets_it(request, record_property):
    active(request.config).met(Gateway(ACCOUNT))
    assert GOOD
"""
CONFTEST = """
import pytest

from pytest_ibkr.report.plugin import active

@pytest.hookimpl(trylast=True)
def pytest_configure(config):
    active(config).live_asked = True

@pytest.hookimpl(trylast=True)
def pytest_collection(session):
    log = active(session.config).run_directory / "relay_audit.jsonl"
    log.write_text('{"what": "allow"}')

@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session):
    active(session.config).relay(SAID)
"""


def run_live(
    pytester: pytest.Pytester, *, account: str, summary: dict[str, Any] | None = None
) -> pytest.RunResult:
    """A run whose plugin says what a live one would."""
    told = {**SAID, "summary": {**SAID["summary"], **(summary or {})}}
    pytester.makeconftest(f"{CONFTEST}\nSAID = {told!r}\n")
    return project.run(pytester, f"ACCOUNT = {account!r}\nGOOD = True\n{LIVE}")


@pytest.mark.req("LV-044")
def test_a_live_run_leaves_every_file_of_the_gate_in_its_dated_directory(
    pytester: pytest.Pytester,
) -> None:
    run_live(pytester, account="DU" + "7654321").assert_outcomes(passed=1)
    found = project.document(pytester)
    assert found.gate.verdict == "PASSED"
    assert found.run.directory.replace("-", "").isdigit()
    assert len(found.run.directory) == len("20260710-100000")
    for place in (project.reports(pytester), project.dated(pytester)):
        names = {path.name for path in place.iterdir()}
        assert {
            *("results.json", "report.md", "live_validation_report.md", "checklist.md"),
            *("junit.xml", "pytest_report.txt", "relay_audit.jsonl", "relay_metrics.json"),
        } <= names
        assert "[x] The gate has passed" in (place / "checklist.md").read_text("utf-8")
        figures = json.loads((place / "relay_metrics.json").read_text("utf-8"))
        assert figures["metrics"]["forwarded"] == 1200
        report = (place / "live_validation_report.md").read_text("utf-8")
        assert report.startswith("# Live validation report")
        assert "## Relay" in report
    assert found.relay is not None
    assert found.relay.audit_log == "relay_audit.jsonl"


@pytest.mark.req("LV-045", counter_proof="a reserved account behind the relay")
def test_a_reserved_account_stays_a_rehearsal_through_the_relay_too(
    pytester: pytest.Pytester,
) -> None:
    run_live(pytester, account="DU0000001").assert_outcomes(passed=1)
    found = project.document(pytester)
    assert found.gate.verdict == "REHEARSAL-PASSED"
    text = (project.reports(pytester) / "checklist.md").read_text("utf-8")
    assert "[x]" not in text


def test_an_order_beside_the_relay_fails_a_run_whose_tests_passed(
    pytester: pytest.Pytester,
) -> None:
    done = run_live(pytester, account="DU" + "7654321", summary={"bypassed": [BYPASS]})
    assert done.ret == pytest.ExitCode.TESTS_FAILED
    done.stdout.fnmatch_lines(["gate: FAILED: an order bypassed the relay: BUY 1 SPY"])


def test_a_later_run_without_live_side_leaves_no_live_report_standing(
    pytester: pytest.Pytester,
) -> None:
    run_live(pytester, account="DU" + "7654321")
    live = project.dated(pytester)
    pytester.makeconftest("")
    project.run(pytester, "def test_plain(): pass")
    assert not (project.reports(pytester) / "live_validation_report.md").exists()
    assert (live / "live_validation_report.md").is_file()
