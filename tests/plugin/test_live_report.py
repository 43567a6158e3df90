"""The report of a live run: each test's wire, orders and faults, as of a simulated one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.system.live.ids import PAPER
from tests.system.live.paper_gateway import paper_gateway
from tests.system.live.project import PREAMBLE, LiveProject

pytestmark = [pytest.mark.ci, pytest.mark.timeout(240)]

SOURCE = """
@pytest.fixture(scope="session")
def live_gateway_connection(live_gateway):
    with joined(live_gateway) as client:
        yield client


@pytest.mark.live
@pytest.mark.places_orders
def test_buys(ibkr):
    with joined(ibkr) as client:
        buy(client, 1, 5)


@pytest.mark.live
def test_fails(ibkr):
    with joined(ibkr) as client, ibkr.faults.pacing("reqMktData"):
        client.ask(quote(5))
        ibkr.journal.wait_for(lambda entry: getattr(entry.message, "code", 0) == 100)
    raise AssertionError("its own failure")


@pytest.mark.live
def test_connects(live_gateway_connection):
    pass


@pytest.mark.live
def test_shares(live_gateway_connection):
    live_gateway_connection.ask(quote(7))
    live_gateway_connection.until("1")


def test_simulated(ibkr):
    assert ibkr.account.id
"""


def sessions(results: dict[str, Any], name: str) -> list[dict[str, Any]]:
    """What the report says of a test's sessions."""
    [test] = [each for each in results["tests"] if each["id"].endswith(f"::{name}")]
    found: list[dict[str, Any]] = test["sessions"]
    return found


def test_a_live_run_reports_the_wire_of_each_test(tmp_path: Path) -> None:
    with paper_gateway() as gateway:
        made = LiveProject(tmp_path, gateway)
        (made.folder / "test_project.py").write_text(PREAMBLE + SOURCE, "utf-8")
        done = made.run("-rf", "--tb=short")
        assert "1 failed, 4 passed" in done.text, done.text
    run = next((made.folder / "logs" / "live_validation").glob("2*/"))
    text = (run / "results.json").read_text("utf-8")
    results = json.loads(text)

    [bought] = sessions(results, "test_buys")
    assert bought["gateway"]["kind"] == "live"
    assert bought["gateway"]["snapshot"] is None
    assert bought["server_versions"] == [178]
    assert bought["requests"]["placeOrder"] == 1
    assert bought["problem"] is None
    assert "Filled" in json.dumps(bought["orders"])
    assert any("placeOrder" in json.dumps(line) for line in bought["wire"])

    [failed] = sessions(results, "test_fails")
    [fault] = [each for each in failed["scripted"] if each["kind"] == "faults"]
    assert (fault["what"], fault["met"]) == ("faults.pacing('reqMktData')", 1)

    [first], [second] = sessions(results, "test_connects"), sessions(results, "test_shares")
    assert first["requests"] == {"startApi": 1}
    assert second["requests"] == {"reqMktData": 1}
    assert second["client_id"] == 7101

    [simulated] = sessions(results, "test_simulated")
    assert simulated["gateway"]["kind"] == "simulated"

    written = [path for path in run.rglob("*") if path.suffix in (".json", ".jsonl", ".md", ".txt")]
    assert [path.name for path in written if path.parent.name == "timelines"]
    assert [path.name for path in written if path.parent.name == "journals"]
    assert not [path for path in written if PAPER in path.read_text("utf-8")]
