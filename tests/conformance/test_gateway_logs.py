"""The client's lines of two real gateways' logs get from the simulator what they got there."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from pytest_ibkr.gateway import Gateway
from pytest_ibkr.wire.codec import Raw, decode_request
from tests.conformance import fidelity
from tests.conformance.log_facts import Fact, fact_of
from tests.conformance.raw import RawClient, line

FACTS = Path(__file__).parent / "data" / "gateway_log_facts.json"
EXCHANGES: list[dict[str, Any]] = json.loads(FACTS.read_text(encoding="utf-8"))["exchanges"]
VERSIONS = (176, 178)
# When in the day the logs were written; the day is the snapshot's.
TIME_OF_DAY = {
    log: datetime(2026, 7, 10, *clock, tzinfo=ZoneInfo("America/New_York"))
    for log, clock in {"paper": (12, 41), "live": (13, 5)}.items()
}
# What a log's client had asked before under the same id.
EARLIER = {
    "market depth cancel": next(e["requests"] for e in EXCHANGES if e["name"] == "market depth")
}

pytestmark = pytest.mark.req("XC-001", "XC-016")
Ask = Callable[..., list[list[str]]]


@pytest.fixture
def ask(gateway: Gateway, request: pytest.FixtureRequest) -> Iterator[Ask]:
    """Opens a session under the logs' conditions, sends lines, returns what came back.

    With ``later_s``: what came unasked in the seconds after the answers. ``log`` and ``name`` say
    which exchange it is, for what its log had done before.
    """
    sessions, clients = [], []

    def send(
        lines: list[str], *, version: int, later_s: float = 0, log: str = "paper", name: str = ""
    ) -> list[list[str]]:
        session = gateway.new_session(
            request.node.nodeid, server_version=version, start_at=TIME_OF_DAY[log]
        )
        sessions.append(session)
        session.configure(entitlement="delayed", crypto_segment=log == "paper")
        asleep = session.weather.hmds_idle() if not lines else None
        if name == "currency pair quote":
            session.contracts.add("EUR.USD")
            session.configure(entitlements={"EUR": "live"})
        client = RawClient(session.host, session.port)
        clients.append(client)
        assert client.greet()[0] == str(version)
        client.start(1)
        greeting = client.until_time()
        if asleep is not None:
            asleep.disarm()  # no request for history meets it: the log is of the greeting only
            return greeting
        for earlier in EARLIER.get(name, ()):
            client.send(line(earlier))
            session.clock.sleep(1)
            client.until_time()
        client.send(b"".join(map(line, lines)))
        early = client.until_time()  # everything sent has been taken
        session.clock.sleep(12)  # longer than anything is owed
        answered = early + client.until_time()
        if not later_s:
            return answered
        session.clock.sleep(later_s)
        return client.until_time()

    yield send
    for client in clients:
        client.close()
    for session in sessions:
        session.close()


def name_of(exchange: dict[str, Any]) -> str:
    return f"{exchange['log']} {exchange['name']}"


def in_log(exchange: dict[str, Any]) -> list[str]:
    """Return the facts of an exchange as text."""
    rows = exchange["answers"]
    return [str(Fact(message, n, key, tuple(kinds.split()))) for message, n, key, kinds in rows]


def changes(log: list[str], ours: list[str]) -> list[str]:
    """Return what one has and the other has not, in place."""
    rows = difflib.unified_diff(log, ours, lineterm="", n=0)
    return [row for row in rows if not row.startswith(("---", "+++", "@@"))]


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("exchange", EXCHANGES, ids=name_of)
def test_answers_differ_from_the_log_only_where_listed(
    ask: Ask, exchange: dict[str, Any], version: int
) -> None:
    later_s = exchange.get("later_s", 0)
    of = {"log": exchange["log"], "name": exchange["name"]}
    answered = ask(exchange["requests"], version=version, later_s=later_s, **of)

    name = name_of(exchange)
    found = changes(in_log(exchange), [str(fact_of(fields)) for fields in answered])
    unlisted, idle = fidelity.judge(name, found)
    assert not unlisted, f"{name}: not in tests/conformance/fidelity.py"
    assert not idle, f"{name}: listed, but the simulator does what the log does"


def test_what_is_not_listed_and_what_is_listed_in_vain_are_both_found() -> None:
    log, ours = ["62 [2: int]", "53 [2: int]"], ["53 [2: int]", "62 [3: int int]"]
    found = changes(log, ours)

    unlisted, idle = fidelity.judge("paper connect", found)

    assert unlisted == found == ["-62 [2: int]", "+62 [3: int int]"]
    assert idle == [rule for rule in fidelity.KNOWN if rule.speaks_of("paper connect")]


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("exchange", EXCHANGES, ids=name_of)
def test_the_logs_requests_decode(exchange: dict[str, Any], version: int) -> None:
    for text in exchange["requests"]:
        request = decode_request(text.replace(";", "\0").encode(), version)
        assert not isinstance(request, Raw), text


def test_every_listed_difference_names_an_exchange() -> None:
    names = [name_of(exchange) for exchange in EXCHANGES]
    for rule in fidelity.KNOWN:
        assert any(rule.speaks_of(name) for name in names), rule.exchange


@pytest.mark.parametrize("version", VERSIONS)
def test_account_summary_is_rows_sorted_by_tag_and_one_end(ask: Ask, version: int) -> None:
    tags = "TotalCashValue,BuyingPower,AccountType"

    answered = ask([f"62;1;1001;All;{tags};"], version=version)

    assert [str(fact_of(fields)) for fields in answered] == [
        "63 [7: int int text text text empty]",
        "63 [7: int int text text decimal text]",
        "63 [7: int int text text decimal text]",
        "64 [3: int int]",
    ]
    assert [fields[4] for fields in answered[:3]] == [
        "AccountType",
        "BuyingPower",
        "TotalCashValue",
    ]
    assert answered[0][5:] == ["INDIVIDUAL", ""]


def test_the_fidelity_page_is_generated_from_the_list() -> None:
    assert fidelity.PAGE.read_text(encoding="utf-8") == fidelity.page(), (
        "run: python -m tests.conformance.fidelity"
    )


def test_no_amount_and_no_foreign_account_is_in_the_extract() -> None:
    text = FACTS.read_text(encoding="utf-8")
    assert set(re.findall(r"\bD?[A-Z]{1,2}\d{5,}\b", text)) == {"DU0000001"}
    assert not re.search(r"\d+\.\d{2,}", text)
